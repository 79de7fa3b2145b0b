"""`macsec privacy`: MAC Privacy protection of captures (experimental)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import click

from macsec import captures
from macsec.cli.shared import options
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import GOOD, Warnings, stdout
from macsec.cli.shared.files import capture_io
from macsec.frames import FrameBatch
from macsec.offline.frame_stream import fitted, warn_of_losses
from macsec.privacy import ChannelSettings, Observation, PrivacyType, PrY, PrYSettings, Sent
from macsec.report.captures import privacy as report
from macsec.report.captures.privacy import Run
from macsec.report.page import Page
from macsec.terms import ethertype_of, mac_of

LOG = logging.getLogger("macsec")
ADDRESS = "02:00:00:00:00:0a"
GROUP = "01:80:c2:00:00:03"
ETHERTYPE = "88b5"
PIECE = 8192
"""Frames of a batch that is written."""
NS_PER_S = 10**9
FOR_MOST_S = 86_400
SELECTABLE = {
    "none": PrivacyType.NONE,
    "frame": PrivacyType.FRAME,
    "express": PrivacyType.EXPRESS,
    "preemptable": PrivacyType.PREEMPTABLE,
}
KBIT = click.IntRange(1, (1 << 32) - 1)


def _parsed(parse: Any) -> Any:
    def callback(_: click.Context, __: click.Parameter, text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return callback


def _entity_options(function: Any) -> Any:
    for flag, parse, default, text in (
        ("--ethertype", ethertype_of, ETHERTYPE, "The EtherType of MPPDUs, in hex."),
        ("--destination", mac_of, GROUP, "The destination address of MPPDUs."),
        ("--address", mac_of, ADDRESS, "The address of the PrY, the source of its MPPDUs."),
    ):
        function = click.option(
            flag, callback=_parsed(parse), default=default, show_default=True, help=text
        )(function)
    return function


@click.group("privacy", short_help="Hide frames in MPPDUs, and back (experimental).")
def command() -> None:
    """Hide frames with their addresses in MPPDUs (IEEE 802.1AEdk), experimental.

    The text of the amendment was not at hand: macsec help privacy lists what was chosen.
    """


@command.command("wrap", short_help="Put frames into MPPDUs.")
@options.source
@options.target
@click.option(
    "--frame-padding",
    type=click.Choice(["none", "16", "32", "64"]),
    default="64",
    show_default=True,
    help="Pad privacy frames to 4 octets and a multiple of this, without addresses.",
)
@click.option("--size", type=click.IntRange(0, 1 << 15), default=0, help="Least octets of these.")
@click.option("--express", type=KBIT, metavar="KBIT/S", help="Use an express channel of this rate.")
@click.option("--preemptable", type=KBIT, metavar="KBIT/S", help="Use a preemptable channel.")
@click.option(
    "--frame-size",
    type=click.IntRange(128, 1 << 15),
    default=1522,
    show_default=True,
    help="The largest frame that a channel sends whole, with FCS; it sets the size of MPPDUs.",
)
@click.option("--no-fragments", is_flag=True, help="Send no fragments in channels.")
@click.option(
    "--select",
    "selected",
    multiple=True,
    metavar="PRIORITY=TYPE",
    help="none, frame, express or preemptable for this user priority (repeatable).",
)
@click.option(
    "--for",
    "seconds",
    type=options.Reals(0, FOR_MOST_S),
    default=0.0,
    metavar="S",
    help="Keep channels running for at least this time.",
)
@_entity_options
@options.as_json
@options.frame_options
@click.pass_obj
def wrap(
    warnings: Warnings,
    source: str,
    target: str,
    frame_padding: str,
    size: int,
    express: int | None,
    preemptable: int | None,
    frame_size: int,
    no_fragments: bool,
    selected: tuple[str, ...],
    seconds: float,
    address: bytes,
    destination: bytes,
    ethertype: int,
    as_json: bool,
    fcs: str,
    backend: str,
    quiet: bool,
) -> int:
    """Put the frames of IN into MPPDUs in OUT, to be encrypted by macsec protect.

    Without a channel each frame is a privacy frame: an MPPDU of its own, with padding. A channel
    sends MPPDUs of one size at one rate from the first frame of IN on, until all has been sent; a
    frame waits for its MPPDU. The user priority is that of the first VLAN tag, else 0.
    """
    given = {PrivacyType.EXPRESS: express, PrivacyType.PREEMPTABLE: preemptable}
    channels = {
        kind: ChannelSettings(
            requested_kbit_rate=rate,
            user_data_frame_size=frame_size,
            fragment_enable=not no_fragments,
        )
        for kind, rate in given.items()
        if rate is not None
    }
    settings = PrYSettings(
        pry_address=address,
        mppdu_dest_address=destination,
        ethertype=ethertype,
        selection=_selection(selected, [*channels]),
        frame_padding=1 if frame_padding == "none" else int(frame_padding),
        least=size,
        channels=channels,
    )
    entity, run = PrY(settings), Run()
    capture_io.refuse_same(source, target)
    warnings.hold = as_json and target == "-"
    plane = chosen_plane(backend)
    with capture_io.open_stream("wrap", source, fcs, plane.captures, quiet) as stream:
        form = stream.format_for(target)
        with captures.write(target, format=form, backend=plane.captures) as sink:
            _write(sink, _wrapped(entity, stream, run, round(seconds * NS_PER_S)), run)
        _finish(entity, run, stream, target, warnings, "wrap", as_json, quiet)
    return GOOD


@command.command("unwrap", short_help="Take frames out of MPPDUs.")
@options.source
@options.target
@_entity_options
@options.as_json
@options.frame_options
@click.pass_obj
def unwrap(
    warnings: Warnings,
    source: str,
    target: str,
    address: bytes,
    destination: bytes,
    ethertype: int,
    as_json: bool,
    fcs: str,
    backend: str,
    quiet: bool,
) -> int:
    """Take the frames out of the MPPDUs of IN, which macsec validate decrypted, into OUT.

    Fragments are reassembled; a frame with a fragment that is missing or out of order is counted
    and left out. Frames that are no MPPDUs pass.
    """
    settings = PrYSettings(pry_address=address, mppdu_dest_address=destination, ethertype=ethertype)
    entity, run = PrY(settings), Run()
    capture_io.refuse_same(source, target)
    warnings.hold = as_json and target == "-"
    plane = chosen_plane(backend)
    with capture_io.open_stream("unwrap", source, fcs, plane.captures, quiet) as stream:
        form = stream.format_for(target)
        with captures.write(target, format=form, backend=plane.captures) as sink:
            _write(sink, _unwrapped(entity, stream, run), run)
        if run.frames and not entity.received.in_mppdus:
            LOG.warning("no MPPDU in %s: macsec validate removes the SecTAGs before", source)
        _finish(entity, run, stream, target, warnings, "unwrap", as_json, quiet)
    return GOOD


@command.command("observe", short_help="Show sizes, gaps and addresses, as a wiretap does.")
@options.source
@options.json_data
@options.fcs
def observe(source: str, as_json: bool, fcs: str) -> int:
    """Show the frames of IN by size, by gap and by addresses: all that encryption leaves open."""
    seen = Observation()
    with capture_io.open_stream("observe", source, fcs, "auto", True) as stream:
        for batch in stream:
            seen.add(batch)
        if as_json:
            click.echo(json.dumps(report.observation_json(seen)))
        else:
            report.observation_page(Page(stdout()), seen)
        stream.check()
    return GOOD


def _selection(given: tuple[str, ...], channels: list[PrivacyType]) -> tuple[PrivacyType, ...]:
    """Return the type of each priority: without --select the upper half is express."""
    low = channels[-1] if channels else PrivacyType.FRAME
    high = channels[0] if channels else PrivacyType.FRAME
    chosen = [low] * 4 + [high] * 4
    for text in given:
        priority, _, word = text.partition("=")
        if priority not in tuple("01234567") or word not in SELECTABLE:
            words = ", ".join(SELECTABLE)
            raise click.BadParameter(
                f"{text!r}: 0 to 7, =, and one of {words}", param_hint="--select"
            )
        chosen[int(priority)] = SELECTABLE[word]
    return tuple(chosen)


def _whole(stream: capture_io.Stream, run: Run) -> Iterator[tuple[int, bytes]]:
    """Yield time and octets of each frame that was captured whole."""
    for batch in stream:
        run.frames += len(batch)
        whole = (batch.wire_length == batch.length).tolist()
        run.refused += whole.count(False)
        times = batch.time_ns.tolist()
        yield from (
            (time, frame) for time, frame, good in zip(times, batch, whole, strict=True) if good
        )


def _wrapped(entity: PrY, stream: capture_io.Stream, run: Run, least_ns: int) -> Iterator[Sent]:
    start = now = 0
    for number, (time, frame) in enumerate(_whole(stream, run)):
        if number == 0:
            entity.start(time)
            start = now = time
        now = max(now, time)
        yield from entity.due(now)
        sent = entity.send(now, frame)
        if sent is not None:
            yield sent
    yield from entity.rest()
    if run.frames:
        yield from entity.due(start + least_ns)


def _unwrapped(entity: PrY, stream: capture_io.Stream, run: Run) -> Iterator[Sent]:
    for time, octets in _whole(stream, run):
        yield from (Sent(time, frame) for frame in entity.receive(octets))


def _write(sink: captures.Writer, sent: Iterable[Sent], run: Run) -> None:
    rest = iter(sent)
    while piece := list(islice(rest, PIECE)):
        run.written += len(piece)
        frames, times = [each.octets for each in piece], [each.time_ns for each in piece]
        sink.write(fitted(FrameBatch.from_frames(frames, times)))
    warn_of_losses(sink)


def _finish(
    entity: PrY,
    run: Run,
    stream: capture_io.Stream,
    target: str,
    warnings: Warnings,
    direction: Any,
    as_json: bool,
    quiet: bool,
) -> None:
    found = report.run_json(entity, run, direction)
    left = stream.beside_frames()
    if left:
        LOG.warning("left out of the output: %d options and blocks", sum(left.values()))
    if as_json:
        capture_io.emit_json(found, target, warnings)
    elif not quiet:
        click.echo(report.run_text(found), err=True)
    stream.check()
