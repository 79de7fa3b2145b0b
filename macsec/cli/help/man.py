"""Man pages of the verbs, from click: one for `macsec`, one for each verb with those below it.

`python -m macsec.cli.help.man DIR` writes them.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from macsec.cli.shared.edge import EXIT_CODES
from macsec.whole_file import write_whole

SECTION = 1


def escaped(text: str) -> str:
    """Return text for roff: backslashes, dashes, dots at the start, and Unicode are escaped."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)
    return re.sub(r"[^\x00-\x7f]", lambda one: f"\\[u{ord(one[0]):04X}]", text)


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help text; those behind the mark of click keep their lines."""
    for part in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        lines = [line.rstrip() for line in part.strip("\n").split("\n")]
        if lines and lines[0].strip() == "\b":
            yield ".nf\n" + escaped("\n".join(lines[1:])) + "\n.fi"
        else:
            yield escaped(" ".join(line.strip() for line in lines))


def _body(ctx: click.Context, heading: str) -> Iterator[str]:
    command = ctx.command
    usage = " ".join(command.collect_usage_pieces(ctx))
    yield f"{heading}\n.B {escaped(ctx.command_path)}\n{escaped(usage)}"
    if command.help:
        yield ".SH DESCRIPTION" if heading == ".SH SYNOPSIS" else ".PP"
        yield "\n.PP\n".join(_paragraphs(command.help.partition("\f")[0]))
    records = [each.get_help_record(ctx) for each in command.get_params(ctx)]
    for names, text in filter(None, records):
        yield f".TP\n\\fB{escaped(names)}\\fP\n{escaped(' '.join(text.split()))}"


def _below(ctx: click.Context) -> Iterator[click.Context]:
    group = ctx.command
    if isinstance(group, click.Group):
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            if command is not None and not command.hidden:
                yield click.Context(command, info_name=name, parent=ctx)


def page(ctx: click.Context, summary: str, version: str) -> str:
    """Return the man page of a verb, with the verbs below it."""
    name = ctx.command_path.replace(" ", "-")
    parts = [
        f'.TH "{name.upper()}" "{SECTION}" "" "macsec {version}" "macsec"',
        f".SH NAME\n{escaped(name)} \\- {escaped(summary.rstrip('.'))}",
        *_body(ctx, ".SH SYNOPSIS"),
    ]
    for below in _below(ctx):
        parts += _body(below, f".SH {escaped(below.command_path.upper())}")
        for last in _below(below):
            parts += _body(last, f".SH {escaped(last.command_path.upper())}")
    return "\n".join([*parts, _codes(), _see_also(ctx)]) + "\n"


def _codes() -> str:
    rows = (f".TP\n\\fB{code}\\fP\n{escaped(text)}" for code, text in EXIT_CODES.items())
    return ".SH EXIT STATUS\n" + "\n".join(rows)


def _see_also(ctx: click.Context) -> str:
    other = "" if ctx.parent is None else f"\\fBmacsec\\fP({SECTION}), "
    return f".SH SEE ALSO\n{other}\\fBmacsec help\\fP shows the manual."


def pages(group: click.Group, verbs: dict[str, str], version: str) -> dict[str, str]:
    """Return all man pages by their file names."""
    root = click.Context(group, info_name="macsec")
    made = {"macsec.1": _root(root, verbs, version)}
    for verb, summary in verbs.items():
        command = group.get_command(root, verb)
        if command is not None:
            ctx = click.Context(command, info_name=verb, parent=root)
            made[f"macsec-{verb}.1"] = page(ctx, summary, version)
    return made


def _root(ctx: click.Context, verbs: dict[str, str], version: str) -> str:
    rows = [
        f".TP\n\\fBmacsec\\-{escaped(verb)}\\fP({SECTION})\n{escaped(text)}"
        for verb, text in verbs.items()
    ]
    parts = [
        f'.TH "MACSEC" "{SECTION}" "" "macsec {version}" "macsec"',
        ".SH NAME\nmacsec \\- IEEE 802.1AE (MACsec) emulator",
        *_body(ctx, ".SH SYNOPSIS"),
        ".SH VERBS",
        *rows,
    ]
    return "\n".join([*parts, _codes(), _see_also(ctx)]) + "\n"


def main(folder: Path) -> None:
    """Write all man pages into a folder."""
    from macsec import __version__
    from macsec.cli import VERBS, cli

    for name, text in pages(cli, VERBS, __version__).items():
        write_whole(folder / name, text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
