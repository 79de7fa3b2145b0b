"""What each frame must count, and what was counted, by the standard's names (10.7.9, 10.7.18)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from macsec.secy import SecY, Validate, Verdict

SUMS = {
    Verdict.UNKNOWN_SCI: "InPktsNoSA",
    Verdict.UNUSED_SA: "InPktsNoSA",
    Verdict.NO_SCI: "InPktsNoSAError",
    Verdict.NOT_USING_SA: "InPktsNoSAError",
}
"""The 2018 edition's names for what the older edition tells apart."""

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
"""These count on the receive SC too."""

CIPHER_RAN = frozenset({Verdict.OK, Verdict.DELAYED, Verdict.INVALID, Verdict.NOT_VALID})
"""Behind the cipher: octets count, good or bad, unless validateFrames is Disabled (10.7.10)."""


class Scope(NamedTuple):
    """Where a counter stands: on the SecY of a station, or on one of its receive SCs."""

    station: str
    sci: int | None = None

    def __str__(self) -> str:
        return self.station if self.sci is None else f"{self.station}, SC {self.sci:016x}"


Counts = dict[Scope, Counter[str]]


class Ledger:
    """Counters that must have moved, scope by scope."""

    def __init__(self) -> None:
        self._counts: Counts = {}

    def sent(self, station: str, verdict: Verdict, octets: int) -> None:
        """A frame of so many octets of User Data went out."""
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
        """Frames ended so; the cipher saw so many octets of User Data, with E and without."""
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

    def counts(self) -> Counts:
        """All that must have moved; zeros left out."""
        return _moved(self._counts)


def cipher_ran(verdict: Verdict, validate: Validate) -> bool:
    """Whether a frame that ended so had its octets counted."""
    return verdict in CIPHER_RAN and validate is not Validate.DISABLED


def observed(stations: Iterable[tuple[str, SecY]]) -> Counts:
    """All that moved on these SecYs and their receive SCs."""
    found: Counts = {}
    for name, secy in stations:
        found[Scope(name)] = Counter(secy.counters)
        for sci, sc in secy.rx.items():
            found[Scope(name, int(sci, 16))] = Counter(sc.counters)
    return _moved(found)


def _moved(counts: Mapping[Scope, Counter[str]]) -> Counts:
    kept = {scope: +counter for scope, counter in counts.items()}
    return {scope: counter for scope, counter in kept.items() if counter}


def summed(counts: Counts) -> dict[str, int]:
    """Counters of all SecYs together, by name."""
    total: Counter[str] = Counter()
    for scope, counter in counts.items():
        if scope.sci is None:
            total.update(counter)
    return dict(sorted(total.items()))
