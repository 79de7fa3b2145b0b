"""AES-CMAC in C: the examples of RFC 4493, and `cryptography` for every length, on each kernel."""

from __future__ import annotations

import random
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from macsec.kay.keys import derivation
from macsec.keys import Key
from macsec.native import load

pytestmark = pytest.mark.native

KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
EXAMPLES = {
    0: "bb1d6929e95937287fa37d129b756746",
    16: "070a16b46b4d4144f79bdd9dd04a287c",
    40: "dfa66747de9ae63030ca32611497c827",
    64: "51f0bebf7e3b9d92fc49741779363cfe",
}


def kernels() -> list[int]:
    """Return the numbers of the kernels of this CPU."""
    return [number for number in range(4) if mac(number, bytes(16), b"") is not None]


def mac(kernel: int, key: bytes, message: bytes) -> bytes | None:
    """Return the MAC on a kernel; None if it is not here."""
    module: Any = load("native")
    made = module.ffi.new("uint8_t[16]")
    ended = module.lib.macsec_cmac_on(kernel, key, len(key), message, len(message), made)
    return None if ended else bytes(made)


def of_cryptography(key: bytes, message: bytes) -> bytes:
    """Return the MAC by the library."""
    wanted = CMAC(AES(key))
    wanted.update(message)
    return wanted.finalize()


def test_portable_kernel_is_among_them() -> None:
    """There is one on every CPU, and the numbers have an end."""
    assert 1 <= len(kernels()) <= 2
    assert mac(-1, bytes(16), b"") is None


@pytest.mark.parametrize("length", EXAMPLES)
def test_examples_of_rfc_4493(length: int) -> None:
    """Section 4: no octet, one block, a part of a block, whole blocks."""
    for kernel in kernels():
        made = mac(kernel, KEY, MESSAGE[:length])
        assert made is not None
        assert made.hex() == EXAMPLES[length]


@pytest.mark.parametrize("key_length", [16, 32])
def test_every_length_is_that_of_cryptography(key_length: int) -> None:
    """Up to five blocks each length, and the longest MKPDU."""
    drawn = random.Random(key_length)
    for length in [*range(82), 1500]:
        key, message = drawn.randbytes(key_length), drawn.randbytes(length)
        wanted = of_cryptography(key, message)
        assert {mac(kernel, key, message) for kernel in kernels()} == {wanted}
        assert derivation.icv(Key(key), message) == wanted


@pytest.mark.parametrize("key_length", [0, 15, 24, 33])
def test_keys_of_other_lengths_are_refused(key_length: int) -> None:
    """AES-192 too, which MACsec does not have."""
    assert mac(0, bytes(key_length), b"") is None


def test_without_the_c_library_the_icv_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library takes its place."""
    made = derivation.icv(Key(KEY), MESSAGE)
    monkeypatch.setattr(derivation, "_native", lambda: None)
    assert derivation.icv(Key(KEY), MESSAGE) == made
