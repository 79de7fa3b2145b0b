"""A measurement of latency as a page of HTML: a curve, bars and tables for each kind of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from macsec.measure.arithmetic import OVERHEAD_WITH_SCI, goodput
from macsec.measure.latency.histogram import Histogram, levels, steps
from macsec.measure.latency.run import Loaded, Processing, Rates, Results, Subject
from macsec.report.html import charts, page, tables
from macsec.report.html.markup import Html
from macsec.report.html.model import Bar, Bars, Curves, Page, Section, Series, Sizes, Table
from macsec.report.latency.outcome import (
    LANE_NAMES,
    SECTIONS,
    TARGET_HEAD,
    Grid,
    head,
    target_cells,
)

BAR_COUNT = 48
BAR_SHARE = Fraction(99, 100)
LINKS = (1, 10, 25, 100)
"""Gbit/s of links whose arithmetic is drawn beside what was measured."""


def to_html(results: Results, machine: Mapping[str, Any]) -> str:
    """The text of the file."""
    sections = [Section("targets", "Targets", [_targets(results)])]
    for each in SECTIONS:
        body = [*PICTURES[each.key](results), *map(_table, each.grids(results))]
        if body:
            sections.append(Section(each.key, each.title, body, each.note))
    lead = "What MACsec adds to the time a frame is under way: this machine's time, and exact time."
    return page.render(Page("macsec bench latency", lead, head(results, machine), sections))


def _targets(results: Results) -> Html:
    rows = target_cells(results)
    marks = ["good" if row[-1] == "met" else "bad" for row in rows]
    return tables.draw(Table("Values and their limits", TARGET_HEAD, rows, marks=marks))


def _table(grid: Grid) -> Html:
    marks = [
        "quiet" if grid.names > 1 and row[1] == LANE_NAMES["clock"] else "" for row in grid.rows
    ]
    return tables.draw(Table(grid.caption, grid.head, grid.rows, grid.names, marks))


# ---------------------------------------------------------------- pictures


def _processing_pictures(results: Results) -> Iterator[Html]:
    step = 1 if results.clock is None else round(results.clock.step_ns)
    figures = [part for each in results.processing for part in _processing_pair(each, step)]
    yield page.cards(*figures)


def _processing_pair(each: Processing, step: int) -> Iterator[Html]:
    lanes = [(name, each.lanes[lane]) for lane, name in LANE_NAMES.items()]
    yield charts.draw_curves(Curves(_title(each.subject), "ns", [_curve(*lane) for lane in lanes]))
    told = steps(each.lanes["both"], BAR_SHARE, BAR_COUNT, step)
    bars = [
        Bar(low, low + told.width - 1, count)
        for at, count in enumerate(told.counts)
        for low in [told.first + at * told.width]
    ]
    title = f"{_title(each.subject)}: {LANE_NAMES['both']}"
    yield charts.draw_bars(Bars(title, "ns", bars, told.beyond))


def _title(subject: Subject) -> str:
    mode = "" if subject.encrypt else ", integrity only"
    return f"{subject.frame_octets} octets, {subject.suite.name}{mode}"


def _curve(name: str, histogram: Histogram) -> Series:
    points = [(float(level.share), float(level.value)) for level in levels(histogram)]
    return Series(name, points)


def _rate_pictures(results: Results) -> Iterator[Html]:
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
            [(size, goodput([size], rate * 1e9, OVERHEAD_WITH_SCI) / 1e9) for size in sizes],
            dashed=True,
        )
        for rate in LINKS
    ]
    title = f"Rate without loss against frame size, {subject.suite.name}{mode}"
    return charts.draw_sizes(Sizes(title, "Gbit/s of clear frames", series))


def _load_pictures(results: Results) -> Iterator[Html]:
    subjects: dict[Subject, list[Loaded]] = {}
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


def _trip_pictures(results: Results) -> Iterator[Html]:
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


def _no_pictures(_: Results) -> Iterator[Html]:
    yield from ()


PICTURES: dict[str, Callable[[Results], Iterator[Html]]] = {
    "processing": _processing_pictures,
    "throughput": _rate_pictures,
    "load": _load_pictures,
    "serialisation": _no_pictures,
    "round_trips": _trip_pictures,
}
"""What is drawn above the tables of a section, by its key."""
