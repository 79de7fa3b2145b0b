"""A measurement of latency as a page of HTML: a curve, bars and tables for each kind of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from macsec.measure.arithmetic import BITS_PER_GBIT, OVERHEAD_WITH_SCI, goodput
from macsec.measure.latency.histogram import Histogram, levels, steps
from macsec.measure.latency.run import LatencyResults, LatencySubject, Loaded, Processing, Rates
from macsec.measure.machine import MachineJson
from macsec.report.html import charts, page, tables
from macsec.report.html.markup import Html
from macsec.report.html.model import Bar, Bars, Curves, HtmlPage, PageSection, Series, Sizes
from macsec.report.latency.outcome import (
    LANE_NAMES,
    TIME_KINDS,
    head,
    target_table,
)

BAR_COUNT = 48
BAR_SHARE = Fraction(99, 100)
LINKS = (1, 10, 25, 100)
"""Gbit/s of links whose arithmetic is drawn beside what was measured."""


def to_html(
    results: LatencyResults, machine: MachineJson, origin: Mapping[str, str] | None = None
) -> str:
    """Return the text of the file."""
    sections = [PageSection("targets", "Targets", [tables.draw(target_table(results))])]
    for each in TIME_KINDS:
        body = [*PICTURES[each.key](results), *map(tables.draw, each.tables(results))]
        if body:
            sections.append(PageSection(each.key, each.title, body, each.note))
    lead = "The latency that MACsec adds: measured on this machine, and computed exactly."
    title = "macsec bench latency"
    return page.render(HtmlPage(title, lead, head(results, machine), sections, origin or {}))


def figures(results: LatencyResults) -> Iterator[Html]:
    """Yield targets and the first tables of each kind of time, for a cell of a notebook."""
    yield tables.draw(target_table(results))
    for each in TIME_KINDS:
        yield from map(tables.draw, list(each.tables(results))[:2])
    yield from _processing_pictures(replace(results, processing=results.processing[:2]))


# ---------------------------------------------------------------- pictures


def _processing_pictures(results: LatencyResults) -> Iterator[Html]:
    step = 1 if results.clock is None else round(results.clock.step_ns)
    figures = [part for each in results.processing for part in _processing_pair(each, step)]
    yield page.cards(*figures)


def _processing_pair(each: Processing, step: int) -> Iterator[Html]:
    lanes = [(name, each.lanes[lane]) for lane, name in LANE_NAMES.items()]
    yield charts.draw_curves(Curves(_title(each.subject), "ns", [_curve(*lane) for lane in lanes]))
    found = steps(each.lanes["both"], BAR_SHARE, BAR_COUNT, step)
    bars = [
        Bar(low, low + found.width - 1, count)
        for at, count in enumerate(found.counts)
        for low in [found.first + at * found.width]
    ]
    title = f"{_title(each.subject)}: {LANE_NAMES['both']}"
    yield charts.draw_bars(Bars(title, "ns", bars, found.beyond))


def _title(subject: LatencySubject) -> str:
    mode = "" if subject.encrypt else ", integrity only"
    return f"{subject.frame_octets} octets, {subject.suite.name}{mode}"


def _curve(name: str, histogram: Histogram) -> Series:
    points = [(float(level.share), float(level.value)) for level in levels(histogram)]
    return Series(name, points)


def _rate_pictures(results: LatencyResults) -> Iterator[Html]:
    families: dict[tuple[str, bool], list[Rates]] = {}
    for each in results.rates:
        families.setdefault((each.subject.suite.name, each.subject.encrypt), []).append(each)
    if families:
        yield page.cards(*(_rate_picture(group) for group in families.values()))


def _rate_picture(group: list[Rates]) -> Html:
    subject = group[0].subject
    mode = "" if subject.encrypt else ", integrity only"
    series = [
        Series(
            bounds.goal.name,
            [
                (each.subject.frame_octets, each.subject.gbit_per_s(good))
                for each in group
                if (good := each.bounds[at].good) is not None
            ],
        )
        for at, bounds in enumerate(group[0].bounds)
    ]
    sizes = sorted(each.subject.frame_octets for each in group)
    series += [
        Series(
            f"link of {rate} Gbit/s, with MACsec",
            [(size, _goodput_gbit(size, rate)) for size in sizes],
            dashed=True,
        )
        for rate in LINKS
    ]
    title = f"Rate without loss against frame size, {subject.suite.name}{mode}"
    return charts.draw_sizes(Sizes(title, "Gbit/s of clear frames", series))


def _goodput_gbit(size: int, rate: int) -> float:
    return goodput([size], rate * BITS_PER_GBIT, OVERHEAD_WITH_SCI) / BITS_PER_GBIT


def _load_pictures(results: LatencyResults) -> Iterator[Html]:
    subjects: dict[LatencySubject, list[Loaded]] = {}
    for each in results.loads:
        subjects.setdefault(each.subject, []).append(each)
    figures = [
        charts.draw_curves(
            Curves(
                f"{_title(subject)}, under load",
                "ns",
                [_curve(f"{each.percent} % of NDR", each.latency) for each in group],
            )
        )
        for subject, group in subjects.items()
    ]
    if figures:
        yield page.cards(*figures)


def _trip_pictures(results: LatencyResults) -> Iterator[Html]:
    if results.real is None:
        return
    suite = results.real.plan.suite.name
    yield page.cards(
        *(
            charts.draw_curves(
                Curves(
                    f"Round trips, {each.frame_octets} octets, {suite}",
                    "ns",
                    [_curve(path, histogram) for path, histogram in each.paths.items()],
                )
            )
            for each in results.real.trips
        )
    )


def _no_pictures(_: LatencyResults) -> Iterator[Html]:
    yield from ()


PICTURES: dict[str, Callable[[LatencyResults], Iterator[Html]]] = {
    "processing": _processing_pictures,
    "secy_delay": _no_pictures,
    "throughput": _rate_pictures,
    "load": _load_pictures,
    "serialisation": _no_pictures,
    "round_trips": _trip_pictures,
}
"""Pictures above the tables of a section, by its key."""
