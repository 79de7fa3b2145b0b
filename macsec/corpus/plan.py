"""The plan of a run: its captures, and the PNs of each, fixed before any cipher runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from macsec.errors import ConfigError, KeyExhausted

from .order import SettingsJson
from .store import SourceFile

SCHEMA = "macsec-corpus-plan/1"

Ranges = dict[int, tuple[int, int]]
"""By traffic class, the first PN of a capture and the first that is not its own."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A capture of the plan. `pns` and `digest` are for `protect` alone."""

    file: SourceFile
    pns: Ranges = field(default_factory=dict)
    digest: str = ""


@dataclass(frozen=True, slots=True)
class CorpusPlan:
    """All captures of a run. `keys`: check values, which identify keys."""

    verb: str
    run: str
    settings: SettingsJson
    keys: tuple[str, ...] = ()
    captures: tuple[Planned, ...] = ()

    def same_run(self, other: CorpusPlan) -> str | None:
        """Return the field in which another run differs, or None."""
        for name in ("verb", "settings", "keys"):
            if getattr(self, name) != getattr(other, name):
                return name
        return None

    def next_pns(self, starts: Mapping[int, int]) -> dict[int, int]:
        """Return by traffic class the first PN that no capture has: at least `starts`."""
        found = dict(starts)
        for planned in self.captures:
            for traffic_class, (_, end) in planned.pns.items():
                found[traffic_class] = max(found.get(traffic_class, 1), end)
        return found

    def octets(self) -> bytes:
        """Return the plan as JSON."""
        return (json.dumps({"schema": SCHEMA, **asdict(self)}) + "\n").encode()


def plan_in(octets: bytes, where: str) -> CorpusPlan:
    """Return the plan of `CorpusPlan.octets`. Raises ConfigError."""
    try:
        tree: dict[str, Any] = json.loads(octets)
        if tree.pop("schema") != SCHEMA:
            raise ValueError
        captures = tuple(
            Planned(
                SourceFile(**each["file"]),
                {int(number): (first, end) for number, (first, end) in each["pns"].items()},
                each["digest"],
            )
            for each in tree["captures"]
        )
        return CorpusPlan(**{**tree, "keys": tuple(tree["keys"]), "captures": captures})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(f"{where} is no plan of a corpus: choose another DEST") from None


def with_new(plan: CorpusPlan, files: Sequence[SourceFile]) -> tuple[CorpusPlan, list[SourceFile]]:
    """Return the plan without captures that are gone or changed, and the files not in it."""
    known = {planned.file: planned for planned in plan.captures}
    kept = tuple(known[file] for file in files if file in known)
    return replace(plan, captures=kept), [file for file in files if file not in known]


@dataclass(frozen=True, slots=True)
class Demand:
    """A capture, with the PNs that it takes by traffic class, and its digest."""

    file: SourceFile
    pns: Mapping[int, int]
    digest: str


def assigned(
    demands: Sequence[Demand], starts: Mapping[int, int], limit: int
) -> tuple[list[Planned], dict[int, int]]:
    """Give each capture a range of PNs of its own, in order; return the next PNs too.

    Raises KeyExhausted, before any PN is used, where they do not suffice.
    """
    at, planned = dict(starts), []
    for demand in demands:
        ranges: Ranges = {}
        for traffic_class, frames in demand.pns.items():
            first = at[traffic_class]
            at[traffic_class] = first + frames
            ranges[traffic_class] = (first, first + frames)
        planned.append(Planned(demand.file, ranges, demand.digest))
    for traffic_class, end in at.items():
        if end > limit:
            lacking, left = end - starts[traffic_class], limit - starts[traffic_class]
            raise KeyExhausted(
                f"{len(demands)} captures take {lacking:,} PNs, and the transmit SA has {left:,} "
                "left: nothing was protected; use a new SAK or an XPN suite"
            )
    return planned, at
