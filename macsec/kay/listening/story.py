"""The history of a CA from its MKPDUs: its members, and each change with its time.

Each MKPDU is compared with the last one of the same member (MI); each difference is an event.
Nothing is concluded that no member reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from macsec.kay.distribution.key_server import exhaustion
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu.frame import Mkpdu
from macsec.kay.mkpdu.parameter_sets import Basic, KeyUse
from macsec.kay.timers import MKA_LIFE_TIME_NS
from macsec.suites import SUITES
from macsec.time_units import NS_PER_S

from .listener import Distribution, Heard, Hearing

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Kind(Enum):
    """Kinds of change."""

    JOINS = "joins"
    RESTARTS = "restarts"
    """A new MI with the SCI of one that was there before."""
    SILENT = "silent"
    """Nothing heard for longer than a Life Time."""
    OLD_MN = "old-mn"
    """A message number that is not above the last one: a replay, or a misordered message."""
    SERVER_ON = "server-on"
    SERVER_OFF = "server-off"
    LIVE = "live"
    POTENTIAL = "potential"
    DROPS = "drops"
    DISTRIBUTES = "distributes"
    USES = "uses"
    RETIRES = "retires"
    EXHAUSTS = "exhausts"
    """A lowest PN past three quarters of all: another SAK is due (9.8)."""
    DELAY_PROTECT = "delay-protect"
    SUSPENDS = "suspends"
    """The suspension time of its XPN set became more or none (9.18)."""
    CHANGES = "changes"


class Event(NamedTuple):
    """A change: its frame, its time, the member whose message showed it, and the details."""

    frame: int
    time_ns: int
    member: str
    kind: Kind
    detail: dict[str, Any]


class ReportedUse(NamedTuple):
    """A member's report on its use of a key, as `latest` or `old`."""

    slot: str
    an: int
    transmits: bool
    receives: bool


@dataclass(slots=True)
class Member:
    """An MI, and its last message. `name`: a letter for each SCI, a number for each life."""

    name: str
    basic: Basic
    index: int
    time_ns: int
    first_mn: int
    messages: int = 0
    last_ns: int = 0
    live: tuple[bytes, ...] = ()
    potential: tuple[bytes, ...] = ()
    uses: dict[KI, ReportedUse] = field(default_factory=dict)
    lowest_pn: dict[KI, int] = field(default_factory=dict)
    delay_protect: bool = False
    suspension_s: int = 0
    distributed: int = 0


@dataclass(slots=True)
class SakRecord:
    """A SAK that was distributed. `check_value` identifies it; None: not unwrapped."""

    ki: KI
    an: int
    code: int
    suite: str
    key_server: str
    index: int
    time_ns: int
    members: tuple[bytes, ...]
    check_value: str | None
    result: Distribution | None
    times: int = 1


@dataclass(slots=True)
class Story:
    """The history of one CA. `verified`: its CAK is known, and every message in it authentic.

    `padded`: a CKN with a CAK that differs from this one in zeros at the end only. `life_ns`: the
    Life Time of its members.
    """

    ckn: bytes
    verified: bool
    padded: bytes | None = None
    life_ns: int = MKA_LIFE_TIME_NS
    members: dict[bytes, Member] = field(default_factory=dict)
    saks: list[SakRecord] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    wrong_icv: int = 0
    plain: int = 0
    """MKPDUs that ordered plain frames."""
    suspended_until_ns: int = 0
    """The end of the last suspension that a Key Server ordered."""
    _names: dict[int, list[str]] = field(default_factory=dict)

    @property
    def key_servers(self) -> list[str]:
        """The names of the members that distributed a SAK, in order of their first."""
        return list(dict.fromkeys(sak.key_server for sak in self.saks))

    def name(self, mi: bytes) -> str:
        """Return the name of a member; for one that was never heard, the start of its MI."""
        member = self.members.get(mi)
        return f"{mi.hex()[:8]}…" if member is None else member.name

    def hear(self, heard: Heard, index: int, time_ns: int) -> None:
        """Add the next message of this CA."""
        mkpdu = heard.mkpdu
        if mkpdu is None:
            return
        if heard.hearing is Hearing.WRONG_ICV:
            self.wrong_icv += 1
            return
        member = self.members.get(mkpdu.basic.mi)
        if member is None:
            member = self._joins(mkpdu, index, time_ns)
        changes = [
            *self._compare(member, mkpdu, time_ns),
            *self._distributes(member, heard, index, time_ns),
        ]
        for kind, detail in changes:
            self.events.append(Event(index, time_ns, member.name, kind, detail))
        if mkpdu.basic.mn > member.basic.mn or not member.messages:
            self._remember(member, mkpdu)
        member.messages += 1
        member.last_ns = time_ns

    def _joins(self, mkpdu: Mkpdu, index: int, time_ns: int) -> Member:
        basic = mkpdu.basic
        lives = self._names.setdefault(basic.sci, [])
        letter = lives[0] if lives else _letter(len(self._names) - 1)
        name = f"{letter}{len(lives) + 1}" if lives else letter
        lives.append(name)
        member = Member(name, basic, index, time_ns, basic.mn)
        self.members[basic.mi] = member
        kind = Kind.RESTARTS if len(lives) > 1 else Kind.JOINS
        detail = {
            "mi": basic.mi.hex(),
            "mn": basic.mn,
            "priority": basic.priority,
            "version": basic.version,
        }
        self.events.append(Event(index, time_ns, name, kind, detail))
        if basic.key_server:
            self.events.append(Event(index, time_ns, name, Kind.SERVER_ON, {}))
        return member

    def _compare(
        self, member: Member, mkpdu: Mkpdu, time_ns: int
    ) -> Iterator[tuple[Kind, dict[str, Any]]]:
        basic, before = mkpdu.basic, member.basic
        if member.messages:
            if basic.mn <= before.mn:
                yield Kind.OLD_MN, {"mn": basic.mn, "last": before.mn}
                return
            if time_ns - member.last_ns > self.life_ns:
                suspended = member.last_ns < self.suspended_until_ns
                yield Kind.SILENT, {"for_ns": time_ns - member.last_ns, "suspended": suspended}
            if basic.key_server != before.key_server:
                yield Kind.SERVER_ON if basic.key_server else Kind.SERVER_OFF, {}
            for what in ("sci", "priority", "version", "desired", "capability"):
                was, now = getattr(before, what), getattr(basic, what)
                if was != now:
                    yield Kind.CHANGES, {"what": what, "from": was, "to": now}
        yield from self._suspends(member, mkpdu, time_ns)
        yield from self._lists(member, mkpdu)
        yield from _use_changes(member, mkpdu)
        yield from self._exhaustions(member, mkpdu)

    def _suspends(
        self, member: Member, mkpdu: Mkpdu, time_ns: int
    ) -> Iterator[tuple[Kind, dict[str, Any]]]:
        """9.18: the Key Server orders a suspension; others ask for one, or report the time left."""
        seconds, orders = mkpdu.suspension_s, mkpdu.basic.key_server
        reports = time_ns < self.suspended_until_ns
        if orders:
            self.suspended_until_ns = time_ns + seconds * NS_PER_S
        if seconds > member.suspension_s or (member.suspension_s and not seconds):
            part = "orders" if orders else "reports" if reports else "asks"
            yield Kind.SUSPENDS, {"seconds": seconds, "part": part}

    def _lists(self, member: Member, mkpdu: Mkpdu) -> Iterator[tuple[Kind, dict[str, Any]]]:
        live, potential = _mis(mkpdu)
        for mi in live:
            if mi not in member.live:
                yield Kind.LIVE, {"peer": mi}
        for mi in potential:
            if mi not in member.potential:
                yield Kind.POTENTIAL, {"peer": mi}
        for mi in (*member.live, *member.potential):
            if mi not in live and mi not in potential:
                yield Kind.DROPS, {"peer": mi}

    def _exhaustions(self, member: Member, mkpdu: Mkpdu) -> Iterator[tuple[Kind, dict[str, Any]]]:
        suites = {sak.ki: SUITES[sak.suite] for sak in self.saks if sak.suite in SUITES}
        for ki, pn in _lowest_pns(mkpdu).items():
            limit = exhaustion(suites[ki]) if ki in suites else pn + 1
            if member.lowest_pn.get(ki, 0) < limit <= pn:
                yield Kind.EXHAUSTS, {"ki": ki, "lowest_pn": str(pn)}

    def _distributes(
        self, member: Member, heard: Heard, index: int, time_ns: int
    ) -> Iterator[tuple[Kind, dict[str, Any]]]:
        mkpdu, result = heard.mkpdu, heard.distribution
        assert mkpdu is not None  # noqa: S101 the caller checked it
        if mkpdu.plain:
            self.plain += 1
            yield Kind.DISTRIBUTES, {"ki": None, "result": Distribution.PLAIN.value}
            return
        given = mkpdu.distributed
        if given is None:
            return
        ki = KI(mkpdu.basic.mi, given.kn)
        check_value = None if heard.sak is None else heard.sak.key.check_value
        known = [sak for sak in self.saks if sak.ki == ki and sak.check_value == check_value]
        if known:
            known[-1].times += 1
            return
        suite = given.cipher_suite
        name = f"{given.suite or 0:016x}" if suite is None else suite.name
        members = (ki.mi, *(peer.mi for peer in mkpdu.live))
        sak = SakRecord(
            ki=ki,
            an=given.an,
            code=given.code,
            suite=name,
            key_server=member.name,
            index=index,
            time_ns=time_ns,
            members=members,
            check_value=check_value,
            result=result,
        )
        self.saks.append(sak)
        member.distributed += 1
        yield (
            Kind.DISTRIBUTES,
            {"ki": ki, "an": given.an, "suite": name, "result": result and result.value},
        )

    @staticmethod
    def _remember(member: Member, mkpdu: Mkpdu) -> None:
        member.basic = mkpdu.basic
        member.live, member.potential = _mis(mkpdu)
        member.suspension_s = mkpdu.suspension_s
        if mkpdu.use is not None:
            member.uses = _uses(mkpdu)
            member.lowest_pn = _lowest_pns(mkpdu)
            member.delay_protect = mkpdu.use.delay_protect


def _letter(number: int) -> str:
    rounds, rest = divmod(number, len(LETTERS))
    return LETTERS[rest] * (rounds + 1)


def _mis(mkpdu: Mkpdu) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    live, potential = mkpdu.live, mkpdu.potential
    return tuple(peer.mi for peer in live), tuple(peer.mi for peer in potential)


def _slots(mkpdu: Mkpdu) -> dict[str, KeyUse]:
    use = mkpdu.use
    if use is None:
        return {}
    slots = {"latest": use.latest, "old": use.old}
    return {name: slot for name, slot in slots.items() if slot is not None and slot.ki.kn}


def _uses(mkpdu: Mkpdu) -> dict[KI, ReportedUse]:
    return {
        slot.ki: ReportedUse(name, slot.an, slot.transmits, slot.receives)
        for name, slot in _slots(mkpdu).items()
    }


def _lowest_pns(mkpdu: Mkpdu) -> dict[KI, int]:
    return {slot.ki: slot.lowest_pn for slot in _slots(mkpdu).values()}


def _use_changes(member: Member, mkpdu: Mkpdu) -> Iterator[tuple[Kind, dict[str, Any]]]:
    if mkpdu.use is None:
        return
    now = _uses(mkpdu)
    for ki, use in now.items():
        if member.uses.get(ki) != use:
            yield Kind.USES, {"ki": ki, **use._asdict()}
    for ki in member.uses:
        if ki not in now:
            yield Kind.RETIRES, {"ki": ki}
    if mkpdu.use.delay_protect != member.delay_protect:
        yield Kind.DELAY_PROTECT, {"on": mkpdu.use.delay_protect}


class Stories:
    """The histories of a capture, by CKN; `life_ns`: the Life Time of all members."""

    def __init__(self, life_ns: int = MKA_LIFE_TIME_NS) -> None:
        self.by_ckn: dict[bytes, Story] = {}
        self._life_ns = life_ns

    def hear(self, heard: Heard, index: int, time_ns: int) -> None:
        """Add the next EAPOL frame of the capture, with its number and its time."""
        if heard.mkpdu is None:
            return
        ckn = heard.mkpdu.basic.ckn
        verified = heard.hearing is not Hearing.UNKNOWN_CKN
        fresh = Story(ckn, verified, heard.padded, self._life_ns)
        self.by_ckn.setdefault(ckn, fresh).hear(heard, index, time_ns)
