"""`macsec mka`: MACsec Key Agreement, looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from macsec.cli.shared import options
from macsec.cli.shared.edge import stdout

if TYPE_CHECKING:
    from macsec.cli.shared.capture_io import Stream
    from macsec.kay.listening.listener import Listener
    from macsec.report.mka.capture import Account


@click.group("mka", short_help="MACsec Key Agreement, looked at.")
def command() -> None:
    """Look at MACsec Key Agreement (IEEE 802.1X)."""


@command.command("status", short_help="How key agreement stands on running interfaces.")
@click.argument("name", metavar="[NAME]", required=False)
@options.json_data
def status(name: str | None, as_json: bool) -> None:
    """Tell how key agreement stands: of NAME, a running tap --mka, or of all in this namespace.

    Names are wpa_supplicant's (wpa_cli status, mib) and OpenConfig's; no key is told. Exit 1 where
    none runs. As root.
    """
    import json

    from macsec.cli.tap.status_socket import STATUS, ask, names
    from macsec.errors import MACsecError
    from macsec.report.mka import status as report
    from macsec.report.page import Page

    wanted = names() if name is None else [name]
    answers = [answer for each in wanted if (answer := ask(each, STATUS)) is not None]
    if not answers:
        raise MACsecError(f"{name or 'here'}: no macsec tap --mka runs in this network namespace")
    taps = [json.loads(answer) for answer in answers]
    if as_json:
        click.echo(json.dumps({"schema": report.SCHEMA, "taps": taps}))
    else:
        report.to_page(Page(stdout()), taps)


@command.command("explain", short_help="What the MKPDUs of a capture say.")
@click.argument("source", metavar="CAPTURE", type=options.FILE)
@options.caks
@click.option("--messages", is_flag=True, help="Beside the story, every message on a line.")
@options.json_data
@options.fcs
def explain(source: str, caks: str | None, messages: bool, as_json: bool, fcs: str) -> None:
    """Decode the MKPDUs of CAPTURE and tell what happened: members, Key Servers, SAKs, rekeys.

    With --cak their ICVs are checked and the SAKs unwrapped; a SAK is shown as its check value,
    never itself. Without it nothing is verified. VLAN tags before the EtherType are passed over.
    """
    import json

    from macsec.cli.shared.cak_files import holders_in
    from macsec.cli.shared.capture_io import open_stream
    from macsec.kay.listening.listener import Listener
    from macsec.report.mka import capture as report
    from macsec.report.page import Page

    listener = Listener([] if caks is None else holders_in(caks))
    try:
        with open_stream("mka explain", source, fcs, "auto", quiet=True) as stream:
            account = _listen(stream, listener, source)
            if as_json:
                click.echo(json.dumps(report.to_json(account)))
            else:
                report.to_page(Page(stdout()), account, messages)
    finally:
        listener.wipe()
    stream.check()


def _listen(stream: Stream, listener: Listener, source: str) -> Account:
    from macsec.kay.listening.story import Stories
    from macsec.offline.decrypt import eapol_rows
    from macsec.report.mka.capture import Account
    from macsec.report.mka.message import Message

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
