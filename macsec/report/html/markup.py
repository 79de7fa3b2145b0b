"""HTML and SVG as text: every string is escaped unless this module made it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from macsec.report.visible import visible

EMPTY = frozenset({"br", "circle", "hr", "line", "meta", "polygon", "polyline", "use"})
"""Elements that are written without an end tag."""


class Html(str):
    """Text that is HTML already, made by this module, or from a constant by `style.py`."""

    __slots__ = ()


def tag(name: str, /, *children: str | Html, **attributes: str | float | bool | None) -> Html:
    """Return an element. `class_` is class, `_` a hyphen; None and False omit an attribute."""
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in EMPTY or (name in ("path", "rect") and not children):
        return Html(
            f"<{name}{written}/>" if name not in ("br", "hr", "meta") else f"<{name}{written}>"
        )
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def join(parts: Iterable[str | Html]) -> Html:
    """Return parts one after another."""
    return Html(
        "".join(part if isinstance(part, Html) else escape(visible(part)) for part in parts)
    )


def figure(title: str, *content: Html) -> Html:
    """Return content with its caption."""
    return tag("figure", tag("figcaption", title), *content)


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f' {name}="{escape(visible(text))}"'
