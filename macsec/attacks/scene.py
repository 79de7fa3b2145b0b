"""The scene of an attack: stations, and a ledger of the expected result of every frame.

An attack gives the verdict that each frame must have. Expected counters, delivered frames and PNs
follow from these verdicts by arithmetic, without asking a SecY.
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
from macsec.keys import Entries, Key
from macsec.secy import Outcome, SecY, Validate, Verdict
from macsec.suites import SUITES
from macsec.terms import ADDRESSES_LENGTH, sci_text

from .craft import stripped
from .ledger import ExpectedControls, ExpectedPNs, Ledger, cipher_ran, observed, summed
from .setting import EPOCH, MAC, SCI, SSCI, Party, Setting

VERDICTS = tuple(Verdict)
AS_IT_IS = frozenset({Verdict.UNTAGGED, Verdict.BYPASS})
LEARNT_FROM = frozenset({Verdict.OK, Verdict.DELAYED})
"""Verdicts of valid frames: only these move a PN (10.6.5)."""

Channels = Mapping[str, Mapping[int, str]]
"""Receive SCs: for each sending station the name of the SAK of each AN."""


class Abandoned(Exception):
    """Raised when an attack cannot continue because a step failed; the fault is noted."""


@dataclass(frozen=True, slots=True)
class ProtectedFrame:
    """A frame that a station protected: its clear text, SCI, AN and PN."""

    clear: bytes
    sci: int
    an: int
    pn: int


@dataclass(slots=True)
class SceneResult:
    """Counts of frames, faults and notes of a scene."""

    frames: int = 0
    delivered: int = 0
    must_deliver: int = 0
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Scene:
    """Stations, the frames moved between them, and the expected results."""

    def __init__(self, attack: str, setting: Setting) -> None:
        self.setting = setting
        self.suite = SUITES[setting.cipher]
        self.linux = setting.profile == "linux"
        self.first_pn = EPOCH << 32 | 1 if self.suite.xpn else 1
        self.result = SceneResult()
        self._attack = attack
        self._drawn = 0
        self._ledger = Ledger()
        self._stations: dict[str, Party] = {}
        self._configs: dict[str, dict[str, Any]] = {}
        self._controls: dict[str, ExpectedControls] = {}
        self._sent: dict[bytes, ProtectedFrame] = {}
        self._tx: dict[tuple[str, int], int] = {}
        self._rx: dict[tuple[str, int, int], ExpectedPNs] = {}

    # ---------------------------------------------------------------- random octets from the seed

    def draw(self, purpose: str, octets: int) -> bytes:
        """Return octets that depend on seed, attack and purpose only."""
        text = f"macsec attack {self.setting.seed} {self._attack} {purpose}"
        return shake_256(text.encode()).digest(octets)

    def clear(
        self, frames: int, octets: int = 100, source: str = "A", to: str = "B"
    ) -> list[bytes]:
        """Return clear frames, all different, with n octets of User Data each."""
        head = MAC[to] + MAC[source] + b"\x08\x00"
        first = self._drawn
        self._drawn += frames
        return [head + self.draw(f"payload {first + at}", octets - 2) for at in range(frames)]

    def shuffled(self, purpose: str, frames: Sequence[bytes]) -> list[bytes]:
        """Return the frames in another order."""
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
        """Make a station that validates; by default frames of A with AN 0."""
        return self.station(name, {}, channels or {"A": {0: "sak"}}, pn, **controls)

    def station(
        self,
        name: str,
        tx: Mapping[int, str],
        rx: Channels,
        pn: int | None = None,
        **controls: Any,
    ) -> Party:
        """Make a station with the names of its SAKs by AN."""
        pn = self.first_pn if pn is None else pn
        secy = {"cipher": self.setting.cipher, "profile": self.setting.profile, **controls}
        config: dict[str, Any] = Entries(secy=secy, rx=[])
        if tx:
            config["tx"] = self._channel(name, tx, pn)
        config["rx"] = [self._channel(source, keys, pn) for source, keys in rx.items()]
        return self._made(name, config, ExpectedControls.of(controls))

    def restarted(self, station: Party) -> Party:
        """Make the station again from the same configuration: its PNs are lost."""
        name = station.name
        return self._made(f"{name} restarted", self._configs[name], self._controls[name])

    def sender_again(self, station: Party, key: str, an: int = 0) -> Party:
        """Make the sender again with another SAK, from the first PN on."""
        config = self._configs[station.name]
        name = f"{station.name} with the {key}"
        tx = self._channel(station.name, {an: key}, self.first_pn)
        config = Entries(config, secy={**config["secy"], "encodingsa": an}, tx=tx)
        return self._made(name, config, self._controls[station.name])

    def _channel(self, source: str, keys: Mapping[int, str], pn: int) -> dict[str, Any]:
        sa = {an: {"pn": pn, **self._sak(source, key)} for an, key in keys.items()}
        return Entries(sci=sci_text(SCI[source]), sa=sa)

    def _sak(self, source: str, key: str) -> dict[str, Any]:
        sak: dict[str, Any] = {"key": self.draw(f"sak {key}", self.suite.key_length)}
        if self.suite.xpn:
            sak |= {"ssci": SSCI[source], "salt": self.draw(f"salt {key}", 12)}
        return sak

    def _made(self, name: str, config: dict[str, Any], controls: ExpectedControls) -> Party:
        made = Party(name, SecY.from_config(config, self.setting.backend, self.setting.kernel))
        self._stations[name], self._configs[name], self._controls[name] = made, config, controls
        for an, sa in config.get("tx", {"sa": {}})["sa"].items():
            self._tx[name, an] = sa["pn"]
        for sc in config["rx"]:
            for an, sa in sc["sa"].items():
                self._watch(made, int(sc["sci"], 16), an, sa["pn"])
        return made

    def _watch(self, at: Party, sci: int, an: int, pn: int) -> None:
        window = self._controls[at.name].window
        lowest_pn = max(pn - window, 0) if self.linux else pn
        self._rx[at.name, sci, an] = ExpectedPNs(pn, lowest_pn)

    # ---------------------------------------------------------------- management

    def install(self, at: Party, an: int, key: str, source: str = "A") -> None:
        """Install a SAK at a receiver for an AN of a station; it replaces one it has (10.7.13)."""
        if an in at.secy.rx[SCI[source]].sa:
            self.remove(at, an, source)
        sak = self._sak(source, key)
        sak["key"] = Key(sak["key"])
        at.secy.create_rx_sa(SCI[source], an, next_pn=self.first_pn, **sak)
        self._watch(at, SCI[source], an, self.first_pn)

    def remove(self, at: Party, an: int, source: str = "A") -> None:
        """Remove an SA of a receiver."""
        at.secy.enable_rx_sa(SCI[source], an, False)
        at.secy.delete_rx_sa(SCI[source], an)
        del self._rx[at.name, SCI[source], an]

    def advance(self, by: Party, pn: int) -> None:
        """Raise the next PN of a sender, as if it had sent the frames before."""
        (an,) = by.secy.tx.sa
        by.secy.raise_tx_pn(an, pn)
        self._tx[by.name, an] = pn

    # ---------------------------------------------------------------- frames

    def send(self, by: Party, clear: Sequence[bytes]) -> list[bytes]:
        """Protect frames at a station and return them as on the wire; each must be sent."""
        outcome = by.secy.protect(FrameBatch.from_frames(clear))
        wire = outcome.batch.frames()
        if len(wire) != len(clear):
            self.fault(f"{by.name} sent {len(wire)} of {len(clear)} frames")
            raise Abandoned
        verdict = self._controls[by.name].sends
        for octets, frame in zip(wire, clear, strict=True):
            self._ledger.sent(by.name, verdict, len(frame) - ADDRESSES_LENGTH)
            if verdict is not Verdict.UNPROTECTED:
                self._record(by, octets, frame)
        return wire

    def _record(self, by: Party, octets: bytes, clear: bytes) -> None:
        (an,) = by.secy.tx.sa
        pn = self._tx[by.name, an]
        self._tx[by.name, an] = pn + 1
        self._sent[octets] = ProtectedFrame(clear, int(str(by.secy.tx.sci), 16), an, pn)

    def passes_for(self, forged: bytes, original: bytes, clear: bytes | None = None) -> bytes:
        """Expect `forged` to validate like `original`; `clear` is the frame then delivered."""
        sent = self._sent[original]
        self._sent[forged] = sent if clear is None else replace(sent, clear=clear)
        return forged

    def deliver(
        self, at: Party, frames: Sequence[bytes], ends: Verdict | Sequence[Verdict]
    ) -> list[bytes]:
        """Validate frames at a station, each with the expected verdict; return delivered frames."""
        wanted = [ends] * len(frames) if isinstance(ends, Verdict) else list(ends)
        passed = [
            self._after(at, frame, verdict) for frame, verdict in zip(frames, wanted, strict=True)
        ]
        outcome = self._brought(at, FrameBatch.from_frames(frames), np.array(wanted, np.uint8))
        clear = [frame for frame in passed if frame is not None]
        self.result.must_deliver += len(clear)
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
        """Like `deliver`, for many encrypted frames of one SC, none of which may be delivered.

        `octets`: User Data of each by its tag; counted for frames that reach the cipher.
        """
        for code in np.unique(ends).tolist():
            verdict, rows = VERDICTS[code], ends == code
            ran = cipher_ran(verdict, self._controls[at.name].validate)
            decrypted = int(octets[rows].sum()) if ran else 0
            self._ledger.received(at.name, verdict, sci, int(rows.sum()), decrypted)
        if len(self._brought(at, batch, ends).batch):
            self.fault(f"{at.name} delivered forged frames")

    def _brought(self, at: Party, batch: FrameBatch, wanted: NDArray[np.uint8]) -> Outcome:
        outcome = at.secy.validate(batch)
        self.result.frames += len(batch)
        self.result.delivered += len(outcome.batch)
        wrong = np.flatnonzero(outcome.codes != wanted)
        if len(wrong):
            row = int(wrong[0])
            found, right = (VERDICTS[int(codes[row])].label for codes in (outcome.codes, wanted))
            self.fault(f"{len(wrong)} frames ended otherwise at {at.name}: {found}, not {right}")
        return outcome

    def _after(self, at: Party, frame: bytes, verdict: Verdict) -> bytes | None:
        """Add one received frame to the ledger; return the clear frame if it is delivered."""
        sight = observe(frame, TagRules(self.suite.xpn))
        sci = self._belongs_to(at, sight)
        moved = {}
        if cipher_ran(verdict, self._controls[at.name].validate) and sight.secure and sight.tag:
            encrypted = bool(sight.tag.tci & TCI.E)
            name = "decrypted" if encrypted else "validated"
            moved[name] = sight.secure.stop - sight.secure.start
        self._ledger.received(at.name, verdict, sci, 1, **moved)
        if verdict in LEARNT_FROM and self._controls[at.name].validate is not Validate.DISABLED:
            return self._learn(at, frame)
        if not verdict.delivered:
            return None
        return frame if verdict in AS_IT_IS else stripped(frame)

    @staticmethod
    def _belongs_to(at: Party, sight: Sight) -> int | None:
        """Return the receive SC that a frame counts on: the one it names, or the only one (9.9)."""
        known = [int(sci, 16) for sci in at.secy.rx]
        if sight.sci in known:
            return sight.sci
        return known[0] if len(known) == 1 else None

    def _learn(self, at: Party, frame: bytes) -> bytes:
        """Move the PNs after a valid frame: nextPN past it, lowestPN a window behind (10.6.5)."""
        sent = self._sent.get(frame)
        if sent is None:
            self.fault(f"{at.name} was to accept a frame that no station protected")
            raise Abandoned
        pns, window = self._rx[at.name, sent.sci, sent.an], self._controls[at.name].window
        pns.next_pn = max(pns.next_pn, sent.pn + 1)
        floor = 0 if self.linux else pns.lowest_pn
        pns.lowest_pn = max(floor, pns.next_pn - window)
        return sent.clear

    # ---------------------------------------------------------------- the end

    def fault(self, what: str) -> None:
        """Note a fault: a difference from the expected result."""
        self.result.faults.append(what)

    def require(self, condition: bool, what: str) -> None:
        """Note a fault unless the condition is true."""
        if not condition:
            self.fault(what)

    def note(self, what: str) -> None:
        """Add a note for the report."""
        self.result.notes.append(what)

    def account(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return expected and observed counters of all SecYs; note each difference as a fault."""
        expected = self._ledger.counts()
        found = observed((name, station.secy) for name, station in self._stations.items())
        for scope in sorted(expected.keys() | found.keys(), key=str):
            if expected.get(scope) != found.get(scope):
                self.fault(f"the counters of {scope} differ")
        self._check_pns()
        return summed(expected), summed(found)

    def _check_pns(self) -> None:
        """Check that every PN is the result of legitimate traffic alone."""
        for (name, an), next_pn in self._tx.items():
            found = self._stations[name].secy.tx.sa[an].next_pn
            self.require(found == next_pn, f"{name} sends at PN {found}, not {next_pn}")
        for (name, sci, an), pns in self._rx.items():
            sa = self._stations[name].secy.rx[sci].sa[an]
            there = ExpectedPNs(sa.next_pn, sa.lowest_pn)
            self.require(there == pns, f"AN {an} at {name} has {there}, not {pns}")

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_: object) -> None:
        for station in self._stations.values():
            station.secy.close()
