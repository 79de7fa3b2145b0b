"""`macsec protect`: clear capture to MACsec capture."""

from __future__ import annotations

from time import perf_counter

import click

from macsec.cli.shared import options
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import Warnings
from macsec.cli.shared.files import capture_io
from macsec.cli.shared.jobs import allowed
from macsec.cli.shared.keys import pn_state
from macsec.config import load
from macsec.errors import KeyExhausted
from macsec.offline import passes
from macsec.offline.frame_stream import VerdictCount
from macsec.report.captures import summary
from macsec.secy import SecY, Verdict
from macsec.secy.from_config import require_transmit
from macsec.terms import TRAFFIC_CLASSES


@click.command("protect", short_help="Turn a clear capture into a MACsec capture.")
@options.config
@options.source
@options.target
@options.keep_secrets
@options.as_json
@options.jobs
@options.frame_options
@click.option(
    "--priority",
    type=click.IntRange(0, TRAFFIC_CLASSES - 1),
    metavar="N",
    help="User priority of all frames, 0 to 7, in place of that of their VLAN tags.",
)
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
    priority: int | None,
    state_folder: str | None,
    state_init: bool,
) -> None:
    """Protect the frames of IN with the SecY of FILE, and write them to OUT.

    Time stamps, order and interfaces are kept; frames are not padded. A frame that is too long is
    counted and left out. If the transmit SA is exhausted, OUT ends there and the exit code is 4.
    With tx.classes, the priority of a frame chooses its transmit SC: macsec help traffic-classes.

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
            sender = passes.Protector(secy, keeper, priority)
            passes.protect(sender, stream, sink, count, allowed(jobs, source, target))
        seconds = perf_counter() - started
        if not quiet:
            pn_state.warn_of_reuse(secy, keeper)
        if as_json:
            capture_io.emit_json(summary.protect_json(secy, count, seconds), target, warnings)
        elif not quiet:
            click.echo(summary.protect_text(secy, count, seconds), err=True)
        exhausted = pn_state.used_up(secy)
    if count[Verdict.EXHAUSTED]:
        raise KeyExhausted(
            f"transmit SA {', '.join(exhausted)} is exhausted: its last PN is used, "
            f"{count.delivered} frames were sent"
        )
    stream.check()
