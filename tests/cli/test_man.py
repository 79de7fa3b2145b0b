"""Man pages: those of the repository are made from the verbs as they are, and print whole."""

from __future__ import annotations

import shutil
import subprocess
from importlib import resources

import pytest

from macsec import __version__
from macsec.cli import VERBS, cli
from macsec.cli.help.man import escaped, pages

PAGES = pages(cli, VERBS, __version__)


def test_every_verb_has_a_page():
    """`man macsec-protect`, and macsec itself."""
    assert set(PAGES) == {"macsec.1", *(f"macsec-{verb}.1" for verb in VERBS)}
    assert all(text.startswith(".TH ") for text in PAGES.values())


def test_pages_have_every_option():
    """Also the options of verbs below a verb."""
    assert "\\-\\-verdicts" in PAGES["macsec-validate.1"]
    assert "\\-\\-detach" in PAGES["macsec-lab.1"]


def test_no_text_is_a_request_of_roff():
    """A dot or an apostrophe at the start of a line is text."""
    assert escaped(".gz and\n'x' a-b \\") == "\\&.gz and\n\\&'x' a\\-b \\e"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_prints_every_page_without_a_warning():
    """As `man` does."""
    for name, text in PAGES.items():
        done = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww"], input=text, text=True, capture_output=True
        )
        assert (done.returncode, done.stderr) == (0, ""), name


def test_pages_of_the_repository_are_those_of_the_verbs():
    """`python -m macsec.cli.help.man macsec/guide/man` makes them anew."""
    folder = resources.files("macsec.guide") / "man"
    found = {each.name: each.read_text("utf-8") for each in folder.iterdir()}
    stale = [name for name in PAGES if found.get(name) != PAGES[name]]
    assert (stale, set(found) - set(PAGES)) == ([], set())
