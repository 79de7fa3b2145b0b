"""A link between two sites of a virtual lab, with the stations at its ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from macsec.lab.blueprint import LinkPlan
from macsec.lab.link_state import LinkEnd, LinkState, LinkStatus
from macsec.lab.virtual.stations.edge_port import EdgePort
from macsec.lab.virtual.stations.station import Station
from macsec.lab.wrong_keys import WrongKeys
from macsec.wire.lane import LinkStats
from macsec.wire.link import Link, Port

from .wire_faults import WireFaults, every_frame, is_user_frame


class UserFrames(NamedTuple):
    """Frames of users in one direction: sent + duplicated = delivered + refused + lost.

    `duplicated`: copies that the wire made. `refused`: by the far SecY, or by its Controlled Port
    that was closed. `lost`: on the wire, for any reason, or still on their way.
    """

    sent: int
    duplicated: int
    delivered: int
    refused: int
    lost: int


@dataclass(frozen=True, slots=True, eq=False)
class SiteLink:
    """A link between two sites.

    `ends`: the stations at its first and second site, if it is protected. `agreed`: both ends of
    its key agreement; empty without. Directions: 0 from the first site to the second, 1 back.
    """

    plan: LinkPlan
    link: Link
    ends: tuple[Station, Station] | None
    agreed: tuple[LinkEnd, ...]
    edge_ports: tuple[EdgePort, EdgePort] | None = None
    red_ports: tuple[Port, Port] | None = None
    faults: WireFaults = field(init=False)
    _wrong_keys: dict[int, WrongKeys] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        users = every_frame if self.plan.keying is None else is_user_frame
        object.__setattr__(self, "faults", WireFaults(self.link, users))

    @property
    def stats(self) -> tuple[LinkStats, LinkStats]:
        """The wire's counts of both directions."""
        return self.link.stats

    def delivered(self, direction: int) -> int:
        """Return the frames that the far Controlled Port, or an unprotected wire, delivered."""
        if self.ends is None:
            return self.stats[direction].received - self.faults.taken[direction]
        return self.ends[1 - direction].delivered

    def wrong_keys(self, side: int) -> WrongKeys:
        """Return the fault of wrong CAKs at an end with key agreement."""
        if self.plan.keying is None:
            raise AssertionError("an end without key agreement")
        if side not in self._wrong_keys:
            planned, kay = self.plan.keying[side], self.agreed[side].kay
            self._wrong_keys[side] = WrongKeys(kay, planned.draw, planned.purpose)
        return self._wrong_keys[side]

    def mkpdus(self, direction: int) -> int:
        """Return the MKPDUs that were sent."""
        return self.ends[direction].mkpdus_sent if self.ends is not None else 0

    def sent(self, direction: int) -> int:
        """Return the frames of users that were sent; MKPDUs do not count."""
        return self.stats[direction].sent - self.mkpdus(direction)

    def users(self, direction: int) -> UserFrames:
        """Return where the frames of users went; MKPDUs do not count."""
        stats, delivered = self.stats[direction], self.delivered(direction)
        arrived = stats.received - self.faults.kept(direction)
        copies = stats.duplicated
        if self.ends is not None:
            far = self.ends[1 - direction]
            arrived -= far.mkpdus_heard
            # KaYs that draw the same octets again send the same MKPDU again: no copy of the wire.
            copies -= min(far.mkpdus_repeated, copies)
        sent = self.sent(direction)
        return UserFrames(sent, copies, delivered, arrived - delivered, sent + copies - arrived)

    def refused(self, direction: int) -> int:
        """Return the frames that the closed Controlled Ports of both ends refused."""
        if self.ends is None:
            return 0
        near, far = self.ends[direction], self.ends[1 - direction]
        return near.blocked[0] + far.blocked[1]

    @property
    def state(self) -> LinkState | None:
        """The state of key agreement; None without."""
        return LinkState.of(self.plan.sites, self.agreed) if self.agreed else None

    @property
    def protected(self) -> bool:
        """True if MACsec is on and no frame passes, or has passed, in clear (should-secure)."""
        if (state := self.state) is None:
            return self.plan.protected
        passed = sum(end.secy.counters["OutPktsUntagged"] for end in self.ends or ())
        return state.status is not LinkStatus.PLAIN and not passed

    def is_open(self, side: int) -> bool:
        """Return whether the Controlled Port of a site passes frames."""
        return self.ends is None or self.ends[side].port.enabled

    def relay_port(self, side: int) -> Port:
        """Return the port for the edge of a site: the Controlled Port, if there is one.

        The cable to its Provider Edge Port, if the edge is an EDE.
        """
        if self.red_ports is not None:
            return self.red_ports[side]
        if self.ends is not None:
            return self.ends[side].controlled
        return self.common_port(side)

    def common_port(self, side: int) -> Port:
        """Return an end of the wire itself."""
        return self.link.b if side else self.link.a
