"""Scalars as a file (text) or a dict (text or native values) gives them, to Python values.

Every function takes one of the two and raises ValueError; no message repeats what could be a key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from macsec.config.reading import shown
from macsec.terms import PN_LIMIT_64, octets_of, sci_of

_DECIMAL = re.compile(r"[0-9]{1,20}")
_HEX = re.compile(r"0[xX][0-9A-Fa-f]{1,16}")
_SWITCH: dict[object, bool] = {"on": True, "off": False}
_SALT_LENGTH = 12
_SSCI_LENGTH = 4


def switch(value: Any) -> bool:
    """`on` or `off`, or a bool."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _SWITCH:
        return _SWITCH[value]
    raise ValueError(f"on or off is wanted{_given(value)}")


def number(value: Any) -> int:
    """A decimal or 0x hex number of at most 64 bits, or an int."""
    if isinstance(value, str):
        if _DECIMAL.fullmatch(value):
            value = int(value)
        elif _HEX.fullmatch(value):
            value = int(value, 16)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"a number is wanted, decimal or 0x hex{_given(value)}")
    if not 0 <= value < PN_LIMIT_64:
        raise ValueError("a number of 0 to 2^64-1 is wanted")
    return int(value)


def mtu(value: Any) -> int | None:
    """`off` (also None and False), or a number."""
    if value is None or value is False or (isinstance(value, str) and value == "off"):
        return None
    try:
        octets = number(value)
    except ValueError:
        raise ValueError(f"off or a number of octets is wanted{_given(value)}") from None
    if octets >= 1 << 32:
        raise ValueError("off or a number below 2^32 is wanted")
    return octets


def an(value: Any) -> int:
    """An association number, the key of an SA: 0, 1, 2 or 3."""
    if isinstance(value, str) and value in ("0", "1", "2", "3"):
        return int(value)
    raise ValueError("an SA is named by its AN: 0, 1, 2 or 3")


def sci(value: Any) -> int:
    """16 hex digits, 8 octets, or an int."""
    if isinstance(value, bool) or not isinstance(value, str | bytes | int):
        raise ValueError("16 hex digits are wanted")
    try:
        return sci_of(value)
    except ValueError as error:
        raise ValueError(f"an SCI of 16 hex digits is wanted: {error}") from None


def ssci(value: Any) -> int:
    """8 hex digits, 0x hex, 4 octets, or an int.

    Fewer digits could be meant as decimal or as hex, so only a single one is taken.
    """
    if isinstance(value, str) and (_HEX.fullmatch(value) or re.fullmatch("[0-9]", value)):
        value = int(value, 0)
    elif isinstance(value, str | bytes):
        value = int.from_bytes(_octets(value, _SSCI_LENGTH, "an SSCI of 8 hex digits"))
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 32:
        raise ValueError("an SSCI of 8 hex digits is wanted")
    return int(value)


def salt(value: Any) -> bytes:
    """24 hex digits or 12 octets."""
    return _octets(value, _SALT_LENGTH, "a salt of 24 hex digits")


def word(*words: str, none: str | None = None) -> Callable[[Any], str]:
    """One of these words, in lower or upper case; `none` is what None stands for."""

    def chosen(value: Any) -> str:
        if value is None and none is not None:
            return none
        if isinstance(value, str) and value.lower() in words:
            return words[words.index(value.lower())]
        raise ValueError(f"{', '.join(words[:-1])} or {words[-1]} is wanted{_given(value)}")

    return chosen


def _octets(value: Any, length: int, what: str) -> bytes:
    if isinstance(value, str):
        try:
            return octets_of(value, length)
        except ValueError as error:
            raise ValueError(f"{what} is wanted: {error}") from None
    if isinstance(value, bytes | bytearray) and len(value) == length:
        return bytes(value)
    raise ValueError(f"{what} is wanted")


def _given(value: Any) -> str:
    if value is None or isinstance(value, bool | float):
        return f", not {value}"
    return f", not {shown(value)}" if isinstance(value, str) else ""
