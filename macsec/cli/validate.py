"""`macsec validate`: MACsec capture to clear capture, with a verdict for every frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD, REFUSED, Warnings, say

if TYPE_CHECKING:
    from macsec import captures
    from macsec.captures.output import Sink
    from macsec.cli.shared.capture_io import Piece, Stream, VerdictCount
    from macsec.cli.shared.data_plane import Plane
    from macsec.offline.decrypt import MkaReader
    from macsec.secy import Outcome, SecY

    Judged = tuple[Piece, Outcome]
    Composed = tuple[Piece, list[memoryview], bytes]


@click.command("validate", short_help="MACsec capture to clear capture, with verdicts.")
@click.option("-c", "--config", type=options.FILE, metavar="FILE", help="The SecY, in YAML.")
@options.caks
@options.source
@options.target
@click.option(
    "--verdicts",
    type=options.FILE,
    metavar="FILE.jsonl",
    help="One JSON line for each frame of IN, in order.",
)
@click.option("--strict", is_flag=True, help="Exit 3 if any frame was refused.")
@options.as_json
@options.jobs
@options.frame_options
@click.pass_obj
def command(
    warnings: Warnings,
    config: str | None,
    caks: str | None,
    source: str,
    target: str,
    verdicts: str | None,
    strict: bool,
    as_json: bool,
    jobs: int,
    fcs: str,
    backend: str,
    quiet: bool,
) -> int:
    """Validate the frames of IN as the SecY of FILE receives them, and write the clear ones to OUT.

    A frame that is refused is counted, not an error: see --strict. In pcapng, a frame that is
    delivered with another verdict than ok carries it as a comment.

    With --cak in place of -c, the MKA exchange in IN tells the SAKs: every frame that is valid
    under one is delivered, both directions, whatever its PN. EAPOL is not.
    """
    from time import perf_counter

    from macsec import captures as capture_files
    from macsec.cli.shared import capture_io
    from macsec.cli.shared.data_plane import chosen_plane
    from macsec.cli.shared.pipeline import allowed
    from macsec.report import summary

    capture_io.refuse_same(source, target, verdicts)
    if (config is None) == (caks is None):
        raise click.UsageError("one of -c FILE and --cak FILE is wanted")
    if verdicts == "-" and (as_json or target == "-"):
        raise click.UsageError("only one of OUT, --verdicts and --json can have stdout")
    warnings.hold = as_json and target == "-"
    plane = chosen_plane(backend)
    count = capture_io.VerdictCount()
    with (
        _receiver(config, caks, plane) as secy,
        capture_io.open_stream("validate", source, fcs, plane.captures, quiet) as stream,
    ):
        started = perf_counter()
        form = stream.format_for(target)
        with (
            capture_io.open_lines(verdicts) as lines,
            capture_files.write(
                target, format=form, interfaces=stream.interfaces, backend=plane.captures
            ) as sink,
        ):
            _move(secy, stream, sink, lines, count, allowed(jobs, source, target, verdicts))
        seconds = perf_counter() - started
        if as_json:
            result = summary.validate_json(secy, count, seconds, stream.truncated)
            capture_io.emit_json(result, target, warnings)
        elif not quiet:
            click.echo(summary.validate_text(secy, count, seconds), err=True)
    return _ending(stream, count, strict)


def _receiver(config: str | None, caks: str | None, plane: Plane) -> SecY | MkaReader:
    """What judges the frames: the SecY of a configuration, or a listener who has CAKs."""
    if config is not None:
        from macsec import SecY

        return SecY.from_config(config, *plane)
    from macsec.cli.shared.cak_files import holders_in
    from macsec.offline.decrypt import MkaReader

    return MkaReader(holders_in(caks or ""), *plane)


def _move(
    secy: SecY | MkaReader,
    stream: Stream,
    sink: captures.Writer,
    lines: Sink | None,
    count: VerdictCount,
    jobs: int,
) -> None:
    from macsec.cli.shared.pipeline import run
    from macsec.report import verdicts

    def validate(piece: Piece) -> Judged:
        out = secy.validate(piece.batch)
        count.add(out)
        return piece, out

    def compose(judged: Judged) -> Composed:
        piece, out = judged
        rows, remarks, ways = out.delivered, None, None
        if sink.format == "pcapng":
            remarks = verdicts.comments(out, piece.comments(rows))
            ways = piece.directions(rows)
        told = verdicts.lines(out, piece.first).encode() if lines is not None else b""
        return piece, sink.compose(out.batch, remarks, ways, piece.interfaces), told

    def put(composed: Composed) -> None:
        piece, octets, told = composed
        sink.put(octets)
        if lines is not None:
            lines.write(memoryview(told))
        stream.show(piece)

    run(stream.take, (validate, compose, put), jobs)


def _ending(stream: Stream, count: VerdictCount, strict: bool) -> int:
    refused = count.frames - count.delivered
    if not (strict and refused):
        stream.check()
        return GOOD
    if stream.fault is not None:
        say(str(stream.fault))
    say(f"{refused} of {count.frames} frames were refused")
    return REFUSED
