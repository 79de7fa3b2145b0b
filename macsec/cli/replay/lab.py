"""`macsec replay --topology`: a capture across the links of a topology."""

from __future__ import annotations

from time import perf_counter

from macsec.cli.lab.run import SEED, built
from macsec.cli.shared import capture_io
from macsec.cli.shared.capture_io import Stream
from macsec.cli.shared.edge import GOOD, REFUSED, say
from macsec.config import load_topology
from macsec.lab.virtual.passage import Passage, PassageScore, with_capture
from macsec.report.lab import passage as report
from macsec.report.lab.passage import ABOUT

from .request import Request, say_unsent


def replay_across_lab(request: Request, name: str, between: tuple[str, str] | None) -> int:
    """Send all frames between two hosts of topology `name`; return the exit code."""
    seed = SEED if request.seed is None else request.seed
    topology = with_capture(load_topology(name), between)
    with request.open() as stream, built(topology, seed, request.plane) as lab:
        passage = Passage(lab)
        started = perf_counter()
        score = passage.run(stream)
        seconds = perf_counter() - started
        _save_wire(request, passage, stream)
        run = report.PassageRun(request.source, name, request.target, seconds, seed)
        if request.as_json:
            request.emit(report.to_json(passage, score, run))
        else:
            report.to_page(request.page(), passage, score, run)
    stream.check()
    if passage.fault is not None:
        raise passage.fault
    return _ending(score)


def _save_wire(request: Request, passage: Passage, stream: Stream) -> None:
    """Write the frames on all links. What is beside the frames of IN has no place among them."""
    ports = passage.wire.ports
    with capture_io.open_wire(request.target, ports, request.plane.captures) as sink:
        sink.write(capture_io.fitted(passage.on_wire))
    sink.lost += stream.beside_frames()
    capture_io.warn_of_losses(sink)


def _ending(score: PassageScore) -> int:
    say_unsent(score.unsent, score.frames)
    if score.link_local:
        say(f"{score.link_local} of {score.frames} frames link-local: {ABOUT['link_local']}")
    if score.explained:
        return GOOD
    say(
        f"{score.missing} of {score.frames} frames did not arrive unchanged; {score.lost} were lost"
    )
    return REFUSED
