"""Constants, SCIs and octets as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec import terms
from macsec.terms import SCI_NONE, mac_of, octets_of, sci_of, sci_text


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


PRINTED = [
    ("0x20000000a010001", 0x020000000A010001),  # ip -j macsec show
    ("0x1", 1),
    ("0X020000000A010001", 0x020000000A010001),
    ("02:00:00:00:0a:01@1", 0x020000000A010001),  # wpa_cli status
    ("02:00:00:00:0a:01@1234", 0x020000000A0104D2),
    ("2-0-0-0-A-1/1", 0x020000000A010001),
    ("0200.0000.0a01/001f", 0x020000000A01001F),  # show mka sessions
    ("0200.0000.0a01/0010", 0x020000000A010010),
    ("0200.0000.0a01/abcd", 0x020000000A01ABCD),
    ("02:00:00:00:0a:01/65535", 0x020000000A01FFFF),
    ("02:00:00:00:0a:01/0x1234", 0x020000000A011234),
    ("02:00:00:00:0a:01::1", 0x020000000A010001),  # show mac security participants
    ("020000000a01@1", 0x020000000A010001),
]


@pytest.mark.parametrize("text, sci", PRINTED)
def test_sci_is_read_as_other_programs_print_it(text: str, sci: int) -> None:
    """Short behind 0x, or a MAC address with its port, decimal or hex."""
    assert sci_of(text) == sci


@pytest.mark.parametrize(
    "text", ["02:00:00:00:0a:01", "2:0:0:0:A:1", "0200.0000.0A01", "2-0-0-0-0a-1", "0x020000000a01"]
)
def test_mac_is_read_as_other_programs_print_it(text: str) -> None:
    """Groups of one or two digits, dots, 0x and upper case."""
    assert mac_of(text).hex() == "020000000a01"


@pytest.mark.parametrize("text", ["", "2:0:0:0:A", "2:0:0:0:A:1:2", "2:0-0:0:a:1", "02000000a01"])
def test_impossible_mac_is_refused(text: str) -> None:
    """Five or seven groups, mixed separators of short groups, an odd number of digits."""
    with pytest.raises(ValueError, match=r"hex digits|expected [0-9]+ octets"):
        mac_of(text)


@pytest.mark.parametrize(
    "value, message",
    [
        (SCI_NONE, "other than all ones"),
        ("ff" * 8, "other than all ones"),
        (b"\xff" * 8, "other than all ones"),
        (-1, "64-bit number"),
        (1 << 64, "64-bit number"),
        ("", "expected 8 octets, 0 given"),
        ("00" * 7, "expected 8 octets, 7 given"),
        ("00" * 9, "expected 8 octets, 9 given"),
        ("0" * 15, "an odd number of hex digits"),
        ("0x", "expected 8 octets, 0 given"),
        ("0x52540013015600011", "hex digits"),
        ("0x0x54001301560001", "hex digits"),
        ("02:00:00:00:0a:01@", "expected 8 octets|hex digits"),
        ("02:00:00:00:0a:01@65536", "0 to 65535"),
        ("02:00:00:00:0a:01@1f", "0 to 65535"),
        ("02:00:00:00:0a:01/1234", "port 1234 is decimal for some programs"),
        ("02:00:00:00:0a@1", "expected [0-9]+ octets|hex digits"),
        ("02:00:00:00:0a-1@1", "hex digits"),
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
    assert octets_of("0x" + octets.hex()) == octets


@pytest.mark.parametrize("text", ["0", "0g", "00_11", "٣٣", "00\n", "00,11", "000x11"])
def test_text_other_than_hex_is_refused(text: str) -> None:
    """Half an octet, other alphabets, underscores and a prefix in the middle are refused."""
    with pytest.raises(ValueError, match="hex digits"):
        octets_of(text)


def test_wrong_length_is_refused() -> None:
    """A length that was asked for is kept to."""
    assert octets_of("0011", 2) == b"\x00\x11"
    with pytest.raises(ValueError, match="expected 3 octets, 2 given"):
        octets_of("0011", 3)
