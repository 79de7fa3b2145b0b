"""Station 4: two frames with one nonce, and what follows.

The product's SecY never uses a PN twice under a SAK. Here a sender lost its state: it starts again
with the same key and the same PN.
"""

from __future__ import annotations

from typing import NamedTuple, TypedDict

from macsec.errors import ConfigError
from macsec.frames.dissect import Span
from macsec.secy import Controls
from macsec.terms import SHORT_LENGTH_LIMIT

from . import link
from .aes_gcm import BLOCK, blocks, ghash
from .building import ETHERTYPE
from .roots import roots

PN = 7
TEXT_MOST = SHORT_LENGTH_LIMIT - 1 - len(ETHERTYPE)


class Texts(TypedDict):
    """Two texts that were sent, and one that the attacker wants to be delivered."""

    first: str
    second: str
    forged: str


class Candidate(TypedDict):
    """A root of the polynomial: perhaps the hash key. The forged frame, and its judgement."""

    key: str
    frame: str
    judgement: link.Judgement


class Reused(TypedDict):
    """The attack step by step, octets as hex. `read`: the second text, from the first alone."""

    nonce: str
    first: str
    second: str
    ciphertexts: str
    plaintexts: str
    read: str
    degree: int
    candidates: list[Candidate]


class _Parts(NamedTuple):
    header: bytes
    ciphertext: bytes
    icv: bytes


def reused(texts: Texts) -> Reused:
    """Send two texts with one nonce and forge a third. Raises ConfigError for texts too long."""
    controls = Controls()
    first, second, forged = _same_length(texts)
    frames = [link.sent(controls, PN, text) for text in (first, second)]
    one, two = (_parts(frame, controls) for frame in frames)
    stream = _xor(one.ciphertext, first)  # one text known is the key stream known
    polynomial = _polynomial(one, two)
    candidates = [
        _forged(controls, one, _xor(forged, stream), key)
        for key in (roots(polynomial) if any(polynomial) else [])
    ]
    return {
        "nonce": controls.cipher.iv(int(link.SCI, 16), PN).hex(),
        "first": frames[0].hex(),
        "second": frames[1].hex(),
        "ciphertexts": _xor(one.ciphertext, two.ciphertext).hex(),
        "plaintexts": _xor(first, second).hex(),
        "read": _xor(two.ciphertext, stream)[len(ETHERTYPE) :].decode("utf-8", "replace"),
        "degree": max((at for at, each in enumerate(polynomial) if each), default=0),
        "candidates": candidates,
    }


def _same_length(texts: Texts) -> list[bytes]:
    octets = [texts["first"].encode(), texts["second"].encode(), texts["forged"].encode()]
    longest = max(map(len, octets))
    if longest > TEXT_MOST:
        raise ConfigError(f"a text of {longest} octets: at most {TEXT_MOST} here")
    return [ETHERTYPE + each.ljust(longest) for each in octets]


def _parts(frame: bytes, controls: Controls) -> _Parts:
    sight = link.seen(frame, controls)
    secure, icv = sight.secure or Span("", 0, 0), sight.icv or Span("", 0, 0)
    return _Parts(
        frame[: secure.start], frame[secure.start : secure.stop], frame[icv.start : icv.stop]
    )


def _polynomial(one: _Parts, two: _Parts) -> list[int]:
    """Return the polynomial whose root is the hash key.

    The ICV is GHASH XOR a block of the nonce; that of two ICVs is free of the block.
    """
    icvs = int.from_bytes(one.icv, "big") ^ int.from_bytes(two.icv, "big")
    a, b = (blocks(each.header, each.ciphertext) for each in (one, two))
    # The last block is multiplied by the key once, the one before twice.
    return [icvs, *(x ^ y for x, y in zip(reversed(a), reversed(b), strict=True))]


def _forged(controls: Controls, known: _Parts, ciphertext: bytes, key: int) -> Candidate:
    change = ghash(key, known.header, known.ciphertext) ^ ghash(key, known.header, ciphertext)
    icv = (int.from_bytes(known.icv, "big") ^ change).to_bytes(BLOCK, "big")
    frame = known.header + ciphertext + icv
    with link.receiver(controls, PN) as secy:
        judgement = link.judged(secy, frame)
    return {
        "key": key.to_bytes(BLOCK, "big").hex(),
        "frame": frame.hex(),
        "judgement": judgement,
    }


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))
