"""The manual as a site: all pages, and no warning."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from macsec.cli import VERBS
from macsec.cli.help.site import build, verb_pages, write_source
from macsec.guide.topics import topics


def test_source_has_every_topic_and_every_verb(tmp_path: Path) -> None:
    """Each page has its place, with its tables, and is on the front page."""
    write_source(tmp_path)
    front = (tmp_path / "index.md").read_text()
    for topic in topics().values():
        page = (tmp_path / topic.section / f"{topic.name}.md").read_text()
        assert page.startswith(f"# {topic.title}\n")
        assert "{{" not in page.replace("${{", "")
        assert f"({topic.section}/{topic.name}.md)" in front
    assert {path.stem for path in (tmp_path / "cli").glob("*.md")} == {*VERBS, "index"}


def test_page_of_a_verb_has_the_verbs_below_it_and_their_options() -> None:
    """A group has a heading for each of its verbs."""
    page = verb_pages()["lab"]
    assert "## macsec lab run\n" in page
    assert "| `--seed INTEGER RANGE` |" in page


@pytest.mark.exhaustive
@pytest.mark.programs
@pytest.mark.skipif(find_spec("furo") is None, reason="the extra docs is not installed")
@pytest.mark.filterwarnings("default")
def test_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """A link to nowhere, an unknown language or a page in no list is a warning."""
    assert build(tmp_path) == 0
    assert (tmp_path / "tutorials" / "first-link.html").stat().st_size > 5_000
    assert "http://" not in (tmp_path / "_static" / "site.css").read_text()
