"""Text of others for a terminal or a page: no character of it controls anything."""

from __future__ import annotations

import re

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_IN_LINES = re.compile(f"[{_CONTROLS}]")
_IN_A_LINE = re.compile(f"[\\t\\n{_CONTROLS}]")


def visible(text: str) -> str:
    r"""Return text with control characters as escapes such as \x1b; tabs and line ends stay.

    Controls are those of C0 and C1, those of writing direction, and octets that are no text.
    """
    return _IN_LINES.sub(_escape, text)


def on_one_line(text: str) -> str:
    """Return text as `visible` does, with tabs and line ends as escapes too."""
    return _IN_A_LINE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    if 0xDC80 <= number <= 0xDCFF:  # an octet of a file name that is no UTF-8
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
