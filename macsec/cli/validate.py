"""`macsec validate`: MACsec capture to clear capture, with a verdict for every frame."""

from __future__ import annotations

from time import perf_counter

import click
from click.core import ParameterSource

from macsec.captures import Writer
from macsec.captures.output import Sink
from macsec.cli.shared import capture_io, options
from macsec.cli.shared.cak_files import holders_in
from macsec.cli.shared.capture_io import Piece, Product, Stream, VerdictCount
from macsec.cli.shared.data_plane import Plane, chosen_plane
from macsec.cli.shared.edge import GOOD, REFUSED, Warnings, say
from macsec.cli.shared.pipeline import allowed
from macsec.config import load
from macsec.frames import FrameBatch
from macsec.offline.decrypt import MkaReader
from macsec.report import summary
from macsec.report import verdicts as verdicts_report
from macsec.secy import Outcome, SecY


@click.command("validate", short_help="Turn a MACsec capture into a clear one, with verdicts.")
@click.option(
    "-c",
    "--config",
    type=options.FILE,
    metavar="FILE",
    help="The configuration of the SecY, in YAML.",
)
@options.caks
@options.ethertype
@options.source
@options.target
@click.option(
    "--verdicts",
    type=options.FILE,
    metavar="FILE.jsonl",
    help="Write one JSON line for each frame of IN, in order.",
)
@click.option("--strict", is_flag=True, help="Exit 3 if any frame was refused.")
@options.keep_secrets
@options.as_json
@options.jobs
@options.frame_options
@click.pass_obj
def command(
    warnings: Warnings,
    config: str | None,
    caks: str | None,
    ethertype: int,
    source: str,
    target: str,
    verdicts: str | None,
    strict: bool,
    keep_secrets: bool,
    as_json: bool,
    jobs: int,
    fcs: str,
    backend: str,
    quiet: bool,
) -> int:
    """Validate the frames of IN with the SecY of FILE, and write the delivered frames to OUT.

    A refused frame is counted and is no error: see --strict. In pcapng, a frame that is delivered
    with a verdict other than ok carries that verdict as a comment.

    With --cak in place of -c, the SAKs come from the MKA exchange in IN. Every frame that is valid
    under one of them is delivered, in both directions, with any PN; EAPOL frames are not.
    --ethertype is for --cak; a configuration has its own, secy.ethertype.
    """
    capture_io.refuse_same(source, target, verdicts)
    if (config is None) == (caks is None):
        raise click.UsageError("give either -c FILE or --cak FILE")
    if (
        config is not None
        and click.get_current_context().get_parameter_source("ethertype")
        is not ParameterSource.DEFAULT
    ):
        raise click.UsageError("--ethertype is for --cak: FILE has secy.ethertype")
    if verdicts == "-" and (as_json or target == "-"):
        raise click.UsageError("only one of OUT, --verdicts and --json can use stdout")
    warnings.hold = as_json and target == "-"
    plane = chosen_plane(backend)
    count = VerdictCount()
    with (
        _receiver(config, caks, ethertype, plane) as secy,
        capture_io.open_stream("validate", source, fcs, plane.captures, quiet) as stream,
    ):
        started = perf_counter()
        with (
            capture_io.open_lines(verdicts) as lines,
            capture_io.open_like(stream, target, plane.captures, keep_secrets) as sink,
        ):
            _validate(secy, stream, sink, lines, count, allowed(jobs, source, target, verdicts))
        seconds = perf_counter() - started
        if isinstance(secy, SecY) and count.delivered < count.frames:
            stream.hint(secy)
        if as_json:
            result = summary.validate_json(secy, count, seconds, stream.truncated)
            capture_io.emit_json(result, target, warnings)
        elif not quiet:
            click.echo(summary.validate_text(secy, count, seconds), err=True)
    return _ending(stream, count, strict)


def _receiver(
    config: str | None, caks: str | None, ethertype: int, plane: Plane
) -> SecY | MkaReader:
    """Return the SecY of a configuration, or a reader of MKA with the CAKs of a file."""
    if config is not None:
        return SecY.from_config(load(config).to_receive(), *plane)
    return MkaReader(holders_in(caks or ""), *plane, ethertype=ethertype)


def _validate(
    secy: SecY | MkaReader,
    stream: Stream,
    sink: Writer,
    lines: Sink | None,
    count: VerdictCount,
    jobs: int,
) -> None:
    def validate(piece: Piece, batch: FrameBatch) -> Outcome:
        out = secy.validate(batch)
        count.add(out)
        return out

    def product(piece: Piece, out: Outcome) -> Product:
        comments = verdicts_report.comments(out) if sink.format == "pcapng" else None
        text = verdicts_report.lines(out, piece.first).encode() if lines is not None else b""
        return Product(out.batch, piece.beside.of_rows(out.delivered), comments, text)

    capture_io.transform(stream, sink, (validate, product), jobs, lines)


def _ending(stream: Stream, count: VerdictCount, strict: bool) -> int:
    refused = count.frames - count.delivered
    if not (strict and refused) or stream.interruption.number is not None:
        stream.check()
        return GOOD
    if stream.fault is not None:
        say(str(stream.fault))
    say(f"{refused} of {count.frames} frames were refused")
    return REFUSED
