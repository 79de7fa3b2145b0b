"""Verdicts over time in bounded memory: no frame is lost from the counts, few are kept."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.planes import frame_of

from macsec.frames import FrameBatch
from macsec.offline.frame_log import BINS, KEPT, OCTETS, FrameLog
from macsec.secy import Outcome, Verdict

CODES = st.lists(st.sampled_from([0, 2, 5, 9, 12, 17]), min_size=1, max_size=40)
TIMES = st.integers(0, 1 << 50)


def outcome(codes: list[int], times: list[int], length: int = 60) -> tuple[Outcome, FrameBatch]:
    """Return an outcome with these verdicts, of frames at these times."""
    frames = [frame_of(length)] * len(codes)
    batch = FrameBatch.from_frames(frames, times)
    n = len(codes)
    out = Outcome(
        batch,
        np.arange(n),
        np.array(codes, np.uint8),
        np.full(n, 7, np.uint64),
        np.zeros(n, np.uint8),
        np.arange(1, n + 1, dtype=np.uint64),
    )
    return out, batch


@given(st.lists(st.tuples(CODES, TIMES), min_size=1, max_size=8), st.randoms())
def test_counts_are_those_of_all_frames_for_any_times(parts, draw) -> None:
    """Each frame is in one bin of its verdict, wherever its time is, and few are kept."""
    log, all_codes = FrameLog(), []
    for codes, time in parts:
        times = [time + draw.randrange(1 << 40) for _ in codes]
        log.validated(*outcome(codes, times), len(all_codes))
        all_codes += codes
    assert log.frames == len(all_codes)
    found = log.counts()
    assert found == {v: all_codes.count(v) for v in Verdict if v in all_codes}
    for verdict, bins in log.over_time().items():
        assert sum(bins) == found[verdict]
        assert len(bins) <= BINS
    refused = [verdict for verdict in found if not verdict.delivered]
    assert len(log.refused) == sum(min(KEPT, found[verdict]) for verdict in refused)


def test_the_first_frames_of_each_verdict_are_kept_with_their_octets() -> None:
    """The index counts over all batches; a long frame is kept in part."""
    log = FrameLog()
    log.validated(*outcome([0, 12, 12], [5, 6, 7]), 0)
    log.validated(*outcome([2, 0, 12], [8, 9, 10], 900), 3)
    kept = [(each.index, each.verdict, each.pn) for each in log.refused]
    assert kept == [
        (1, Verdict.NO_SCI, 2),
        (2, Verdict.NO_SCI, 3),
        (3, Verdict.NOT_VALID, 1),
        (5, Verdict.NO_SCI, 3),
    ]
    last = log.refused[-1]
    assert (len(last.octets), last.length > OCTETS, last.sci, last.an) == (OCTETS, True, 7, 0)


def test_bins_double_until_the_last_frame_is_in_one() -> None:
    """Frames a second apart: the width is a power of two of the first width, and half are used."""
    log = FrameLog()
    log.validated(*outcome([0] * 10, [at * 10**9 for at in range(10)]), 0)
    bins = log.over_time()[Verdict.OK]
    assert BINS // 2 < len(bins) <= BINS
    assert [at * log.width_ns // 10**9 for at, count in enumerate(bins) if count][-1] >= 8
