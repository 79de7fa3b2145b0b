"""`macsec top --once`: lines at every width, rates, filters, and usage."""

from __future__ import annotations

import time

import pytest
from support.virtual.monitored import snapshots

from macsec.cli.top import asking, once, verb
from macsec.monitoring.live_view import Tracker
from macsec.report.top import SCREENS, Ordering, arranged


@pytest.fixture(autouse=True)
def found(monkeypatch):
    """Have the recorded snapshots in place of this machine's."""
    monkeypatch.setattr(asking, "ask_all", lambda: snapshots()[0])
    monkeypatch.setattr(time, "sleep", lambda _: None)


def tracker() -> Tracker:
    """Return a tracker that has taken the recorded snapshots."""
    made = Tracker()
    for snapshot in snapshots()[0]:
        made.take(snapshot, 0.0, "00:00:00")
    return made


def test_once_prints_all_screens_but_the_events(desk):
    """Without a terminal every column is there, and no key."""
    out = desk.run("top", "--once").stdout
    assert out.startswith("2 of 2 ports secured, 1 no answer, 2 taps, 1 lab\n\nlinks\n")
    assert [name for name in ("SAs", "peers", "counters") if f"\n\n{name}\n" in out] == [
        "SAs",
        "peers",
        "counters",
    ]
    assert "not shown" not in out
    assert "no process answers" in out
    assert not any(key in out for key in snapshots()[1])


def test_screen_and_filter_choose_rows(desk):
    """Of one screen, those whose names have all the words."""
    out = desk.run("top", "--once", "--screen", "links", "--filter", "TAP ms1").stdout
    assert "SAs" not in out
    assert out.count("tap ms1") == 1
    assert "lab two" not in out


def test_interval_with_once_gives_rates(desk, monkeypatch):
    """Two snapshots; without an interval no rate is known."""
    monkeypatch.setattr(verb, "sleep", lambda _: None)
    line = "in-mkpdu             45"
    plain = desk.run("top", "--once", "--screen", "counters").stdout
    assert f"{line}           -" in plain
    rated = desk.run("top", "--once", "--screen", "counters", "--interval", "1").stdout
    assert f"{line}           0" in rated


@pytest.mark.parametrize("words", [(), ("--interval", "0"), ("--screen", "rows")])
def test_usage_is_refused_with_exit_code_two(desk, words):
    """No terminal, no interval, no such screen."""
    assert desk.run("top", *words, code=2).stderr


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_no_number_is_cut_at_any_width(screen, width):
    """A column is whole or named as hidden; a row keeps its names and its numbers of rank 0."""
    rows = list(screen.rows(tracker()))
    shown = arranged(screen, rows, Ordering(), width)
    kept = [at for at, each in enumerate(screen.columns) if each.title not in shown.hidden]
    assert set(shown.hidden) == {c.title for at, c in enumerate(screen.columns) if at not in kept}
    for line, row in zip(shown.lines, shown.rows, strict=True):
        numbers = [row.cells[at].text for at in kept if screen.columns[at].number]
        assert all(number in line.split() or " " in number for number in numbers)
    if width >= 80:
        assert all(len(line) <= width for line in (shown.head, *shown.lines))


def test_rows_sort_by_values_not_by_their_text():
    """Numbers by size, unknown ones lowest; reversed the other way."""
    screen = next(each for each in SCREENS if each.name == "counters")
    rows = list(screen.rows(tracker()))
    total = [column.title for column in screen.columns].index("total")
    up = [row.cells[total].order for row in arranged(screen, rows, Ordering(total), 80).rows]
    down = [
        row.cells[total].order for row in arranged(screen, rows, Ordering(total, True), 80).rows
    ]
    assert up == sorted(up) == down[::-1]


def test_text_of_others_controls_no_terminal():
    """A name with an escape sequence is shown as text."""
    snapshot = snapshots()[0][0]
    source = snapshot.source._replace(name="\x1b[2Jx")
    made = Tracker()
    made.take(snapshot.__class__(source, snapshot.ports), 0.0, "00:00:00")
    text = once.page(made, ("links",), "", None)
    assert "\x1b" not in text
    assert "tap \\x1b[2Jx" in text
