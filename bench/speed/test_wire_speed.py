"""The virtual wire: batches over the C calendar and over its Python twin, and single frames."""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from support.planes import SCI_A
from support.virtual.wires import CARRIERS

from macsec.frames import FrameBatch
from macsec.wire.engine import Engine
from macsec.wire.link import Link
from macsec.wire.params import LinkParams

IMIX = (64,) * 7 + (594,) * 4 + (1518,)
BATCH = 2048
FRAMES = {"native": 50 * BATCH, "reference": 2 * BATCH, "engine": 2 * BATCH}

LINE = {"rate": "100gbit", "overhead": "ethernet", "delay": "5us"}
EVERYTHING = LINE | {
    "jitter": "1us",
    "correlation": "10%",
    "distribution": "normal",
    "ordered": False,
    "loss": "gemodel 1% 30% 90% 0.1%",
    "corrupt": "2% 10%",
    "duplicate": "2% 10%",
    "reorder": "2% 10%",
    "gap": 3,
    "limit": 10_000,
    "slot": "100ns 200ns packets 20",
    "drop": [3, 4, 7],
    "down": [(20_000, 21_000)],
    "match": {"ethertype": 0x88E5, "sci": SCI_A, "an": 0},
    "mtu": 1500,
    "fcs": "fix",
    "corrupt_at": "icv",
}
PARAMS = {"line": LINE, "everything": EVERYTHING}
DIGESTS = {
    ("line", 2 * BATCH): "73265e8962fff92f72878a3968ce6d52454280a3a64b90c73c22bea252325c67",
    ("line", 50 * BATCH): "4693ea55185b10e894bdfca0e171f5a486344e3f30ab5bb2f0a6e40d14dbef38",
    ("everything", 2 * BATCH): "888158fb2bb2cdc115169cacbee9b8ba93a3a1b7573f129a74f4ec7964f80e35",
    ("everything", 50 * BATCH): "d5009e9502cad4e7c69225c369fc6ac0e6d76c5add34a0220c4decc9e5d3bf5e",
}


def traffic(count: int) -> tuple[FrameBatch, np.ndarray]:
    """MACsec frames of simple IMIX, without FCS, at the line rate of 100 Gbit/s."""
    tag = bytes.fromhex("88e52c00") + bytes(4) + bytes.fromhex(SCI_A)
    sizes = [IMIX[row % len(IMIX)] - 4 for row in range(BATCH)]
    batch = FrameBatch.from_frames([bytes(12) + tag + bytes(size - 28) for size in sizes])
    batch = FrameBatch.concat([batch] * (count // BATCH))
    times = np.cumsum((batch.length + 24) * 80)
    return batch, times


@pytest.mark.parametrize("name", PARAMS)
@pytest.mark.parametrize("backend", ["native", "reference"])
def test_batches(benchmark: BenchmarkFixture, backend: str, name: str) -> None:
    """Frames in batches of 2048; the digest is part of the work."""
    count = FRAMES[backend]
    batch, times = traffic(count)
    params = LinkParams(**PARAMS[name])  # type: ignore[arg-type]

    def cross() -> str:
        carrier = CARRIERS[backend](params, 1, "wire")
        for at in range(0, count, BATCH):
            carrier.carry(batch[at : at + BATCH], times[at : at + BATCH])
        carrier.finish()
        return carrier.digest

    benchmark.extra_info["frames"] = count
    assert benchmark(cross) == DIGESTS[name, count]


@pytest.mark.parametrize("name", PARAMS)
def test_engine(benchmark: BenchmarkFixture, name: str) -> None:
    """The same frames one by one through ports of a link on an engine: the same digest."""
    count = FRAMES["engine"]
    batch, times = traffic(count)
    sent = list(zip(times.tolist(), batch.frames(), strict=True))
    params = LinkParams(**PARAMS[name])  # type: ignore[arg-type]

    def cross() -> str:
        engine = Engine(1)
        link = Link(engine, "wire", params)
        for time_ps, frame in sent:
            engine.at(time_ps, lambda frame=frame: link.a.send(frame))  # type: ignore[misc]
        engine.run()
        return engine.digest

    benchmark.extra_info["frames"] = count
    assert benchmark(cross) == DIGESTS[name, count]
