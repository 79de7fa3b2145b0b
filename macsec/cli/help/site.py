"""The manual as a site, of the same pages: Sphinx, MyST and Furo.

`python -m macsec.cli.help.site OUT` builds it; any warning, such as a link to nowhere, is an error.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from macsec import __version__, extras
from macsec.cli import VERBS, cli
from macsec.cli.help.markdown import table
from macsec.cli.help.tables import TABLES
from macsec.guide.topics import SECTIONS, Topic, topics
from macsec.whole_file import write_whole

SETTINGS: dict[str, Any] = {
    "project": "macsec",
    "author": "the authors of macsec",
    "copyright": "the authors of macsec",
    "release": __version__,
    "extensions": ["myst_parser"],
    "html_theme": "furo",
    "html_title": f"macsec {__version__}",
    "html_show_sphinx": False,
    "html_copy_source": False,
    "myst_heading_anchors": 4,
    "highlight_language": "none",
    "smartquotes": False,
    "html_static_path": ["style"],
    "html_css_files": ["site.css"],
    "pygments_style": "friendly",
}
STYLE = """.content table.docutils { margin-left: 0; margin-right: 0; }
.content h1 { font-size: 2rem; } .content h2 { font-size: 1.5rem; }
.content h3 { font-size: 1.2rem; }
.content pre { font-size: 0.8rem; }
.content td:not(:first-child) { min-width: 8rem; }
@media (min-width: 60rem) { .content td:first-child code { white-space: nowrap; } }
@media (max-width: 40rem) {
  .content table.docutils { font-size: 0.8rem; }
  .content td code { overflow-wrap: anywhere; }
  .content td:first-child { min-width: 7rem; }
}
@media (prefers-color-scheme: dark) { .content img[src$=".svg"] { color-scheme: dark; } }
"""
FRONT = """# macsec

An emulator of IEEE 802.1AE (MACsec) link-layer encryption: protect and validate real captures at
C speed, see the reason for the verdict of each frame, and check every rule and counter of the
standard.

![Two regions of two datacenters each, and three protected links](pictures/two-regions.svg)

New here? Begin with [the first link](tutorials/first-link.md). On a terminal `macsec help` has
the same pages.
"""


def verb_pages() -> dict[str, str]:
    """Return a page of Markdown for each verb, from click."""
    root = click.Context(cli, info_name="macsec")
    pages = {}
    for verb, summary in VERBS.items():
        command = cli.get_command(root, verb)
        if command is not None:
            ctx = click.Context(command, info_name=verb, parent=root)
            pages[verb] = "\n\n".join([f"# macsec {verb}", summary, *_verb(ctx, 2)]) + "\n"
    return pages


def _verb(ctx: click.Context, depth: int) -> Iterator[str]:
    """Yield usage, text and options of a verb, and of the verbs below it."""
    command = ctx.command
    usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
    yield f"```text\n{usage}\n```"
    yield _text(command.help or "")
    records = [each.get_help_record(ctx) for each in command.get_params(ctx)]
    rows = [(f"`{names}`", _plain(text)) for names, text in filter(None, records) if text]
    if rows:
        yield table(["option", "effect"], rows)
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            below = command.get_command(ctx, name)
            if below is not None and not below.hidden:
                inner = click.Context(below, info_name=name, parent=ctx)
                yield f"{'#' * depth} {inner.command_path}"
                yield from _verb(inner, depth + 1)


def _text(text: str) -> str:
    """Return a help text as Markdown: paragraphs behind the mark of click keep their lines."""
    parts = []
    for part in text.partition("\f")[0].replace("    \b", "\b").strip().split("\n\n"):
        lines = [line.rstrip() for line in part.splitlines()]
        if lines and lines[0].strip() == "\b":
            parts.append("```text\n" + "\n".join(lines[1:]) + "\n```")
        else:
            parts.append(_plain(" ".join(line.strip() for line in lines)))
    return "\n\n".join(parts)


def _plain(text: str) -> str:
    """Return text in which Markdown marks nothing."""
    return "".join("\\" + each if each in "*_<>[]$#" else each for each in " ".join(text.split()))


def write_source(folder: Path) -> None:
    """Write all pages, and the pages that list them, into a folder."""
    verbs = verb_pages()
    _write(folder / "cli" / "index.md", _listing("Command line", list(verbs)))
    for verb, text in verbs.items():
        _write(folder / "cli" / f"{verb}.md", text)
    for topic in topics().values():
        _write(folder / topic.section / f"{topic.name}.md", topic.filled(TABLES))
    sections, front = [], [FRONT]
    for section, title in SECTIONS.items():
        found = [topic for topic in topics().values() if topic.section == section]
        names = [topic.name for topic in found]
        front.append(f"## {title}\n\n" + "\n".join(_entry(topic) for topic in found))
        extra = ["../cli/index"] if section == "reference" else []
        _write(folder / section / "index.md", _listing(title, [*names, *extra]))
        sections.append(f"{section}/index")
    tree, parts = "\n".join(sections), "\n\n".join(front)
    _write(folder / "index.md", f"{parts}\n\n```{{toctree}}\n:hidden:\n\n{tree}\n```\n")
    _write(folder / "style" / "site.css", STYLE)
    for picture in (files("macsec.guide") / "pictures").iterdir():
        _write(folder / "pictures" / picture.name, picture.read_text("utf-8"))


def _entry(topic: Topic) -> str:
    return f"- [{topic.title}]({topic.section}/{topic.name}.md): {topic.summary}"


def _listing(title: str, names: list[str]) -> str:
    return f"# {title}\n\n```{{toctree}}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


def build(out: Path) -> int:
    """Build the site into a folder; return the exit code of Sphinx. Warnings are errors."""
    if not all(find_spec(name) for name in ("sphinx", "myst_parser", "furo")):
        raise extras.lacks("docs")
    from sphinx.application import Sphinx  # late: an extra

    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "source"
        write_source(source)
        app = Sphinx(
            source,
            None,
            out,
            Path(name) / "doctrees",
            "html",
            confoverrides=SETTINGS,
            status=None,
            warning=sys.stderr,
            freshenv=True,
        )
        app.build()
        return 1 if app._warncount else int(app.statuscode)


if __name__ == "__main__":
    raise SystemExit(build(Path(sys.argv[1])))
