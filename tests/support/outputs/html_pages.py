"""A reader of pages: nesting, elements, text."""

from __future__ import annotations

from html.parser import HTMLParser

from macsec.report.html.markup import EMPTY


class Reader(HTMLParser):
    """A parser that checks nesting and collects elements and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        assert len({key for key, _ in attributes}) == len(attributes)
        self.elements.append((name, dict(attributes)))
        if name not in EMPTY:
            self.stack.append(name)

    def handle_startendtag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note an element without content."""
        self.elements.append((name, dict(attributes)))

    def handle_endtag(self, name: str) -> None:
        """Close an element, which was the last one opened."""
        assert self.stack.pop() == name

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data

    def named(self, name: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of a name."""
        return [attributes for found, attributes in self.elements if found == name]

    def of_class(self, name: str) -> int:
        """Return the number of elements of a class."""
        return sum(name in (each.get("class") or "").split() for _, each in self.elements)
