"""The whole file of a page."""

from __future__ import annotations

from collections.abc import Mapping

from macsec.report.html.markup import Html, join, tag
from macsec.report.html.model import HtmlPage, PageSection
from macsec.report.html.style import CSS

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""With this policy a browser loads and runs nothing, even if the page contained it."""


def render(page: HtmlPage) -> str:
    """Return the text of an HTML file."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", page.title),
        tag("style", CSS),
    )
    body = tag(
        "body",
        tag("a", "Skip to the content", href="#content", class_="skip"),
        tag("header", *_header(page)),
        tag("main", *map(_section, page.sections), id="content"),
        tag("footer", tag("p", "Made by macsec. This file needs no network and holds no script.")),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _header(page: HtmlPage) -> list[Html]:
    links = [tag("li", tag("a", each.title, href=f"#{each.anchor}")) for each in page.sections]
    return [
        tag("h1", page.title),
        tag("p", page.lead, class_="lead"),
        facts(page.facts),
        *_origin(page),
        tag("nav", tag("ul", *links), aria_label="Sections"),
    ]


def _origin(page: HtmlPage) -> list[Html]:
    """Return the run that made the page: apart, since it differs from run to run."""
    if not page.origin:
        return []
    return [tag("dl", _pairs(page.origin), class_="facts origin", aria_label="Made by")]


def facts(found: Mapping[str, str]) -> Html:
    """Return names with their values."""
    return tag("dl", _pairs(found), class_="facts")


def _pairs(found: Mapping[str, str]) -> Html:
    return join(
        part for name, value in found.items() for part in (tag("dt", name), tag("dd", value))
    )


def _section(section: PageSection) -> Html:
    title = f"{section.anchor}-title"
    note = [tag("p", section.note, class_="note")] if section.note else []
    heading = tag("h2", section.title, id=title)
    return tag("section", heading, *note, *section.body, id=section.anchor, aria_labelledby=title)


def cards(*figures: Html) -> Html:
    """Return figures beside one another where there is room."""
    return tag("div", *figures, class_="cards")
