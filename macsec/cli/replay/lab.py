"""`macsec replay --topology`: a capture across the links of a topology."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from macsec.cli.shared.edge import GOOD, REFUSED, Warnings, say, stdout

if TYPE_CHECKING:
    from macsec.cli.shared.data_plane import Plane
    from macsec.lab.virtual.passage import Passage, Score


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments."""

    source: str
    target: str
    topology: str
    between: tuple[str, str] | None
    seed: int | None
    fcs: str
    quiet: bool


def carry(given: Given, plane: Plane, warnings: Warnings, as_json: bool) -> int:
    """All frames across; gives the exit code."""
    import sys

    from macsec.cli.lab.run import SEED, built
    from macsec.cli.shared import capture_io
    from macsec.config import load_topology
    from macsec.lab.virtual.passage import Passage, with_capture
    from macsec.report.lab import passage as report
    from macsec.report.page import Page

    seed = SEED if given.seed is None else given.seed
    topology = with_capture(load_topology(given.topology), given.between)
    with (
        capture_io.open_stream(
            "replay", given.source, given.fcs, plane.captures, given.quiet
        ) as stream,
        built(topology, seed, plane) as lab,
    ):
        passage = Passage(lab)
        started = perf_counter()
        score = passage.run(stream)
        seconds = perf_counter() - started
        _save(given.target, passage, plane)
        run = report.PassageRun(given.source, given.topology, given.target, seconds, seed)
        if as_json:
            capture_io.emit_json(report.to_json(passage, score, run), given.target, warnings)
        else:
            page = Page(sys.stderr if given.target == "-" else stdout())
            report.to_page(page, passage, score, run)
    stream.check()
    return _ending(score)


def _save(target: str, passage: Passage, plane: Plane) -> None:
    from macsec import captures
    from macsec.cli.shared.capture_io import fitted

    with captures.write(
        target,
        format="pcapng" if target == "-" else "auto",
        interfaces=passage.wire.ports,
        backend=plane.captures,
    ) as sink:
        sink.write(fitted(passage.on_wire))


def _ending(score: Score) -> int:
    missing = score.frames - score.equal
    if score.explained:
        return GOOD
    say(f"{missing} of {score.frames} frames did not arrive as they were; {score.lost} were lost")
    return REFUSED
