"""Table 14-1 and the IV of each suite."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec.suites import SUITES, CipherSuite

TABLE = {
    # name: identifier, key octets, XPN, offsets
    "gcm-aes-128": ("0080c20001000001", 16, False, (0, 30, 50)),
    "gcm-aes-256": ("0080c20001000002", 32, False, (0, 30, 50)),
    "gcm-aes-xpn-128": ("0080c20001000003", 16, True, (0,)),
    "gcm-aes-xpn-256": ("0080c20001000004", 32, True, (0,)),
}


def test_suites_are_those_of_table_14_1() -> None:
    """Identifiers, key lengths, PN lengths and offsets are those of Table 14-1."""
    found = {
        suite.name: (f"{suite.identifier:016x}", suite.key_length, suite.xpn, suite.offsets)
        for suite in SUITES.values()
    }
    assert found == TABLE
    assert list(SUITES) == list(TABLE)


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_pn_and_window_limits_follow_the_suite(suite: CipherSuite) -> None:
    """The first PN that must not be used, and the largest window (10.7.8)."""
    assert suite.pn_limit == 2 ** (64 if suite.xpn else 32)
    assert suite.window_limit == (2**30 - 1 if suite.xpn else 2**32 - 1)


def test_iv_is_sci_and_pn_or_ssci_and_pn_xor_salt() -> None:
    """SCI and PN in network order; SSCI and PN XOR Salt under XPN (14.5, 14.7)."""
    plain = SUITES["gcm-aes-128"].iv(0x12153524C0895E81, 0xB2C28465)
    assert plain.hex() == "12153524c0895e81b2c28465"
    salt = bytes.fromhex("e630e81a48de86a21c66fa6d")
    xpn = SUITES["gcm-aes-xpn-128"].iv(0, 0xB0DF459CB2C28465, 0x7A30C118, salt)
    assert xpn.hex() == "9c002902f801c33eaea47e08"


@given(
    st.sampled_from(list(SUITES.values())),
    st.integers(0, 2**64 - 1),
    st.integers(1, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(min_size=12, max_size=12),
)
def test_iv_holds_sci_or_ssci_and_pn(
    suite: CipherSuite, sci: int, pn: int, ssci: int, salt: bytes
) -> None:
    """The IV is 12 octets from which SCI and PN, or SSCI and PN, can be read back."""
    iv = suite.iv(sci, pn, ssci, salt)
    assert len(iv) == 12
    if suite.xpn:
        clear = bytes(a ^ b for a, b in zip(iv, salt, strict=True))
        assert (int.from_bytes(clear[:4]), int.from_bytes(clear[4:])) == (ssci, pn)
        assert suite.iv(sci ^ 1, pn, ssci, salt) == iv
    else:
        assert (int.from_bytes(iv[:8]), int.from_bytes(iv[8:])) == (sci, pn)
        assert suite.iv(sci, pn, ssci ^ 1, salt) == iv


@given(st.sampled_from(list(SUITES.values())), st.integers(1, 2**32 - 1), st.integers(0, 31))
def test_each_pn_has_its_own_iv(suite: CipherSuite, pn: int, bit: int) -> None:
    """Another PN is another IV, over the whole width of the PN."""
    other = pn ^ 1 << bit
    assert suite.iv(1, pn, 1) != suite.iv(1, other, 1)
    if suite.xpn:
        assert suite.iv(1, pn, 1) != suite.iv(1, pn | 1 << 32 + bit, 1)


def test_suites_cannot_be_changed() -> None:
    """A row of the table is a constant."""
    with pytest.raises(AttributeError):
        SUITES["gcm-aes-128"].xpn = True  # type: ignore[misc]
