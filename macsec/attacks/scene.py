"""The scene of an attack: stations, and a ledger of what must come of every frame.

An attack says of each frame how it must end. From that alone follow the counters, the frames that
are delivered and the PNs of every SA: by arithmetic here, not by asking a SecY.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import shake_256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macsec.frames import FrameBatch
from macsec.frames.dissect import Sight, observe
from macsec.frames.sectag import TCI, TagRules
from macsec.keys import Key
from macsec.secy import Outcome, SecY, Validate, Verdict
from macsec.suites import SUITES
from macsec.terms import ADDRESSES_LENGTH, sci_text

from .craft import stripped
from .ledger import Ledger, cipher_ran, observed, summed
from .party import Party

MAC = {name: bytes((2, 0, 0, 0, 0, 10 + at)) for at, name in enumerate("ABC")}
"""Stations by name: locally administered addresses, no station's."""
SCI = {name: int.from_bytes(mac) << 16 | 1 for name, mac in MAC.items()}
SSCI = {name: 3 - at for at, name in enumerate(SCI)}
"""10.7.13: the greatest SCI has SSCI 1."""
EPOCH = 7
"""The upper half of PNs under XPN, so that a receiver has something to recover."""

VERDICTS = tuple(Verdict)
AS_IT_IS = frozenset({Verdict.UNTAGGED, Verdict.BYPASS})
LEARNT_FROM = frozenset({Verdict.OK, Verdict.DELAYED})
"""Only a frame that was VALID moves a PN (10.6.5)."""

Channels = Mapping[str, Mapping[int, str]]
"""Receive SCs: the station they come from, and the name of the SAK of each AN."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What decides a run; nothing else does. `frames`: of a flood, None for as many as is quick."""

    cipher: str = "gcm-aes-128"
    profile: str = "ieee"
    seed: int = 0
    frames: int | None = None
    backend: str = "auto"
    kernel: str | None = None


class Abandoned(Exception):
    """The attack cannot go on: what it builds upon did not happen. The fault is noted."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A frame that a station protected: its clear twin and where it belongs."""

    clear: bytes
    sci: int
    an: int
    pn: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Controls that an attack asked for: what is expected rests on these, not on the SecY."""

    validate: Validate
    window: int
    sends: Verdict

    @classmethod
    def of(cls, controls: Mapping[str, Any]) -> Asked:
        """From controls as a configuration has them; the rest is as 10.7 has it by default."""
        sends = Verdict.ENCRYPTED if controls.get("encrypt", True) else Verdict.PROTECTED
        if not controls.get("protect", True):
            sends = Verdict.UNPROTECTED
        validate = Validate[controls.get("validate", "strict").upper()]
        return cls(validate, controls.get("window", 0), sends)


@dataclass(slots=True)
class PNs:
    """What a receive SA must hold."""

    next_pn: int
    lowest_pn: int


@dataclass(slots=True)
class Tale:
    """What a scene has to tell at its end."""

    frames: int = 0
    delivered: int = 0
    must_deliver: int = 0
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Scene:
    """Makes stations, moves frames between them, and keeps account."""

    def __init__(self, attack: str, setting: Setting) -> None:
        self.setting = setting
        self.suite = SUITES[setting.cipher]
        self.linux = setting.profile == "linux"
        self.first_pn = EPOCH << 32 | 1 if self.suite.xpn else 1
        self.tale = Tale()
        self._attack = attack
        self._drawn = 0
        self._ledger = Ledger()
        self._stations: dict[str, Party] = {}
        self._configs: dict[str, dict[str, Any]] = {}
        self._asked: dict[str, Asked] = {}
        self._sent: dict[bytes, Sent] = {}
        self._tx: dict[tuple[str, int], int] = {}
        self._rx: dict[tuple[str, int, int], PNs] = {}

    # ---------------------------------------------------------------- drawn from the seed

    def draw(self, purpose: str, octets: int) -> bytes:
        """Octets that seed, attack and purpose determine."""
        text = f"macsec attack {self.setting.seed} {self._attack} {purpose}"
        return shake_256(text.encode()).digest(octets)

    def clear(
        self, frames: int, octets: int = 100, source: str = "A", to: str = "B"
    ) -> list[bytes]:
        """Clear frames, all different, with so many octets of User Data each."""
        head = MAC[to] + MAC[source] + b"\x08\x00"
        first = self._drawn
        self._drawn += frames
        return [head + self.draw(f"payload {first + at}", octets - 2) for at in range(frames)]

    def shuffled(self, purpose: str, frames: Sequence[bytes]) -> list[bytes]:
        """The frames in another order."""
        order = sorted(range(len(frames)), key=lambda at: self.draw(f"{purpose} {at}", 8))
        return [frames[at] for at in order]

    # ---------------------------------------------------------------- stations

    def sender(
        self, name: str = "A", key: str = "sak", an: int = 0, pn: int | None = None, **controls: Any
    ) -> Party:
        """A station that protects under one SAK."""
        return self.station(name, {an: key}, {}, pn, encodingsa=an, **controls)

    def receiver(
        self,
        channels: Channels | None = None,
        pn: int | None = None,
        name: str = "B",
        **controls: Any,
    ) -> Party:
        """A station that validates; by default what A sends under AN 0."""
        return self.station(name, {}, channels or {"A": {0: "sak"}}, pn, **controls)

    def station(
        self,
        name: str,
        tx: Mapping[int, str],
        rx: Channels,
        pn: int | None = None,
        **controls: Any,
    ) -> Party:
        """A station with the names of its SAKs by AN."""
        pn = self.first_pn if pn is None else pn
        secy = {"cipher": self.setting.cipher, "profile": self.setting.profile, **controls}
        config: dict[str, Any] = {"secy": secy, "rx": []}
        if tx:
            config["tx"] = self._channel(name, tx, pn)
        config["rx"] = [self._channel(source, keys, pn) for source, keys in rx.items()]
        return self._made(name, config, Asked.of(controls))

    def restarted(self, station: Party) -> Party:
        """The station again, from the same configuration: its PNs are lost."""
        name = station.name
        return self._made(f"{name} restarted", self._configs[name], self._asked[name])

    def sender_again(self, station: Party, key: str, an: int = 0) -> Party:
        """The sender with another SAK, from the first PN on."""
        config = self._configs[station.name]
        name = f"{station.name} with the {key}"
        tx = self._channel(station.name, {an: key}, self.first_pn)
        config = {**config, "secy": {**config["secy"], "encodingsa": an}, "tx": tx}
        return self._made(name, config, self._asked[station.name])

    def _channel(self, source: str, keys: Mapping[int, str], pn: int) -> dict[str, Any]:
        sa = {an: {"pn": pn, **self._sak(source, key)} for an, key in keys.items()}
        return {"sci": sci_text(SCI[source]), "sa": sa}

    def _sak(self, source: str, key: str) -> dict[str, Any]:
        sak: dict[str, Any] = {"key": self.draw(f"sak {key}", self.suite.key_length)}
        if self.suite.xpn:
            sak |= {"ssci": SSCI[source], "salt": self.draw(f"salt {key}", 12)}
        return sak

    def _made(self, name: str, config: dict[str, Any], asked: Asked) -> Party:
        made = Party(name, SecY.from_config(config, self.setting.backend, self.setting.kernel))
        self._stations[name], self._configs[name], self._asked[name] = made, config, asked
        for an, sa in config.get("tx", {"sa": {}})["sa"].items():
            self._tx[name, an] = sa["pn"]
        for sc in config["rx"]:
            for an, sa in sc["sa"].items():
                self._watch(made, int(sc["sci"], 16), an, sa["pn"])
        return made

    def _watch(self, at: Party, sci: int, an: int, pn: int) -> None:
        window = self._asked[at.name].window
        lowest_pn = max(pn - window, 0) if self.linux else pn
        self._rx[at.name, sci, an] = PNs(pn, lowest_pn)

    # ---------------------------------------------------------------- management

    def install(self, at: Party, an: int, key: str, source: str = "A") -> None:
        """Give a receiver a SAK for an AN of a station, in place of one it has (10.7.13)."""
        if an in at.secy.rx[SCI[source]].sa:
            self.remove(at, an, source)
        sak = self._sak(source, key)
        sak["key"] = Key(sak["key"])
        at.secy.create_rx_sa(SCI[source], an, next_pn=self.first_pn, **sak)
        self._watch(at, SCI[source], an, self.first_pn)

    def remove(self, at: Party, an: int, source: str = "A") -> None:
        """Take an SA away from a receiver."""
        at.secy.enable_rx_sa(SCI[source], an, False)
        at.secy.delete_rx_sa(SCI[source], an)
        del self._rx[at.name, SCI[source], an]

    def advance(self, by: Party, pn: int) -> None:
        """Let a sender go on at a higher PN, as if it had sent the frames before."""
        (an,) = by.secy.tx.sa
        by.secy.raise_tx_pn(an, pn)
        self._tx[by.name, an] = pn

    # ---------------------------------------------------------------- frames

    def send(self, by: Party, clear: Sequence[bytes]) -> list[bytes]:
        """What a station puts on the wire for these frames; each must go out."""
        outcome = by.secy.protect(FrameBatch.from_frames(clear))
        wire = outcome.batch.frames()
        if len(wire) != len(clear):
            self.fault(f"{by.name} sent {len(wire)} of {len(clear)} frames")
            raise Abandoned
        verdict = self._asked[by.name].sends
        for octets, frame in zip(wire, clear, strict=True):
            self._ledger.sent(by.name, verdict, len(frame) - ADDRESSES_LENGTH)
            if verdict is not Verdict.UNPROTECTED:
                self._record(by, octets, frame)
        return wire

    def _record(self, by: Party, octets: bytes, clear: bytes) -> None:
        (an,) = by.secy.tx.sa
        pn = self._tx[by.name, an]
        self._tx[by.name, an] = pn + 1
        self._sent[octets] = Sent(clear, int(str(by.secy.tx.sci), 16), an, pn)

    def passes_for(self, forged: bytes, original: bytes, clear: bytes | None = None) -> bytes:
        """A frame that a receiver must take for another; `clear` is what it then delivers."""
        sent = self._sent[original]
        self._sent[forged] = sent if clear is None else replace(sent, clear=clear)
        return forged

    def deliver(
        self, at: Party, frames: Sequence[bytes], ends: Verdict | Sequence[Verdict]
    ) -> list[bytes]:
        """Bring frames to a station, where they must end so; gives what it delivers."""
        wanted = [ends] * len(frames) if isinstance(ends, Verdict) else list(ends)
        passed = [
            self._after(at, frame, verdict) for frame, verdict in zip(frames, wanted, strict=True)
        ]
        outcome = self._brought(at, FrameBatch.from_frames(frames), np.array(wanted, np.uint8))
        clear = [frame for frame in passed if frame is not None]
        self.tale.must_deliver += len(clear)
        if outcome.batch.frames() != clear:
            self.fault(
                f"{at.name} delivered {len(outcome.batch)} frames, not the {len(clear)} it must"
            )
        return outcome.batch.frames()

    def deliver_none(
        self,
        at: Party,
        batch: FrameBatch,
        ends: NDArray[np.uint8],
        sci: int,
        octets: NDArray[np.int64],
    ) -> None:
        """`deliver` for very many encrypted frames of one SC, none of which may go on.

        `octets`: User Data of each, as its tag tells; counted for those that reach the cipher.
        """
        for code in np.unique(ends).tolist():
            verdict, rows = VERDICTS[code], ends == code
            ran = cipher_ran(verdict, self._asked[at.name].validate)
            decrypted = int(octets[rows].sum()) if ran else 0
            self._ledger.received(at.name, verdict, sci, int(rows.sum()), decrypted)
        if len(self._brought(at, batch, ends).batch):
            self.fault(f"{at.name} delivered forged frames")

    def _brought(self, at: Party, batch: FrameBatch, wanted: NDArray[np.uint8]) -> Outcome:
        outcome = at.secy.validate(batch)
        self.tale.frames += len(batch)
        self.tale.delivered += len(outcome.batch)
        wrong = np.flatnonzero(outcome.codes != wanted)
        if len(wrong):
            row = int(wrong[0])
            found, right = (VERDICTS[int(codes[row])].label for codes in (outcome.codes, wanted))
            self.fault(f"{len(wrong)} frames ended otherwise at {at.name}: {found}, not {right}")
        return outcome

    def _after(self, at: Party, frame: bytes, verdict: Verdict) -> bytes | None:
        """Account for one received frame; gives what is delivered of it."""
        sight = observe(frame, TagRules(self.suite.xpn))
        sci = self._belongs_to(at, sight)
        moved = {}
        if cipher_ran(verdict, self._asked[at.name].validate) and sight.secure and sight.tag:
            encrypted = bool(sight.tag.tci & TCI.E)
            name = "decrypted" if encrypted else "validated"
            moved[name] = sight.secure.stop - sight.secure.start
        self._ledger.received(at.name, verdict, sci, 1, **moved)
        if verdict in LEARNT_FROM and self._asked[at.name].validate is not Validate.DISABLED:
            return self._learn(at, frame)
        if not verdict.delivered:
            return None
        return frame if verdict in AS_IT_IS else stripped(frame)

    @staticmethod
    def _belongs_to(at: Party, sight: Sight) -> int | None:
        """The receive SC a frame counts on: the one it names, or the only one (9.9)."""
        known = [int(sci, 16) for sci in at.secy.rx]
        if sight.sci in known:
            return sight.sci
        return known[0] if len(known) == 1 else None

    def _learn(self, at: Party, frame: bytes) -> bytes:
        """10.6.5: nextPN past a valid frame, lowestPN a window behind."""
        sent = self._sent.get(frame)
        if sent is None:
            self.fault(f"{at.name} was to take a frame that nobody protected")
            raise Abandoned
        pns, window = self._rx[at.name, sent.sci, sent.an], self._asked[at.name].window
        pns.next_pn = max(pns.next_pn, sent.pn + 1)
        floor = 0 if self.linux else pns.lowest_pn
        pns.lowest_pn = max(floor, pns.next_pn - window)
        return sent.clear

    # ---------------------------------------------------------------- the end

    def fault(self, what: str) -> None:
        """Something is not as it must be."""
        self.tale.faults.append(what)

    def require(self, condition: bool, what: str) -> None:
        """Note a fault unless this holds."""
        if not condition:
            self.fault(what)

    def note(self, what: str) -> None:
        """Something worth showing."""
        self.tale.notes.append(what)

    def account(self) -> tuple[dict[str, int], dict[str, int]]:
        """Counters expected and observed, SecYs summed; differences anywhere are faults."""
        expected = self._ledger.counts()
        found = observed((name, station.secy) for name, station in self._stations.items())
        for scope in sorted(expected.keys() | found.keys(), key=str):
            if expected.get(scope) != found.get(scope):
                self.fault(f"the counters of {scope} differ")
        self._check_pns()
        return summed(expected), summed(found)

    def _check_pns(self) -> None:
        """Every PN must stand where legitimate traffic alone brings it."""
        for (name, an), next_pn in self._tx.items():
            found = self._stations[name].secy.tx.sa[an].next_pn
            self.require(found == next_pn, f"{name} sends at PN {found}, not {next_pn}")
        for (name, sci, an), pns in self._rx.items():
            sa = self._stations[name].secy.rx[sci].sa[an]
            there = PNs(sa.next_pn, sa.lowest_pn)
            self.require(there == pns, f"AN {an} at {name} stands at {there}, not at {pns}")

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_: object) -> None:
        for station in self._stations.values():
            station.secy.close()
