"""`macsec protect`: clear capture to MACsec capture."""

from __future__ import annotations

from time import perf_counter

import click

from macsec.captures import Writer
from macsec.cli.shared import capture_io, options, pn_state
from macsec.cli.shared.capture_io import Piece, Product, Stream, VerdictCount, fitted
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import Warnings
from macsec.cli.shared.pipeline import Last, allowed
from macsec.config import load
from macsec.custody import Keeper
from macsec.errors import KeyExhausted
from macsec.frames import FrameBatch
from macsec.report import summary
from macsec.secy import Outcome, SecY, Verdict
from macsec.secy.from_config import require_transmit


@click.command("protect", short_help="Turn a clear capture into a MACsec capture.")
@options.config
@options.source
@options.target
@options.keep_secrets
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
    keep_secrets: bool,
    as_json: bool,
    jobs: int,
    fcs: str,
    backend: str,
    quiet: bool,
    state_folder: str | None,
    state_init: bool,
) -> None:
    """Protect the frames of IN with the SecY of FILE, and write them to OUT.

    Time stamps, order and interfaces are kept; frames are not padded. A frame that is too long is
    counted and left out. If the transmit SA is exhausted, OUT ends there and the exit code is 4.

    Without --state DIR, every run starts with the PNs that FILE gives. While another process of
    this machine sends under the same key and SCI, the run is refused (exit 1).
    """
    capture_io.refuse_same(source, target)
    warnings.hold = as_json and target == "-"
    plane = chosen_plane(backend)
    model = load(config)
    require_transmit(model)
    count = VerdictCount()
    with (
        SecY.from_config(model.to_send(), *plane) as secy,
        pn_state.kept(secy, state_folder, state_init) as keeper,
        capture_io.open_stream("protect", source, fcs, plane.captures, quiet) as stream,
    ):
        started = perf_counter()
        with capture_io.open_like(stream, target, plane.captures, keep_secrets) as sink:
            _protect(secy, keeper, stream, sink, count, allowed(jobs, source, target))
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


def _protect(
    secy: SecY,
    keeper: Keeper | None,
    stream: Stream,
    sink: Writer,
    count: VerdictCount,
    jobs: int,
) -> None:
    def protect(piece: Piece, batch: FrameBatch) -> Outcome | Last:
        if keeper is not None:
            keeper.reserve(len(batch))
        out = secy.protect(batch)
        count.add(out)
        return Last(out) if count[Verdict.EXHAUSTED] else out

    def product(piece: Piece, out: Outcome) -> Product:
        return Product(fitted(out.batch), piece.beside.of_rows(out.delivered))

    capture_io.transform(stream, sink, (protect, product), jobs)
