"""Every contestant makes the right octets, and reports it if not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.planes import PLANES

from macsec import FrameBatch
from macsec.errors import MACsecError
from macsec.measure.compiled import Lacking
from macsec.measure.contestant import Contestant
from macsec.measure.task import STAGES, Task, make_task
from macsec.measure.throughput.ceiling import Ceiling, CycleCounter, blocks
from macsec.measure.throughput.others import PEERS
from macsec.measure.throughput.ours import api_contestants, contestants
from macsec.measure.workload import parse
from macsec.suites import SUITES

KERNELS = [plane.kernel for plane in PLANES if plane.kernel]
native = pytest.mark.skipif(not KERNELS, reason="the native data plane was not built")
SIZES = "genome:abgdae"


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    """Each stage."""
    return str(request.param)


@pytest.fixture(params=[True, False], ids=["confidentiality", "integrity"])
def encrypt(request: pytest.FixtureRequest) -> bool:
    """Each mode."""
    return bool(request.param)


@pytest.fixture(params=list(SUITES))
def task(request: pytest.FixtureRequest, stage: str, encrypt: bool) -> Task:
    """Seven frames of mixed sizes."""
    return make_task(SUITES[request.param], encrypt, parse(SIZES), 7).at_stage(stage)


def spoilt(task: Task) -> Task:
    """Return the task with the last wanted octet changed."""
    batch = task.wanted
    arena = np.array(batch.arena)
    arena[batch.start[-1] + batch.length[-1] - 1] ^= 1
    side = "sealed" if task.stage == "protect" else "clear"
    changed: dict[str, Any] = {side: FrameBatch(arena, batch.start, batch.length)}
    return replace(task, **changed)


def entered(name: str, task: Task) -> list[Contestant]:
    """Return the contestants of a peer, or skip."""
    try:
        return list(PEERS[name].enter(task))
    except Lacking as lacking:
        pytest.skip(f"{name}: {lacking} ({PEERS[name].remedy})")


@pytest.mark.parametrize("name", list(PEERS))
def test_peers_make_our_octets(name: str, task: Task) -> None:
    """A new peer is compared with our octets; it then runs, and all messages are right."""
    for contestant in entered(name, task):
        contestant.run(2)
        contestant.check()
        assert 1 <= contestant.frames <= task.frames
        contestant.close()


@pytest.mark.parametrize("name", [name for name in PEERS if name != "ceiling"])
def test_a_wrong_octet_is_seen(name: str, stage: str) -> None:
    """The comparison can fail."""
    frames = 4  # no peer takes fewer
    task = make_task(SUITES["gcm-aes-128"], True, parse("100"), frames).at_stage(stage)
    entered(name, task)
    with pytest.raises(MACsecError, match=r"not ours|failed"):
        entered(name, spoilt(task))


@native
def test_our_contestants_make_the_right_octets(task: Task) -> None:
    """The prepared call on every kernel, both ways through Python, and the reference plane."""
    made = [*contestants(task, [*KERNELS, "reference"]), *api_contestants(task, KERNELS[0])]
    for contestant in made:
        contestant.run(2)
        contestant.check()
        contestant.close()
    assert {each.backend for each in made} == {
        "native",
        "reference",
        "python-api/batch",
        "python-api/frame",
    }


@native
def test_a_wrong_octet_of_ours_is_seen(stage: str) -> None:
    """A kernel that makes wrong octets is not measured."""
    task = make_task(SUITES["gcm-aes-128"], True, parse("100"), 4).at_stage(stage)
    for make in (
        lambda: list(contestants(spoilt(task), KERNELS[:1])),
        lambda: list(api_contestants(spoilt(task), KERNELS[0])),
    ):
        with pytest.raises(MACsecError, match="not what it should be"):
            make()


def test_the_output_is_spoiled_between_contestants(stage: str) -> None:
    """The output of the previous contestant is spoiled before the next one runs."""
    task = make_task(SUITES["gcm-aes-128"], True, parse("100"), 2).at_stage(stage)
    task.out[:] = 1
    task.forget()
    assert set(task.out.tolist()) == {0xA5}


def test_blocks_of_a_message_by_hand() -> None:
    """AES works on the text and J0; GHASH on AAD, text and lengths, with a reduction."""
    assert blocks(52, 28) == (5, pytest.approx(7.667, abs=1e-3))
    assert blocks(0, 80) == (1, pytest.approx(6.667, abs=1e-3))
    assert blocks(1502, 28) == (95, pytest.approx(97.667, abs=1e-3))


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_cycle_counter_runs_and_unknown_width_is_lacking() -> None:
    """The counter runs; an unknown width is reported as lacking."""
    clock = CycleCounter()
    clock.run(2)
    clock.check()
    task = make_task(SUITES["gcm-aes-128"], True, parse("64"), 2)
    with pytest.raises(Lacking, match="no such"):
        Ceiling(task, "no such")
