"""AES-GCM of the page, against published vectors and the library."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import aead

from macsec import conformance
from macsec.classroom import aes_gcm
from macsec.conformance.schema import AESGCM

VECTORS = [
    vector
    for file in conformance.builtin()
    for vector in file.vectors
    if isinstance(vector, AESGCM) and len(vector.iv) == 12
]


def sealed(vector: AESGCM) -> tuple[bytes, bytes]:
    """Return the text under the cipher of the page, and the right ICV of the ciphertext given."""
    aes = aes_gcm.AES(vector.key)
    text = aes_gcm.crypt(aes, vector.iv, vector.ct)
    return text, aes_gcm.tag(aes, vector.iv, vector.aad, vector.ct)


def test_all_published_vectors_pass() -> None:
    """Each vector of AES-GCM has its text and its ICV; a wrong ICV is not the right one."""
    assert len(VECTORS) == 497
    for vector in VECTORS:
        text, icv = sealed(vector)
        assert (icv == vector.tag) == (vector.result == "valid"), vector.id
        if len(vector.msg) == len(vector.ct) and vector.result == "valid":
            assert text == vector.msg, vector.id


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 47, 100])
@pytest.mark.parametrize("key_length", [16, 24, 32])
def test_result_is_that_of_the_library(key_length: int, length: int) -> None:
    """Ciphertext and ICV are those of the library at the edges of blocks."""
    key, iv, text = bytes(range(key_length)), bytes(range(12)), bytes(range(length))
    aad = bytes(length // 2)
    aes = aes_gcm.AES(key)
    ciphertext = aes_gcm.crypt(aes, iv, text)
    expected = aead.AESGCM(key).encrypt(iv, text, aad)
    assert ciphertext + aes_gcm.tag(aes, iv, aad, ciphertext) == expected
