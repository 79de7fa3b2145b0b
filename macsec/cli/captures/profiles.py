"""`macsec profiles`: where implementations read the same octets differently."""

from __future__ import annotations

import json
import logging

import click

from macsec.cli.shared import options
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import GOOD, REFUSED, say, stdout
from macsec.cli.shared.files import capture_io
from macsec.config import Configuration, load
from macsec.offline.difference import Difference, Parting
from macsec.report.captures import profiles as report
from macsec.report.page import Page
from macsec.secy import PROFILES

LOG = logging.getLogger("macsec")
SHOWN = 1000


@click.group(
    "profiles",
    invoke_without_command=True,
    short_help="List the behaviour profiles; compare two over a capture.",
)
@options.json_data
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int:
    """List the behaviour profiles with their switches, and what each switch means."""
    if ctx.invoked_subcommand is not None:
        return GOOD
    if as_json:
        click.echo(json.dumps(report.table_json()))
    else:
        report.table_page(Page(stdout()))
    return GOOD


@command.command("diff", short_help="Compare receivers of two profiles, frame by frame.")
@click.argument("first", metavar="A", type=click.Choice(list(PROFILES)))
@click.argument("second", metavar="B", type=click.Choice(list(PROFILES)))
@options.source
@options.config
@click.option(
    "--most",
    type=click.IntRange(min=0),
    default=SHOWN,
    show_default=True,
    metavar="N",
    help="Show the first N frames that part; all are counted.",
)
@click.option("--strict", is_flag=True, help="Exit 3 if the receivers part at any frame.")
@options.json_data
@options.fcs
@options.backend
def diff(
    first: str,
    second: str,
    source: str,
    config: str,
    most: int,
    strict: bool,
    as_json: bool,
    fcs: str,
    backend: str,
) -> int:
    """Validate the frames of IN as profiles A and B do, and show where the two part and why.

    Both receivers are the SecY of FILE, but for its profile. A frame parts if its verdict, its
    counter or the delivered octets differ. The switch that parts it is found by trial: one that,
    turned alone in A as it is in B, changes the end of this frame.
    """
    plane = chosen_plane(backend)
    model = load(config).to_receive()
    _warn(model, (first, second))
    pair = (PROFILES[first], PROFILES[second])
    try:
        with (
            Difference(model, pair, *plane) as difference,
            capture_io.open_stream("profiles diff", source, fcs, plane.captures, True) as stream,
        ):
            shown = _compare(difference, stream, most, as_json)
            _report(difference, shown, as_json)
            stream.warn()
            stream.hint(difference.receivers[0])
            parted, frames = difference.tallies.parted, difference.tallies.frames
            if not (strict and parted) or stream.interruption.number is not None:
                stream.check()
                return GOOD
            if stream.fault is not None:
                say(str(stream.fault))
    finally:
        model.wipe()
    say(f"{first} and {second} part at {parted} of {frames} frames")
    return REFUSED


def _warn(model: Configuration, names: tuple[str, str]) -> None:
    """Say what of a configuration a profile does not have."""
    lowest = any(sa.lowest_pn is not None for sc in model.rx for sa in sc.sa.values())
    for profile in (PROFILES[name] for name in dict.fromkeys(names)):
        if lowest and profile.window_from_next_pn:
            LOG.warning("lowest_pn: ignored by profile %s, which has none", profile.name)
        if model.secy.validate_frames not in profile.validate_frames:
            mode = profile.validate_frames[0]
            LOG.warning("validate: profile %s is %s in its place", profile.name, mode)


def _compare(
    difference: Difference, stream: capture_io.Stream, most: int, as_json: bool
) -> list[Parting]:
    """Run the capture; print the frames that part as they come, or keep them for the JSON."""
    page, kept, shown = Page(stdout()), [], 0
    for batch in stream:
        for parting in difference.compare(batch):
            shown += 1
            if shown > most:
                continue
            if as_json:
                kept.append(parting)
            else:
                page.lines([*report.parting_lines(parting, difference.profiles)])
    return kept


def _report(difference: Difference, shown: list[Parting], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report.diff_json(difference, shown)))
    else:
        report.summary(Page(stdout()), difference)
