"""Pictures and tables of entries: made from the code, kept in the package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from macsec.cli.help.entries import meaning, meanings
from macsec.cli.help.names import public_names
from macsec.cli.help.pictures import PICTURES
from macsec.cli.help.tables import COUNTERS, counters, statement
from macsec.config.model import Configuration
from macsec.config.topology.model import Topology
from macsec.guide import topics as module
from macsec.secy import SecY

GUIDE = Path(module.__file__).parent


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_the_one_that_the_code_draws(name: str) -> None:
    """`python -m macsec.cli.help.pictures macsec/guide/pictures` writes them anew."""
    assert (GUIDE / "pictures" / name).read_text() == PICTURES[name]()


def test_every_picture_is_drawn_and_shown() -> None:
    """No file is left over, and each is on a page or in README.md."""
    assert {path.name for path in (GUIDE / "pictures").iterdir()} == set(PICTURES)
    text = "\n".join(path.read_text() for path in GUIDE.rglob("*.md"))
    shown = set(re.findall(r"\]\(\.\./pictures/([\w-]+\.svg)\)", text)) | {"two-regions.svg"}
    assert shown == set(PICTURES)


def test_every_entry_has_a_meaning_and_every_meaning_an_entry() -> None:
    """A new entry of a configuration or a topology needs a line in entries.yaml."""
    used, missing = set(), []
    for model in (Configuration, Topology):
        schema = model.model_json_schema()
        for section, one in {"The file": schema, **schema["$defs"]}.items():
            for name in one.get("properties", ()):
                if meaning(section, name) is None:
                    missing.append(f"{section}.{name}")
                used |= {name, f"{section}.{name}"}
    assert missing == []
    assert set(meanings()) <= used


def test_counters_are_those_of_a_secy() -> None:
    """The page of counters has each, once."""
    names = [row[0] for row in COUNTERS]
    assert sorted(names) == sorted(SecY().counters)
    assert all(name in counters() for name in names)


def test_statement_names_the_check_of_each_item() -> None:
    """An item without a check has a dash."""
    assert "| GEN-1 to GEN-15 | M |" in statement()
    assert "`pics.ports.generation` |" in statement()


def test_public_names_have_signatures_and_docstrings() -> None:
    """Methods come with their types."""
    text = public_names()
    assert "## macsec.SecY" in text
    assert "protect_frame(frame: FrameLike" in text
    assert "```python\n>>> import macsec\n" in text
    assert not re.search(r"(?<!```python)\n>>> import", text)


def test_a_long_signature_has_a_parameter_a_line() -> None:
    """No block of the page is cut on the site."""
    text = public_names()
    assert "macsec.SecY(\n    controls: Controls | None = None,\n" in text
    heads = re.findall(r"```text\n(.*?)\n```", text, re.S)
    assert max(len(line) for head in heads for line in head.split("\n")) <= 100
