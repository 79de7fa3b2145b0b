"""Whole captures: reading one, protecting one into another, replaying one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from support.planes import Plane, frame_of, sender

from macsec import FrameBatch, captures
from macsec.offline.replay import WAYS, LinkConfigs, Replay

FRAMES = 20_000
IMIX = (64,) * 7 + (594,) * 4 + (1518,)
OCTETS = sum(IMIX[row % len(IMIX)] - 4 for row in range(FRAMES))
# Digests of the written captures, the same on every plane and kernel.
PROTECTED, WIRE = "efa518186707c1de", "614668c1368e2d5e"


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a pcap of 20,000 frames of simple IMIX, without FCS, both ways."""
    path = tmp_path_factory.mktemp("capture") / "imix.pcap"
    frames = [frame_of(IMIX[row % len(IMIX)] - 16, 7) for row in range(FRAMES)]
    frames[1::2] = [frame[6:12] + frame[:6] + frame[12:] for frame in frames[1::2]]
    with captures.write(path) as sink:
        sink.write(FrameBatch.from_frames(frames))
    return path


def digest(path: Path) -> str:
    """Return a short name for the octets of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_read_a_capture(benchmark: BenchmarkFixture, capture: Path, backend: str) -> None:
    """All frames arrive, with all their octets."""

    def read() -> tuple[int, int]:
        with captures.read(capture, backend=backend) as reader:
            sizes = [(len(batch), batch.octets) for batch in reader]
        return sum(frames for frames, _ in sizes), sum(octets for _, octets in sizes)

    assert benchmark(read) == (FRAMES, OCTETS)


def test_protect_a_capture(
    benchmark: BenchmarkFixture, capture: Path, fast_plane: Plane, tmp_path: Path
) -> None:
    """A capture protected into another, PNs 1 to 20,000."""
    target = tmp_path / "wire.pcap"

    def protect() -> None:
        with (
            sender(fast_plane) as secy,
            captures.read(capture) as reader,
            captures.write(target) as sink,
        ):
            for batch in reader:
                sink.write(secy.protect(batch).batch)

    benchmark(protect)
    assert digest(target) == PROTECTED


def drawn(purpose: str, octets: int) -> bytes:
    """Return fixed key octets for a purpose."""
    return purpose.encode().ljust(octets)[:octets]


def test_replay_a_capture(
    benchmark: BenchmarkFixture, capture: Path, fast_plane: Plane, tmp_path: Path
) -> None:
    """A capture across the emulated link: protected, validated, compared, the wire written."""
    target = tmp_path / "wire.pcapng"

    def replay() -> bool:
        link = LinkConfigs("gcm-aes-128", drawn)
        with (
            Replay(link, fast_plane.backend, fast_plane.kernel) as across,
            captures.read(capture) as reader,
            captures.write(target, interfaces=WAYS) as sink,
        ):
            for batch in reader:
                crossing = across.carry(batch)
                sink.write(crossing.on_wire())
                across.compare(crossing)
        return across.score.perfect and across.score.frames == FRAMES

    assert benchmark(replay)
    assert digest(target) == WIRE
