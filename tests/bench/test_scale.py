"""Many SCs beside one, two threads beside one: the frames are right; no time is asserted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from races import scale, threads
from races.crowd import Crowd, make_crowd
from races.scale import Arriving
from support.planes import PLANES, Plane

from macsec.errors import MACsecError
from macsec.frames import FrameBatch
from macsec.frames.sectag import decode
from macsec.measure.task import ROOM
from macsec.measure.timing import Timing
from macsec.measure.workload import parse
from macsec.suites import SUITES

KERNELS = [plane.kernel for plane in PLANES if plane.kernel]
native = pytest.mark.skipif(not KERNELS, reason="the native data plane was not built")
SCS, FRAMES = 300, 600
DIGEST = "50a218898c37abce"


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    """Two frames from each of 300 SCs, on average."""
    return make_crowd(SUITES["gcm-aes-128"], SCS, FRAMES)


def test_crowd_is_the_same_everywhere_and_valid(crowd: Crowd, plane: Plane) -> None:
    """The frames are the same on every machine, come from most SCs, and are valid on each plane."""
    assert crowd.digest == DIGEST
    tags = [decode(frame[12:]) for frame in crowd.sealed]
    scis, ans = Counter(tag.sci for tag in tags), Counter(tag.an for tag in tags)
    assert len(scis) > 0.8 * SCS
    assert min(ans.values()) > FRAMES / 4 / 1.5
    assert {64, 1514} <= set(make_crowd(crowd.suite, 1, 20000).clear.length.tolist())
    secy = crowd.receiver(plane.backend, plane.kernel)
    for _ in range(2):
        assert secy.validate(crowd.sealed).batch.frames() == crowd.clear.frames()
    assert len(secy.rx) == SCS
    assert all(set(sc.sa) == {0, 1, 2, 3} for sc in secy.rx.values())


def test_one_sc_sends_the_same_clear_frames_as_many(crowd: Crowd) -> None:
    """The frames of one SC differ in the SCI only, and in what depends on it."""
    one = make_crowd(crowd.suite, 1, FRAMES)
    assert one.clear.frames() == crowd.clear.frames()
    assert one.sealed.length.tolist() == crowd.sealed.length.tolist()
    assert {frame[20:28] for frame in one.sealed} == {bytes.fromhex("5254000000000001")}


@native
@pytest.mark.parametrize("kernel", KERNELS)
def test_race_gives_a_row_for_each_number_of_scs(kernel: str) -> None:
    """A row for each number of SCs, in order, with the ratio round by round."""
    rows = scale.measure(kernel, (1, SCS), FRAMES, rounds=2)
    assert [(row.kernel, row.scs, row.frames) for row in rows] == [
        (kernel, 1, FRAMES),
        (kernel, SCS, FRAMES),
    ]
    assert all(row.ns_per_frame > 0 and len(row.timing.rounds) == 2 for row in rows)
    one, many = (
        replace(row, timing=Timing(times, 0))
        for row, times in zip(rows, ((10.0, 20.0), (11.0, 26.0)), strict=True)
    )
    assert many.ratio(one) == pytest.approx(1.2)


@native
def test_a_wrong_frame_and_a_lost_frame_are_reported(crowd: Crowd) -> None:
    """A wrong frame and a lost frame are both reported."""
    out = np.zeros(scale.BATCH * (1600 + ROOM), np.uint8)
    arena = np.array(crowd.clear.arena)
    arena[-1] ^= 1
    other = replace(crowd, clear=FrameBatch(arena, crowd.clear.start, crowd.clear.length))
    with pytest.raises(MACsecError, match="not what it should be"):
        Arriving(other, KERNELS[0], out)
    contestant = Arriving(crowd, KERNELS[0], out)
    contestant.run(2)
    contestant.check()
    contestant._secy.delete_rx_sc(next(iter(contestant._secy.rx)))
    contestant.run(1)
    with pytest.raises(MACsecError, match="not all frames were valid"):
        contestant.check()
    contestant.close()


def test_two_threads_give_a_row_for_each_stage(plane: Plane) -> None:
    """A row for each workload and stage; each thread handled its frames correctly."""
    rows = list(
        threads.measure([parse("64")], plane.backend, plane.kernel, frames=8, rounds=2, round_ns=1)
    )
    assert [row.task.stage for row in rows] == ["protect", "validate"]
    for row in rows:
        assert row.speedup > 0
        assert len(row.rounds) == 2 - row.disturbed or row.disturbed == len(row.rounds) == 2


def test_a_disturbed_round_is_run_again_or_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round whose threads waited for a core is run again, and counted if that never helps."""
    clock = count(step=1_000_000_000)
    monkeypatch.setattr(threads, "waited_ns", lambda: next(clock))
    rows = list(threads.measure([parse("64")], frames=8, rounds=2, round_ns=1))
    assert [(row.disturbed, len(row.rounds)) for row in rows] == [(2, 2), (2, 2)]
    assert next(clock) == 1_000_000_000 * 2 * 2 * threads.ATTEMPTS * 8
    monkeypatch.setattr(threads, "waited_ns", lambda: 0)
    rows = list(threads.measure([parse("64")], frames=8, rounds=2, round_ns=1))
    assert [(row.disturbed, len(row.rounds)) for row in rows] == [(0, 2), (0, 2)]


def test_a_worker_reports_lost_frames() -> None:
    """A worker whose frames are no longer delivered reports it."""
    task = threads.make_task(SUITES["gcm-aes-128"], True, parse("64"), 8).at_stage("validate")  # type: ignore[attr-defined]
    worker = threads.Worker(task, "auto", None)
    worker.check()
    worker.plane.remove_rx_sa(0x5254001301560001, 0)
    worker.run([], 1, 1)
    with pytest.raises(MACsecError, match="no longer delivered"):
        worker.check()
