"""Keys on a command line, where only names of files belong: errors do not repeat them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

_KEY = re.compile(r"(?<![\w/.-])(?:[0-9A-Fa-f][:.-]?){31,}(?![\w/.])")
"""Hex digits of 16 octets or more, as keys are written, also one digit short; no path has them."""


def without_typed_keys(text: str, arguments: Sequence[str]) -> str:
    """Return a message without keys of the command line; the name of a CKN stays.

    A word that a verb takes for the name of a file, a verb or a number is repeated in its error.
    """
    for key in sorted(set(_keys(arguments)), key=len, reverse=True):
        text = re.sub(rf"(?<!CKN ){re.escape(key)}", f"<text of {len(key)} characters>", text)
    return text


def _keys(arguments: Sequence[str]) -> Iterator[str]:
    defaults = [value for name, value in os.environ.items() if name.startswith("MACSEC_")]
    for word in [*arguments, *defaults]:
        yield from _KEY.findall(word)
