"""The documents of measured results: parts replace their own section only, links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import results
from results import PARTS, Part, replaced
from sections import delay

BENCH = Path(__file__).parents[2] / "bench"
PAGES = sorted((BENCH / "results").glob("*.md"))
DOCUMENTS = [BENCH / "RESULTS.md", *PAGES]
DOCUMENT = "# A\n\nText.\n\n## B\n\nold\n\n### Below B\n\nold\n\n## C\n\nkept\n"


def test_a_section_is_replaced_with_all_below_its_heading() -> None:
    """Text before and after it stays."""
    assert replaced(DOCUMENT, "B", "new\n") == "# A\n\nText.\n\n## B\n\nnew\n\n## C\n\nkept\n"
    assert replaced(DOCUMENT, "C", r"a \1 b") == DOCUMENT.replace("kept", r"a \1 b")


def test_a_section_that_is_new_comes_last() -> None:
    """No other section is taken for it, not even one whose heading begins alike."""
    assert replaced(DOCUMENT, "Below B", "new") == f"{DOCUMENT}\n## Below B\n\nnew\n"
    assert replaced(DOCUMENT, "", "new").endswith("kept\n\n## \n\nnew\n")


def test_a_part_is_measured_and_put_into_its_file(tmp_path: Path) -> None:
    """The line with machine, day and other work comes first."""

    def measure() -> Iterator[str]:
        yield "one\n"
        yield "two\n"

    (tmp_path / "a.md").write_text(DOCUMENT)
    path = results.write(Part("a.md", "B", measure), tmp_path)
    found = path.read_text()
    assert re.search(r"## B\n\nMeasured on .* commit .*\n\none\n\ntwo\n\n## C\n\nkept\n", found)


@pytest.mark.parametrize("met, word", [(True, "met"), (False, "missed"), (None, "not judged")])
def test_a_target_on_a_busy_machine_is_not_missed(met: bool | None, word: str) -> None:
    """The result of a target is one of three."""
    target = {"name": "a", "value": 1, "limit": 2, "unit": "us", "met": met}
    assert delay._targets({"targets": [target]}).endswith(f"| us | {word} |\n")


def test_each_part_has_its_section() -> None:
    """A heading that was renamed in the file only would be written twice."""
    for part in PARTS.values():
        text = (BENCH / "results" / part.file).read_text()
        assert text.count(f"\n## {part.heading}\n") == 1, part


@pytest.mark.parametrize(
    "arguments, status", [(["--help"], 0), ([], 2), (["no-such-part"], 2), (["threads", "x"], 2)]
)
def test_no_run_without_a_known_part(
    arguments: list[str],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Help, and a mistake, measure nothing; both name the parts."""
    monkeypatch.setattr(results, "write", lambda part: pytest.fail(f"{part} was measured"))
    with pytest.raises(SystemExit) as ended:
        results.main(arguments)
    assert ended.value.code == status
    assert "usage: " in "".join(capsys.readouterr())


def test_links_between_documents_lead_somewhere() -> None:
    """Files exist, and so do the headings of links inside a file."""
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)]+)\)", document.read_text()):
            name, _, anchor = target.partition("#")
            path = (document.parent / name) if name else document
            assert path.exists(), f"{document.name}: {target}"
            headings = re.findall(r"^#+ (.*)$", path.read_text(), re.M) if anchor else []
            assert not anchor or anchor in map(anchor_of, headings), f"{document.name}: {target}"


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_first_page_leads_to_every_other_and_all_can_be_read_in_one_sitting() -> None:
    """The index is whole; no page is longer than a file of code may be."""
    front = (BENCH / "RESULTS.md").read_text()
    assert [page.name for page in PAGES if f"](results/{page.name})" not in front] == []
    assert [page.name for page in DOCUMENTS if page.read_text().count("\n") > 600] == []
