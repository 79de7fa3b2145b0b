"""GHASH, and recovery of the authentication subkey of GCM from a repeated nonce.

GHASH is a polynomial in the subkey H over GF(2^128) (NIST SP 800-38D, 6.3 and 6.4). Two ICVs under
one nonce cancel the only other secret, so H is a root of a polynomial that the wire shows; two such
pairs have one root in common, and Euclid finds it.
"""

from __future__ import annotations

from itertools import zip_longest

REDUCTION = 0xE1 << 120
ONE = 1 << 127
"""Bit 0 of a block is its highest, and the coefficient of x^0."""

Polynomial = list[int]
"""Coefficients in GF(2^128), the constant first, no zero last."""


def times(a: int, b: int) -> int:
    """Return the product in GF(2^128)."""
    product = 0
    for bit in range(127, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = b >> 1 ^ (REDUCTION if b & 1 else 0)
    return product


def inverse(a: int) -> int:
    """Return 1/a, which is a to the power of 2^128 - 2."""
    result, square = ONE, a
    for _ in range(127):
        square = times(square, square)
        result = times(result, square)
    return result


def ghash(subkey: int, aad: bytes, text: bytes) -> int:
    """Return GHASH of additional data and ciphertext."""
    result = 0
    for block in _blocks(aad, text):
        result = times(result ^ block, subkey)
    return result


def _blocks(aad: bytes, text: bytes) -> list[int]:
    padded = b"".join(part + bytes(-len(part) % 16) for part in (aad, text))
    padded += (8 * len(aad)).to_bytes(8) + (8 * len(text)).to_bytes(8)
    return [int.from_bytes(padded[at : at + 16]) for at in range(0, len(padded), 16)]


def difference(one: tuple[bytes, bytes, bytes], other: tuple[bytes, bytes, bytes]) -> Polynomial:
    """Return the polynomial with root H, from two (AAD, ciphertext, ICV) under one nonce."""
    sides = [
        [int.from_bytes(icv), *reversed(_blocks(aad, text))] for aad, text, icv in (one, other)
    ]
    return _trimmed([a ^ b for a, b in zip_longest(*sides, fillvalue=0)])


def common_root(f: Polynomial, g: Polynomial) -> int | None:
    """Return the common root of two polynomials; None if there is not exactly one."""
    while g:
        f, g = g, _remainder(f, g)
    return times(f[0], inverse(f[1])) if len(f) == 2 else None


def _remainder(f: Polynomial, g: Polynomial) -> Polynomial:
    f, lead = list(f), inverse(g[-1])
    while len(f) >= len(g):
        factor, shift = times(f[-1], lead), len(f) - len(g)
        for at, coefficient in enumerate(g):
            f[shift + at] ^= times(factor, coefficient)
        f = _trimmed(f)
    return f


def _trimmed(f: Polynomial) -> Polynomial:
    while f and not f[-1]:
        f.pop()
    return f
