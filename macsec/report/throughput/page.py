"""A measurement of throughput as a page of HTML: the answer, charts, times, ratios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from macsec.measure.machine import MachineJson
from macsec.measure.throughput.run import OURS, Measurement, ThroughputResults
from macsec.report.html import charts as html_charts
from macsec.report.html import page, tables
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import HtmlPage, PageSection
from macsec.report.table import Table

from .charts import sizes
from .outcome import group_title, groups, label, machine_facts, ratio_text, short

FIT_NOTE = (
    "A frame takes a time for itself and one for each octet: least squares of relative distances "
    "over sizes of one length, from three sizes on."
)


def to_html(results: ThroughputResults, machine: MachineJson, origin: Mapping[str, str]) -> str:
    """Return the text of the file."""
    sections = [
        PageSection("answer", "In short", [_answer(results)]),
        PageSection("charts", "Against frame size", [_charts(results)]),
        PageSection("times", "Times", [*_times(results)], "Nanoseconds a frame, medians."),
        PageSection("ratios", "Beside others", [*_ratios(results)], RATIO_NOTE),
        PageSection("fit", "Cost of a frame and of an octet", [_lines(results)], FIT_NOTE),
    ]
    lead = "How long MACsec takes for a frame on this machine, beside other implementations."
    facts = machine_facts(results, machine)
    return page.render(HtmlPage("macsec bench throughput", lead, facts, sections, origin))


RATIO_NOTE = "Our time over that of another: below 1 we take less. 1/40: a fortieth of its time."


def _answer(results: ThroughputResults) -> Html:
    lines = []
    for race in _chosen(results):
        ours = race[0]
        task = ours.task
        rate = f"{1000 / ours.ns_per_frame:,.2f} million frames/s, {ours.gbit_per_s:,.2f} Gbit/s"
        nearest = _nearest(results, race)
        text = f"{task.stage}, {task.suite.name}, {task.workload.name} octets: {rate}{nearest}"
        lines.append(tag("li", text))
    return tag("ul", *lines) if lines else tag("p", "Nothing was measured.", class_="note")


def _chosen(results: ThroughputResults) -> list[list[Measurement]]:
    """Return the races of the first, a middle and the last size of each group."""
    found: list[list[Measurement]] = []
    for _, races in groups(results):
        chosen = sorted({0, len(races) // 2, len(races) - 1})
        found += [races[at] for at in chosen]
    return found


def _nearest(results: ThroughputResults, race: Sequence[Measurement]) -> str:
    """Return the fastest other implementation and its distance."""
    found = [
        (1 / ratio, other)
        for ours, other, ratio in results.ratios()
        if ours is race[0] and other.backend not in (*OURS, "ceiling")
    ]
    if not found:
        return ""
    factor, other = min(found, key=lambda each: each[0])
    return f"; {factor:,.2f} times the speed of {label(other)}, the nearest"


def _charts(results: ThroughputResults) -> Html:
    found = [html_charts.draw_sizes(each) for each in sizes(results)]
    if not found:
        return tag("p", "A chart needs two sizes.", class_="note")
    return page.cards(*found)


def _times(results: ThroughputResults) -> Iterator[Html]:
    for group, races in groups(results):
        head = ("contestant", *(race[0].task.workload.name for race in races))
        rows = [
            [label(row), *(short(race[at].ns_per_frame) for race in races)]
            for at, row in enumerate(races[0])
        ]
        yield tables.draw(Table(group_title(group), head, rows))


def _ratios(results: ThroughputResults) -> Iterator[Html]:
    for group, races in groups(results):
        first = {id(race[0]) for race in races}
        cells: dict[str, list[str]] = {}
        for ours, other, ratio in results.ratios():
            if id(ours) in first:
                cells.setdefault(label(other), []).append(ratio_text(ratio))
        head = (f"{label(races[0][0])} ÷", *(race[0].task.workload.name for race in races))
        rows = [[name, *texts] for name, texts in cells.items()]
        empty = "no other implementation took part."
        yield tables.draw(Table(group_title(group), head, rows, empty=empty))


def _lines(results: ThroughputResults) -> Html:
    rows = [
        [
            label(row),
            f"{row.task.stage}, {row.task.suite.name}, {row.batch}",
            f"{line.slope:.4f}",
            f"{line.intercept:.1f}",
            f"{100 * line.error:.0f} %",
        ]
        for row, line in results.lines()
    ]
    head = ("contestant", "task, suite, batch", "ns an octet", "ns a frame", "largest error")
    return tables.draw(Table("Fitted lines", head, rows, 2, empty="a line needs three sizes."))
