"""Dialogs above the screens: the keys, and all columns of a row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

KEYS = (
    ("l s p c e", "links, SAs, peers, counters, events"),
    ("up down", "move; also page up, page down, home, end, j and k"),
    ("enter", "all columns of the row"),
    ("o", "sort by the next column, then again in the order of the sources"),
    ("r", "reverse the order"),
    ("/", "filter by words of names; enter keeps it, escape drops it"),
    ("space", "pause, and go on"),
    ("+ -", "ask more or less often"),
    ("x", "remove what is gone"),
    ("?", "these keys"),
    ("q", "quit"),
)
LEGEND = """
out/s, in/s   frames a second that the port sends protected, and delivers;
              of a link: the port at its first site
bad/s         frames a second that were dropped, or failed their ICV
PNs left      share of the packet numbers that the SAK in use still has
lasts         time for which they do at the rate of now
gone          ended: its last row stays
no answer     still there, or killed: enter shows the reason"""


class Dialog(ModalScreen[None]):
    """Lines of text that any of its keys closes."""

    CSS = """
    Dialog { align: center middle; background: ansi_default; }
    Dialog VerticalScroll {
        width: 100%; max-width: 78; height: auto; max-height: 100%;
        border: round ansi_default; padding: 0 1; background: ansi_default;
    }
    Dialog Static { background: ansi_default; width: 100%; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, "dismiss", show=False)
        for key in ("escape", "q", "question_mark", "enter", "space")
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """Yield the box."""
        with VerticalScroll() as box:
            box.border_title, box.border_subtitle = self._title, "escape closes"
            yield Static(self._text, markup=False)


def key_help() -> Dialog:
    """Return the dialog of all keys."""
    return Dialog("keys", table(KEYS) + "\n" + LEGEND)


def details(titles_and_texts: Iterable[tuple[str, str]]) -> Dialog:
    """Return the dialog of a row."""
    return Dialog("row", table(titles_and_texts))


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Return rows of two columns."""
    given = list(rows)
    width = max(len(name) for name, _ in given)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in given)
