"""A link between two sites of a virtual lab, with the stations at its ends."""

from __future__ import annotations

from dataclasses import dataclass

from macsec.lab.blueprint import LinkPlan
from macsec.lab.link_state import LinkEnd, LinkState, LinkStatus
from macsec.wire.lane import LinkStats
from macsec.wire.link import Link, Port

from .station import Station


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

    @property
    def stats(self) -> tuple[LinkStats, LinkStats]:
        """The wire's counts of both directions."""
        return self.link.stats

    def delivered(self, direction: int) -> int:
        """Return the frames that the far Controlled Port, or an unprotected wire, delivered."""
        if self.ends is None:
            return self.stats[direction].received
        return self.ends[1 - direction].delivered

    def mkpdus(self, direction: int) -> int:
        """Return the MKPDUs that were sent."""
        return self.ends[direction].mkpdus_sent if self.ends is not None else 0

    def sent(self, direction: int) -> int:
        """Return the frames of users that were sent; MKPDUs do not count."""
        return self.stats[direction].sent - self.mkpdus(direction)

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

    def relay_port(self, side: int) -> Port:
        """Return the port for the edge of a site: the Controlled Port, if there is one."""
        if self.ends is not None:
            return self.ends[side].controlled
        return self.common_port(side)

    def common_port(self, side: int) -> Port:
        """Return an end of the wire itself."""
        return self.link.b if side else self.link.a
