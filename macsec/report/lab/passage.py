"""The outcome of a replay across a topology: JSON and text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.text import Text

from macsec.lab.virtual.passage import Passage, PassageScore
from macsec.report.lab.outcome import ALARM, protection, trouble
from macsec.report.page import Page, grid, heading, indented, tabulated

ABOUT = {
    "cut": "by the capture: nobody can send them",
    "lost": "on the wire, as the topology says",
    "duplicated": "by the wire",
    "refused": "by a SecY, or by a Controlled Port that was closed",
    "local": "kept by a switch: their destination is on their own side",
}
"""Counts that are shown where they are not zero."""


@dataclass(frozen=True, slots=True)
class Run:
    """What the command line knows beside the experiment itself."""

    capture: str
    topology: str
    wire: str
    seconds: float
    seed: int

    def rate(self, amount: int) -> float:
        """Of something, how much a second."""
        return amount / self.seconds if self.seconds > 0 else 0.0


def to_json(passage: Passage, score: PassageScore, run: Run) -> dict[str, Any]:
    """`macsec/replay/1`, with what only a replay across a topology has."""
    lab = passage.lab
    return {
        "schema": "macsec/replay/1",
        "frames": score.frames,
        "octets": score.octets,
        "protected": score.protected,
        "delivered": score.delivered,
        "equal": score.equal,
        "counters": passage.counters,
        "seconds": round(run.seconds, 6),
        "frames_per_s": round(run.rate(score.frames), 1),
        "gbit_per_s": round(run.rate(score.octets * 8) / 1e9, 4),
        "wire": run.wire,
        **{name: getattr(score, name) for name in ABOUT},
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
    """The links on the path without MACsec."""
    return [hop.link.plan.name for hop in passage.path if protection(hop.link) == ALARM]


def to_page(page: Page, passage: Passage, score: PassageScore, run: Run) -> None:
    """The path, what became of the frames, counters, and where the wire's capture is."""
    a, b = (host.name for host in passage.ends)
    page.add(heading(run.capture, f"from {a} to {b} across {run.topology}, seed {run.seed}"))
    bare = unprotected(passage)
    warning = Text(f"{ALARM}: {', '.join(bare)}" if bare else "", "bold white on red")
    lines = [Text(line, "bold red") for line in trouble(passage.lab)]
    page.add(*([warning] if bare else []), *lines, Text())
    parts = (_path(passage), _frames(score), _counters(passage), _ending(passage, run))
    page.add(*indented(*parts))


def _path(passage: Passage) -> Any:
    rows = [
        [hop.link.plan.name, *hop.link.plan.sites, protection(hop.link)] for hop in passage.path
    ]
    return tabulated("", ("link", "between", "and", "protection"), rows, names=4)


def _frames(score: PassageScore) -> Any:
    table = grid("left", "right", "left")
    table.add_row("frames in", f"{score.frames:,}", f"{score.octets:,} octets")
    table.add_row("protected", f"{score.protected:,}", "")
    table.add_row("delivered", f"{score.delivered:,}", "")
    style = "green" if score.explained else "bold red"
    table.add_row("equal", Text(f"{score.equal:,}", style), "compared octet for octet")
    for name, about in ABOUT.items():
        if count := getattr(score, name):
            table.add_row(name, f"{count:,}", about)
    return table


def _counters(passage: Passage) -> Any:
    rows = [[name, f"{count:,}"] for name, count in passage.counters.items() if count]
    return tabulated("", ("counter", "all SecYs"), rows)


def _ending(passage: Passage, run: Run) -> Any:
    table = grid("left", "left")
    table.add_row("wire", Text(run.wire, "bold"))
    table.add_row("digest", Text(passage.lab.digest, "bold"))
    return table
