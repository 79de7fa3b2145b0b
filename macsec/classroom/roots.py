"""Roots of polynomials over the field of GHASH.

A polynomial is a list of its coefficients, that of the constant first, without zeros at its end.
"""

from __future__ import annotations

from .aes_gcm import ONE, multiply

Polynomial = list[int]
_BITS = 128
_X: Polynomial = [0, ONE]


def roots(polynomial: Polynomial) -> list[int]:
    """Return all roots, each once, in order. Raises ValueError for the polynomial that is zero."""
    f = _trimmed(polynomial)
    if not f:
        raise ValueError("every element is a root of zero")
    f = _monic(f)
    if len(f) == 1:
        return []
    # x^(2^128) - x is the product of x - r over all elements r of the field.
    power = _remainder(_X, f)
    for _ in range(_BITS):
        power = _squared(power, f)
    return sorted(_split(_gcd(f, _sum(power, _X)), 0))


def _split(f: Polynomial, bit: int) -> list[int]:
    """Split a product of different x - r by the trace of x times one element of a basis."""
    if len(f) <= 1:
        return []
    if len(f) == 2:
        return [f[0]]
    for place in range(bit, _BITS):
        trace = power = _remainder([0, 1 << place], f)
        for _ in range(_BITS - 1):
            power = _squared(power, f)
            trace = _sum(trace, power)
        part = _gcd(f, trace)
        if 1 < len(part) < len(f):
            return _split(part, place + 1) + _split(_divided(f, part)[0], place + 1)
    raise ArithmeticError("no trace splits two roots")


def _trimmed(f: Polynomial) -> Polynomial:
    f = list(f)
    while f and not f[-1]:
        f.pop()
    return f


def _sum(a: Polynomial, b: Polynomial) -> Polynomial:
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    return _trimmed([x ^ y for x, y in zip(longer, shorter)] + longer[len(shorter) :])  # noqa: B905


def _monic(f: Polynomial) -> Polynomial:
    by = _inverse(f[-1])
    return [multiply(coefficient, by) for coefficient in f]


def _inverse(element: int) -> int:
    """Return the power 2^128 - 2."""
    result, power = ONE, element
    for _ in range(_BITS - 1):
        power = multiply(power, power)
        result = multiply(result, power)
    return result


def _divided(f: Polynomial, by: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Return quotient and remainder by a polynomial that is monic."""
    rest = list(f)
    quotient = [0] * max(len(f) - len(by) + 1, 0)
    for at in range(len(quotient) - 1, -1, -1):
        quotient[at] = lead = rest[at + len(by) - 1]
        for place, coefficient in enumerate(by):
            rest[at + place] ^= multiply(lead, coefficient)
    return _trimmed(quotient), _trimmed(rest)


def _remainder(f: Polynomial, by: Polynomial) -> Polynomial:
    return _divided(f, by)[1]


def _squared(f: Polynomial, by: Polynomial) -> Polynomial:
    square = [0] * max(2 * len(f) - 1, 0)
    for at, coefficient in enumerate(f):
        square[2 * at] = multiply(coefficient, coefficient)
    return _remainder(square, by)


def _gcd(a: Polynomial, b: Polynomial) -> Polynomial:
    while b:
        b = _monic(b)
        a, b = b, _remainder(a, b)
    return _monic(a)
