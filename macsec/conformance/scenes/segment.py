"""Stations with key agreement on one segment, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import shake_256
from typing import Any, Protocol

from macsec.conformance.outcome import Mismatch, expect, require
from macsec.kay.kay import Kay
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import ChainKey
from macsec.kay.membership.identity import Random
from macsec.kay.membership.participant import Participant
from macsec.kay.policy import KayPolicy, Security
from macsec.kay.secy_side.actions import Action
from macsec.keys import Key
from macsec.lab.virtual.stations.station import Station, is_eapol
from macsec.secy import PROFILES, Controls, SecY, Validate
from macsec.suites import SUITES
from macsec.time_units import NS_PER_S, PS_PER_NS
from macsec.wire.engine import Engine
from macsec.wire.link import Link
from macsec.wire.params import LinkParams

CAK, CKN = bytes(range(16)), bytes(range(32))
BROADCAST = b"\xff" * 6


class SecYMaker(Protocol):
    """Makes SecYs: a target of the conformance tests is one."""

    def secy(self, controls: Controls) -> SecY:
        """Return a SecY on this data plane."""


Drop = Callable[[float, str, bytes], bool]


def chain_key(cak: bytes = CAK, ckn: bytes = CKN, **more: Any) -> ChainKey:
    """Return a key of a chain; times in seconds."""
    times: dict[str, Any] = {
        f"{name}_ns": int(more.pop(name) * NS_PER_S) for name in ("start", "end") if name in more
    }
    return ChainKey(MemoryHolder(Key(cak), ckn), **times, **more)


def policy_of(**given: Any) -> KayPolicy:
    """Return a policy from short spellings."""
    tables: dict[str, Callable[[Any], Any]] = {"cipher": SUITES.__getitem__, "security": Security}
    return KayPolicy(
        **{name: tables.get(name, lambda v: v)(value) for name, value in given.items()}
    )


def entropy_of(name: str) -> Random:
    """Return a source of octets that a name decides: each run is the same."""
    drawn = 0

    def draw(octets: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return shake_256(f"{name} {drawn}".encode()).digest(octets)

    return draw


def controls_of(**given: Any) -> Controls:
    """Return controls from the spelling of a configuration file."""
    tables: dict[str, Callable[[Any], Any]] = {
        "profile": PROFILES.__getitem__,
        "cipher": SUITES.__getitem__,
        "validate": lambda name: Validate[name.upper()],
    }
    return Controls(**{name: tables.get(name, lambda v: v)(value) for name, value in given.items()})


def sci_of_name(name: str, port: int = 1) -> int:
    """Return the SCI of a station: its letter is the last octet of its MAC address."""
    return 0x0252_0000_0000_0000 | ord(name[0]) << 16 | port


def is_mka(frame: bytes) -> bool:
    """True if a frame is EAPOL."""
    return is_eapol(frame)


@dataclass
class SegmentMember:
    """A station on the segment, and the frames that it delivered: (source's letter, number)."""

    name: str
    station: Station
    received: list[tuple[str, int]] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)

    @property
    def kay(self) -> Kay:
        """Its KaY."""
        agreement = self.station.agreement
        if agreement is None:
            raise Mismatch("key agreement", f"{self.name} has none")
        return agreement.kay

    @property
    def principal(self) -> Participant:
        """Its principal, which must exist."""
        found = self.kay.principal
        if found is None:
            raise Mismatch("principal", f"{self.name} has none")
        return found

    @property
    def secy(self) -> SecY:
        """Its SecY."""
        return self.station.secy

    def send(self) -> bool:
        """Send a numbered frame to all stations; return whether it left."""
        number = len(self.sent)
        source = self.kay.sci.to_bytes(8)[:6]
        self.sent.append(number)
        return self.station.request(
            BROADCAST + source + b"\x88\xb5" + number.to_bytes(4) + bytes(1400)
        )

    def deliver(self, frame: bytes) -> None:
        """Record a delivered frame."""
        self.received.append((chr(frame[11]), int.from_bytes(frame[14:18])))

    def numbers_from(self, name: str) -> list[int]:
        """Return the numbers of the frames from another station, in order."""
        return [number for source, number in self.received if source == name]


class MkaSegment:
    """Stations on one segment: each frame goes to all others.

    `drop(seconds, receiver, frame)` returns whether a receiver loses a frame. `mkpdus` has every
    MKPDU that was sent, with its time and sender.
    """

    def __init__(self, plane: SecYMaker, seed: int = 0, **link: Any) -> None:
        self.engine, self._seed = Engine(seed), seed
        self.plane = plane
        self.drop: Drop = lambda _time, _name, _frame: False
        self.members: dict[str, SegmentMember] = {}
        self.mkpdus: list[tuple[float, str, bytes]] = []
        self.wire: list[bytes] = []
        self._links: dict[str, Link] = {}
        self._params = LinkParams(**link)
        self._generation = 0

    def add(
        self,
        name: str,
        keys: Sequence[ChainKey] | None = None,
        *,
        port: int = 1,
        sci: int | None = None,
        start: bool = True,
        controls: dict[str, Any] | None = None,
        **policy: Any,
    ) -> SegmentMember:
        """Add a station; a second one of the same name is a restart, without any earlier state."""
        self._generation += 1
        entropy = entropy_of(f"{self._seed}/{name}/{self._generation}")
        own = [chain_key()] if keys is None else keys
        kay = Kay(sci or sci_of_name(name, port), own, entropy, policy_of(**policy))
        secy = self.plane.secy(controls_of(**(controls or {})))
        if name not in self._links:
            self._links[name] = Link(self.engine, name, self._params, self._params)
        link = self._links[name]
        member = SegmentMember(name, Station(self.engine, link.a, secy, kay, name))
        member.station.controlled.receiver = member.deliver
        link.a.receiver = lambda frame: self._hear(member, frame)
        link.b.receiver = lambda frame: self._flood(name, frame)
        if name in self.members:
            self.members[name].station.stop()
        self.members[name] = member
        if start:
            member.station.start()
        return member

    def run(self, seconds: float) -> None:
        """Run until n seconds from the beginning."""
        self.engine.run(round(seconds * NS_PER_S))

    def at(self, seconds: float, action: Callable[[], Any]) -> None:
        """Run an action at a time."""
        self.engine.at(round(seconds * NS_PER_S) * PS_PER_NS, action)

    def every(self, period: float, action: Callable[[], Any], start: float, end: float) -> None:
        """Run an action at regular times."""
        for step in range(round((end - start) / period)):
            self.at(start + step * period, action)

    @property
    def now(self) -> float:
        """The time in seconds."""
        return self.engine.now_ns / NS_PER_S

    def settle(self) -> None:
        """Have every station check the time and its PNs now."""
        for member in self.members.values():
            member.station.settle()

    def _hear(self, member: SegmentMember, frame: bytes) -> None:
        if not self.drop(self.now, member.name, frame):
            member.station.indicate(frame)

    def _flood(self, name: str, frame: bytes) -> None:
        if is_mka(frame):
            self.mkpdus.append((self.now, name, frame))
        self.wire.append(frame)
        for other, link in self._links.items():
            if other != name:
                link.b.send(frame)


def watch(member: SegmentMember, done: list[Action]) -> None:
    """Record every action for a member's SecY from now on."""
    perform = member.station.port.perform

    def noting(action: Action) -> bool:
        done.append(action)
        return perform(action)

    member.station.port.perform = noting  # type: ignore[method-assign]


def secured(*members: SegmentMember) -> bool:
    """True if all are secured with the same keys, and each transmits and receives the newest."""
    slots = [member.kay.cp.slots() for member in members]
    keys = {tuple(slot.ki for slot in of) for of in slots}
    newest = [of[0] for of in slots if of]
    return (
        all(member.kay.secured for member in members)
        and len(keys) == 1
        and len(newest) == len(members)
        and all(slot.transmits and slot.receives for slot in newest)
    )


def check_connectivity(segment: MkaSegment, *members: SegmentMember) -> None:
    """Check that each member's frame reaches all others, protected and validated."""
    before = {member.name: len(member.received) for member in members}
    for member in members:
        require(member.send(), "Controlled Port", f"{member.name} is closed")
    segment.run(segment.now + 0.1)
    for member in members:
        got = {source for source, _ in member.received[before[member.name] :]}
        expect("senders heard", {other.name for other in members} - {member.name}, got)


def pair(plane: SecYMaker, **more: Any) -> tuple[MkaSegment, SegmentMember, SegmentMember]:
    """Return two members, `a` the Key Server, secured after two seconds."""
    segment = MkaSegment(plane)
    a = segment.add("a", key_server_priority=10, **more)
    b = segment.add("b", key_server_priority=20, **more)
    segment.run(2)
    require(secured(a, b), "secured", "a and b are not, after two seconds")
    return segment, a, b
