"""`macsec replay`: a capture across an emulated link."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD, REFUSED, Warnings, say, stdout
from macsec.suites import SUITES

if TYPE_CHECKING:
    from macsec.captures import Writer
    from macsec.cli.shared.capture_io import Piece, Stream
    from macsec.config.static_keys import Draw
    from macsec.offline.replay import Link, Replay, Sending

    Sent = tuple[Piece, Sending]
    Composed = tuple[Piece, list[memoryview]]


OF_ONE_LINK = {"cipher": "--cipher", "configs": "--save-config", "jobs": "--jobs"}
"""What belongs to the link of two stations, not to a topology."""


@click.command("replay", short_help="A capture across an emulated link.")
@options.source
@click.option(
    "--wire",
    type=options.FILE,
    metavar="OUT",
    help="The protected capture.  [default: IN with the ending .macsec.pcapng, in this folder]",
)
@click.option("--seed", type=click.IntRange(min=0), help="Keys drawn from this number: repeatable.")
@click.option(
    "--cipher",
    type=click.Choice(list(SUITES)),
    default="gcm-aes-128",
    show_default=True,
    help="The cipher suite.",
)
@click.option(
    "--save-config",
    "configs",
    type=options.FILE,
    metavar="DIR",
    help="Keep the keys: a-to-b.yaml, b-to-a.yaml and wire.yaml, for their owner's eyes only.",
)
@click.option(
    "--topology",
    metavar="FILE",
    help="Across the links of a topology, as macsec lab run has them: a file or a shipped name.",
)
@click.option(
    "--between",
    nargs=2,
    metavar="HOST HOST",
    help="The hosts of sides A and B in it.  [default: its first and its last]",
)
@options.json_data
@options.jobs
@options.frame_options
@click.pass_context
def command(
    ctx: click.Context,
    source: str,
    wire: str | None,
    seed: int | None,
    cipher: str,
    configs: str | None,
    topology: str | None,
    between: tuple[str, str] | None,
    as_json: bool,
    jobs: int,
    fcs: str,
    backend: str,
    quiet: bool,
) -> int:
    """Send the frames of IN across an emulated link of two stations and compare what arrives.

    The side of each frame is told by its addresses: the first source is on side A, its unicast
    partners on side B. Both stations use keys made for this run. Exit 3 if a frame was not
    delivered as it was.

    With --topology each side is a host, and frames go at the times of the capture across every
    link in between, protected and impaired as the file says. Then 3 is for a frame that is missing
    though no wire lost it. Wires and keys come from the seed (1 if none is given), the digest is
    that of all that happened on them.
    """
    import sys

    from macsec import captures
    from macsec.cli.shared import capture_io
    from macsec.cli.shared.data_plane import chosen_plane
    from macsec.cli.shared.pipeline import allowed
    from macsec.offline.replay import WAYS, Link, Replay
    from macsec.report import replay as report
    from macsec.report.page import Page

    warnings: Warnings = ctx.obj
    target = wire or _default_wire(source)
    capture_io.refuse_same(source, target)
    warnings.hold = as_json and target == "-"
    plane = chosen_plane(backend)
    if topology is not None:
        from macsec.cli.replay.lab import Given, carry

        _refuse_of_one_link(ctx)
        given = Given(source, target, topology, between, seed, fcs, quiet)
        return carry(given, plane, warnings, as_json)
    if between is not None:
        raise click.UsageError("--between names hosts of a --topology")
    link = Link(cipher, _draw(seed))
    _refuse_existing(configs, link)
    with (
        Replay(link, *plane) as replay,
        capture_io.open_stream("replay", source, fcs, plane.captures, quiet) as stream,
    ):
        with captures.write(
            target,
            format="pcapng" if target == "-" else "auto",
            interfaces=WAYS,
            backend=plane.captures,
        ) as sink:
            seconds = _carry(replay, stream, sink, allowed(jobs, source, target))
            _save(configs, link)
        run = report.ReplayRun(source, cipher, target, seconds, seed, configs)
        if as_json:
            capture_io.emit_json(report.to_json(replay, run), target, warnings)
        else:
            report.to_page(Page(sys.stderr if target == "-" else stdout()), replay, run)
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


def _carry(replay: Replay, stream: Stream, sink: Writer, jobs: int) -> float:
    """All frames across; gives the seconds that protecting and validating took."""
    from macsec.cli.shared.capture_io import fitted
    from macsec.cli.shared.pipeline import run

    send, receive = _Timed(replay.send), _Timed(replay.receive)

    def depart(piece: Piece) -> Sent:
        return piece, send(piece.batch)

    def arrive(sent: Sent) -> Sent:
        replay.compare(receive(sent[1]))
        return sent

    def compose(sent: Sent) -> Composed:
        piece, sending = sent
        return piece, sink.compose(fitted(sending.on_wire()))

    def put(composed: Composed) -> None:
        piece, octets = composed
        sink.put(octets)
        stream.show(piece)

    run(stream.take, (depart, arrive, compose, put), jobs)
    return send.seconds + receive.seconds


def _refuse_of_one_link(ctx: click.Context) -> None:
    for name, option in OF_ONE_LINK.items():
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} does not go with --topology: leave it out")


def _ending(replay: Replay) -> int:
    score = replay.score
    if score.perfect:
        return GOOD
    say(f"{score.frames - score.equal} of {score.frames} frames did not arrive as they were")
    return REFUSED


def _default_wire(source: str) -> str:
    from macsec.cli.shared.capture_io import stem

    return f"{os.path.basename(stem(source)) if source != '-' else 'stdin'}.macsec.pcapng"


def _draw(seed: int | None) -> Draw:
    """Fresh entropy, or octets that the seed and the purpose determine."""
    if seed is None:
        return lambda _, octets: os.urandom(octets)
    from macsec.config.static_keys import seeded

    return seeded(seed)


def _refuse_existing(folder: str | None, link: Link) -> None:
    for name in link.files() if folder is not None else ():
        path = os.path.join(folder or "", name)
        if os.path.lexists(path):
            raise click.UsageError(f"{path} exists: a file with keys is never overwritten")


def _save(folder: str | None, link: Link) -> None:
    if folder is None:
        return
    from macsec import config

    os.makedirs(folder, mode=0o700, exist_ok=True)
    for name, contents in link.files().items():
        config.write(os.path.join(folder, name), contents)
