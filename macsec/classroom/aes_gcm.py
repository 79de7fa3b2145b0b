"""AES-GCM in Python alone (NIST SP 800-38D), for a page without a library of ciphers.

Slow, and not in constant time: never for a key that matters. Elements of the field are integers of
128 bits whose high bit is the coefficient of 1, as GCM orders them.
"""

from __future__ import annotations

from collections.abc import Iterator

BLOCK = 16
ONE = 1 << 127
_REDUCTION = 0xE1 << 120


def _s_box() -> bytes:
    box, p, q = bytearray(256), 1, 1
    for _ in range(255):
        p ^= _doubled(p)  # times 3
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09  # divided by 3
        box[p] = q ^ _turned(q, 1) ^ _turned(q, 2) ^ _turned(q, 3) ^ _turned(q, 4) ^ 0x63
    box[0] = 0x63
    return bytes(box)


def _turned(octet: int, by: int) -> int:
    return (octet << by | octet >> 8 - by) & 0xFF


def _doubled(octet: int) -> int:
    return octet << 1 ^ (0x11B if octet & 0x80 else 0)


_BOX = _s_box()
_DOUBLE = bytes(_doubled(octet) for octet in range(256))
_SHIFTED_ROWS = [(column + row) % 4 * 4 + row for column in range(4) for row in range(4)]


class AES:
    """The block cipher of one key of 16, 24 or 32 octets (FIPS 197), to encrypt only."""

    def __init__(self, key: bytes) -> None:
        self._rounds = _schedule(bytes(key))

    def encrypt(self, block: bytes) -> bytes:
        """Return the ciphertext of one block."""
        first, *middle, last = self._rounds
        state = _xor(block, first)
        for round_key in middle:
            state = _xor(_mixed(_substituted(state)), round_key)
        return _xor(_substituted(state), last)


def _schedule(key: bytes) -> list[bytes]:
    words = [key[at : at + 4] for at in range(0, len(key), 4)]
    size, constant = len(words), 1
    for at in range(size, 4 * (size + 7)):
        word = words[-1]
        if at % size == 0:
            word = word[1:] + word[:1]
            word = bytes(_BOX[octet] for octet in word)
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _doubled(constant)
        elif size > 6 and at % size == 4:
            word = bytes(_BOX[octet] for octet in word)
        words.append(_xor(word, words[at - size]))
    return [b"".join(words[at : at + 4]) for at in range(0, len(words), 4)]


def _substituted(state: bytes) -> bytes:
    return bytes(_BOX[state[at]] for at in _SHIFTED_ROWS)


def _mixed(state: bytes) -> bytes:
    out = bytearray()
    for at in range(0, BLOCK, 4):
        column = state[at : at + 4]
        all_four = column[0] ^ column[1] ^ column[2] ^ column[3]
        for row in range(4):
            out.append(column[row] ^ all_four ^ _DOUBLE[column[row] ^ column[(row + 1) % 4]])
    return bytes(out)


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def multiply(a: int, b: int) -> int:
    """Return the product of two elements of the field."""
    product = 0
    while a:
        if a & ONE:
            product ^= b
        a = a << 1 & (1 << 128) - 1
        b = b >> 1 ^ (_REDUCTION if b & 1 else 0)
    return product


def blocks(aad: bytes, text: bytes) -> list[int]:
    """Return what GHASH takes: AAD and ciphertext, each filled up to blocks, and their lengths."""
    lengths = (8 * len(aad)).to_bytes(8, "big") + (8 * len(text)).to_bytes(8, "big")
    whole = _filled(aad) + _filled(text) + lengths
    return [int.from_bytes(whole[at : at + BLOCK], "big") for at in range(0, len(whole), BLOCK)]


def _filled(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % BLOCK)


def ghash(key: int, aad: bytes, text: bytes) -> int:
    """Return GHASH of AAD and ciphertext under a hash key."""
    total = 0
    for block in blocks(aad, text):
        total = multiply(total ^ block, key)
    return total


def _key_stream(aes: AES, iv: bytes) -> Iterator[bytes]:
    for count in range(1, 1 << 32):
        yield aes.encrypt(iv + count.to_bytes(4, "big"))


def crypt(aes: AES, iv: bytes, text: bytes) -> bytes:
    """Return text encrypted, or ciphertext decrypted, under an IV of 12 octets."""
    stream = _key_stream(aes, iv)
    next(stream)  # the block of the ICV
    out = b""
    for at in range(0, len(text), BLOCK):
        part = text[at : at + BLOCK]
        out += _xor(part, next(stream)[: len(part)])
    return out


def tag(aes: AES, iv: bytes, aad: bytes, ciphertext: bytes) -> bytes:
    """Return the 16 octets of the ICV."""
    key = int.from_bytes(aes.encrypt(bytes(BLOCK)), "big")
    mask = int.from_bytes(next(_key_stream(aes, iv)), "big")
    return (ghash(key, aad, ciphertext) ^ mask).to_bytes(BLOCK, "big")
