"""The screens of `macsec top` (Textual), in the colours of the terminal; none with NO_COLOR."""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from macsec.monitoring import PortSource, Snapshot, discover, snapshot
from macsec.monitoring.live_view import Tracker
from macsec.report.top import (
    SCREENS,
    Arranged,
    Ordering,
    ViewRow,
    ViewScreen,
    arranged,
    heading,
)
from macsec.report.top.words import NONE
from macsec.report.visible import on_one_line

from .asking import Ask, Asker, Find
from .clock import LEAST_S, clock
from .dialogs import details, key_help
from .row_list import RowList

FASTER, LONGEST_S = 2, 60.0
HINT = "enter row  o order  r reverse  / filter  space pause  ? help  q quit"


class SourcesFound(Message):
    """The sources that exist now."""

    def __init__(self, sources: list[PortSource]) -> None:
        super().__init__()
        self.sources = sources


class SourceAsked(Message):
    """A source is being asked."""

    def __init__(self, source: PortSource) -> None:
        super().__init__()
        self.source = source


class SourceAnswered(Message):
    """A source has answered."""

    def __init__(self, answer: Snapshot) -> None:
        super().__init__()
        self.answer = answer


class TopApp(App[None]):
    """Asks all sources at an interval, and shows what they answer.

    `find`, `ask`: those of `macsec.monitoring`, or others in tests; `now_s`, `clock`: the time.
    """

    CSS = """
    * { background: ansi_default; color: ansi_default; scrollbar-size: 1 1; }
    #heading, #tabs, #note, #hint { height: 1; }
    RowList { height: 1fr; }
    Input { height: 1; border: none; padding: 0; display: none; }
    Input.on { display: block; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(each.letter, f"choose({at})") for at, each in enumerate(SCREENS)),
        Binding("up,k", "move(-1)"),
        Binding("down,j", "move(1)"),
        Binding("pageup", "page(-1)"),
        Binding("pagedown", "page(1)"),
        Binding("home", "page(-1000000)"),
        Binding("end", "page(1000000)"),
        Binding("enter", "details"),
        Binding("o", "order"),
        Binding("r", "reverse"),
        Binding("slash", "filter"),
        Binding("space", "pause"),
        Binding("plus,equals_sign", "interval(-1)"),
        Binding("minus", "interval(1)"),
        Binding("x", "clear"),
        Binding("question_mark", "keys"),
        Binding("q", "quit"),
        Binding("ctrl+c", "quit", priority=True),
    ]

    def __init__(
        self,
        interval_s: float,
        screen: str = "links",
        text: str = "",
        find: Find = discover,
        ask: Ask = snapshot,
    ) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self.animation_level = "none"
        self.tracker = Tracker()
        self._interval_s, self._paused = interval_s, False
        self._at = next(at for at, each in enumerate(SCREENS) if each.name.lower() == screen)
        self._choices = [Ordering(filter=text) for _ in SCREENS]
        self._asker = Asker(
            lambda sources: self.post_message(SourcesFound(sources)),
            lambda source: self.post_message(SourceAsked(source)),
            lambda answer: self.post_message(SourceAnswered(answer)),
            find,
            ask,
        )
        self._timer: Timer | None = None
        self._pending = False

    def compose(self) -> ComposeResult:
        """Yield the lines of the screen from its top."""
        yield Static(id="heading", markup=False)
        yield Static(id="tabs", markup=False)
        yield RowList()
        yield Static(id="note", markup=False)
        yield Input(placeholder="words of a name", compact=True)
        yield Static(HINT, id="hint", markup=False)

    def on_mount(self) -> None:
        """Begin to ask."""
        self.query_one(RowList).focus()
        self._time()
        self._turn()

    def _time(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_interval(self._interval_s, self._turn)

    def _turn(self) -> None:
        if not self._paused:
            self._asker.turn()
            self.draw()

    def on_sources_found(self, message: SourcesFound) -> None:
        """Mark sources as gone."""
        self.tracker.found(message.sources, clock())
        self._soon()

    def on_source_asked(self, message: SourceAsked) -> None:
        """Note since when it has to answer."""
        self.tracker.asked(message.source, monotonic())

    def on_source_answered(self, message: SourceAnswered) -> None:
        """Take the answer."""
        self.tracker.take(message.answer, monotonic(), clock())
        self._soon()

    def _soon(self) -> None:
        """Draw once for all answers that are here already."""
        if not self._pending and not self._paused:
            self._pending = True
            self.call_later(self._draw_pending)

    def _draw_pending(self) -> None:
        self._pending = False
        self.draw()

    def draw(self, keep: bool = True) -> None:
        """Draw what changed. `keep`: the cursor stays on its row."""
        screen, choice = SCREENS[self._at], self._choices[self._at]
        rows, width = self.query_one(RowList), self.size.width
        shown = arranged(screen, screen.rows(self.tracker), choice, width)
        empty = screen.empty if not choice.filter else f"No name has {choice.filter!r}."
        rows.show(shown, on_one_line(empty), keep)
        self._put("heading", self._heading())
        self._put("tabs", self._tabs())
        parts = [rows.place]
        parts += [f"filter {choice.filter!r}: {shown.left_out} left out"] if choice.filter else []
        parts += [self._below(screen, rows.row, shown)] if shown.hidden else []
        self._put("note", Text(on_one_line("  ".join(parts)), style="dim"))

    def _below(self, screen: ViewScreen, row: ViewRow | None, shown: Arranged) -> str:
        """Return the reason of the row at the cursor if its column is hidden, or what is hidden."""
        for column, cell in zip(screen.columns, row.cells if row else (), strict=False):
            if column.long and column.title in shown.hidden and cell.text != NONE:
                return f"{column.title}: {cell.text}"
        return f"enter shows {', '.join(shown.hidden)}"

    def _put(self, name: str, text: Text) -> None:
        line = self.query_one(f"#{name}", Static)
        text.truncate(self.size.width, overflow="ellipsis")
        if line.content != text:
            line.update(text)

    def _heading(self) -> Text:
        state = "paused" if self._paused else f"every {self._interval_s:g} s"
        words = on_one_line(heading(self.tracker, monotonic()))
        return Text.assemble(("macsec top", "bold"), f"  {state}  {words}")

    def _tabs(self) -> Text:
        text = Text()
        for at, screen in enumerate(SCREENS):
            here = at == self._at
            style = "reverse" if here else ""
            text.append("[" if here else " ", style)
            text.append(screen.name[0], f"underline {style}")
            text.append(screen.name[1:] + ("]" if here else " "), style)
            text.append("  ")
        return text

    def action_choose(self, at: int) -> None:
        """Show a screen."""
        self._at = at
        self.draw(keep=False)

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.query_one(RowList).move(by)
        self.draw()

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self.action_move(by * self.query_one(RowList).page)

    def action_order(self) -> None:
        """Sort by the next column."""
        columns, choice = SCREENS[self._at].columns, self._choices[self._at]
        at = 0 if choice.order is None else choice.order + 1
        number = at < len(columns) and columns[at].number
        self._choose(Ordering(at if at < len(columns) else None, number, choice.filter))

    def action_reverse(self) -> None:
        """Reverse the order."""
        choice = self._choices[self._at]
        self._choose(Ordering(choice.order, not choice.reverse, choice.filter))

    def _choose(self, choice: Ordering) -> None:
        self._choices[self._at] = choice
        self.draw(keep=False)

    def action_filter(self) -> None:
        """Open the line of the filter."""
        line = self.query_one(Input)
        line.add_class("on")
        line.value = self._choices[self._at].filter
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        if self.query_one(Input).has_class("on"):
            choice = self._choices[self._at]
            self._choose(Ordering(choice.order, choice.reverse, event.value))

    def on_input_submitted(self) -> None:
        """Close the line."""
        self._close_filter()

    def on_key(self, event: object) -> None:
        """Drop the filter at escape."""
        line = self.query_one(Input)
        if getattr(event, "key", "") == "escape" and line.has_class("on"):
            line.value = ""
            self._close_filter()
            choice = self._choices[self._at]
            self._choose(Ordering(choice.order, choice.reverse))

    def _close_filter(self) -> None:
        self.query_one(Input).remove_class("on")
        self.query_one(RowList).focus()

    def action_pause(self) -> None:
        """Stop asking, or go on."""
        self._paused = not self._paused
        self._turn()
        self.draw()

    def action_interval(self, way: int) -> None:
        """Ask at half or twice the interval."""
        changed = self._interval_s * FASTER**way
        self._interval_s = min(max(changed, LEAST_S), LONGEST_S)
        self._time()
        self.draw()

    def action_clear(self) -> None:
        """Remove what is gone."""
        self.tracker.clear()
        self.draw(keep=False)

    def action_details(self) -> None:
        """Show all columns of the row at the cursor."""
        row, columns = self.query_one(RowList).row, SCREENS[self._at].columns
        if row is not None:
            pairs = zip(columns, row.cells, strict=True)
            self.push_screen(details((column.title, cell.text) for column, cell in pairs))

    def action_keys(self) -> None:
        """Show the keys."""
        self.push_screen(key_help())

    def on_resize(self) -> None:
        """Fit the columns to the new width."""
        self.draw()
