"""Changes of the ports of a lab that is up, from `macsec mka set LINK:SITE`: one socket for all.

DIR/control   a request for changes comes first, with the name of its port
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from macsec.cli.shared.keys.vault import edge
from macsec.cli.shared.ports.changes import ChangeRequest, Changes, answer
from macsec.errors import ConfigError
from macsec.lab import RealLab
from macsec.live.local.local_socket import Client
from macsec.port import PortEvents

from .events import port_name

EDGE = "macsec lab"


class PortControl:
    """Takes the changes of all ports of a lab; `events`: those of ports, by name."""

    def __init__(self, lab: RealLab, events: Mapping[str, PortEvents]) -> None:
        self._agreements = lab.agreements
        with self._agreements.lock:
            self._ports = dict(_ports(lab, events))

    def answer(self, client: Client, octets: bytearray) -> str:
        """Make the changes of a request, while no KaY runs; return the answer."""
        with self._agreements.changing():
            return answer(client, octets, self._port)

    def _port(self, request: ChangeRequest) -> Changes:
        found = self._ports.get(request.port or "")
        if found is None:
            known = ", ".join(self._ports) or "none"
            raise ConfigError(f"the lab has no such port with key agreement; it has {known}")
        return found


def _ports(lab: RealLab, events: Mapping[str, PortEvents]) -> Iterator[tuple[str, Changes]]:
    """Yield each end of a link with key agreement.

    A lab takes no locks of its CAKs: its wires are its own.
    """
    now_ns = lab.agreements.now_ns
    for segment in lab.segments.values():
        for site, end in zip(segment.plan.sites, segment.ends, strict=False):
            name = port_name(segment.plan.name, site)
            services = partial(edge, EDGE)
            yield name, Changes(end.agreement, now_ns, services, lambda _: None, events.get(name))
