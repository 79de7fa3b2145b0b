"""Expected and observed counters by the standard's names (10.7.9, 10.7.18); expected PNs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from macsec.secy import SecY, Validate, Verdict

SUMS = {
    Verdict.UNKNOWN_SCI: "InPktsNoSA",
    Verdict.UNUSED_SA: "InPktsNoSA",
    Verdict.NO_SCI: "InPktsNoSAError",
    Verdict.NOT_USING_SA: "InPktsNoSAError",
}
"""Sums of the 2018 edition, of counters that are separate in the older edition."""

ON_SC = frozenset(
    {
        Verdict.OK,
        Verdict.INVALID,
        Verdict.NOT_VALID,
        Verdict.DELAYED,
        Verdict.UNCHECKED,
        Verdict.LATE,
        Verdict.UNUSED_SA,
        Verdict.NOT_USING_SA,
    }
)
"""Verdicts that count on the receive SC too."""

CIPHER_RAN = frozenset({Verdict.OK, Verdict.DELAYED, Verdict.INVALID, Verdict.NOT_VALID})
"""Verdicts after the cipher: octets count unless validateFrames is Disabled (10.7.10)."""


@dataclass(frozen=True, slots=True)
class ExpectedControls:
    """Controls that an attack set: expectations rest on these, not on the SecY."""

    validate: Validate
    window: int
    sends: Verdict

    @classmethod
    def of(cls, controls: Mapping[str, Any]) -> ExpectedControls:
        """Take controls in the form of a configuration; others have the defaults of 10.7."""
        sends = Verdict.ENCRYPTED if controls.get("encrypt", True) else Verdict.PROTECTED
        if not controls.get("protect", True):
            sends = Verdict.UNPROTECTED
        validate = Validate[controls.get("validate", "strict").upper()]
        return cls(validate, controls.get("window", 0), sends)


@dataclass(slots=True)
class ExpectedPNs:
    """The PNs that a receive SA must have."""

    next_pn: int
    lowest_pn: int


class Scope(NamedTuple):
    """The owner of a counter: the SecY of a station, or one of its receive SCs."""

    station: str
    sci: int | None = None

    def __str__(self) -> str:
        return self.station if self.sci is None else f"{self.station}, SC {self.sci:016x}"


CountsByScope = dict[Scope, Counter[str]]


class Ledger:
    """Counters that must have moved, by scope."""

    def __init__(self) -> None:
        self._counts: CountsByScope = {}

    def sent(self, station: str, verdict: Verdict, octets: int) -> None:
        """Count a sent frame with n octets of User Data."""
        counts = self._at(Scope(station))
        counts[str(verdict.counter)] += 1
        if verdict is not Verdict.UNPROTECTED:
            encrypted = verdict is Verdict.ENCRYPTED
            counts["OutOctetsEncrypted" if encrypted else "OutOctetsProtected"] += octets

    def received(
        self,
        station: str,
        verdict: Verdict,
        sci: int | None,
        frames: int = 1,
        decrypted: int = 0,
        validated: int = 0,
    ) -> None:
        """Count received frames, and the octets of User Data that the cipher ran over."""
        moved = Counter({"InOctetsDecrypted": decrypted, "InOctetsValidated": validated})
        if verdict.counter is not None:
            moved[verdict.counter] = frames
        self._at(Scope(station)).update(moved)
        if verdict in SUMS:
            self._at(Scope(station))[SUMS[verdict]] += frames
        if verdict in ON_SC:
            self._at(Scope(station, sci)).update(moved)

    def _at(self, scope: Scope) -> Counter[str]:
        return self._counts.setdefault(scope, Counter())

    def counts(self) -> CountsByScope:
        """Return all counters that must have moved, without zeros."""
        return _moved(self._counts)


def cipher_ran(verdict: Verdict, validate: Validate) -> bool:
    """Return whether a frame with this verdict has its octets counted."""
    return verdict in CIPHER_RAN and validate is not Validate.DISABLED


def observed(stations: Iterable[tuple[str, SecY]]) -> CountsByScope:
    """Return all counters that moved on these SecYs and their receive SCs."""
    found: CountsByScope = {}
    for name, secy in stations:
        found[Scope(name)] = Counter(secy.counters)
        for sci, sc in secy.rx.items():
            found[Scope(name, int(sci, 16))] = Counter(sc.counters)
    return _moved(found)


def _moved(counts: Mapping[Scope, Counter[str]]) -> CountsByScope:
    kept = {scope: +counter for scope, counter in counts.items()}
    return {scope: counter for scope, counter in kept.items() if counter}


def summed(counts: CountsByScope) -> dict[str, int]:
    """Return the sums over all SecYs, by name."""
    total: Counter[str] = Counter()
    for scope, counter in counts.items():
        if scope.sci is None:
            total.update(counter)
    return dict(sorted(total.items()))
