"""Tables of delay distributions, in integer arithmetic only: the same on every machine.

A table is the inverse of a distribution function at the middles of 4096 equal parts of
probability, minus its mean, in 1/8192 of a standard deviation, within 16 bits (4 deviations).
netem's tables have the same form; these are computed from the definitions.
"""

from __future__ import annotations

from functools import cache

from .random_streams import RandomStream

SIZE = 4096
SCALE_BITS = 13
SCALE = 1 << SCALE_BITS
TOP = (1 << 15) - 1

_BITS = 96
_ONE = 1 << _BITS


@cache
def table(name: str) -> tuple[int, ...] | None:
    """Return the table of a distribution; None for uniform, which needs none."""
    if name == "uniform":
        return None
    return {"normal": _normal, "pareto": _pareto, "paretonormal": _pareto_normal}[name]()


@cache
def _normal() -> tuple[int, ...]:
    """Sum the bell curve in steps of 1/8192 and note the step that passes each part's middle.

    Neighbouring heights have the quotient exp(-(2t+1)/(2 SCALE^2)), and neighbouring quotients
    the quotient exp(-1/SCALE^2): two products a step, no function call.
    """
    quotient, factor = _exp_minus(2 * SCALE * SCALE), _exp_minus(SCALE * SCALE)
    height, heights = _ONE, []
    for _ in range(6 * SCALE):
        heights.append(height)
        height = height * quotient >> _BITS
        quotient = quotient * factor >> _BITS
    # Half of the middle step and all above it are the upper half of the probability.
    total = 2 * sum(heights) - heights[0]
    upper, reached = [], 0
    passed = heights[0]
    for part in range(SIZE // 2):
        wanted = total * (2 * part + 1) // SIZE
        while passed < wanted:
            reached += 1
            passed += 2 * heights[reached]
        upper.append(min(reached, TOP))
    return (*(-value for value in reversed(upper)), *upper)


def _exp_minus(divisor: int) -> int:
    """Return exp(-1/divisor) in units of 2^-_BITS, by its series."""
    total, term, n = 0, _ONE, 0
    while term:
        total += term if n % 2 == 0 else -term
        n += 1
        term //= divisor * n
    return total


@cache
def _pareto() -> tuple[int, ...]:
    """Compute Pareto with exponent 3: x = u^(-1/3), with mean 3/2 and variance 3/4."""
    bits = 64
    deviation = _root(3 << 2 * bits, 2) // 2
    mean = 3 << bits - 1
    values = []
    for part in range(SIZE):
        remaining = 2 * (SIZE - part) - 1  # of 2 SIZE
        x = _root((2 * SIZE << 3 * bits) // remaining, 3)
        values.append(min(_rounded((x - mean) * SCALE, deviation), TOP))
    return tuple(values)


@cache
def _pareto_normal() -> tuple[int, ...]:
    """Add three quarters of Pareto and a quarter of normal, rank by rank."""
    pairs = zip(_normal(), _pareto(), strict=True)
    return tuple(_rounded(normal + 3 * pareto, 4) for normal, pareto in pairs)


_LOG_BITS = 40
_LN2 = 0xB17217F7D1CF79AB
"""ln 2 in units of 2^-64."""


def exponential(stream: RandomStream, mean: int) -> int:
    """Draw a time with an exponential distribution: the logarithm of one draw, in integers.

    At most 22 means (32 ln 2), as a draw has 32 bits.
    """
    return mean * (32 * (1 << _LOG_BITS) - _log2(stream.draw() + 1)) * _LN2 >> 64 + _LOG_BITS


def _log2(value: int) -> int:
    """Return the binary logarithm in units of 2^-_LOG_BITS, bit by bit: squaring doubles it."""
    whole = value.bit_length() - 1
    x = value << 64 - whole  # 1 <= x < 2, with 64 bits behind the point
    fraction = 0
    for _ in range(_LOG_BITS):
        x = x * x >> 64
        fraction <<= 1
        if x >> 65:
            x >>= 1
            fraction |= 1
    return whole << _LOG_BITS | fraction


def _rounded(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _root(value: int, degree: int) -> int:
    """Return the whole part of a root, by Newton's method from above."""
    guess = 1 << -(-value.bit_length() // degree)
    while True:
        better = ((degree - 1) * guess + value // guess ** (degree - 1)) // degree
        if better >= guess:
            return guess
        guess = better
