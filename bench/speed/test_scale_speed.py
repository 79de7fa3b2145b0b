"""Validate with one receive SC and with 10,000 of four SAs each: compare the two of a kernel."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from races.crowd import Crowd, make_crowd
from support.planes import Plane

from macsec.keys import Key
from macsec.secy import Controls, SecY
from macsec.suites import SUITES, CipherSuite

BATCH = 256
FRAMES = 40 * BATCH
# Digests of the received frames: the same on every machine.
DIGESTS = {1: "ac203a968db0992a", 500: "1dfb47fd3a7e2671", 10_000: "b2c3c28944f0de7e"}
CROWDS = [1, 500, pytest.param(10_000, marks=pytest.mark.exhaustive)]


@cache
def crowd_of(scs: int) -> Crowd:
    """Return frames of 64 to 1514 octets, of a random SC and a random AN."""
    return make_crowd(SUITES["gcm-aes-128"], scs, FRAMES)


@pytest.mark.parametrize("scs", CROWDS)
def test_validate_frames_of_many_scs(
    benchmark: BenchmarkFixture, native_plane: Plane, scs: int
) -> None:
    """All frames, in batches, through Python; each is valid, on the SC that sent it."""
    crowd = crowd_of(scs)
    assert crowd.digest == DIGESTS[scs]
    secy = crowd.receiver(native_plane.backend, native_plane.kernel)
    batches = [crowd.sealed[row : row + BATCH] for row in range(0, FRAMES, BATCH)]

    def validate() -> None:
        for batch in batches:
            secy.validate(batch)

    benchmark(validate)
    valid = secy.counters["InPktsOK"]
    assert valid == sum(secy.counters[name] for name in secy.counters if name.startswith("InPkts"))
    assert valid > 0
    assert valid % FRAMES == 0
    assert valid == sum(sc.counters["InPktsOK"] for sc in secy.rx.values())


@pytest.mark.parametrize("suite", SUITES.values(), ids=list(SUITES))
def test_make_and_delete_scs(benchmark: BenchmarkFixture, suite: CipherSuite) -> None:
    """A thousand receive SCs with four SAs each, made and deleted."""

    def manage() -> int:
        secy = SecY(Controls(cipher=suite))
        for sci in range(1, 1001):
            more: dict[str, Any] = {"ssci": sci, "salt": bytes(12)} if suite.xpn else {}
            secy.create_rx_sc(sci)
            for an in range(4):
                secy.create_rx_sa(sci, an, Key(bytes(suite.key_length)), **more)
        made = len(secy.rx)
        for sci in range(1, 1001):
            secy.delete_rx_sc(sci)
        assert not secy.rx
        secy.close()
        return made

    assert benchmark(manage) == 1000
