"""Stations with key agreement on one segment, in virtual time: the stage of the scenarios."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from macsec.kay import actions
from macsec.kay.actions import Action
from macsec.kay.cak_holder import MemoryHolder
from macsec.kay.counters import Reception
from macsec.kay.kay import Kay
from macsec.kay.keychain import ChainKey
from macsec.kay.membership.participant import Participant
from macsec.kay.mkpdu.frame import Mkpdu, compose, decode, seal
from macsec.kay.mkpdu.parameter_sets import Basic, DistributedSak, KeyUse, PeerId, SakUse
from macsec.kay.policy import KayPolicy, Security
from macsec.kay.sak import KI
from macsec.keys import Key
from macsec.lab.virtual.station import Station, is_eapol
from macsec.secy import SecY
from macsec.suites import SUITES
from macsec.time_units import PS_PER_NS
from macsec.wire.engine import Engine
from macsec.wire.link import Link
from macsec.wire.params import LinkParams
from support.planes import PLANES, Plane

NS = 1_000_000_000
CAK, CKN = bytes(range(16)), bytes(range(32))
BROADCAST = b"\xff" * 6
BOTH_PLANES = [PLANES[0], PLANES[-1]]
QUICK = PLANES[-1]

POLLS_LIMIT = 2000
"""Polls of a KaY at one time, far more than it can have actions and MKPDUs for."""

Drop = Callable[[float, str, bytes], bool]


def chain_key(cak: bytes = CAK, ckn: bytes = CKN, **more: Any) -> ChainKey:
    """Return a key of a chain; times in seconds."""
    times: dict[str, Any] = {
        f"{name}_ns": int(more.pop(name) * NS) for name in ("start", "end") if name in more
    }
    return ChainKey(MemoryHolder(Key(cak), ckn), **times, **more)


def policy_of(**given: Any) -> KayPolicy:
    """Return a policy from short spellings."""
    tables: dict[str, Callable[[Any], Any]] = {"cipher": SUITES.__getitem__, "security": Security}
    return KayPolicy(
        **{name: tables.get(name, lambda v: v)(value) for name, value in given.items()}
    )


def sci_of_name(name: str, port: int = 1) -> int:
    """Return the SCI of a station: its letter is the last octet of its MAC address."""
    return 0x0252_0000_0000_0000 | ord(name[0]) << 16 | port


def is_mka(frame: bytes) -> bool:
    """True if a frame is EAPOL."""
    return is_eapol(frame)


@dataclass
class Member:
    """A station on the segment, and the frames that it delivered: (source's letter, number)."""

    name: str
    station: Station
    received: list[tuple[str, int]] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)

    @property
    def kay(self) -> Kay:
        """Its KaY."""
        agreement = self.station.agreement
        assert agreement is not None
        return agreement.kay

    @property
    def principal(self) -> Participant:
        """Its principal, which must exist."""
        found = self.kay.principal
        assert found is not None
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


class Segment:
    """Stations on one segment: each frame goes to all others.

    `drop(seconds, receiver, frame)` returns whether a receiver loses a frame. `mkpdus` has every
    MKPDU that was sent, with its time and sender.
    """

    def __init__(self, plane: Plane = QUICK, seed: int = 0, **link: Any) -> None:
        self.engine = Engine(seed)
        self.plane = plane
        self.drop: Drop = lambda _time, _name, _frame: False
        self.members: dict[str, Member] = {}
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
    ) -> Member:
        """Add a station; a second one of the same name is a restart, without any earlier state."""
        self._generation += 1
        entropy = random.Random(f"{name}/{self._generation}").randbytes
        own = [chain_key()] if keys is None else keys
        kay = Kay(sci or sci_of_name(name, port), own, entropy, policy_of(**policy))
        secy = self.plane.secy(**(controls or {}))
        if name not in self._links:
            self._links[name] = Link(self.engine, name, self._params, self._params)
        link = self._links[name]
        member = Member(name, Station(self.engine, link.a, secy, kay, name))
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
        self.engine.run(round(seconds * NS))

    def at(self, seconds: float, action: Callable[[], Any]) -> None:
        """Run an action at a time."""
        self.engine.at(round(seconds * NS) * PS_PER_NS, action)

    def every(self, period: float, action: Callable[[], Any], start: float, end: float) -> None:
        """Run an action at regular times."""
        for step in range(round((end - start) / period)):
            self.at(start + step * period, action)

    @property
    def now(self) -> float:
        """The time in seconds."""
        return self.engine.now_ns / NS

    def settle(self) -> None:
        """Have every station check the time and its PNs now."""
        for member in self.members.values():
            member.station.settle()

    def _hear(self, member: Member, frame: bytes) -> None:
        if not self.drop(self.now, member.name, frame):
            member.station.indicate(frame)

    def _flood(self, name: str, frame: bytes) -> None:
        if is_mka(frame):
            self.mkpdus.append((self.now, name, frame))
        self.wire.append(frame)
        for other, link in self._links.items():
            if other != name:
                link.b.send(frame)


def watch(member: Member, done: list[Action]) -> None:
    """Record every action for a member's SecY from now on."""
    perform = member.station.port.perform

    def noting(action: Action) -> bool:
        done.append(action)
        return perform(action)

    member.station.port.perform = noting  # type: ignore[method-assign]


def secured(*members: Member) -> bool:
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


def check_connectivity(segment: Segment, *members: Member) -> None:
    """Check that each member's frame reaches all others, protected and validated."""
    before = {member.name: len(member.received) for member in members}
    for member in members:
        assert member.send(), f"{member.name} is closed"
    segment.run(segment.now + 0.1)
    for member in members:
        got = {source for source, _ in member.received[before[member.name] :]}
        assert got == {other.name for other in members} - {member.name}


def pair(plane: Plane = QUICK, **more: Any) -> tuple[Segment, Member, Member]:
    """Return two members, `a` the Key Server, secured after two seconds."""
    segment = Segment(plane)
    a = segment.add("a", key_server_priority=10, **more)
    b = segment.add("b", key_server_priority=20, **more)
    segment.run(2)
    assert secured(a, b)
    return segment, a, b


# -------------------------------------------------------------------- one KaY, and MKPDUs by hand


class Actor:
    """A member with the CAK whose MKPDUs a test makes by hand. `kay` is the KaY under test."""

    def __init__(
        self,
        kay: Kay,
        sci: int,
        mi: bytes = b"actor's MI..",
        cak: bytes = CAK,
        ckn: bytes = CKN,
    ) -> None:
        self.kay, self.ckn = kay, ckn
        self.sci, self.mi, self.mn = sci, mi, 0
        self.holder = MemoryHolder(Key(cak), ckn)
        self.now_ns = 0
        self.heard: list[Mkpdu] = []
        self.actions: list[Action] = []

    def drain(self) -> list[Mkpdu]:
        """Poll the KaY until it has no action and no MKPDU left; return its MKPDUs."""
        said: list[Mkpdu] = []
        for polls in range(POLLS_LIMIT):
            assert polls < POLLS_LIMIT - 1, "the KaY never comes to rest"
            action = self.kay.poll_action()
            if action is not None:
                self.actions.append(action)
                continue
            frame = self.kay.poll_transmit(self.now_ns)
            if frame is not None:
                mkpdu = decode(frame)
                assert isinstance(mkpdu, Mkpdu)
                if mkpdu.basic.ckn == self.ckn:
                    assert self.holder.icv_valid(mkpdu.signed, mkpdu.icv)
                    said.append(mkpdu)
            elif (action := self.kay.poll_action()) is not None:
                self.actions.append(action)
            else:
                break
        self.heard += said
        return said

    @property
    def listens(self) -> PeerId:
        """The KaY as an entry of a peer list: its MI, and its last MN."""
        identity = self.kay.participants[self.ckn].identity
        return PeerId(identity.mi, identity.mn)

    def frame(self, *, ckn: bytes | None = None, mn: int | None = None, **more: Any) -> bytes:
        """Return an MKPDU; by default it lists the KaY, and does not offer to serve."""
        if mn is None:
            mn = self.mn = self.mn + 1
        names = ("sci", "mi", "version", "priority", "key_server", "desired", "capability")
        own: dict[str, Any] = {"sci": self.sci, "mi": self.mi} | {
            n: more.pop(n) for n in names if n in more
        }
        basic = Basic(mn=mn, ckn=ckn or self.ckn, **own)
        lists = {"live": (self.listens,)} if "live" not in more else {}
        extra = more.pop("sets", ())
        mkpdu = compose(basic, **(lists | more))
        return seal(replace(mkpdu, sets=mkpdu.sets + tuple(extra)), self.holder.icv)

    def say(self, **more: Any) -> Reception:
        """Send an MKPDU to the KaY; return the reception."""
        return self.kay.receive_mkpdu(self.now_ns, self.frame(**more))

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ns += round(seconds * NS)

    def stay(self, seconds: float, **said: Any) -> None:
        """Let time pass, and send an MKPDU every half second."""
        for _ in range(round(seconds * 2)):
            self.later(0.5)
            self.say(**said)
            self.drain()

    def distribute(
        self,
        *,
        kn: int = 1,
        an: int = 0,
        code: int = 1,
        sak: bytes = bytes(range(16)),
        suite: int | None = None,
        wrapped: bytes | None = None,
        **more: Any,
    ) -> Reception:
        """Distribute a SAK as Key Server."""
        given = DistributedSak(an, code, kn, suite, wrapped or self.holder.wrap(Key(sak)))
        return self.say(**{"key_server": True, "priority": 1, "distributed": given} | more)


def alone(keys: Sequence[ChainKey] | None = None, **policy: Any) -> Kay:
    """Return a KaY without peers, enabled at 0."""
    own = [chain_key()] if keys is None else keys
    kay = Kay(sci_of_name("k"), own, random.Random(1).randbytes, policy_of(**policy))
    kay.set_enabled(0, True)
    return kay


def member_of(**policy: Any) -> tuple[Kay, Actor]:
    """Return a KaY that follows an actor: secured with its SAK, KN 1, AN 0."""
    kay = alone(**policy)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1)
    actor.drain()
    actor.distribute()
    actor.drain()
    used = KeyUse(KI(actor.mi, 1), 0, True, True, 1)
    actor.say(key_server=True, priority=1, use=SakUse(latest=used))
    actor.drain()
    assert kay.secured
    assert kay.principal is not None
    assert not kay.principal.is_server
    return kay, actor


def server_of(**policy: Any) -> tuple[Kay, Actor]:
    """Return a KaY that is the Key Server of an actor, which has reported the SAK."""
    kay = alone(**policy)
    actor = Actor(kay, sci_of_name("z"))
    actor.drain()
    actor.say(priority=200)
    actor.drain()
    actor.say(priority=200, use=reported(kay))
    actor.drain()
    assert kay.secured
    assert kay.principal is not None
    assert kay.principal.is_server
    return kay, actor


def reported(kay: Kay, lowest_pn: int = 1, **more: Any) -> SakUse:
    """Return SAK Use of a member with the KaY's newest key."""
    slot = kay.cp.slots()[0]
    return SakUse(latest=KeyUse(slot.ki, slot.an, True, True, lowest_pn), **more)


def snapshot(kay: Kay) -> dict[str, Any]:
    """Return all state that an MKPDU could change, without counters."""
    return {
        "principal": kay.principal and kay.principal.key.ckn,
        "port": (kay.secured, kay.cp.state, kay.cp.controlled, kay.cp.connect),
        "keys": [(slot.ki, slot.an, slot.receives, slot.transmits) for slot in kay.cp.slots()],
        "pending": kay.cp.inputs.new_sak and kay.cp.inputs.new_sak.ki,
        "members": {
            ckn: (
                participant.identity.mi,
                participant.server,
                {peer.mi for peer in participant.peers.live},
                {peer.mi for peer in participant.peers.potential},
            )
            for ckn, participant in kay.participants.items()
        },
    }


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
