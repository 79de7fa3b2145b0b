"""`macsec conformance [FILE]...`: test vectors on every backend and kernel of this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from macsec import conformance
from macsec.captures import read
from macsec.cli.shared.edge import GOOD, REFUSED, say, stdout
from macsec.cli.shared.files import page_file
from macsec.cli.shared.progress import steps
from macsec.config import load
from macsec.config.private import write_private
from macsec.conformance import NotRun, Report, Target
from macsec.conformance.making import text_of
from macsec.report.conformance.vectors import (
    failures,
    name_of,
    to_html,
    vectors_line,
    vectors_table,
)
from macsec.report.page import Page, drawn, indented
from macsec.report.visible import on_one_line


def run_vectors(
    files: Sequence[str],
    as_json: bool,
    targets: Sequence[Target],
    not_run: Sequence[NotRun],
    page: str | None = None,
) -> int:
    """Run the vectors of files, or all built-in ones; print the report, return the exit code."""
    chosen = [conformance.load(file) for file in files] or None
    with steps("conformance", len(chosen or conformance.builtin())) as step:
        report = conformance.run(chosen, targets, not_run, step)
    if page is not None:
        page_file.save(page, to_html(report, page_file.origin()))
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        _show(report)
    return GOOD if report.good else REFUSED


def make_vectors(target: str, config: str, source: str) -> int:
    """Write vectors of the frames of a capture, as the SecY of a configuration sends them."""
    named = re.sub("[^A-Za-z0-9]+", "-", Path(source).stem)
    with read(source) as reader:
        frames = (frame for batch in reader for frame in batch)
        text = text_of(load(config), frames, named)
    write_private(Path(target), text.encode())
    say(f"written: {target}; run them: macsec conformance {target}")
    return GOOD


def _show(report: Report) -> None:
    """Print the table, the failures and what was not run on stdout, and a summary on stderr."""
    page = Page(stdout())
    page.add(Text(), *indented(drawn(vectors_table(report))))
    not_run = (f"{name_of(each)}: {each.reason}" for each in report.not_run)
    for word, style, lines in (
        ("failed", "red", failures(report)),
        ("not run", "yellow", not_run),
    ):
        page.add(*(Text.assemble((word, style), f"  {on_one_line(line)}") for line in lines))
    click.echo(vectors_line(report), err=True)
