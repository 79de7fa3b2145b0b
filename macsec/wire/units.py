"""Times, rates and chances as tc writes them, parsed and written without rounding.

A number is in ns, in bit/s, or a probability from 0 to 1. A string carries its unit, and one
without a unit is refused, because tc itself takes a bare time for µs. Each parser takes the name of
the field, for its ConfigError.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import NoReturn

from macsec.errors import ConfigError

NS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
TIME_UNITS = NS | {
    **dict.fromkeys(("nsec", "nsecs"), 1),
    **dict.fromkeys(("usec", "usecs"), 10**3),
    **dict.fromkeys(("msec", "msecs"), 10**6),
    **dict.fromkeys(("sec", "secs"), 10**9),
}
TIME_LIMIT_NS = 1000 * 10**9

_PREFIXES = {"": 1} | {
    letter + binary: base**power
    for power, letter in enumerate("kmgt", 1)
    for binary, base in (("", 1000), ("i", 1024))
}
RATE_UNITS = {
    prefix + unit: factor * bits
    for prefix, factor in _PREFIXES.items()
    for unit, bits in (("bit", 1), ("bps", 8))
}
RATE_LIMIT = 10**15

_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,3}))?\s*([a-z%]*)", re.ASCII)


def refuse(field: str, value: object, why: str) -> NoReturn:
    """Raise the ConfigError of a field."""
    raise ConfigError(f"{field}: {value!r} {why}")


def time_ns(field: str, value: int | str, most: int = TIME_LIMIT_NS) -> int:
    """Parse a time into whole ns, at most 1000 s or `most`: a number of ns, or "100us"."""
    if isinstance(value, str):
        amount, unit = _quantity(field, value)
        if unit not in TIME_UNITS:
            refuse(field, value, f"needs a unit of time: {', '.join(NS)}")
        exact = amount * TIME_UNITS[unit]
        if exact.denominator != 1:
            refuse(field, value, "is finer than 1 ns")
        value = exact.numerator
    return whole(field, value, 0, most, f"a time is whole ns, 0 to {time_text(most)}")


def rate_bits(field: str, value: int | str) -> int:
    """Parse a rate into whole bit/s, at most 1000 Tbit/s: a number of bit/s, or "10gbit"."""
    if isinstance(value, str):
        amount, unit = _quantity(field, value)
        if unit not in RATE_UNITS:
            refuse(field, value, 'needs a unit of rate, like "10gbit" or "1mbps" (octets)')
        exact = amount * RATE_UNITS[unit]
        if exact.denominator != 1:
            refuse(field, value, "is not whole bit/s")
        value = exact.numerator
    return whole(field, value, 1, RATE_LIMIT, "a rate is whole bit/s, 1 to 10^15")


def probability(field: str, value: float | str) -> float:
    """Parse a probability: a number from 0 to 1, or a percentage with its sign."""
    if isinstance(value, str):
        amount, unit = _quantity(field, value)
        if unit != "%":
            refuse(field, value, 'needs a percent sign, like "0.1%"; or give a number, 0 to 1')
        value = float(amount / 100)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        refuse(field, value, "is not a probability: 0 to 1, or 0% to 100%")
    return float(value)


def whole(field: str, value: object, least: int, most: int, what: str) -> int:
    """Check an integer against bounds; `what` describes the valid values."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        refuse(field, value, f"is not valid: {what}")
    return value


def time_text(ns: int) -> str:
    """Write a time as tc reads it, in its largest whole unit."""
    name, unit = next((n, u) for n, u in reversed(NS.items()) if ns % u == 0)
    return f"{ns // unit}{name}"


def rate_text(bits: int) -> str:
    """Write a rate as tc reads it, in its largest whole decimal unit."""
    power = next(p for p in (12, 9, 6, 3, 0) if bits % 10**p == 0)
    return f"{bits // 10**power}{ {12: 't', 9: 'g', 6: 'm', 3: 'k', 0: ''}[power] }bit"


def percent_text(chance: float) -> str:
    """Write a probability in percent, exactly: parsing it gives the same number again."""
    digits = f"{Decimal(repr(chance)).scaleb(2):f}"
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) + "%"


def _quantity(field: str, text: str) -> tuple[Fraction, str]:
    found = _QUANTITY.fullmatch(text.strip().lower())
    if found is None:
        refuse(field, text, "is not a number with a unit")
    digits, exponent, unit = found.groups()
    return Fraction(digits.rstrip(".")) * Fraction(10) ** int(exponent or 0), unit
