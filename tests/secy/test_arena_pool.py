"""Output arenas are used again where nobody looks at them, by the thread that wrote them last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from macsec.secy import arena_pool
from macsec.secy.arena_pool import ArenaPool

needs_counts = pytest.mark.skipif(
    not arena_pool._COUNTS_REFERENCES, reason="reference counts are not exact here"
)


def address(arena):
    """Where the octets lie."""
    return arena.__array_interface__["data"][0]


def taken(pool, octets):
    """Where an arena lies that is given back at once."""
    return address(pool.take(octets))


@needs_counts
def test_an_arena_is_used_again():
    """As it is for what needs no more room, and not while a slice of it is left."""
    pool = ArenaPool()
    first = taken(pool, 1000)
    assert taken(pool, 900) == first
    part = pool.take(1000)[10:20]
    other = pool.take(1000)
    assert address(other) != first
    del part
    assert taken(pool, 1000) == first


@needs_counts
def test_threads_do_not_share_arenas():
    """What one thread gave back goes to no other, and stays there for itself."""
    pool = ArenaPool()
    own = taken(pool, 1 << 16)
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(taken, pool, 1 << 16).result()
        assert theirs != own
        assert taken(pool, 1 << 16) == own
        assert other.submit(taken, pool, 1 << 16).result() == theirs


def test_no_more_than_some_are_kept():
    """The pool holds a few arenas, none of them huge."""
    pool = ArenaPool()
    held = [pool.take(100) for _ in range(10)]
    assert len({address(arena) for arena in held}) == 10
    assert len(pool._kept) <= arena_pool.KEPT
    before = len(pool._kept)
    assert len(pool.take(arena_pool.LARGEST + 1)) == arena_pool.LARGEST + 1
    assert len(pool._kept) == before
