"""Reading a capture to its end: the C index and its Python twin."""

from __future__ import annotations

from pathlib import Path

import pytest
from planes import frame_of
from pytest_benchmark.fixture import BenchmarkFixture

from macsec import FrameBatch, captures

FRAMES = 20_000
IMIX = (64,) * 7 + (594,) * 4 + (1518,)


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20,000 frames of simple IMIX, without FCS, in a pcap."""
    path = tmp_path_factory.mktemp("capture") / "imix.pcap"
    sizes = [IMIX[row % len(IMIX)] - 4 for row in range(FRAMES)]
    with captures.write(path) as sink:
        sink.write(FrameBatch.from_frames([frame_of(size - 12, 7) for size in sizes]))
    return path


@pytest.mark.parametrize("backend", ["native", "python"])
def test_read(benchmark: BenchmarkFixture, capture: Path, backend: str) -> None:
    """All frames arrive, with all their octets."""

    def read() -> tuple[int, int]:
        with captures.read(capture, backend=backend) as reader:
            sizes = [(len(batch), batch.octets) for batch in reader]
        return sum(frames for frames, _ in sizes), sum(octets for _, octets in sizes)

    assert benchmark(read) == (FRAMES, sum(IMIX[r % 12] - 4 for r in range(FRAMES)))
