"""The holder in memory: the operations with a CAK that the KaY needs, and no other."""

from __future__ import annotations

import copy

import pytest

from macsec.errors import ConfigError, CustodyError
from macsec.kay.keys import derivation
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.keys import Key

CAK, CKN = bytes(range(16)), bytes(range(32))
KEK = bytes.fromhex("92837d1d5f4564f49d55cfdf623a91b7")
ICK = bytes.fromhex("940dd70d87fe2547897ed54b732b6dc7")


def holder() -> MemoryHolder:
    """Return a holder of the test key of hostap."""
    return MemoryHolder(Key(CAK), CKN)


def test_holder_computes_as_the_derived_keys_do() -> None:
    """ICV, wrap, unwrap and SAK are those of the KEK and ICK of this CAK and CKN (9.3.3)."""
    held, sak, nonce = holder(), Key(b"S" * 32), b"N" * 16
    assert (held.ckn, held.cak_length) == (CKN, 16)
    assert held.icv(b"message") == derivation.icv(Key(ICK), b"message")
    assert held.icv_valid(b"message", held.icv(b"message"))
    assert not held.icv_valid(b"message", bytes(16))
    assert held.wrap(sak) == derivation.wrap(Key(KEK), sak)
    assert held.unwrap(held.wrap(sak)) == sak
    expected = derivation.sak_from_cak(Key(CAK), nonce, [b"A" * 12, b"B" * 12], 7, 16)
    assert held.sak(nonce, [b"A" * 12, b"B" * 12], 7, 16) == expected


@pytest.mark.parametrize("wrapped", [b"", b"short", bytes(24), bytes(25), bytes(40)])
def test_unwrap_of_foreign_octets_is_none(wrapped: bytes) -> None:
    """Octets from a wire never raise."""
    assert holder().unwrap(wrapped) is None


@pytest.mark.parametrize("length", [0, 8, 15, 17, 24, 31, 33])
def test_caks_of_other_lengths_are_refused(length: int) -> None:
    """A CAK has 16 or 32 octets; any other length is refused."""
    with pytest.raises(ConfigError, match=f"16 or 32 octets, {length} given"):
        MemoryHolder(Key(bytes(length)), CKN)


@pytest.mark.parametrize("length", [0, 33])
def test_ckns_of_other_lengths_are_refused(length: int) -> None:
    """A CKN has 1 to 32 octets."""
    with pytest.raises(ConfigError, match="CKN"):
        MemoryHolder(Key(CAK), bytes(length))


def test_holder_hides_its_key_and_refuses_copies() -> None:
    """Its repr names only the CKN; after a wipe each operation is refused."""
    held = holder()
    assert repr(held) == f"<MemoryHolder of CKN {CKN.hex()}>"
    with pytest.raises(CustodyError):
        copy.copy(held)
    held.wipe()
    with pytest.raises(CustodyError, match="wiped"):
        held.icv(b"message")
