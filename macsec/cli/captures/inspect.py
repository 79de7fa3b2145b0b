"""`macsec inspect`: the SecTAG of every frame, or a summary of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from itertools import chain, islice

import click

from macsec.cli.shared import options
from macsec.cli.shared.edge import stdout
from macsec.cli.shared.files.capture_io import Stream, open_stream
from macsec.frames.sectag import TagRules
from macsec.offline.explain import OutOfRangeError
from macsec.offline.overview import Overview
from macsec.report.captures import inspect as report
from macsec.report.captures import overview as overview_report
from macsec.report.captures.inspect import Seen
from macsec.report.page import Page
from macsec.terms import sci_of

LOG = logging.getLogger("macsec")
TOGETHER = 256
"""Frames whose lines are written at once."""
FRAMES_MOST = 10**15


def _sci(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    try:
        return None if text is None else sci_of(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("inspect", short_help="Show the SecTAG of every frame; no key needed.")
@options.source
@options.json_data
@click.option(
    "-n", "--count", type=click.IntRange(1, FRAMES_MOST), metavar="N", help="Show N frames."
)
@options.frames
@click.option("--sci", callback=_sci, metavar="SCI", help="Show only frames of this SCI.")
@click.option(
    "--summary",
    is_flag=True,
    help="Show one row for each SCI and AN: frames, PNs, which are missing or repeated.",
)
@click.option(
    "--xpn",
    is_flag=True,
    help="Assume an XPN suite, where a PN field of zero is no fault.",
)
@options.ethertype
@options.fcs
def command(
    source: str,
    as_json: bool,
    count: int | None,
    span: range | None,
    sci: int | None,
    summary: bool,
    xpn: bool,
    ethertype: int,
    fcs: str,
) -> None:
    """Show the SecTAG of every frame of IN, which everyone on the wire can read.

    Frames are counted from 0; the column no has the numbers of Wireshark, from 1. If a tag has no
    SCI, the SCI that it implies by 9.9 is shown. A warning names what a configuration has to say:
    an FCS, VLAN tags before the SecTAG. Exit 2 if --frame begins past the end of IN.
    """
    if summary and (count is not None or span is not None or sci is not None):
        raise click.UsageError("--summary is of all frames: leave out -n, --frame and --sci")
    rules = TagRules(xpn=xpn, ethertype=ethertype)
    with open_stream("inspect", source, fcs, "auto", quiet=not summary) as stream:
        if summary:
            _summarise(stream, source, rules, as_json)
        else:
            wanted = (lambda sight: sight.sci == sci) if sci is not None else None
            frames = report.seen_frames(stream, rules, span, wanted)
            if span is not None:
                frames = _existing(frames, stream, source, span)
            frames = islice(frames, count)
            if as_json:
                for text in report.json_pieces(frames):
                    stdout().write(text)
            else:
                _write_text(frames)
    stream.warn()
    for hint in (*stream.signs.tag_hints(), *stream.signs.ethertype_hints(ethertype)):
        LOG.warning("%s", hint)
    stream.check()


def _existing(frames: Iterator[Seen], stream: Stream, source: str, span: range) -> Iterator[Seen]:
    """Return the frames of a span. Raises UsageError, before any output, if IN has none there."""
    try:
        return chain([*islice(frames, 1)], frames)
    except OutOfRangeError as error:
        stream.check()
        has = f"frames 0 to {error.frames - 1}" if error.frames else "no frames"
        raise click.UsageError(f"frame {span.start}: {source} has {has}") from None


def _summarise(stream: Stream, source: str, rules: TagRules, as_json: bool) -> None:
    overview = Overview(rules)
    for batch in stream:
        overview.add(batch)
    if as_json:
        click.echo(json.dumps(overview_report.to_json(overview)))
    else:
        overview_report.to_page(Page(stdout()), source, overview)


def _write_text(frames: Iterator[Seen]) -> None:
    page = Page(stdout())
    ink = page.ink
    if page.is_terminal:
        page.write(report.terminal_head(ink))
    else:
        page.write([report.plain_head()])
    while some := list(islice(frames, TOGETHER if not page.is_terminal else 1)):
        if page.is_terminal:
            page.write(line for seen in some for line in report.terminal_lines(seen, ink))
        else:
            page.write(map(report.plain_line, some))
