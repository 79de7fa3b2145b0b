"""The outcome of a replay across a topology: JSON and text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NotRequired

from rich.text import Text

from macsec.lab.virtual.traffic.passage import Passage, PassageScore
from macsec.report.captures.replay import UNSENT, CarriedJson, add_unsent, gbit_per_s, per_second
from macsec.report.html import tables
from macsec.report.html.model import PageSection
from macsec.report.lab.outcome import ALARM, protection, trouble
from macsec.report.page import Page, columns, drawn, heading, indented
from macsec.report.table import Table
from macsec.report.visible import on_one_line

ABOUT = {
    "lost": "on the wire, as the topology says",
    "duplicated": "by the wire",
    "refused": "by a SecY, or by a Controlled Port that was closed",
    "link_local": "ended at the first switch, as 802.1Q 8.6.3 says",
}
"""Counts that are shown where they are not zero."""


class LabReplayJson(CarriedJson):
    """`macsec/replay-topology/1`: a replay across a topology."""

    schema: Literal["macsec/replay-topology/1"]
    too_long: int
    lost: int
    duplicated: int
    refused: int
    link_local: int
    topology: str
    between: list[str]
    path: list[str]
    unprotected: list[str]
    trouble: list[str]
    seed: int
    digest: str
    backend: str
    warnings: NotRequired[list[str]]


@dataclass(frozen=True, slots=True)
class PassageRun:
    """Settings and duration of a replay across a topology, known to the command line."""

    capture: str
    topology: str
    wire: str
    seconds: float
    seed: int


def to_json(passage: Passage, score: PassageScore, run: PassageRun) -> LabReplayJson:
    """Return the JSON of a replay across a topology."""
    lab = passage.lab
    return {
        "schema": "macsec/replay-topology/1",
        "frames": score.frames,
        "octets": score.octets,
        "protected": score.protected,
        "delivered": score.delivered,
        "equal": score.equal,
        "counters": passage.counters,
        "seconds": round(run.seconds, 6),
        "frames_per_s": round(per_second(score.frames, run.seconds), 1),
        "gbit_per_s": round(gbit_per_s(score.octets, run.seconds), 4),
        "wire": run.wire,
        "cut": score.unsent.cut,
        "runts": score.unsent.runts,
        "too_long": score.unsent.too_long,
        "lost": score.lost,
        "duplicated": score.duplicated,
        "refused": score.refused,
        "link_local": score.link_local,
        "topology": run.topology,
        "between": [host.name for host in passage.ends],
        "path": [hop.link.plan.name for hop in passage.path],
        "unprotected": unprotected(passage),
        "trouble": trouble(lab),
        "seed": run.seed,
        "digest": lab.digest,
        "backend": lab.backend,
    }


def unprotected(passage: Passage) -> list[str]:
    """List the links on the path without MACsec."""
    return [hop.link.plan.name for hop in passage.path if protection(hop.link) == ALARM]


def to_page(page: Page, passage: Passage, score: PassageScore, run: PassageRun) -> None:
    """Print the path, the fate of the frames, counters and the path of the wire's capture."""
    a, b = (host.name for host in passage.ends)
    page.add(heading(run.capture, f"from {a} to {b} across {run.topology}, seed {run.seed}"))
    bare = unprotected(passage)
    warning = Text(f"{ALARM}: {', '.join(bare)}" if bare else "", "bold white on red")
    lines = [Text(line, "bold red") for line in trouble(passage.lab)]
    page.add(*([warning] if bare else []), *lines, Text())
    parts = (_path(passage), _frames(score), _counters(passage), _ending(passage, run))
    page.add(*indented(*parts))


def section(passage: Passage, score: PassageScore, run: PassageRun) -> PageSection:
    """Return the section of a page about the frames of the capture."""
    a, b = (host.name for host in passage.ends)
    rows = [
        ["frames in", f"{score.frames:,}", ""],
        ["protected", f"{score.protected:,}", ""],
        ["delivered", f"{score.delivered:,}", ""],
        ["equal", f"{score.equal:,}", "compared octet for octet"],
    ]
    reasons = {**UNSENT, **ABOUT}
    for name, about in reasons.items():
        count = getattr(score.unsent if name in UNSENT else score, name)
        if count:
            rows.append([name.replace("_", " "), f"{count:,}", about])
    frames = tables.draw(Table(f"Frames of {run.capture}", ("", "frames", ""), rows))
    return PageSection("capture", f"From {a} to {b}", [frames])


def _path(passage: Passage) -> Any:
    rows = [
        [hop.link.plan.name, *hop.link.plan.sites, protection(hop.link)] for hop in passage.path
    ]
    return drawn(Table("", ("link", "between", "and", "protection"), rows, names=4))


def _frames(score: PassageScore) -> Any:
    table = columns("left", "right", "left")
    table.add_row("frames in", f"{score.frames:,}", f"{score.octets:,} octets")
    table.add_row("protected", f"{score.protected:,}", "")
    table.add_row("delivered", f"{score.delivered:,}", "")
    style = "green" if score.explained else "bold red"
    table.add_row("equal", Text(f"{score.equal:,}", style), "compared octet for octet")
    add_unsent(table, score.unsent)
    for name, about in ABOUT.items():
        if count := getattr(score, name):
            table.add_row(name.replace("_", "-"), f"{count:,}", about)
    return table


def _counters(passage: Passage) -> Any:
    rows = [[name, f"{count:,}"] for name, count in passage.counters.items() if count]
    return drawn(Table("", ("counter", "all SecYs"), rows))


def _ending(passage: Passage, run: PassageRun) -> Any:
    table = columns("left", "left")
    table.add_row("wire", Text(on_one_line(run.wire), "bold"))
    table.add_row("digest", Text(passage.lab.digest, "bold"))
    return table
