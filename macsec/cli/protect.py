"""`macsec protect`: clear capture to MACsec capture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from macsec.cli.shared import options, pn_state
from macsec.cli.shared.edge import Warnings

if TYPE_CHECKING:
    from macsec.captures import Writer
    from macsec.cli.shared.capture_io import Piece, Stream, VerdictCount
    from macsec.custody import Keeper
    from macsec.secy import Outcome, SecY

    Sent = tuple[Piece, Outcome]
    Composed = tuple[Piece, list[memoryview]]


@click.command("protect", short_help="Clear capture to MACsec capture.")
@options.config
@options.source
@options.target
@options.as_json
@options.jobs
@options.frame_options
@pn_state.options
@click.pass_obj
def command(
    warnings: Warnings,
    config: str,
    source: str,
    target: str,
    as_json: bool,
    jobs: int,
    fcs: str,
    backend: str,
    quiet: bool,
    state_folder: str | None,
    state_init: bool,
) -> None:
    """Protect the frames of IN as the SecY of FILE sends them, and write them to OUT.

    Time stamps, order and interfaces are kept; nothing is padded. A frame that is too long is
    counted and left out. Where the transmit SA is exhausted OUT ends, and the exit code is 4.

    PNs start where FILE says, each time, unless they are kept with --state DIR.
    """
    from time import perf_counter

    from macsec import captures
    from macsec.cli.shared import capture_io
    from macsec.cli.shared.data_plane import chosen_plane
    from macsec.cli.shared.pipeline import allowed
    from macsec.config import load
    from macsec.errors import KeyExhausted
    from macsec.report import summary
    from macsec.secy import SecY, Verdict
    from macsec.secy.from_config import require_transmit

    capture_io.refuse_same(source, target)
    warnings.hold = as_json and target == "-"
    plane = chosen_plane(backend)
    model = load(config)
    require_transmit(model)
    count = capture_io.VerdictCount()
    with (
        SecY.from_config(model, *plane) as secy,
        pn_state.kept(secy, state_folder, state_init) as keeper,
        capture_io.open_stream("protect", source, fcs, plane.captures, quiet) as stream,
    ):
        started = perf_counter()
        form = stream.format_for(target)
        with captures.write(
            target, format=form, interfaces=stream.interfaces, backend=plane.captures
        ) as sink:
            _move(secy, keeper, stream, sink, count, allowed(jobs, source, target))
        seconds = perf_counter() - started
        if as_json:
            capture_io.emit_json(summary.protect_json(secy, count, seconds), target, warnings)
        elif not quiet:
            click.echo(summary.protect_text(secy, count, seconds), err=True)
    if count[Verdict.EXHAUSTED]:
        raise KeyExhausted(
            f"transmit SA {secy.controls.encodingsa} is exhausted: its last PN is used, "
            f"{count.delivered} frames were sent"
        )
    stream.check()


def _move(
    secy: SecY,
    keeper: Keeper | None,
    stream: Stream,
    sink: Writer,
    count: VerdictCount,
    jobs: int,
) -> None:
    from macsec.cli.shared.capture_io import fitted
    from macsec.cli.shared.pipeline import Last, run
    from macsec.secy import Verdict

    def protect(piece: Piece) -> Sent | Last:
        if keeper is not None:
            keeper.reserve(len(piece.batch))
        out = secy.protect(piece.batch)
        count.add(out)
        return Last((piece, out)) if count[Verdict.EXHAUSTED] else (piece, out)

    def compose(sent: Sent) -> Composed:
        piece, out = sent
        rows = out.delivered
        return piece, sink.compose(
            fitted(out.batch), piece.comments(rows), piece.directions(rows), piece.interfaces
        )

    def put(composed: Composed) -> None:
        piece, octets = composed
        sink.put(octets)
        stream.show(piece)

    run(stream.take, (protect, compose, put), jobs)
