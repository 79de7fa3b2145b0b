"""`macsec inspect`: the SecTAG of every frame."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import click

from macsec.cli.shared import options
from macsec.cli.shared.capture_io import Stream, open_stream
from macsec.cli.shared.edge import stdout
from macsec.frames.dissect import observe
from macsec.frames.sectag import TagRules
from macsec.report import inspect as report
from macsec.report.inspect import Seen
from macsec.report.page import Page

LOG = logging.getLogger("macsec")


@click.command("inspect", short_help="Show the SecTAG of every frame; no key needed.")
@options.source
@options.json_data
@click.option(
    "--xpn",
    is_flag=True,
    help="Assume an XPN suite, where a PN field of zero is no fault.",
)
@options.ethertype
@options.fcs
def command(source: str, as_json: bool, xpn: bool, ethertype: int, fcs: str) -> None:
    """Show the SecTAG of every frame of IN, which everyone on the wire can read.

    Frames are counted from 0. If a tag has no SCI, the SCI that it implies by 9.9 is shown. A
    warning names what a configuration has to say: an FCS, VLAN tags before the SecTAG.
    """
    with open_stream("inspect", source, fcs, "auto", quiet=True) as stream:
        frames = _frames(stream, TagRules(xpn=xpn, ethertype=ethertype))
        if as_json:
            _write_json(frames)
        else:
            _write_text(frames)
    stream.warn()
    for hint in (*stream.signs.tag_hints(), *stream.signs.ethertype_hints(ethertype)):
        LOG.warning("%s", hint)
    stream.check()


def _frames(stream: Stream, rules: TagRules) -> Iterator[Seen]:
    first: int | None = None
    for batch in stream:
        times, wires = batch.time_ns.tolist(), batch.wire_length.tolist()
        for row, octets in enumerate(batch):
            first = times[row] if first is None else first
            yield Seen(
                stream.rows + row,
                times[row],
                times[row] - first,
                octets,
                wires[row],
                observe(octets, rules),
            )


def _write_json(frames: Iterator[Seen]) -> None:
    """Write one JSON object, frame by frame."""
    write = stdout().write
    write('{"schema": "macsec/inspect/1", "frames": [')
    count = macsec = faults = 0
    for seen in frames:
        write(",\n" if count else "\n")
        write(json.dumps(report.to_item(seen)))
        count += 1
        macsec += seen.sight.is_macsec
        faults += seen.sight.fault is not None
    write(f'\n], "count": {count}, "macsec": {macsec}, "faults": {faults}}}\n')


def _write_text(frames: Iterator[Seen]) -> None:
    page = Page(stdout())
    if not page.is_terminal:
        page.lines([report.plain_head()])
        for seen in frames:
            page.lines([report.plain_line(seen)])
        return
    page.lines(report.terminal_head())
    for seen in frames:
        page.lines(report.terminal_lines(seen))
