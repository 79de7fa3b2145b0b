"""Roots over the field of GHASH: known products, their degrees, and what has none."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest

from macsec.classroom.aes_gcm import ONE, multiply
from macsec.classroom.roots import roots

SOME = [
    0xC6A13B37878F5B826F4F8162A1C8D879,
    0x66E94BD4EF8A2C3B884CFA59CA342B2E,
    0xB83B533708BF535D0AA6E52980D53B78,
]


def product(of: Iterable[int]) -> list[int]:
    """Return the product of x - r over elements."""
    made = [ONE]
    for root in of:
        shifted = [0, *made]
        scaled = [*(multiply(each, root) for each in made), 0]
        made = [a ^ b for a, b in zip(shifted, scaled, strict=True)]
    return made


@pytest.mark.parametrize("count", range(len(SOME) + 1))
def test_roots_of_a_product_are_found(count: int) -> None:
    """The roots of a product of x - r are its elements, in order."""
    found = roots(product(SOME[:count]))
    assert found == sorted(SOME[:count])
    assert all(a < b for a, b in pairwise(found))


def test_a_double_root_is_named_once() -> None:
    """(x - r)(x - r)(x - s) has two roots; a leading factor changes nothing."""
    scaled = [multiply(each, 77) for each in product([SOME[0], SOME[0], SOME[1]])]
    assert roots([*scaled, 0]) == sorted(SOME[:2])


def test_what_has_no_root() -> None:
    """A constant has no root, and everything is one of zero."""
    assert roots([5]) == []
    with pytest.raises(ValueError, match="every element"):
        roots([0, 0])


def test_x_squared_plus_x_plus_c_has_two_roots_or_none() -> None:
    """Half of all c have two roots, which differ by one; the others have none."""
    counts = {c: roots([c, ONE, ONE]) for c in range(1, 5)}
    assert {len(found) for found in counts.values()} == {0, 2}
    for c, found in counts.items():
        for root in found:
            assert multiply(root, root) ^ root == c
