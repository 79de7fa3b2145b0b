"""Constants, SCIs and octets as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec import terms
from macsec.terms import SCI_NONE, octets_of, sci_of, sci_text


def test_constants_are_those_of_the_standard() -> None:
    """EtherTypes, lengths and limits are those of clauses 9 and 10.7."""
    assert (terms.ETHERTYPE_MACSEC, terms.ETHERTYPE_EAPOL) == (0x88E5, 0x888E)
    assert (terms.ICV_LENGTH, terms.SHORT_LENGTH_LIMIT, terms.ADDRESSES_LENGTH) == (16, 48, 12)
    assert (terms.PN_LIMIT_32, terms.PN_LIMIT_64) == (2**32, 2**64)
    assert (terms.WINDOW_LIMIT_32, terms.WINDOW_LIMIT_XPN) == (2**32 - 1, 2**30 - 1)
    assert list(terms.AN_VALUES) == [0, 1, 2, 3]
    assert (terms.PORT_END_STATION, terms.PORT_SCB) == (1, 0)
    assert SCI_NONE == 0xFFFFFFFFFFFFFFFF
    assert {0x8100, 0x88A8, 0x9100} == terms.VLAN_TPIDS


@given(st.integers(0, SCI_NONE - 1))
def test_sci_is_the_same_in_every_spelling(sci: int) -> None:
    """Number, octets, hex and hex with separators are one SCI; its text is 16 lower-case digits."""
    text = sci_text(sci)
    pairs = [text[i : i + 2] for i in range(0, 16, 2)]
    spellings = [sci, sci.to_bytes(8), text, text.upper(), ":".join(pairs), "-".join(pairs)]
    spellings.append(".".join(text[i : i + 4] for i in range(0, 16, 4)))
    assert [sci_of(spelling) for spelling in spellings] == [sci] * len(spellings)
    assert (len(text), text) == (16, text.lower())


@pytest.mark.parametrize(
    "value, message",
    [
        (SCI_NONE, "other than all ones"),
        ("ff" * 8, "other than all ones"),
        (b"\xff" * 8, "other than all ones"),
        (-1, "64-bit number"),
        (1 << 64, "64-bit number"),
        ("", "8 octets wanted, 0 given"),
        ("00" * 7, "8 octets wanted, 7 given"),
        ("00" * 9, "8 octets wanted, 9 given"),
        ("0" * 15, "not an even number of hex digits"),
        ("0x5254001301560001", "hex digits"),
        ("zz" * 8, "hex digits"),
        (b"\x00" * 7, "an SCI has 8 octets, 7 given"),
        (b"", "an SCI has 8 octets, 0 given"),
    ],
    ids=repr,
)
def test_impossible_sci_is_refused(value: int | str | bytes, message: str) -> None:
    """All ones is reserved (9.9); wrong lengths and digits are refused."""
    with pytest.raises(ValueError, match=message):
        sci_of(value)


@given(st.binary(max_size=40), st.sampled_from(["", ":", "-", ".", " "]))
def test_octets_are_read_from_hex_with_any_separator(octets: bytes, separator: str) -> None:
    """Hex of any length comes back, with any separator."""
    assert octets_of(separator.join(f"{octet:02x}" for octet in octets)) == octets
    assert octets_of(octets.hex().upper(), len(octets)) == octets


@pytest.mark.parametrize("text", ["0", "0g", "00_11", "٣٣", "00\n", "0x00", "00,11"])
def test_text_other_than_hex_is_refused(text: str) -> None:
    """Half an octet, other alphabets, underscores and prefixes are refused."""
    with pytest.raises(ValueError, match="hex digits"):
        octets_of(text)


def test_wrong_length_is_refused() -> None:
    """A length that was asked for is kept to."""
    assert octets_of("0011", 2) == b"\x00\x11"
    with pytest.raises(ValueError, match="3 octets wanted, 2 given"):
        octets_of("0011", 3)
