"""Pages of the guide: names, summaries, tables and links."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from macsec.cli.help.tables import TABLES
from macsec.guide import topics as module
from macsec.guide.topics import SECTIONS, Topic, topics

GUIDE = Path(module.__file__).parent
PAGES = list(topics().values())


def test_every_page_is_a_topic_with_a_name_of_its_own() -> None:
    """Each file of the guide is in the folder of a section, and no two have one name."""
    names = Counter(path.stem for path in GUIDE.rglob("*.md"))
    assert set(names.values()) == {1}
    assert set(topics()) == set(names)


def test_a_section_has_at_most_fifteen_pages() -> None:
    """A longer one has two subjects."""
    sizes = Counter(page.section for page in PAGES)
    assert set(sizes) == set(SECTIONS)
    assert max(sizes.values()) <= 15


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_has_a_summary_a_title_and_known_tables(page: Topic) -> None:
    """The summary is one line, begins with a capital, and has no full stop."""
    assert 10 < len(page.summary) <= 80
    assert page.summary[0].isupper()
    assert not page.summary.endswith(".")
    assert page.text.startswith("# ")
    assert set(page.tables) <= set(TABLES)


def test_every_table_is_on_a_page() -> None:
    """Each table is on some page."""
    assert {name for page in PAGES for name in page.tables} == set(TABLES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_to_pages(page: Topic) -> None:
    """A relative link names a file of the guide."""
    for target in re.findall(r"\]\(([^)#:]+\.md)(?:#[\w-]+)?\)", page.text):
        assert (GUIDE / page.section / target).resolve().is_file(), target
