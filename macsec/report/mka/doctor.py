"""The faults of a key agreement: JSON, or a page with the likeliest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypedDict

from rich.text import Text

from macsec.advice.key_agreement import QUIRKS, Certainty, Effect, Sign
from macsec.report.fields import Keywords
from macsec.report.page import CLAUSES, Page, columns, heading, indented

STYLES = {Certainty.SHOWN: "bold red", Certainty.LIKELY: "red", Certainty.POSSIBLE: "yellow"}
NONE_FOUND = "no fault found"


class FrameNumberJson(TypedDict):
    """A frame of a capture: `index` from 0, `wireshark` from 1, `seconds` since the first one."""

    index: int
    wireshark: int
    seconds: float


class FindingJson(TypedDict):
    """A fault. `frame` is null where counters show it, or the absence of frames."""

    quirk: Annotated[str, Keywords(enum=[*QUIRKS])]
    title: str
    certainty: Annotated[str, Keywords(enum=[each.value for each in Certainty])]
    effect: Annotated[str, Keywords(enum=[each.value for each in Effect])]
    frame: FrameNumberJson | None
    times: int
    detail: str
    change: str
    source: str


class MkaDoctorJson(TypedDict):
    """`macsec/mka-doctor/1`: faults of a key agreement, the likeliest first.

    `reason`: the state of a running port in words.
    """

    schema: Literal["macsec/mka-doctor/1"]
    of: str
    frames: int
    mkpdus: int
    reason: str | None
    findings: list[FindingJson]


@dataclass(frozen=True, slots=True)
class Examined:
    """A capture or a running port, and the signs of faults; `seconds`: the time of each frame.

    `verified`: a CAK was given, so that ICVs were checked.
    """

    of: str
    signs: Sequence[Sign]
    frames: int
    mkpdus: int
    seconds: Mapping[int, float] = field(default_factory=dict)
    reason: str | None = None
    verified: bool = True


def to_json(examined: Examined) -> MkaDoctorJson:
    """Return the JSON of an examination."""
    return {
        "schema": "macsec/mka-doctor/1",
        "of": examined.of,
        "frames": examined.frames,
        "mkpdus": examined.mkpdus,
        "reason": examined.reason,
        "findings": [_finding(sign, examined) for sign in examined.signs],
    }


def _finding(sign: Sign, examined: Examined) -> FindingJson:
    quirk = QUIRKS[sign.quirk]
    frame: FrameNumberJson | None = None
    if sign.frame is not None:
        seconds = round(examined.seconds[sign.frame], 6)
        frame = {"index": sign.frame, "wireshark": sign.frame + 1, "seconds": seconds}
    return {
        "quirk": sign.quirk,
        "title": quirk.title,
        "certainty": sign.certainty.value,
        "effect": quirk.effect.value,
        "frame": frame,
        "times": sign.times,
        "detail": sign.detail,
        "change": sign.change or quirk.change,
        "source": quirk.source,
    }


def to_page(page: Page, examined: Examined) -> None:
    """Print all findings, numbered, the likeliest first."""
    number = len(examined.signs)
    result = f"{number} finding{'s' * (number != 1)}" if number else NONE_FOUND
    page.add(heading(examined.of, f"{_scope(examined)}: {result}"), Text())
    for at, finding in enumerate(to_json(examined)["findings"], 1):
        style = STYLES[Certainty(finding["certainty"])]
        page.add(Text.assemble((f"{at}  {finding['title']}", style)))
        table = columns("left", "left")
        for name, value in _rows(finding):
            table.add_row(Text(name, "dim"), value)
        page.add(*indented(table))
    if number:
        page.lines([Text(), Text(CLAUSES, "dim")])


def _scope(examined: Examined) -> str:
    if examined.reason is not None:
        return examined.reason
    unverified = "" if examined.verified else ", no CAK given"
    return f"{examined.mkpdus:,} MKPDUs in {examined.frames:,} frames{unverified}"


def _rows(finding: FindingJson) -> Iterator[tuple[str, str]]:
    frame, times = finding["frame"], finding["times"]
    yield finding["certainty"], finding["detail"]
    if frame is not None:
        more = f", the first of {times:,}" if times > 1 else ""
        yield (
            "frame",
            f"{frame['index']} (Wireshark {frame['wireshark']}) at {frame['seconds']:.3f} s{more}",
        )
    yield "effect", finding["effect"]
    yield "change", finding["change"]
    yield "source", finding["source"]
