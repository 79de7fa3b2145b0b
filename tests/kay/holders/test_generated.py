"""Rotation: a key at each time, overlapping neighbours, and no name twice."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.mka.stores import counting, plain

from macsec.errors import ConfigError
from macsec.kay.holders.generated import Rotation
from macsec.kay.holders.store import StoredCak

HOUR = 3600 * 10**9


@given(
    lifetime=st.integers(2, 100),
    data=st.data(),
    steps=st.lists(st.integers(0, 60), max_size=20),
)
def test_chain_reaches_one_lifetime_ahead_with_overlaps(
    lifetime: int, data: st.DataObject, steps: list[int]
) -> None:
    """For any times at which the rotation runs."""
    overlap = data.draw(st.integers(1, lifetime - 1))
    rotation = Rotation(lifetime_ns=lifetime, overlap_ns=overlap)
    random, chain, now = counting(), list[StoredCak](), 1000
    seen: set[bytes] = set()
    runs: set[int] = set()
    for step in [0, *steps]:
        before = plain(chain)
        now += step
        runs.add(now)
        chain = rotation.extend(chain, now, random)
        assert all(cak.end_ns == cak.start_ns + lifetime for cak in chain)
        assert all(cak.end_ns > now for cak in chain if cak.end_ns is not None)
        starts = [cak.start_ns for cak in chain]
        assert starts[-1] + lifetime - overlap > now + lifetime
        assert any(cak.start_ns <= now for cak in chain), "no key is valid now"
        for one, other in pairwise(starts):
            # A key that was due between two runs starts with the next run.
            assert 0 < other - one <= lifetime - overlap or other in runs
        new = [cak for cak in plain(chain) if cak not in before]
        assert not seen & {cak[0] for cak in new}
        seen |= {cak[0] for cak in new}
        kept = [cak for cak in before if cak[3] is not None and cak[3] > now]
        assert plain(chain)[: len(kept)] == kept


def test_second_run_at_the_same_time_makes_no_key() -> None:
    """The chain reaches far enough."""
    rotation = Rotation(lifetime_ns=24 * HOUR, overlap_ns=HOUR, cak_length=16)
    random = counting()
    chain = rotation.extend([], 0, random)
    assert [cak.start_ns // HOUR for cak in chain] == [0, 23]
    assert {len(cak.cak) for cak in chain} == {16}
    assert plain(rotation.extend(chain, 0, random)) == plain(chain)
    assert [cak.start_ns // HOUR for cak in rotation.extend(chain, 22 * HOUR, random)] == [
        0,
        23,
        46,
    ]


@pytest.mark.parametrize(
    "lifetime, overlap, length", [(10, 0, 16), (10, 10, 16), (0, 0, 16), (10, 1, 24)]
)
def test_impossible_rotations_are_refused(lifetime: int, overlap: int, length: int) -> None:
    """Keys that would not overlap, or are not CAKs."""
    with pytest.raises(ConfigError):
        Rotation(lifetime_ns=lifetime, overlap_ns=overlap, cak_length=length)
