"""`macsec validate`: MACsec capture to clear capture, with a verdict for every frame."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import click
from click.core import ParameterSource

from macsec.captures.output import Sink
from macsec.cli.shared import options
from macsec.cli.shared.data_plane import Plane, chosen_plane
from macsec.cli.shared.edge import GOOD, REFUSED, Warnings, say
from macsec.cli.shared.files import capture_io, page_file
from macsec.cli.shared.files.capture_io import Stream
from macsec.cli.shared.jobs import allowed
from macsec.cli.shared.keys.cak_files import holders_in
from macsec.config import load
from macsec.offline import passes
from macsec.offline.decrypt import MkaReader
from macsec.offline.frame_log import FrameLog
from macsec.offline.frame_stream import Piece, VerdictCount
from macsec.offline.verdict_rows import FORMS, TableFile, VerdictRows
from macsec.report.captures import summary
from macsec.report.captures import verdicts as verdicts_report
from macsec.report.captures.verdict_pages.validate import to_html
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
    metavar="FILE",
    help="Write a row for each frame of IN, in order: JSON lines, or by its name .parquet, .arrow.",
)
@click.option("--strict", is_flag=True, help="Exit 3 if any frame was refused.")
@options.keep_secrets
@page_file.option("Write a page: verdicts over time, refused frames, counters.")
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
    report: str | None,
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
    page_file.refuse_double(report, source, target, verdicts)
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
    count, log = VerdictCount(), None if report is None else FrameLog()
    with (
        _receiver(config, caks, ethertype, plane) as secy,
        capture_io.open_stream("validate", source, fcs, plane.captures, quiet) as stream,
    ):
        started = perf_counter()
        with (
            _verdict_file(verdicts) as (lines, rows),
            capture_io.open_like(stream, target, plane.captures, keep_secrets) as sink,
        ):
            jobs = allowed(jobs, source, target, verdicts)
            passes.validate(
                secy, stream, sink, count, verdicts_report, jobs, lines, _seen(log, rows)
            )
        seconds = perf_counter() - started
        if isinstance(secy, SecY) and count.delivered < count.frames:
            stream.hint(secy)
        if report is not None and log is not None:
            text = summary.validate_text(secy, count, seconds)
            page_file.save(report, to_html(secy, log, text, source, page_file.origin()))
        if as_json:
            result = summary.validate_json(secy, count, seconds, stream.truncated)
            capture_io.emit_json(result, target, warnings)
        elif not quiet:
            click.echo(summary.validate_text(secy, count, seconds), err=True)
    return _ending(stream, count, strict)


@contextmanager
def _verdict_file(path: str | None) -> Iterator[tuple[Sink | None, VerdictRows | None]]:
    """Open the file of verdicts: what takes lines, or rows of a table. It appears whole or not."""
    form = FORMS.get(os.path.splitext(path or "")[1])
    if form is None:
        with capture_io.open_lines(path) as lines:
            yield lines, None
        return
    with capture_io.open_lines(path) as sink:
        if sink is None:
            raise AssertionError("a name with an ending is a file")
        with VerdictRows(TableFile(sink), form) as rows:
            yield None, rows


def _seen(log: FrameLog | None, rows: VerdictRows | None) -> passes.Seen:
    """Return what takes the outcome of each piece."""

    def seen(outcome: Outcome, piece: Piece) -> None:
        if rows is not None:
            rows.add(outcome, piece.batch)
        if log is not None:
            log.validated(outcome, piece.batch, piece.first)

    return seen


def _receiver(
    config: str | None, caks: str | None, ethertype: int, plane: Plane
) -> SecY | MkaReader:
    """Return the SecY of a configuration, or a reader of MKA with the CAKs of a file."""
    if config is not None:
        return SecY.from_config(load(config).to_receive(), *plane)
    return MkaReader(holders_in(caks or ""), *plane, ethertype=ethertype)


def _ending(stream: Stream, count: VerdictCount, strict: bool) -> int:
    refused = count.frames - count.delivered
    if not (strict and refused) or stream.interruption.number is not None:
        stream.check()
        return GOOD
    if stream.fault is not None:
        say(str(stream.fault))
    say(f"{refused} of {count.frames} frames were refused")
    return REFUSED
