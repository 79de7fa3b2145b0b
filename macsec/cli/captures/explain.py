"""`macsec explain`: the reason for the verdict of a frame."""

from __future__ import annotations

import json

import click

from macsec.cli.shared import options
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import stdout
from macsec.cli.shared.files import capture_io
from macsec.config import Configuration, load
from macsec.offline.explain import Nonce, OutOfRangeError, explain_frame
from macsec.report.captures import explain as report
from macsec.report.page import Page
from macsec.secy import SecY


@click.command("explain", short_help="Explain why a frame has its verdict.")
@options.config
@options.source
@click.option(
    "--frame",
    type=click.IntRange(min=0),
    metavar="N",
    help="The frame to explain, counted from 0 as in validate --verdicts.",
)
@click.option(
    "--number",
    type=click.IntRange(min=1),
    metavar="N",
    help="The frame to explain, counted from 1 as in Wireshark.",
)
@click.option("--full", is_flag=True, help="Show long frames in full.")
@options.json_data
@options.fcs
@options.backend
def command(
    config: str,
    source: str,
    frame: int | None,
    number: int | None,
    full: bool,
    as_json: bool,
    fcs: str,
    backend: str,
) -> None:
    """Explain the verdict of frame N of IN: the SecY of FILE processes all frames up to it.

    With a configuration that has tx and no rx, it explains how a clear frame is protected; with any
    other, how a frame is validated. Keys are never shown; the IV is no secret.
    """
    if (frame is None) == (number is None):
        raise click.UsageError("give either --frame N, from 0, or --number N, from 1")
    index = frame if frame is not None else (number or 1) - 1
    plane = chosen_plane(backend)
    model = load(config)
    with (
        SecY.from_config(model, *plane) as secy,
        capture_io.open_stream("explain", source, fcs, plane.captures, as_json) as stream,
    ):
        transmit = model.tx is not None and not model.rx
        try:
            explanation = explain_frame(secy, stream, index, _nonces(model), transmit=transmit)
        except OutOfRangeError as error:
            stream.check()
            has = f"frames 0 to {error.frames - 1}" if error.frames else "no frames"
            raise click.UsageError(f"frame {index}: {source} has {has}") from None
        if not transmit and not explanation.verdict.delivered:
            stream.warn()
            stream.hint(secy)
        subject = report.Subject(source, index, secy.controls)
        if as_json:
            click.echo(json.dumps(report.to_json(explanation, subject)))
        else:
            report.to_page(Page(stdout()), explanation, subject, full)


def _nonces(model: Configuration) -> dict[tuple[int, int], Nonce]:
    """Return SSCI and Salt of each SA that has them, by SCI and AN."""
    return {
        (sci, an): Nonce(sa.ssci, sa.salt)
        for _, sci, sas in model.channels()
        for an, sa in sas.items()
        if sa.ssci is not None and sa.salt is not None
    }
