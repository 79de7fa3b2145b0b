"""`macsec extcap`: answers Wireshark, captures for it, and installs itself there."""

from __future__ import annotations

from contextlib import ExitStack

import click

from macsec.cli.extcap import answers, install, live
from macsec.cli.extcap.controls import Toolbar
from macsec.cli.shared import options
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import GOOD, USAGE, say


@click.command("extcap", short_help="Show decrypted frames live in Wireshark.")
@click.option("--install", "installs", is_flag=True, help="Write the script that Wireshark finds.")
@click.option("--uninstall", "uninstalls", is_flag=True, help="Remove it.")
@click.option("--folder", type=options.FILE, metavar="DIR", help="An extcap folder of Wireshark.")
@click.option("--extcap-interfaces", "lists", is_flag=True, help="List interfaces, for Wireshark.")
@click.option("--extcap-version", "version", default="4.0", metavar="V", hidden=True)
@click.option("--extcap-interface", "interface", metavar="NAME", help="The interface to capture.")
@click.option("--extcap-dlts", "types", is_flag=True, help="Print its link type.")
@click.option("--extcap-config", "configures", is_flag=True, help="Print its options.")
@click.option("--capture", is_flag=True, help="Capture until a signal.")
@click.option("--fifo", type=options.FILE, metavar="PIPE", help="Where frames go, as pcapng.")
@click.option("--extcap-control-in", "incoming", hidden=True)
@click.option("--extcap-control-out", "outgoing", hidden=True)
@click.option("--extcap-capture-filter", "filter_", default="", hidden=True)
@click.option(
    "--keys",
    type=options.FILE,
    metavar="FILE",
    help="CAKs by CKN, as of validate --cak, or a configuration.",
)
@options.ethertype
@options.backend
def command(  # each is one option of extcap
    installs: bool,
    uninstalls: bool,
    folder: str | None,
    lists: bool,
    version: str,
    interface: str | None,
    types: bool,
    configures: bool,
    capture: bool,
    fifo: str | None,
    incoming: str | None,
    outgoing: str | None,
    filter_: str,
    keys: str | None,
    ethertype: int,
    backend: str,
) -> int:
    """Put "MACsec, decrypted: NAME" and "MACsec lab link" into Wireshark's list of interfaces.

    --install writes a script into the personal extcap folders of Wireshark; restart it then. The
    options of an interface take a file of CAKs or a configuration. Every frame of both directions
    is shown: clear if it is valid under the keys, with its verdict, SCI, AN and PN as a comment;
    else as it was. Capturing needs root or CAP_NET_RAW.

    Wireshark gives the other options. They work by hand too:

    macsec extcap --capture --extcap-interface macsec-eth0 --keys caks.yaml --fifo /dev/stdout
    """
    if installs or uninstalls:
        done = install.install(folder) if installs else install.uninstall(folder)
        for path in done:
            say(f"{'written' if installs else 'removed'}: {path}")
        return GOOD
    if lists:
        click.echo(answers.interfaces(version))
        return GOOD
    if interface is None:
        raise click.UsageError("give --install, --extcap-interfaces or --extcap-interface NAME")
    if types:
        click.echo(answers.link_types())
    elif configures:
        click.echo(answers.options())
    elif capture:
        if fifo is None:
            raise click.UsageError("--capture needs --fifo PIPE")
        if filter_:
            say("a capture filter is not supported: clear the filter, or filter the display")
            return USAGE
        with ExitStack() as stack:
            tools = stack.enter_context(Toolbar(incoming, outgoing))
            target = stack.enter_context(open(fifo, "wb", buffering=0))
            live.run(interface, target, keys, ethertype, chosen_plane(backend), tools)
    return GOOD
