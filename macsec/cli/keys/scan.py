"""`macsec keys scan`: find keys in files that are about to be shared."""

from __future__ import annotations

from pathlib import Path

import click

from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD, REFUSED, say
from macsec.config.key_scan import keys_in


@click.command("scan", short_help="Find keys in clear in configurations.")
@click.argument("files", metavar="FILE...", nargs=-1, type=options.FILE)
def command(files: tuple[str, ...]) -> int:
    """Find SAKs, CAKs and KEKs in clear in FILEs, and print file and line of each. Exit 3 for one.

    Configurations of macsec, wpa_supplicant, NetworkManager, netplan, nmstate, systemd and ip, and
    of switches (IOS, NX-OS, EOS, Junos, SR OS, OpenConfig) are known. A key by reference (file:,
    env:, fd:) is none, nor is one encrypted by its switch; one that is only obscured is. The key
    itself is not printed. A line with the comment `pragma: allowlist secret` passes.

    A line of 32 or 64 hex digits alone may be a digest. It is a key if it is the only line, if the
    file's name or the line before has a word such as key or cak, or if the name ends in .key or
    .hex; not where one of them has a word such as sha256 or digest.
    """
    count = 0
    for file in files:
        for found in keys_in(Path(file).read_text("utf-8", errors="replace"), Path(file).name):
            click.echo(f"{file}:{found.line}: {found.kind} in clear ({found.format})")
            count += 1
    if count:
        noun = "key" if count == 1 else "keys"
        say(f"{count} {noun} in clear: name it with file:PATH or env:NAME")
    return REFUSED if count else GOOD
