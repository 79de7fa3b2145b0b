"""Delay tables: their definitions, and the same bits on every machine."""

from __future__ import annotations

import hashlib
import struct
from statistics import NormalDist

import pytest

from macsec.wire.distributions import SCALE, SIZE, TOP, table

DIGESTS = {
    "normal": "f24a277981ddbfeab44a30f549c1ab315e4e63b7efcde2f544ea9fd2bcb350ed",
    "pareto": "b56629e86e27a5ae3e0eb232619646cc8cd668f817374428ef3e304ea68b44c0",
    "paretonormal": "9285d025a9a20da4c4e74513a418e258cec5a6ad74546d31d5287cbbb67425d4",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_tables_have_the_same_bits_everywhere(name: str) -> None:
    """4096 rising values of 16 bits, with these digests."""
    values = table(name)
    assert values is not None
    assert list(values) == sorted(values)
    packed = struct.pack(f"<{SIZE}h", *values)
    assert hashlib.sha256(packed).hexdigest() == DIGESTS[name]


def test_normal_is_the_inverse_of_its_distribution() -> None:
    """Each entry is the rounded quantile in the middle of its part."""
    values, normal = table("normal"), NormalDist()
    assert values is not None
    exact = [normal.inv_cdf((part + 0.5) / SIZE) * SCALE for part in range(SIZE)]
    assert max(abs(a - b) for a, b in zip(values, exact, strict=True)) < 0.501
    assert values == tuple(-value for value in reversed(values))


def test_pareto_is_the_inverse_of_its_distribution() -> None:
    """Exponent 3, minus its mean, divided by its deviation, limited to four deviations."""
    values = table("pareto")
    assert values is not None
    for part, value in enumerate(values):
        remaining = 1 - (part + 0.5) / SIZE
        exact = (remaining ** (-1 / 3) - 1.5) / 0.75**0.5 * SCALE
        assert abs(value - min(exact, TOP)) < 0.501


def test_pareto_normal_mixes_rank_by_rank() -> None:
    """A quarter of normal and three quarters of Pareto."""
    normal, pareto, mixed = (table(name) for name in ("normal", "pareto", "paretonormal"))
    assert normal is not None
    assert pareto is not None
    assert mixed is not None
    for a, b, both in zip(normal, pareto, mixed, strict=True):
        assert abs(both - (a + 3 * b) / 4) <= 0.5


def test_uniform_needs_no_table() -> None:
    """Uniform times are drawn directly."""
    assert table("uniform") is None
