"""The engine with a link, the Python lane in batches and the C calendar are the same wire."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import event, given, settings
from hypothesis import strategies as st
from support.virtual.wires import CARRIERS, link_params, play, traffic

from macsec.frames import FrameBatch
from macsec.wire.params import LinkParams
from macsec.wire.trace import Fate

CUTS = st.sets(st.integers(0, 96), max_size=3)


@settings(max_examples=3 * settings.default.max_examples)
@given(link_params(), traffic(), st.integers(0, 2**64), CUTS)
def test_engine_lane_and_calendar_agree(
    params: LinkParams, sent: list[tuple[int, bytes]], seed: int, cuts: set[int]
) -> None:
    """Frames, times, order, fates, counts and digests are equal, for any split of the traffic."""
    history = play(params, sent, seed)
    for fate in {record.fate for record in history.records}:
        event(fate.name)
    batch = FrameBatch.from_frames([frame for _, frame in sent])
    times = np.array([time_ps for time_ps, _ in sent], np.int64)
    edges = sorted({0, len(sent), *(cut for cut in cuts if cut <= len(sent))})
    for carrier_class in CARRIERS.values():
        carrier = carrier_class(params, seed)
        parts = [carrier.carry(batch[a:b], times[a:b]) for a, b in pairwise(edges)]
        parts.append(carrier.finish())
        came = [
            (int(time_ps), frame)
            for part in parts
            for time_ps, frame in zip(part.time_ps, part.batch, strict=True)
        ]
        ends = [
            (int(end["time_ps"]), Fate(end["fate"]), int(end["mark"]), int(end["length"]))
            for part in parts
            for end in part.ends.records
        ]
        assert came == history.arrived
        assert ends == [(r.time_ps, r.fate, int(r.mark), r.length) for r in history.records]
        assert carrier.stats == history.stats
        assert carrier.digest == history.digest
