"""Faults of a link during a run: cut, drop and delay, behind the impairments of its wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from macsec.frames.dissect import vlan_tags_end
from macsec.terms import EAPOL_ETHERTYPES
from macsec.time_units import PS_PER_NS
from macsec.wire.engine import WIRE
from macsec.wire.impairments import threshold
from macsec.wire.link import Link
from macsec.wire.random_streams import RandomStream, start_of

IsUserFrame = Callable[[bytes], bool]
"""True for frames of users, false for those of key agreement."""

CLEAR_TAGS = 2
"""VLAN tags that may come before the EtherType of EAPOL."""

PURPOSE = "fault"
"""Name of the random stream of a direction."""


@dataclass(frozen=True, slots=True)
class WayFaults:
    """Faults of one direction: all frames lost, a share of them lost, ns that each waits more."""

    cut: bool = False
    drop: float = 0.0
    delay: int = 0


def every_frame(_: bytes) -> bool:
    """Return True: a link without key agreement has frames of users alone."""
    return True


def is_user_frame(frame: bytes) -> bool:
    """Under key agreement EAPOL on the wire is from the KaYs; that of hosts is protected.

    An EDE sends it behind a VLAN tag.
    """
    at = vlan_tags_end(frame, CLEAR_TAGS)
    return int.from_bytes(frame[at : at + 2]) not in EAPOL_ETHERTYPES


class WireFaults:
    """The faults of both directions: a tap of the link while there is one.

    `taken`: frames lost, by direction; `held`: frames of users that wait. A cut loses
    them.
    """

    def __init__(self, link: Link, is_user_frame: IsUserFrame) -> None:
        self._link, self._is_user_frame = link, is_user_frame
        self.ways = [WayFaults(), WayFaults()]
        self.taken = [0, 0]
        self.held = 0
        self._waiting = [0, 0]
        seed, name = link.engine.seed, link.name
        self._streams = [RandomStream(start_of(seed, name, way, PURPOSE)) for way in (0, 1)]

    def change(self, direction: int, kind: str, value: Any) -> None:
        """Begin, change or end a fault of a direction; `kind` is a field of WayFaults."""
        self.ways[direction] = replace(self.ways[direction], **{kind: value})
        faulty = any(way != WayFaults() for way in self.ways)
        if faulty and self not in self._link.taps:
            self._link.taps.append(self)
        elif not faulty and self in self._link.taps:
            self._link.taps.remove(self)

    def kept(self, direction: int) -> int:
        """Return the frames that came out of the wire and did not arrive: taken, or waiting."""
        return self.taken[direction] + self._waiting[direction]

    def on_frame(self, time_ns: int, direction: int, frame: bytes) -> list[bytes] | None:
        """Lose an arriving frame, or hold it, or let it pass."""
        way = self.ways[direction]
        if way.cut or (way.drop and self._streams[direction].draw() < threshold(way.drop)):
            self.taken[direction] += 1
            return []
        if not way.delay:
            return None
        self.held += self._is_user_frame(frame)
        self._waiting[direction] += 1
        release = partial(self._release, direction, frame)
        self._link.engine.after(way.delay * PS_PER_NS, release, WIRE)
        return []

    def _release(self, direction: int, frame: bytes) -> None:
        self.held -= self._is_user_frame(frame)
        self._waiting[direction] -= 1
        if self.ways[direction].cut:
            self.taken[direction] += 1
        else:
            self._link.inject(direction, frame)
