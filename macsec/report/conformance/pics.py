"""A statement of conformance: text, JSON, a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Literal, TypedDict

from rich.text import Text

from macsec.conformance.pics import PicsRow, Support
from macsec.report.html import page, tables
from macsec.report.html.model import HtmlPage, PageSection
from macsec.report.page import STYLES, Page, heading
from macsec.report.table import Table

MARKS = {
    Support.YES: "good",
    Support.NO: "quiet",
    Support.FAILED: "bad",
    Support.NOT_APPLICABLE: "quiet",
    Support.NOT_JUDGED: "",
}


class PicsItemJson(TypedDict):
    """An item. `status`: M mandatory, O optional, X prohibited, or conditional (`EDE:M`).

    `clause`: of 802.1AE, or of 802.1X where it says so. `evidence`: what its check showed in this
    run, or the reason of no and n/a. `passed`: its check held; null where none was judged.
    `missing`: it is mandatory and not supported.
    """

    item: str
    annex: str
    clause: str
    status: str
    asks: str
    support: str
    evidence: str
    passed: bool | None
    missing: bool
    backends: list[str]


class PicsJson(TypedDict):
    """`macsec/pics/1`: a statement of conformance, item by item."""

    schema: Literal["macsec/pics/1"]
    support: dict[str, int]
    missing: int
    items: list[PicsItemJson]


def pics_json(rows: Sequence[PicsRow]) -> PicsJson:
    """Return the JSON of a statement."""
    return {
        "schema": "macsec/pics/1",
        "support": _counts(rows),
        "missing": sum(row.missing for row in rows),
        "items": [_item(row) for row in rows],
    }


def _item(row: PicsRow) -> PicsItemJson:
    return {
        "item": row.item,
        "annex": row.annex,
        "clause": row.clause,
        "status": row.status,
        "asks": row.asks,
        "support": row.support.value,
        "evidence": row.evidence,
        "passed": row.passed,
        "missing": row.missing,
        "backends": list(row.backends),
    }


def _counts(rows: Sequence[PicsRow]) -> dict[str, int]:
    counts = Counter(row.support for row in rows)
    return {support.value: counts[support] for support in Support}


def pics_line(rows: Sequence[PicsRow]) -> str:
    """Return the counts as one line."""
    counts = ", ".join(f"{count} {name}" for name, count in _counts(rows).items() if count)
    return f"{len(rows)} items: {counts}; {sum(row.missing for row in rows)} mandatory ones missing"


def pics_text(to: Page, rows: Sequence[PicsRow]) -> None:
    """Write every item under its annex."""
    for annex, group in groupby(rows, key=lambda row: row.annex):
        to.add(heading(annex))
        for row in group:
            to.add(_line(row))
            if row.evidence:
                to.add(Text(f"        {row.evidence}", "dim"))
        to.add(Text())


def _line(row: PicsRow) -> Text:
    style = STYLES["bad" if row.missing else MARKS[row.support]]
    return Text.assemble(
        "  ",
        (f"{row.support.value:10}", style),
        f"  {row.status:5}  {row.item}  ",
        (row.asks, "dim"),
    )


def pics_page(rows: Sequence[PicsRow], origin: Mapping[str, str] | None = None) -> str:
    """Return the text of the HTML file."""
    sections = []
    for at, (annex, group) in enumerate(groupby(rows, key=lambda row: row.annex)):
        each = list(group)
        head = ("item", "status", "support", "asks", "evidence")
        body = [[row.item, row.status, row.support.value, row.asks, row.evidence] for row in each]
        marks = ["bad" if row.missing else MARKS[row.support] for row in each]
        table = tables.draw(Table(annex, head, body, names=len(head), marks=marks), prose=True)
        sections.append(PageSection(f"annex{at}", annex, [table]))
    lead = "Statement of conformance: each yes is a check that ran for this page."
    facts = {"result": pics_line(rows)}
    title = "macsec conformance --pics"
    return page.render(HtmlPage(title, lead, facts, sections, origin or {}))
