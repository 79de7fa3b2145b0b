"""Plain technical English: no word of the old dialect in code, comments, messages or documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.english import ROOT, files_below, findings_in

PLACES = ["macsec", "_native", "tests", "bench", "pcaps", ".ci"]
DOCUMENTS = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"]

ALLOWED: dict[str, int] = {}
"""Findings that a file may still have. This table may only shrink."""

FILES = [str(path.relative_to(ROOT)) for path in files_below([ROOT / name for name in PLACES])]


def test_files_are_in_plain_english() -> None:
    """A file has exactly the findings that the table allows: none, where it has no row."""
    found = {name: findings_in(ROOT / name) for name in [*FILES, *DOCUMENTS]}
    wrong = [
        each for name in found if len(found[name]) != ALLOWED.get(name, 0) for each in found[name]
    ]
    assert {name: len(found[name]) for name in ALLOWED} == ALLOWED
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.mark.parametrize(
    "text, found",
    [
        ("x = told\n", "told"),
        ("def check_told() -> None: ...\n", "told"),
        ("# so many frames at most\n", "so many"),
        ('"""Whether it is so."""\n', '"""Whether'),
        ('x = 1\n"""How it is done."""\n', '"""How'),
    ],
)
def test_checker_finds_words_names_and_openings(text: str, found: str, tmp_path: Path) -> None:
    """A banned word is found in text and in names, a banned opening in any docstring."""
    path = tmp_path / "module.py"
    path.write_text(text)
    assert [finding.found for finding in findings_in(path)] == [found]


@pytest.mark.parametrize("text", ["standard = 'standby'\n", '"""Return whether it is so."""\n'])
def test_checker_leaves_plain_words_alone(text: str, tmp_path: Path) -> None:
    """Words that only contain a banned one are allowed, and so is `whether` inside a sentence."""
    path = tmp_path / "module.py"
    path.write_text(text)
    assert findings_in(path) == []
