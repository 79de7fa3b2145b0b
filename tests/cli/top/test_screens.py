"""Screens over recorded answers, as text: at 80 x 24 and 120 x 40, key by key.

`recorded.json` has three answers of real taps and a real lab, after 0, 2 and 10 seconds, and those
of a Linux 6.1; one tap is killed before the last. MACSEC_WRITE_SCREENS=1 writes the texts anew.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from macsec.monitoring import PortSource, Snapshot, SourceKind
from macsec.monitoring.transfer import FORMAT, from_text

pytest.importorskip("textual", reason="textual is not installed: pip install 'macsec[top]'")

from macsec.cli.top import app as module
from macsec.cli.top.app import TopApp
from macsec.cli.top.row_list import RowList

pytestmark = pytest.mark.programs

HERE = Path(__file__).parent
TEXTS = HERE / "screens"
RECORDED = json.loads((HERE / "recorded.json").read_text())
SIZES = ((80, 24), (120, 40))
LONG = 3600


def answers(turn: int) -> dict[PortSource, Snapshot]:
    """Return the answers of all sources at one of the three times."""
    found = {}
    for row in RECORDED["turns"][turn]:
        kind, *rest = row["source"]
        source = PortSource(SourceKind(kind), *rest)
        answer = from_text(json.dumps({"schema": FORMAT} | row["answer"]))
        found[source] = Snapshot(source, answer.ports, answer.links, row["reason"])
    return found


class HeldClock:
    """The time of the last answer, in place of the clocks of the app."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.second = 0
        monkeypatch.setattr(module, "monotonic", lambda: float(self.second))
        monkeypatch.setattr(module, "clock", lambda: f"12:00:{self.second:02d}")


class Desk:
    """The app with recorded answers: `turn` gives the next ones at their time."""

    def __init__(self, pilot: Any, app: TopApp, clock: HeldClock) -> None:
        self.pilot, self.app, self.clock = pilot, app, clock

    def turn(self, number: int, without: Iterable[str] = ()) -> None:
        """Give the answers of a turn, without sources of these kinds."""
        given = {s: a for s, a in answers(number).items() if s.kind not in set(without)}
        self.clock.second = RECORDED["seconds"][number]
        self.app.on_sources_found(module.SourcesFound(list(given)))
        for answer in given.values():
            self.app.on_source_answered(module.SourceAnswered(answer))

    async def press(self, *keys: str) -> str:
        """Press keys; return the text of the screen."""
        await self.pilot.press(*keys)
        await self.pilot.pause()
        return self.text

    @property
    def text(self) -> str:
        """The text of the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "".join(f"{strip.text.rstrip()}\n" for strip in strips)


def on_desk(
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Desk], Awaitable[None]],
    size: tuple[int, int] = SIZES[0],
    **given: Any,
) -> None:
    """Run the app without a terminal while `act` uses it."""
    clock = HeldClock(monkeypatch)

    async def run() -> None:
        app = TopApp(LONG, **({"find": list, "ask": Snapshot} | given))
        async with app.run_test(size=size) as pilot:
            await act(Desk(pilot, app, clock))

    asyncio.run(run())


def check(name: str, size: tuple[int, int], text: str) -> None:
    """Compare a screen with its file."""
    path = TEXTS / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get("MACSEC_WRITE_SCREENS"):
        path.write_text(text)
    assert text == path.read_text(), f"\n{text}"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_screens_show_what_was_recorded(monkeypatch, size):
    """Each screen after traffic, then after the end of a tap, of the lab, and the keys."""

    async def act(desk: Desk) -> None:
        desk.turn(0)
        desk.turn(1)
        for key, name in zip("lspc", ("links", "sas", "peers", "counters"), strict=True):
            check(name, size, await desk.press(key))
        desk.turn(2, without=["lab"])
        check("links-after", size, await desk.press("l"))
        check("events-after", size, await desk.press("e"))
        check("row", size, await desk.press("l", "down", "enter"))
        check("keys", size, await desk.press("escape", "question_mark"))

    on_desk(monkeypatch, act, size)


def rows_of(text: str) -> list[str]:
    """Return the first words of the rows of a screen."""
    lines = text.split("\n")[3:]
    kinds = ("tap", "lab", "kernel")
    return [" ".join(line.split()[:3]) for line in lines if line.startswith(kinds)]


def test_order_reverse_and_filter_choose_the_rows(monkeypatch):
    """Sorted by the first column, reversed, and filtered while it is typed; escape drops it."""

    async def act(desk: Desk) -> None:
        desk.turn(0)
        plain = rows_of(await desk.press("l"))
        ordered = rows_of(await desk.press("o"))
        assert [row.split()[0] for row in ordered] == sorted(row.split()[0] for row in plain)
        assert rows_of(await desk.press("r"))[0] == ordered[-1]
        text = await desk.press("slash", "t", "a", "p")
        assert "left out" in text
        assert {row.split()[0] for row in rows_of(text)} == {"tap"}
        assert len(rows_of(await desk.press("escape"))) == len(plain)

    on_desk(monkeypatch, act)


def test_cursor_stays_on_its_row_when_rows_move(monkeypatch):
    """The row below it is still the same one after the next answer."""

    async def act(desk: Desk) -> None:
        desk.turn(0)
        await desk.press("c", "end")
        rows = desk.app.query_one(RowList)
        last = rows.row.key
        desk.turn(1)
        await desk.pilot.pause()
        assert rows.row.key == last
        await desk.press("home")
        assert rows.row.key != last

    on_desk(monkeypatch, act)


def test_pause_asks_no_source_and_space_goes_on(monkeypatch):
    """The heading says so."""
    asked = []

    async def act(desk: Desk) -> None:
        before = len(asked)
        assert "paused" in await desk.press("space")
        desk.app._turn()
        assert len(asked) == before
        assert "paused" not in await desk.press("space")
        while len(asked) == before:
            await desk.pilot.pause()

    on_desk(monkeypatch, act, find=lambda: asked.append(1) or [])


def test_slow_source_holds_up_no_key_and_no_other_source(monkeypatch):
    """While one does not answer, the other is shown, keys act, and the program ends."""
    gate = threading.Event()
    slow, quick = (source for source in answers(0) if source.kind is SourceKind.TAP)

    def ask(source: PortSource) -> Snapshot:
        if source == slow:
            gate.wait()
        return answers(0)[source]

    async def act(desk: Desk) -> None:
        while quick not in desk.app.tracker.sources:
            await desk.pilot.pause()
        assert "ms0" in await desk.press("s")
        assert slow not in desk.app.tracker.sources
        desk.turn(0)
        desk.app.tracker.asked(slow, -9.0)
        desk.app.draw()
        await desk.pilot.pause()
        assert "tap ms0 slow: 9 s" in desk.text

    try:
        on_desk(monkeypatch, act, find=lambda: [slow, quick], ask=ask)
    finally:
        gate.set()


def test_no_screen_has_a_key_or_more_columns_than_the_terminal(monkeypatch):
    """At forty columns too."""

    async def act(desk: Desk) -> None:
        desk.turn(1)
        for key in "lspce":
            text = await desk.press(key)
            assert "5a5a5a5a" not in text
            assert max(map(len, text.split("\n"))) <= 40

    on_desk(monkeypatch, act, (40, 12))
