"""Sites, hosts and links of a blueprint, in real time; nothing of them has a name (D-16)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Self

from macsec.config import Host
from macsec.errors import ConfigError
from macsec.kay.holders import Edge
from macsec.lab.blueprint import Blueprint
from macsec.lab.real.agreements import Agreements
from macsec.lab.real.segment import Segment
from macsec.live.namespace import Namespace
from macsec.notebooks import Displayed

SWITCH = "link add name switch type bridge stp_state 0 forward_delay 0 mcast_snooping 0"


class RealLab(Displayed):
    """A lab that runs until it is closed, or this process ends.

    Each site is a namespace with a Linux bridge, `switch`; each host is a namespace with `eth0` on
    that bridge; each link that carries traffic is a Segment. Their names end with the process.
    Cables inside a site are veth pairs: their parameters in the topology hold in virtual time only.
    `agreements` has the KaYs of all links; their time starts at 0, and `clock()` measures it in ns.
    `edge`: services for the holders of CAKs. `faulty`: its wires take faults later.
    Raises ConfigError for aggregated links.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        clock: Callable[[], int],
        edge: Edge | None = None,
        faulty: bool = False,
    ) -> None:
        self.blueprint = blueprint
        self._faulty = faulty
        self._edge = edge or Edge()
        _refuse_lags(blueprint)
        _refuse_edes(blueprint)
        self._stack = ExitStack()
        try:
            self.sites = {site: self._site(site) for site in blueprint.sites}
            self.hosts = {host.name: self._host(host) for host in blueprint.hosts}
            self.segments = {
                plan.name: self._segment(number)
                for number, plan in enumerate(blueprint.links)
                if not plan.standby
            }
            ends = [
                pair
                for segment in self.segments.values()
                for pair in zip(segment.ends, segment.eapols, strict=True)
            ]
            self.agreements = self._stack.enter_context(Agreements(ends, clock))
        except BaseException:
            self._stack.close()
            raise

    def _site(self, name: str) -> Namespace:
        site = self._stack.enter_context(Namespace(f"site {name}"))
        site.without_ipv6()
        site.ip(SWITCH, f"link set dev switch mtu {self.blueprint.mtu} up")
        return site

    def _host(self, host: Host) -> Namespace:
        made = self._stack.enter_context(Namespace(f"host {host.name}"))
        site, mtu, mac = self.sites[host.site], self.blueprint.mtu, host.mac.to_bytes(6).hex(":")
        port = f"port{host.mac & 0xFFFFFF:x}"
        made.ip(
            f"link add name eth0 mtu {mtu} address {mac} type veth peer {port} netns {site.path}",
            f"addr add {host.ipv4} broadcast + dev eth0",
            f"addr add {host.ipv6} dev eth0 nodad",
            "link set dev eth0 up",
        )
        site.ip(f"link set dev {port} mtu {mtu} master switch up")
        return made

    def _segment(self, number: int) -> Segment:
        plan = self.blueprint.links[number]
        segment = Segment(plan, number, self.sites, self.blueprint.mtu, self._edge, self._faulty)
        return self._stack.enter_context(segment)

    @property
    def places(self) -> dict[str, str]:
        """Paths of the namespaces for programs, by `host:`, `site:` or `link:` and name."""
        return {
            **{f"host:{name}": host.path for name, host in self.hosts.items()},
            **{f"site:{name}": site.path for name, site in self.sites.items()},
            **{f"link:{name}": one.namespace.path for name, one in self.segments.items()},
        }

    def check(self) -> None:
        """Raise MACsecError if a part of it failed."""
        for segment in self.segments.values():
            segment.check()
        self.agreements.check()

    def close(self) -> None:
        """Remove everything, and kill programs there: a daemon would keep its network."""
        links = (segment.namespace for segment in self.segments.values())
        Namespace.end_programs([*self.sites.values(), *self.hosts.values(), *links])
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _refuse_edes(blueprint: Blueprint) -> None:
    """Raise ConfigError for an EDE: its Provider Edge Ports are parts of a virtual lab."""
    for plan in blueprint.links:
        if plan.services is not None:
            kind = plan.services[0].kind.title
            raise ConfigError(f"link {plan.name}: only lab run has an {kind}")


def _refuse_lags(blueprint: Blueprint) -> None:
    """Raise ConfigError for a link of an aggregation: between two Linux bridges it is a loop."""
    for plan in blueprint.links:
        if plan.lag is not None:
            raise ConfigError(f"link {plan.name}: lag {plan.lag}: only lab run aggregates links")
