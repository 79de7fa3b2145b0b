"""The state of the Common, the Uncontrolled and the Controlled Port (10.7.2, 10.7.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from macsec.enumerations import WordEnum


class PointToPoint(WordEnum):
    """adminPointToPointMAC: what a manager says of the number of stations at the other end."""

    AUTO = "auto"
    FORCE_TRUE = "force-true"
    FORCE_FALSE = "force-false"

    def oper(self, determined: bool) -> bool:
        """Return operPointToPointMAC; `determined` is the value for AUTO."""
        return determined if self is PointToPoint.AUTO else self is PointToPoint.FORCE_TRUE


@dataclass(frozen=True, slots=True)
class CommonPort:
    """The state of the service below, which its driver knows; a SecY takes it as true at first.

    `point_to_point`: its operPointToPointMAC, True for a link of two stations.
    """

    enabled: bool = True
    operational: bool = True
    point_to_point: bool = False


class PortStatus(NamedTuple):
    """MAC_Enabled, MAC_Operational, operPointToPointMAC and adminPointToPointMAC of a port."""

    enabled: bool
    operational: bool
    oper_point_to_point: bool
    admin_point_to_point: PointToPoint


def one_peer(scis: list[int]) -> bool:
    """Return whether receive SCs belong to one station: SCIs that differ in the traffic class."""
    return len({sci & ~0xF000 for sci in scis}) == 1
