"""`macsec mka`: key agreement on running interfaces and in captures."""

from __future__ import annotations

import json

import click

from macsec.cli.shared import options
from macsec.cli.shared.cak_files import holders_in
from macsec.cli.shared.capture_io import Stream, open_stream
from macsec.cli.shared.edge import stdout
from macsec.cli.tap.status_socket import STATUS, ask, names
from macsec.errors import MACsecError
from macsec.kay.listening.listener import Listener
from macsec.kay.listening.story import Stories
from macsec.offline.decrypt import eapol_rows
from macsec.report.mka import capture as capture_report
from macsec.report.mka import status as status_report
from macsec.report.mka.capture import Account
from macsec.report.mka.message import Message
from macsec.report.page import Page


@click.group("mka", short_help="Show key agreement in captures and on interfaces.")
def command() -> None:
    """Show MACsec Key Agreement (IEEE 802.1X) on running interfaces and in captures."""


@command.command("status", short_help="Show key agreement on running interfaces.")
@click.argument("name", metavar="[NAME]", required=False)
@options.json_data
def status(name: str | None, as_json: bool) -> None:
    """Show the state of key agreement of NAME, a running tap --mka, or of all in this namespace.

    Names are those of wpa_supplicant (wpa_cli status, mib) and OpenConfig; no key is shown. Exit 1
    if none runs. It needs root.
    """
    wanted = names() if name is None else [name]
    answers = [answer for each in wanted if (answer := ask(each, STATUS)) is not None]
    if not answers:
        where = "" if name is None else f"{name}: "
        raise MACsecError(f"{where}no macsec tap --mka runs in this network namespace")
    taps = [json.loads(answer) for answer in answers]
    if as_json:
        click.echo(json.dumps({"schema": status_report.SCHEMA, "taps": taps}))
    else:
        status_report.to_page(Page(stdout()), taps)


@command.command("explain", short_help="Explain the key agreement in a capture.")
@click.argument("source", metavar="CAPTURE", type=options.FILE)
@options.caks
@click.option("--messages", is_flag=True, help="Also print every message on a line.")
@options.json_data
@options.fcs
def explain(source: str, caks: str | None, messages: bool, as_json: bool, fcs: str) -> None:
    """Decode the MKPDUs of CAPTURE and explain what happened: members, Key Servers, SAKs, rekeys.

    With --cak, ICVs are checked and SAKs are unwrapped; of a SAK only the check value is shown.
    Without it nothing is verified. VLAN tags before the EtherType are skipped.
    """
    listener = Listener([] if caks is None else holders_in(caks))
    try:
        with open_stream("mka explain", source, fcs, "auto", quiet=True) as stream:
            account = _listen(stream, listener, source)
            if as_json:
                click.echo(json.dumps(capture_report.to_json(account)))
            else:
                capture_report.to_page(Page(stdout()), account, messages)
    finally:
        listener.wipe()
    stream.check()


def _listen(stream: Stream, listener: Listener, source: str) -> Account:
    stories, messages = Stories(), []
    frames, start_ns = 0, None
    for batch in stream:
        frames = stream.rows + len(batch)
        if start_ns is None and len(batch):
            start_ns = int(batch.time_ns[0])
        for row in eapol_rows(batch).tolist():
            message = Message(stream.rows + row, int(batch.time_ns[row]), listener.hear(batch[row]))
            messages.append(message)
            stories.hear(message.heard, message.index, message.time_ns)
    return Account(source, frames, start_ns or 0, messages, stories)
