"""`macsec explain`: why one frame ended as it did."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from macsec.cli.shared import options
from macsec.cli.shared.edge import stdout

if TYPE_CHECKING:
    from macsec.config import Configuration, ReceiveSCSection, TransmitSCSection
    from macsec.offline.explain import Nonce


@click.command("explain", short_help="Why one frame ended as it did.")
@options.config
@options.source
@click.option(
    "--frame",
    required=True,
    type=click.IntRange(min=0),
    metavar="N",
    help="Which one, counted from 0, as in validate --verdicts.",
)
@click.option("--full", is_flag=True, help="Dump long frames whole.")
@options.json_data
@options.fcs
@options.backend
def command(
    config: str, source: str, frame: int, full: bool, as_json: bool, fcs: str, backend: str
) -> None:
    """Run the SecY of FILE over the frames of IN up to number N, and tell how that one ended.

    A configuration that has tx and no rx explains how a clear frame is protected; any other, how
    a frame is validated. No key is ever shown; the IV is no secret.
    """
    from macsec.cli.shared import capture_io
    from macsec.cli.shared.data_plane import chosen_plane
    from macsec.config import load
    from macsec.offline.explain import OutOfRangeError, explain_frame
    from macsec.report import explain as report
    from macsec.report.page import Page
    from macsec.secy import SecY

    plane = chosen_plane(backend)
    model = load(config)
    with (
        SecY.from_config(model, *plane) as secy,
        capture_io.open_stream("explain", source, fcs, plane.captures, as_json) as stream,
    ):
        transmit = model.tx is not None and not model.rx
        try:
            explanation = explain_frame(secy, stream, frame, _nonces(model), transmit=transmit)
        except OutOfRangeError as error:
            stream.check()
            there = f"0 to {error.frames - 1}" if error.frames else "none"
            raise click.UsageError(f"frame {frame}: the frames of {source} are {there}") from None
        subject = report.Subject(source, frame, secy.controls)
        if as_json:
            click.echo(json.dumps(report.to_json(explanation, subject)))
        else:
            report.to_page(Page(stdout()), explanation, subject, full)


def _nonces(model: Configuration) -> dict[tuple[int, int], Nonce]:
    """SSCI and Salt of each SA that has them."""
    from macsec.offline.explain import Nonce

    channels: list[TransmitSCSection | ReceiveSCSection] = [*model.rx]
    if model.tx is not None:
        channels.append(model.tx)
    return {
        (channel.sci, an): Nonce(sa.ssci, sa.salt)
        for channel in channels
        for an, sa in channel.sa.items()
        if sa.ssci is not None and sa.salt is not None
    }
