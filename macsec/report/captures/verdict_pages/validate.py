"""The outcome of `validate` as a page of HTML."""

from __future__ import annotations

from collections.abc import Mapping

from macsec.frames.sectag import TagRules
from macsec.offline.decrypt import MkaReader
from macsec.offline.frame_log import FrameLog
from macsec.report import channels
from macsec.report.captures.verdict_pages.account import sections
from macsec.report.html import page, tables
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import CounterColumns, HtmlPage, PageSection
from macsec.secy import SecY


def to_html(
    secy: SecY | MkaReader, log: FrameLog, text: str, capture: str, origin: Mapping[str, str]
) -> str:
    """Return the text of the file; `text`: the lines that are printed."""
    first, *rest = text.splitlines()
    facts = {"capture": capture, "result": first}
    facts |= {f"note {at}": line for at, line in enumerate(rest, 1)}
    parts = [*sections(log, _rules(secy)), PageSection("counters", "Counters", [_counters(secy)])]
    lead = "Each frame of the capture, validated by the receiving SecY."
    return page.render(HtmlPage("macsec validate", lead, facts, parts, origin))


def _rules(secy: SecY | MkaReader) -> TagRules:
    if not isinstance(secy, SecY):
        return TagRules()
    controls = secy.controls
    return TagRules(controls.cipher.xpn, controls.icv_length, ethertype=controls.ethertype)


def _counters(secy: SecY | MkaReader) -> Html:
    columns = {"SecY": dict(secy.counters)}
    columns |= {f"SC {sci}": sc["counters"] for sci, sc in channels.receive_scs(secy).items()}
    if not any(any(counts.values()) for counts in columns.values()):
        return tag("p", "All counters are zero.", class_="note")
    return tables.draw_counters(CounterColumns("Counters of the SecY and its SCs", columns))
