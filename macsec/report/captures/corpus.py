"""The report of a run over a corpus: one JSON object, or lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NotRequired, TypedDict

from macsec.report.fields import Counts
from macsec.report.visible import on_one_line

FAILURES_SHOWN = 10


class FailedCaptureJson(TypedDict):
    """A capture that is read only up to a fault, or has no results."""

    name: str
    reason: str
    results: bool


class CorpusJson(TypedDict):
    """`macsec/corpus/1`: sums of a run over a store of captures.

    Frames and counters are sums over all captures, of earlier runs too.

    `again`: captures that an earlier run finished. `parts_again`: parts that were worked on twice,
    since the receive SAs were in another state than predicted.
    """

    schema: Literal["macsec/corpus/1"]
    verb: str
    captures: int
    done: int
    again: int
    failed: list[FailedCaptureJson]
    frames: int
    delivered: int
    octets: int
    verdicts: Counts
    counters: Counts
    extra: Counts
    parts_again: int
    out: str
    verdict_set: str
    workers: int
    seconds: float
    warnings: NotRequired[list[str]]


class CorpusPlanJson(TypedDict):
    """`macsec/corpus-dry-run/1`: what a run would do."""

    schema: Literal["macsec/corpus-dry-run/1"]
    verb: str
    captures: int
    octets: int
    left: int
    left_octets: int
    cut: int
    out: str
    names: list[str]


def to_json(
    verb: str,
    results: Iterable[Mapping[str, Any]],
    again: int,
    out: str,
    verdict_set: str,
    workers: int,
    seconds: float,
) -> CorpusJson:
    """Return the JSON of a run."""
    given = sorted(results, key=lambda each: each["name"])
    sums: dict[str, Counter[str]] = {
        "verdicts": Counter(),
        "counters": Counter(),
        "extra": Counter(),
    }
    for each in given:
        for name, counter in sums.items():
            counter.update(each[name])
    parts_again = sums["extra"].pop("parts_again", 0)
    failed: list[FailedCaptureJson] = [
        {
            "name": each["name"],
            "reason": each["error"] or each["fault"],
            "results": not each["error"],
        }
        for each in given
        if each["error"] or each["fault"]
    ]
    return {
        "schema": "macsec/corpus/1",
        "verb": verb,
        "captures": len(given),
        "done": sum(each["error"] is None for each in given),
        "again": again,
        "failed": failed,
        "frames": sum(each["frames"] for each in given),
        "delivered": sum(each["delivered"] for each in given),
        "octets": sum(each["octets"] for each in given),
        "verdicts": dict(sorted(sums["verdicts"].items())),
        "counters": dict(sums["counters"]),
        "extra": dict(sums["extra"]),
        "parts_again": parts_again,
        "out": out,
        "verdict_set": verdict_set,
        "workers": workers,
        "seconds": round(seconds, 3),
    }


def to_lines(result: CorpusJson) -> list[str]:
    """Return a summary in lines."""
    frames, seconds = result["frames"], result["seconds"]
    verdicts = ", ".join(f"{count:,} {label}" for label, count in result["verdicts"].items())
    lines = [
        f"{result['done']:,} of {result['captures']:,} captures, {frames:,} frames, "
        f"{result['octets']:,} octets: {verdicts or 'no frame'}"
    ]
    if result["again"]:
        lines.append(f"{result['again']:,} captures were finished by an earlier run")
    if result["parts_again"]:
        lines.append(f"{result['parts_again']:,} parts were worked on twice: the prediction failed")
    lines.append(
        f"{seconds:,.1f} s on {result['workers'] or 'this process'}"
        f"{' workers' if result['workers'] else ''}"
    )
    lines.append(f"verdicts  {on_one_line(result['verdict_set'])}")
    shown = result["failed"][:FAILURES_SHOWN]
    lines += [f"{on_one_line(each['name'])}: {on_one_line(each['reason'])}" for each in shown]
    if len(result["failed"]) > FAILURES_SHOWN:
        lines.append(f"and {len(result['failed']) - FAILURES_SHOWN:,} more with a fault")
    return lines
