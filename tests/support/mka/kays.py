"""Scenes of key agreement, on the quickest data plane if none is named; the order of actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from macsec.conformance import scenes
from macsec.conformance.scenes import (
    BROADCAST,
    CAK,
    CKN,
    Actor,
    SegmentMember,
    alone,
    chain_key,
    check_connectivity,
    is_mka,
    member_of,
    policy_of,
    reported,
    sci_of_name,
    secured,
    server_of,
    snapshot,
    watch,
)
from macsec.conformance.scenes.actor import POLLS_LIMIT
from macsec.conformance.scenes.segment import Drop
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.actions import Action
from macsec.secy import Controls, SecY
from macsec.time_units import NS_PER_S as NS
from support.planes import PLANES, Plane

__all__ = [
    "BOTH_PLANES",
    "BROADCAST",
    "CAK",
    "CKN",
    "NS",
    "POLLS_LIMIT",
    "QUICK",
    "Actor",
    "Drop",
    "OnPlane",
    "Segment",
    "SegmentMember",
    "alone",
    "chain_key",
    "check_connectivity",
    "check_life_cycles",
    "is_mka",
    "member_of",
    "pair",
    "policy_of",
    "reported",
    "sci_of_name",
    "secured",
    "server_of",
    "snapshot",
    "watch",
]

BOTH_PLANES = [PLANES[0], PLANES[-1]]
QUICK = PLANES[-1]


@dataclass(frozen=True)
class OnPlane:
    """A data plane of the tests as scenes want it."""

    plane: Plane

    def secy(self, controls: Controls) -> SecY:
        """Return a SecY."""
        return SecY(controls, self.plane.backend, self.plane.kernel)


class Segment(scenes.MkaSegment):
    """A segment of stations on a data plane of the tests."""

    def __init__(self, plane: Plane = QUICK, seed: int = 0, **link: Any) -> None:
        super().__init__(OnPlane(plane), seed, **link)


def pair(
    plane: Plane = QUICK, **more: Any
) -> tuple[scenes.MkaSegment, SegmentMember, SegmentMember]:
    """Return two members, `a` the Key Server, secured after two seconds."""
    return scenes.pair(OnPlane(plane), **more)


def check_life_cycles(done: Sequence[Action]) -> None:
    """Check that each SA and SC is made before it is used or deleted, and only once at a time."""
    scs: set[int] = set()
    sas: set[tuple[int, int]] = set()
    transmit: set[int] = set()
    for action in done:
        match action:
            case actions.Reset():
                scs, sas, transmit = set(), set(), set()
            case actions.CreateReceiveSC(sci=sci):
                assert sci not in scs
                scs.add(sci)
            case actions.DeleteReceiveSC(sci=sci):
                scs.remove(sci)
                sas = {sa for sa in sas if sa[0] != sci}
            case actions.CreateReceiveSA(sci=sci, an=an):
                assert sci in scs
                assert (sci, an) not in sas
                sas.add((sci, an))
            case actions.DeleteReceiveSA(sci=sci, an=an):
                sas.remove((sci, an))
            case actions.RaiseLowestPN(sci=sci, an=an):
                assert (sci, an) in sas
            case actions.CreateTransmitSA(an=an):
                assert an not in transmit
                transmit.add(an)
            case actions.EnableTransmitSA(an=an):
                assert an in transmit
            case actions.DeleteTransmitSA(an=an):
                transmit.remove(an)
    assert (scs, sas, transmit) == (set(), set(), set())
