"""`macsec replay`: a capture across an emulated link."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import resources
from time import perf_counter
from typing import Any

import click
from click.core import ParameterSource

from macsec import config
from macsec.captures import Writer
from macsec.cli.shared import options
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import GOOD, REFUSED, say
from macsec.cli.shared.files import capture_io, page_file
from macsec.cli.shared.files.capture_io import Stream, stem
from macsec.cli.shared.jobs import allowed
from macsec.config.static_keys import Draw, seeded
from macsec.offline import passes
from macsec.offline.frame_log import FrameLog
from macsec.offline.frame_stream import Piece
from macsec.offline.replay import WAYS, LinkConfigs, ReceivedBatch, Replay
from macsec.report.captures import replay as report
from macsec.report.captures.verdict_pages.replay import to_html
from macsec.whole_file import make_folder

from .request import Request, say_unsent

SAMPLE = resources.files("macsec.offline") / "sample.pcap"
"""130 frames of two TLS 1.3 connections."""
OF_ONE_LINK = {"cipher": "--cipher", "configs": "--save-config", "jobs": "--jobs"}
"""Options of the link of two stations, which a topology does not take."""


@click.command("replay", short_help="Send a capture across an emulated link.")
@click.argument("source", metavar="[IN]", type=options.FILE, required=False)
@click.option("--sample", is_flag=True, help="Take the capture that comes with macsec, for IN.")
@click.option(
    "--wire",
    type=options.FILE,
    metavar="OUT",
    help="The protected capture.  [default: the name of IN with the ending .macsec.pcapng]",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Determines keys, and with --topology the wires: a run can be repeated.",
)
@options.cipher
@click.option(
    "--save-config",
    "configs",
    type=options.FILE,
    metavar="DIR",
    help="Save the keys in DIR: a-to-b.yaml, b-to-a.yaml and wire.yaml, readable by you alone.",
)
@click.option(
    "--topology",
    metavar="FILE",
    help="Send across the links of a topology, as macsec lab run does: a file, or "
    "the name of a shipped topology.",
)
@click.option(
    "--between",
    nargs=2,
    metavar="HOST HOST",
    help="The hosts of sides A and B in it.  [default: the first and the last]",
)
@options.keep_secrets
@page_file.option("Write a page: verdicts over time, refused frames, counters.", "page")
@options.json_data
@options.jobs
@options.frame_options
@click.pass_context
def command(
    ctx: click.Context,
    source: str | None,
    sample: bool,
    wire: str | None,
    seed: int | None,
    cipher: str,
    configs: str | None,
    topology: str | None,
    between: tuple[str, str] | None,
    keep_secrets: bool,
    page: str | None,
    as_json: bool,
    jobs: int,
    fcs: str,
    backend: str,
    quiet: bool,
) -> int:
    """Send the frames of IN across an emulated link of two stations and compare what arrives.

    Each frame is sent by side A or side B: the first source address is on side A, and its unicast
    partners are on side B. Both stations use keys made for this run. Exit 3 if a frame did not
    arrive unchanged. Frames that a snap length cut, and runts of at most 12 octets, cannot be
    sent: they are counted apart.

    With --topology each side is a host. Frames are sent at the times of the capture, across every
    link between the two hosts, protected and impaired as the file says; exit 3 then means that a
    frame is missing which no wire lost. Switches relay no link-local frames (802.1Q 8.6.3), and
    hosts send none over the MTU. Key agreement pauses in long gaps of the capture. Wires and
    keys depend on the seed alone (1 by default), and the digest covers every frame on the wires.
    """
    if (source is None) is not sample:
        raise click.UsageError("give either IN or --sample")
    source = source or str(SAMPLE)
    target = wire or _default_wire(source)
    capture_io.refuse_same(source, target)
    page_file.refuse_double(page, source, target)
    ctx.obj.hold = as_json and target == "-"
    plane = chosen_plane(backend)
    request = Request(source, target, seed, fcs, plane, quiet, as_json, ctx.obj, page)
    if topology is not None:
        from .lab import replay_across_lab  # late: labs take as long to load as all the rest

        _refuse_of_one_link(ctx)
        return replay_across_lab(request, topology, between)
    if between is not None:
        raise click.UsageError("--between needs --topology: it names two of its hosts")
    return _replay_across_link(request, cipher, configs, jobs, keep_secrets)


def _replay_across_link(
    request: Request, cipher: str, configs: str | None, jobs: int, keep_secrets: bool
) -> int:
    link = LinkConfigs(cipher, _draw(request.seed))
    _refuse_existing(configs, link)
    source, target, plane = request.source, request.target, request.plane
    log = None if request.report is None else FrameLog()
    with Replay(link, *plane) as replay, request.open() as stream:
        with capture_io.open_wire(target, WAYS, plane.captures, keep_secrets) as sink:
            seconds = _replay(replay, stream, sink, allowed(jobs, source, target), log)
            _save(configs, link)
        run = report.ReplayRun(source, cipher, target, seconds, request.seed, configs)
        if request.report is not None and log is not None:
            text = to_html(replay, run, log, page_file.origin(request.seed))
            page_file.save(request.report, text)
        if request.as_json:
            request.emit(report.to_json(replay, run))
        else:
            report.to_page(request.page(), replay, run)
    stream.check()
    return _ending(replay)


class _Timed:
    """A function of one argument, and the seconds spent in it."""

    def __init__(self, call: Callable[[Any], Any]) -> None:
        self._call, self.seconds = call, 0.0

    def __call__(self, given: Any) -> Any:
        started = perf_counter()
        result = self._call(given)
        self.seconds += perf_counter() - started
        return result


def _replay(replay: Replay, stream: Stream, sink: Writer, jobs: int, log: FrameLog | None) -> float:
    """Send all frames; return the seconds that protecting and validating took."""
    send, receive = _Timed(replay.send), _Timed(replay.receive)

    def seen(received: ReceivedBatch, piece: Piece) -> None:
        if log is not None:
            log.replayed(received, piece.first, WAYS)

    passes.replay(replay, stream, sink, jobs, send=send, receive=receive, seen=seen)
    return send.seconds + receive.seconds


def _refuse_of_one_link(ctx: click.Context) -> None:
    for name, option in OF_ONE_LINK.items():
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} cannot be used with --topology")


def _ending(replay: Replay) -> int:
    score = replay.score
    say_unsent(score.unsent, score.frames)
    if score.intact:
        return GOOD
    say(f"{score.missing} of {score.frames} frames did not arrive unchanged")
    return REFUSED


def _default_wire(source: str) -> str:
    return f"{os.path.basename(stem(source)) if source != '-' else 'stdin'}.macsec.pcapng"


def _draw(seed: int | None) -> Draw:
    """Return a source of keys: fresh entropy, or octets that seed and purpose determine."""
    if seed is None:
        return lambda _, octets: os.urandom(octets)
    return seeded(seed)


def _refuse_existing(folder: str | None, link: LinkConfigs) -> None:
    for name in link.files() if folder is not None else ():
        path = os.path.join(folder or "", name)
        if os.path.lexists(path):
            raise click.UsageError(f"{path} exists: a file with keys is never overwritten")


def _save(folder: str | None, link: LinkConfigs) -> None:
    if folder is None:
        return
    make_folder(folder, 0o700)
    for name, contents in link.files().items():
        config.write(os.path.join(folder, name), contents)
