"""Stores of CAKs: a key-encryption key, entropy that never repeats, and CAKs that compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from macsec.kay.holders.store import StoredCak
from macsec.keys import Key

KEK = Key(bytes(range(32)))


def counting() -> Callable[[int], bytes]:
    """Return a source of octets that never repeat, in place of entropy."""
    count = 0

    def random(length: int) -> bytes:
        nonlocal count
        count += 1
        return count.to_bytes(length)

    return random


def plain(caks: Sequence[StoredCak]) -> list[tuple[bytes, bytes, int, int | None]]:
    """Return CAKs as tuples that compare."""
    return [(cak.ckn, cak.cak.expose(), cak.start_ns, cak.end_ns) for cak in caks]
