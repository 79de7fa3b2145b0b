"""Unused output arenas are used again, by the thread that wrote them last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from macsec.secy import arena_pool
from macsec.secy.arena_pool import ArenaPool

needs_counts = pytest.mark.skipif(
    not arena_pool._COUNTS_REFERENCES, reason="reference counts are not exact here"
)


def address(arena):
    """Return the address of the octets."""
    return arena.__array_interface__["data"][0]


def taken(pool, octets):
    """Return the address of an arena that is dropped at once."""
    return address(pool.take(octets))


@needs_counts
def test_free_arena_is_reused_if_large_enough():
    """An arena is reused if it is large enough and no slice of it is left."""
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
    """An arena that one thread dropped goes to no other thread."""
    pool = ArenaPool()
    own = taken(pool, 1 << 16)
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(taken, pool, 1 << 16).result()
        assert theirs != own
        assert taken(pool, 1 << 16) == own
        assert other.submit(taken, pool, 1 << 16).result() == theirs


def test_pool_keeps_a_few_arenas_none_of_them_huge():
    """The pool holds a few arenas, none of them huge."""
    pool = ArenaPool()
    held = [pool.take(100) for _ in range(10)]
    assert len({address(arena) for arena in held}) == 10
    assert len(pool._kept) <= arena_pool.KEPT
    before = len(pool._kept)
    assert len(pool.take(arena_pool.LARGEST + 1)) == arena_pool.LARGEST + 1
    assert len(pool._kept) == before
