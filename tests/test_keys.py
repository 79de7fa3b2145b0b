"""A key in Python: hidden, never copied, wiped."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec.errors import CustodyError, MACsecError
from macsec.keys import Key, Uncopyable

SECRET = bytes(range(16, 32))


@pytest.mark.parametrize(
    "duplicate",
    [
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
        lambda key: pickle.dumps(key, protocol=0),
        lambda key: copy.deepcopy([key]),
        lambda key: pickle.dumps({"sak": key}),
    ],
)
def test_key_cannot_be_copied(duplicate: Callable[[Any], object]) -> None:
    """Copy, deepcopy and pickle raise an error that is also a TypeError (R19)."""
    with pytest.raises(CustodyError, match="Key holds a key: it cannot be copied or pickled"):
        duplicate(Key(SECRET))
    assert issubclass(CustodyError, TypeError)
    assert issubclass(CustodyError, MACsecError)


def test_refusal_names_the_class() -> None:
    """The refusal names the class that was to be copied."""

    class Holder(Uncopyable):
        pass

    with pytest.raises(CustodyError, match="Holder holds a key"):
        copy.copy(Holder())


def test_wiped_key_raises_and_may_be_wiped_again() -> None:
    """A wiped key reveals nothing; it may be wiped twice."""
    key = Key(SECRET)
    assert key.expose() == SECRET
    key.wipe()
    assert len(key) == 0
    for taken in (key.expose, key.in_place):
        with pytest.raises(CustodyError, match="wiped"):
            taken()
    key.wipe()


def test_wiping_overwrites_in_place() -> None:
    """Every other view of the octets shows zeros."""
    key = Key(SECRET)
    octets = key.in_place()
    assert octets == SECRET
    key.wipe()
    assert octets == bytes(16)


def test_dropped_key_is_overwritten() -> None:
    """The octets of a key without owner are zeros, for every other view of them."""
    key = Key(SECRET)
    octets = key.in_place()
    del key
    assert octets == bytes(16)


@pytest.mark.native
@pytest.mark.parametrize("length", [2, 16, 32, 64, 65, 5000])
def test_taken_octets_are_overwritten_where_they_came_from(length: int) -> None:
    """The C library wipes even a `bytes` object, whose owner gave it away."""
    pytest.importorskip("macsec._native", reason="the native data plane is not built")
    octets = bytes(i % 251 for i in range(length))
    before = bytearray(octets)
    key = Key.taking(octets)
    assert key.expose() == before
    assert octets == bytes(length)


def test_taking_spares_the_octets_that_python_shares() -> None:
    """There is one object for each single octet, and one for none."""
    for octets in (b"", b"A"):
        Key.taking(bytes(octets))
    assert bytes([65]) == b"A"


def test_exposed_copy_belongs_to_the_caller() -> None:
    """Exposed octets stay with the caller; the key has octets of its own."""
    given_octets = bytearray(SECRET)
    key = Key(bytes(given_octets))
    given_octets[0] ^= 1
    assert key.expose() == SECRET


@given(st.binary(max_size=200))
def test_a_key_holds_any_number_of_octets(octets: bytes) -> None:
    """Beside others, short and long, which come and go."""
    others = [Key(octets[:n]) for n in range(0, len(octets), 7)]
    key = Key(octets)
    others.clear()
    assert bytes(Key(octets + octets)._octets) == octets + octets
    assert bytes(key._octets) == octets


@given(st.binary(min_size=1, max_size=64))
def test_no_text_shows_a_key(octets: bytes) -> None:
    """Neither repr nor str nor format has more than the length."""
    key = Key(octets)
    for text in (repr(key), str(key), f"{key}", repr([key])):
        assert text.strip("[]") == f"<Key of {len(octets)} octets>"


@given(st.binary(min_size=1, max_size=40), st.binary(min_size=1, max_size=40))
def test_keys_with_equal_octets_are_equal(left: bytes, right: bytes) -> None:
    """Keys are equal if their octets are; equal keys hash alike and share a check value."""
    a, b = Key(left), Key(right)
    assert (a == b) == (left == right)
    assert (a.check_value == b.check_value) == (left == right)
    assert hash(Key(left)) == hash(a)
    assert a != left


def test_check_value_differs_from_the_octets() -> None:
    """16 hex digits that stay after wiping, and that differ from the octets."""
    key = Key(SECRET)
    before = key.check_value
    assert len(before) == 16
    int(before, 16)
    assert before not in SECRET.hex()
    key.wipe()
    assert key.check_value == before


def test_key_has_no_other_attributes() -> None:
    """A key has no dictionary in which its octets could turn up."""
    key = Key(SECRET)
    assert not hasattr(key, "__dict__")
    with pytest.raises(AttributeError):
        key.label = "SAK"  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", [16, [0] * 16, "00" * 16, None])
def test_key_of_anything_but_octets_is_refused(value: Any) -> None:
    """A number does not become a key of zeros."""
    with pytest.raises(CustodyError, match="a key is octets, not"):
        Key(value)
