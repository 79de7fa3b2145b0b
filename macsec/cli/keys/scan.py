"""`macsec keys scan`: find keys in files that are about to be shared."""

from __future__ import annotations

import codecs
from pathlib import Path

import click

from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD, REFUSED, say
from macsec.config.key_scan import keys_in
from macsec.errors import cannot


@click.command("scan", short_help="Find keys in clear in configurations.")
@click.argument("files", metavar="FILE...", nargs=-1, type=options.FILE)
def command(files: tuple[str, ...]) -> int:
    """Find SAKs, CAKs and KEKs in clear in FILEs, and print file and line of each. Exit 3 for one.

    Configurations and files of CAKs of macsec are known, and configurations of wpa_supplicant,
    NetworkManager, netplan, nmstate, systemd and ip, and of switches (IOS, NX-OS, EOS, Junos, SR
    OS, OpenConfig). A key by reference (file:, env:, fd:) is none, nor is one encrypted by its
    switch; one that is only obscured is. The key itself is not printed. A line with the comment
    `pragma: allowlist secret` passes.

    A line of 32 or 64 hex digits alone may be a digest. It is a key if it is the only line, if the
    file's name or the line before has a word such as key or cak, or if the name ends in .key or
    .hex; not where one of them has a word such as sha256 or digest.
    """
    count = 0
    for file in files:
        for found in keys_in(_text(file), Path(file).name):
            click.echo(f"{file}:{found.line}: {found.kind} in clear ({found.format})")
            count += 1
    if count:
        noun = "key" if count == 1 else "keys"
        say(f"{count} {noun} in clear: name it with file:PATH or env:NAME")
    return REFUSED if count else GOOD


def _text(file: str) -> str:
    """Return a file as text: UTF-8, or UTF-16 by its mark, as Windows editors write it."""
    try:
        octets = Path(file).read_bytes()
    except OSError as error:
        raise cannot("read", file, error) from error
    marked = octets[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return octets.decode("utf-16" if marked else "utf-8", errors="replace")
