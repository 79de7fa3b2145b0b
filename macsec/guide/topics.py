"""Pages of the guide by topic: the name of a page is that of its file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

SECTIONS = {
    "tutorials": "Tutorials",
    "how-to/install": "How-to, installation",
    "how-to/captures": "How-to, captures",
    "how-to/ports": "How-to, ports and their frames",
    "how-to/keys": "How-to, key agreement",
    "how-to/taps": "How-to, taps and monitoring",
    "how-to/labs": "How-to, labs",
    "how-to/tests": "How-to, tests of devices",
    "how-to/python": "How-to, Python",
    "reference": "Reference",
    "explanation": "Explanation",
}
"""Folders of pages in their order, and their titles."""

_HEAD = re.compile(r"---\n(.*?)\n---\n+", re.S)
_TABLE = re.compile(r"^\{\{ ([\w-]+) \}\}$", re.M)


class Topic(NamedTuple):
    """A page: its name, the folder that it is in, one line about it, and its Markdown."""

    name: str
    section: str
    summary: str
    text: str

    @property
    def tables(self) -> list[str]:
        """Names of the tables that the page has a line for."""
        return _TABLE.findall(self.text)

    @property
    def title(self) -> str:
        """The title of the page."""
        return self.text.partition("\n")[0].removeprefix("# ")

    def filled(self, tables: Mapping[str, Callable[[], str]]) -> str:
        """Return the Markdown with each table in its place."""
        return _TABLE.sub(lambda match: tables[match[1]](), self.text)


@cache
def topics() -> dict[str, Topic]:
    """Return all pages by name, in the order of the sections, then by `order` and name."""
    found: list[tuple[int, int, Topic]] = []
    for place, section in enumerate(SECTIONS):
        folder = files(__package__) / section
        for page in folder.iterdir() if folder.is_dir() else ():
            if page.name.endswith(".md"):
                order, topic = _read(
                    page.name.removesuffix(".md"), section, page.read_text("utf-8")
                )
                found.append((place, order, topic))
    found.sort()
    return {topic.name: topic for _, _, topic in found}


def _read(name: str, section: str, text: str) -> tuple[int, Topic]:
    """Return the place of a page in its section, and the page."""
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"{section}/{name}.md does not begin with a summary")
    fields = dict(line.split(": ", 1) for line in head[1].splitlines())
    page = Topic(name, section, fields["summary"], text[head.end() :])
    return int(fields.get("order", 100)), page
