"""A clear frame beside what a wiretap sees: two dumps with the same colours, and their fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from macsec.report.html.markup import Html, join, tag
from macsec.report.html.model import DumpField, FrameDump, Wiretap

ROW = 16
MOST_ROWS = 24
"""A longer frame is cut in the middle."""
KINDS = {
    "DA": "destination address",
    "SA": "source address",
    "VLAN": "VLAN tag",
    "SecTAG": "SecTAG",
    "clear": "user data in clear",
    "secure": "secure data, encrypted",
    "ICV": "integrity check value",
    "padding": "padding",
    "rest": "not dissected",
}


def draw(wiretap: Wiretap) -> Html:
    """Return both frames, side by side where there is room."""
    return tag("div", draw_frame(wiretap.clear), draw_frame(wiretap.wire), class_="dumps")


def draw_frame(frame: FrameDump) -> Html:
    """Return one frame as a hex dump with its fields below."""
    lines = [_line(frame, at) for at in _rows(len(frame.octets))]
    dump = tag(
        "div", join(lines), class_="hex", tabindex=0, role="region", aria_label=frame.caption
    )
    caption = tag("figcaption", f"{frame.caption}, {len(frame.octets):,} octets")
    return tag("figure", caption, dump, _fields(frame))


def _rows(octets: int) -> Iterator[int | None]:
    """Yield the start of each row; None where rows are left out."""
    starts = range(0, octets, ROW)
    if len(starts) <= MOST_ROWS:
        yield from starts
        return
    half = MOST_ROWS // 2
    yield from starts[:half]
    yield None
    yield from starts[-half:]


def _line(frame: FrameDump, start: int | None) -> Html:
    if start is None:
        return join([tag("span", "      ...", class_="at"), "\n"])
    stop = min(start + ROW, len(frame.octets))
    parts: list[Html | str] = [tag("span", f"{start:04x}  ", class_="at")]
    for field, begin, end in _pieces(frame.fields, start, stop):
        # The space behind an octet belongs to its field, unless the field or the row ends there.
        text = frame.octets[begin:end].hex(" ")
        parts.append(_run(field, text))
        parts.append(" ")
    parts.append("   " * (ROW - (stop - start)) + " ")
    for field, begin, end in _pieces(frame.fields, start, stop):
        text = "".join(
            chr(octet) if 32 <= octet < 127 else "." for octet in frame.octets[begin:end]
        )
        parts.append(_run(field, text))
    return join([*parts, "\n"])


def _pieces(
    fields: Sequence[DumpField], start: int, stop: int
) -> Iterator[tuple[DumpField | None, int, int]]:
    """Yield the parts of a row, each in one field; None where no field is."""
    at = start
    for field in fields:
        begin, end = max(field.start, at), min(field.stop, stop)
        if begin < end:
            if at < begin:
                yield None, at, begin
            yield field, begin, end
            at = end
    if at < stop:
        yield None, at, stop


def _run(field: DumpField | None, text: str) -> Html:
    return tag("span", text, class_=None if field is None else _class(field))


def _class(field: DumpField) -> str:
    return f"f {field.kind.lower()}" if field.kind in KINDS else "f"


def _fields(frame: FrameDump) -> Html:
    rows = [
        tag(
            "li",
            tag("span", field.kind, class_=_class(field)),
            f"{_range(field)}: {field.meaning or KINDS.get(field.kind, '')}",
        )
        for field in frame.fields
    ]
    return tag("ul", *rows, class_="fields")


def _range(field: DumpField) -> str:
    last = field.stop - 1
    return f"octet {field.start}" if last == field.start else f"octets {field.start} to {last}"
