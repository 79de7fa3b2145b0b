"""The outcome of a replay: JSON and text."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import Any, Literal, NotRequired, TypedDict

from rich.table import Table as RichTable
from rich.text import Text

from macsec.frames.unsent import Unsent
from macsec.measure.arithmetic import BITS_PER_GBIT
from macsec.offline.replay import WAYS, Replay
from macsec.report.fields import Counts, Sci
from macsec.report.page import Page, columns, heading, indented
from macsec.report.visible import on_one_line


class CarriedJson(TypedDict):
    """Members that every replay has. Frames and octets are counted over all directions.

    `cut` and `runts` are the frames that could not be sent.
    """

    frames: int
    octets: int
    protected: int
    delivered: int
    equal: int
    cut: int
    runts: int
    counters: Counts
    seconds: float
    frames_per_s: float
    gbit_per_s: float
    wire: str


class ReplayDirectionJson(TypedDict):
    """The SecY that sends in a direction, and the counters of both ends for it."""

    sci: Sci | None
    counters: Counts


class LinkReplayJson(CarriedJson):
    """`macsec/replay/1`: a replay across one emulated link."""

    schema: Literal["macsec/replay/1"]
    overhead_octets: int
    directions: dict[str, ReplayDirectionJson]
    cipher: str
    seed: int | None
    backend: str
    kernel: str
    warnings: NotRequired[list[str]]


@dataclass(frozen=True, slots=True)
class ReplayRun:
    """Settings and duration of a replay across one link, known to the command line."""

    capture: str
    cipher: str
    wire: str
    seconds: float
    seed: int | None
    configs: str | None


UNSENT = {
    "cut": "by the snap length of the capture: not sent",
    "runts": "12 octets or fewer: not sent",
    "too_long": "over the MTU of the hosts: not sent",
}
"""Reasons of `Unsent`, shown where their count is not zero."""


def add_unsent(table: RichTable, unsent: Unsent, *more: str) -> None:
    """Add the frames that were not sent to a table of frames; `more`: columns before the reason."""
    for name, reason in UNSENT.items():
        if count := getattr(unsent, name):
            table.add_row(name.replace("_", " "), f"{count:,}", *more, reason)


def per_second(amount: int, seconds: float) -> float:
    """Return an amount a second; 0 where no time passed."""
    return amount / seconds if seconds > 0 else 0.0


def gbit_per_s(octets: int, seconds: float) -> float:
    """Return the rate of octets in Gbit/s."""
    return 8 * per_second(octets, seconds) / BITS_PER_GBIT


def to_json(replay: Replay, run: ReplayRun) -> LinkReplayJson:
    """Return the JSON of a replay across one link."""
    score = replay.score
    ways = {way: replay.counters(side) for side, way in enumerate(WAYS)}
    return {
        "schema": "macsec/replay/1",
        "frames": score.frames,
        "octets": score.octets,
        "protected": score.protected,
        "delivered": score.delivered,
        "equal": score.equal,
        "cut": score.unsent.cut,
        "runts": score.unsent.runts,
        "counters": {name: sum(way[name] for way in ways.values()) for name in ways[WAYS[0]]},
        "seconds": round(run.seconds, 6),
        "frames_per_s": round(per_second(score.frames, run.seconds), 1),
        "gbit_per_s": round(gbit_per_s(score.octets, run.seconds), 4),
        "wire": run.wire,
        "overhead_octets": score.overhead,
        "directions": {
            way: {"sci": replay.secys[side].tx.sci, "counters": ways[way]}
            for side, way in enumerate(WAYS)
        },
        "cipher": run.cipher,
        "seed": run.seed,
        "backend": replay.secys[0].backend,
        "kernel": replay.secys[0].kernel,
    }


def to_page(page: Page, replay: Replay, run: ReplayRun) -> None:
    """Print frames, counters of both directions, speed and the path of the protected capture."""
    secy = replay.secys[0]
    page.add(
        heading(
            run.capture, f"across an emulated link, {run.cipher}, {secy.backend}/{secy.kernel}"
        ),
        Text(),
        *indented(_frames(replay), _counters(replay), _ending(replay, run)),
    )


def _frames(replay: Replay) -> Any:
    score = replay.score
    table = columns("left", "right", "right", "left")
    table.add_row("frames in", f"{score.frames:,}", f"{score.octets:,} octets", "")
    share = 100 * score.overhead / score.protected_from_octets if score.protected else 0.0
    table.add_row(
        "protected",
        f"{score.protected:,}",
        f"{score.protected_octets:,} octets",
        f"overhead {score.overhead:,} octets, {share:.2f} %",
    )
    sent = score.frames - score.unsent.frames
    table.add_row("delivered", _against(score.delivered, sent), "", "")
    table.add_row("equal", _against(score.equal, sent), "", "compared octet for octet")
    add_unsent(table, score.unsent, "")
    return table


def _against(frames: int, wanted: int) -> Text:
    return Text(f"{frames:,}", "green" if frames == wanted else "bold red")


def _counters(replay: Replay) -> Any:
    table = columns("left", "right", "right")
    a_to_b, b_to_a = (replay.counters(side) for side in range(2))
    head = [Text(text, "dim") for text in ("counter", "A to B", "B to A")]
    table.add_row(*head)
    moved = [name for name in a_to_b if a_to_b[name] or b_to_a[name]]
    for name in moved:
        table.add_row(name, f"{a_to_b[name]:,}", f"{b_to_a[name]:,}")
    table.add_row(Text(f"all others ({len(a_to_b) - len(moved)})", "dim"), "0", "0")
    return table


def _ending(replay: Replay, run: ReplayRun) -> Any:
    score = replay.score
    gbit = gbit_per_s(score.octets, run.seconds)
    table = columns("left", "left")
    table.add_row(
        "speed",
        f"{per_second(score.frames, run.seconds):,.0f} frames/s, {gbit:.3f} Gbit/s of clear frames "
        f"({run.seconds * 1e3:,.1f} ms, files not counted)",
    )
    table.add_row("wire", Text(on_one_line(run.wire), "bold"))
    table.add_row("open it", on_one_line(_how_to_open(run)))
    return table


def _how_to_open(run: ReplayRun) -> str:
    wire = quote(run.wire)
    if run.configs is None:
        return f"wireshark {wire}  (the keys were not kept: --save-config DIR keeps them)"
    return f"macsec validate -c {quote(run.configs)}/wire.yaml {wire} clear.pcapng"
