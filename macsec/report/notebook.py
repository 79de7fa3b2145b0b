"""Outcomes, SecYs, labs and latency as HTML in a cell of a notebook: `_repr_html_` of each.

Styles hold inside the cell alone, and nothing is loaded or run. A cell shows counters that moved
and a bounded number of rows; `--report` of the verbs has all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from macsec.lab.real.lab import RealLab
from macsec.lab.virtual.lab import Lab
from macsec.measure.latency.run import LatencyResults
from macsec.offline.frame_log import FrameLog
from macsec.report.captures.verdict_pages import account
from macsec.report.html import page, tables
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import CounterColumns
from macsec.report.html.style import CSS
from macsec.report.lab import page as lab_page
from macsec.report.lab.status import to_json as status_of
from macsec.report.latency.page import figures
from macsec.report.table import Table
from macsec.secy import Outcome, SecY
from macsec.secy.tables.counters import entities

SCS_MOST = 12
LINKS_MOST = 60
CLASS = "macsec-cell"

# A cell is no page: what styles :root and body is for the cell alone.
STYLE = Html(
    f"@scope (.{CLASS}) {{ {CSS.replace(':root', ':scope')} }}\n"
    f".{CLASS} {{ background: var(--page); color: var(--text); padding: .25rem .75rem;"
    " font: 14px/1.5 system-ui, 'DejaVu Sans', sans-serif; }"
)


def to_html(shown: Any) -> str:
    """Return a result as the HTML of a cell. Raises TypeError for one that has none."""
    for kind, draw in DRAWN.items():
        if isinstance(shown, kind):
            return tag("div", tag("style", STYLE), *draw(shown), class_=CLASS)
    raise TypeError(f"{type(shown).__name__} has no HTML for notebooks")


def _outcome(outcome: Outcome) -> Iterator[Html]:
    log = FrameLog()
    log.validated(outcome, outcome.batch if outcome.given is None else outcome.given, 0)
    yield page.facts({"frames": f"{log.frames:,}", "that go on": f"{len(outcome.delivered):,}"})
    yield account.verdict_table(log)
    if log.refused and outcome.given is not None:
        yield account.refused_table(log)


def _secy(secy: SecY) -> Iterator[Html]:
    controls = secy.controls
    yield page.facts(
        {
            "cipher suite": controls.cipher.name,
            "data plane": f"{secy.backend}/{secy.kernel}",
            "transmit SC": secy.tx.sci or "none",
            "receive SCs": f"{len(secy.rx):,}",
            "validate": controls.validate.name.lower(),
        }
    )
    yield _associations(secy)
    yield _counters("Counters that moved", _channels(secy))


def _channels(secy: SecY) -> Mapping[str, Mapping[str, int]]:
    found = {f"{row.entity} {row.sci or ''}".strip(): row.counters for row in _scs(secy)}
    return dict(list(found.items())[: 1 + SCS_MOST])


def _scs(secy: SecY) -> Iterator[Any]:
    return (row for row in entities(secy) if row.an is None)


def _associations(secy: SecY) -> Html:
    rows = [
        [row.entity, row.sci or "none", str(row.an), f"{row.next_pn or 0:,}"]
        for row in entities(secy)
        if row.an is not None
    ]
    left = len(rows) - 4 * SCS_MOST
    caption = "Security Associations" + (f", {left:,} more are left out" if left > 0 else "")
    head = ("SA", "SCI", "AN", "next PN")
    return tables.draw(Table(caption, head, rows[: 4 * SCS_MOST], 2, empty="none."))


def _counters(caption: str, columns: Mapping[str, Mapping[str, int]]) -> Html:
    if not any(any(counts.values()) for counts in columns.values()):
        return tag("p", "All counters are zero.", class_="note")
    return tables.draw_counters(CounterColumns(caption, columns))


def _lab(lab: Lab) -> Iterator[Html]:
    yield page.facts({"virtual time": f"{lab.engine.now_ns:,} ns", "digest": lab.digest})
    yield from lab_page.essentials(lab, LINKS_MOST)


def _real_lab(lab: RealLab) -> Iterator[Html]:
    status = status_of(lab)
    unprotected = ", ".join(status["unprotected"]) or "no link"
    yield page.facts({"topology": status["topology"], "unprotected": unprotected})
    rows = [
        [link["name"], " - ".join(link["between"]), link["protection"] or "off", _mka(link["mka"])]
        for link in status["links"][:LINKS_MOST]
    ]
    yield tables.draw(Table("Links", ("link", "between", "protection", "key agreement"), rows, 4))


def _mka(agreement: Any) -> str:
    return "none" if agreement is None else "secured" if agreement["secured"] else "not secured"


DRAWN: dict[type, Callable[[Any], Iterator[Html]]] = {
    Outcome: _outcome,
    SecY: _secy,
    Lab: _lab,
    RealLab: _real_lab,
    LatencyResults: figures,
}
"""Drawing of each kind of result."""
