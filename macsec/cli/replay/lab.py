"""`macsec replay --topology`: a capture across the links of a topology."""

from __future__ import annotations

from time import perf_counter

from macsec.cli.lab.run import SEED, built
from macsec.cli.shared.edge import GOOD, REFUSED, say
from macsec.cli.shared.files import capture_io, page_file
from macsec.cli.shared.files.capture_io import Stream
from macsec.config import load_topology
from macsec.lab.virtual.records.probe import Probe
from macsec.lab.virtual.traffic.passage import Passage, PassageScore, with_capture
from macsec.offline.frame_stream import fitted, warn_of_losses
from macsec.report.lab import passage as report
from macsec.report.lab.outcome import LabRun
from macsec.report.lab.page import to_html
from macsec.report.lab.passage import ABOUT

from .request import Request, say_unsent


def replay_across_lab(request: Request, name: str, between: tuple[str, str] | None) -> int:
    """Send all frames between two hosts of topology `name`; return the exit code."""
    seed = SEED if request.seed is None else request.seed
    topology = with_capture(load_topology(name), between)
    with request.open() as stream, built(topology, seed, request.plane) as lab:
        passage = Passage(lab)
        ends = [end for link in lab.links for end in link.ends or ()]
        probes = [Probe(lab.engine, end) for end in ends] if request.report is not None else []
        started = perf_counter()
        score = passage.run(stream)
        seconds = perf_counter() - started
        _save_wire(request, passage, stream)
        run = report.PassageRun(request.source, name, request.target, seconds, seed)
        if request.report is not None:
            section = report.section(passage, score, run)
            text = to_html(lab, LabRun(name, seed), probes, page_file.origin(), section)
            page_file.save(request.report, text)
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
        sink.write(fitted(passage.on_wire))
    sink.lost += stream.beside_frames()
    warn_of_losses(sink)


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
