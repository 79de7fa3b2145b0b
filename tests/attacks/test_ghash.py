"""GHASH, and the subkey of GCM recovered from repeated nonces."""

from __future__ import annotations

from hashlib import shake_128

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from macsec.attacks import ghash


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=40), st.binary(max_size=70))
def test_ghash_is_that_of_gcm(key: bytes, aad: bytes, text: bytes) -> None:
    """GHASH and the first block of keystream give the ICV (SP 800-38D)."""
    subkey, iv = encrypted(key, bytes(16)), bytes(12)
    sealed = AESGCM(key).encrypt(iv, text, aad)
    mask = encrypted(key, iv + (1).to_bytes(4))
    found = ghash.ghash(subkey, aad, sealed[:-16]) ^ mask
    assert found.to_bytes(16) == sealed[-16:]


@given(st.integers(1, 2**128 - 1))
def test_every_element_but_zero_has_an_inverse(a: int) -> None:
    """The product with it is one."""
    assert ghash.times(a, ghash.inverse(a)) == ghash.ONE


@pytest.mark.parametrize("lengths", [(20, 20), (100, 100), (33, 70)])
def test_the_subkey_follows_from_two_repeated_nonces(lengths: tuple[int, int]) -> None:
    """The computed subkey is AES of the zero block under the SAK."""
    key = bytes(range(16))

    def pair(pn: int) -> list[tuple[bytes, bytes, bytes]]:
        sides = [(bytes((pn, side)), length) for side, length in enumerate(lengths)]
        texts = [shake_128(seed).digest(length) for seed, length in sides]
        sealed = [AESGCM(key).encrypt(bytes(11) + bytes((pn,)), text, b"aad") for text in texts]
        return [(b"aad", octets[:-16], octets[-16:]) for octets in sealed]

    polynomials = [ghash.difference(*pair(pn)) for pn in (1, 2)]
    assert ghash.common_root(*polynomials) == encrypted(key, bytes(16))


def test_no_subkey_without_a_repeated_nonce() -> None:
    """Polynomials of frames that share no nonce have no root in common."""
    key = bytes(range(16))
    frames = [AESGCM(key).encrypt(bytes(11) + bytes((n,)), bytes(40), b"") for n in range(4)]
    parts = [(b"", octets[:-16], octets[-16:]) for octets in frames]
    polynomials = ghash.difference(*parts[:2]), ghash.difference(*parts[2:])
    assert ghash.common_root(*polynomials) is None


def encrypted(key: bytes, block: bytes) -> int:
    """Return AES of one block, as a number."""
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return int.from_bytes(cipher.update(block) + cipher.finalize())
