"""Text output: whole at every width, and no text of others controls the terminal."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from macsec.cli import cli
from macsec.report.html.markup import tag
from macsec.report.page import Page, drawn, heading, indented
from macsec.report.table import Table
from macsec.report.visible import on_one_line, visible

WIDTHS = (40, 60, 80, 130)
FOREIGN = "\x1b[31mPWN\x1b]0;title\x07\r\x9b\u202e"


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        """Return True, as a terminal does."""
        return True


@pytest.fixture
def shown(monkeypatch):
    """Return a function: the words of a page at a width; None is a pipe."""

    def words(width, write):
        file = io.StringIO() if width is None else Terminal()
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(width or 80))
        write(file)
        return plain(file.getvalue()).split()

    return words


def plain(text):
    """Return text without the styles of a terminal: bold, dim and italic."""
    for number in ("0", "1", "2", "3", "2;3"):
        text = text.replace(f"\x1b[{number}m", "")
    return text


CELL = st.from_regex(r"[a-zA-Z0-9,.-]{1,20}", fullmatch=True)


@pytest.mark.parametrize("width", [*WIDTHS, None])
@given(rows=st.lists(st.lists(CELL, min_size=6, max_size=6), min_size=1, max_size=5))
def test_no_cell_of_a_table_is_cropped(width, rows):
    """Columns that do not fit become lines of names and values."""
    table = Table("", [f"head{n}" for n in range(6)], rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm")
        patch.setenv("NO_COLOR", "1")
        patch.setenv("COLUMNS", str(width or 80))
        file = io.StringIO() if width is None else Terminal()
        Page(file).add(*indented(drawn(table)))
    words = plain(file.getvalue()).split()
    found = iter(words)
    assert all(cell in found for row in rows for cell in row)


def test_a_long_cell_is_folded_at_spaces_and_a_long_word_is_whole():
    """In rows that are folded, and beside a word that is longer than the terminal."""
    sentence = "plays back the frame at lowestPN and the one before it " + "f" * 64
    table = Table("", ["attack", "sent"], [[sentence, "2,000"]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm")
        patch.setenv("COLUMNS", "30")
        file = Terminal()
        Page(file).add(Text(sentence), *indented(drawn(table)))
    lines = plain(file.getvalue()).splitlines()
    assert " ".join(" ".join(lines).split()) == f"{sentence} attack {sentence} sent 2,000"
    assert {line.strip() for line in lines if len(line) > 30} == {"f" * 64}


def test_lines_of_a_narrow_table_fit_the_terminal():
    """They are folded between cells."""
    table = Table("", ["link", "sent", "delivered"], [["a-long-name-of-a-link", "2,000", "1,998"]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm")
        patch.setenv("COLUMNS", "30")
        file = Terminal()
        Page(file).add(*indented(drawn(table)))
    assert max(map(len, plain(file.getvalue()).splitlines())) <= 30


VERBS = {
    "lab run": ["lab", "run", "two-regions", "--until", "60ms"],
    "mka explain": ["mka", "explain", "pcaps/mka/three.pcap"],
    "doctor": ["doctor"],
    "conformance": ["conformance", "macsec/conformance/vectors/annex_c.json"],
}


def run(args, file, monkeypatch):
    """Run a verb with its stdout in a file."""
    monkeypatch.setattr(sys, "stdout", file)
    with pytest.raises(SystemExit):
        cli.main(args)
    monkeypatch.undo()


@pytest.mark.parametrize("verb", VERBS)
def test_every_word_is_whole_at_every_width(verb, shown, monkeypatch):
    """The words of a pipe, which has no width, are there on every terminal."""
    args = VERBS[verb]
    whole = set(shown(None, lambda file: run(args, file, monkeypatch)))
    for width in WIDTHS:
        words = shown(width, lambda file: run(args, file, monkeypatch))
        assert whole - set(words) == set(), f"at {width} columns"


@pytest.mark.parametrize("width", [*WIDTHS, None])
def test_the_text_of_a_lab_has_the_numbers_of_its_json(width, shown, monkeypatch):
    """Each count of each link, and each name."""
    args = VERBS["lab run"]
    file = io.StringIO()
    run([*args, "--json"], file, monkeypatch)
    found = json.loads(file.getvalue())
    words = shown(width, lambda out: run(args, out, monkeypatch))
    for link in found["links"]:
        assert link["name"] in words
    for flow in found["traffic"]:
        assert f"{flow['sent']:,}" in words
        assert f"{flow['delivered']:,}" in words
    assert found["digest"] in words


@pytest.mark.parametrize("terminal", [True, False])
def test_no_text_of_others_controls_the_terminal(terminal, monkeypatch):
    """In headings, cells and lines."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    file = Terminal() if terminal else io.StringIO()
    page = Page(file)
    page.add(heading(FOREIGN + "\nmacsec: fake", FOREIGN))
    page.add(*indented(drawn(Table(FOREIGN, [FOREIGN, "n"], [[FOREIGN, "1"]]))))
    page.lines([Text.assemble(("failed", "dim"), f"  {FOREIGN}\nmacsec: fake\t")])
    text = plain(file.getvalue())
    assert not {"\t", "\x1b", "\x07", "\r", "\x9b", "\u202e"} & set(text)
    assert "\\x1b[31mPWN" in text
    assert "\nmacsec: fake" not in text


def test_no_text_of_others_controls_a_page_of_html():
    """In texts and attributes."""
    made = tag("p", FOREIGN, title=FOREIGN)
    assert "\x1b" not in made
    assert made.count("\\x1b[31mPWN") == 2


@given(st.text())
def test_visible_text_is_printable_but_for_tabs_and_line_ends(text):
    """And on one line without those too; text without controls is left alone."""
    controls = {chr(n) for n in (*range(32), *range(127, 160), 0x202E, 0x2028)} - {"\t", "\n"}
    assert not controls & set(visible(text))
    assert not (controls | {"\t", "\n"}) & set(on_one_line(text))
    assert visible("plain, ümläut — 1\t2\n") == "plain, ümläut — 1\t2\n"


def test_conformance_shows_names_of_others_without_their_controls(tmp_path, monkeypatch):
    """The identity of a vector that fails."""
    vectors = json.loads(Path("macsec/conformance/vectors/annex_c.json").read_text())
    vectors["vectors"] = vectors["vectors"][:1]
    vectors["vectors"][0] |= {"id": FOREIGN + "\nfake", "frame_out": "00" * 60}
    spoiled = tmp_path / "spoiled.json"
    spoiled.write_text(json.dumps(vectors))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    file = Terminal()
    run(["conformance", "--backend", "reference", str(spoiled)], file, monkeypatch)
    assert "\\x1b[31mPWN\\x1b]0;title\\x07" in file.getvalue()
    assert "\nfake" not in file.getvalue()
    assert not {"\x07", "\r", "\x9b", "\u202e"} & set(plain(file.getvalue()))
