"""Protect and validate: the cost of a batch of 256 frames, and of one frame through Python."""

from __future__ import annotations

import hashlib

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from support.planes import Plane, frame_of, pair

from macsec import FrameBatch

BATCH = 256
SIZES = (64, 256, 512, 1514, 9014)
# Digests of the protected batch, PNs 1 to 256: the same on every plane and kernel.
DIGESTS = {
    64: "03b8def75b37bb6c",
    256: "3de9e81902a5aa60",
    512: "1cd68a095606d570",
    1514: "8c8df5c26588c3ba",
    9014: "d310cd42cf0afe4e",
}


def batch_of(size: int) -> FrameBatch:
    """Return a batch of different frames of one size."""
    return FrameBatch.from_frames([frame_of(size - 12, fill) for fill in range(BATCH)])


def digest(batch: FrameBatch) -> str:
    """Return a short name for the octets of a batch."""
    return hashlib.sha256(b"".join(batch.frames())).hexdigest()[:16]


@pytest.mark.parametrize("size", SIZES)
def test_protect_a_batch(benchmark: BenchmarkFixture, chosen: Plane, size: int) -> None:
    """One batch protected, GCM-AES-128; the first one's octets are known."""
    tx, _ = pair(chosen)
    batch = batch_of(size)
    assert digest(tx.protect(batch).batch) == DIGESTS[size]
    benchmark(tx.protect, batch)
    assert tx.counters["OutPktsEncrypted"] % BATCH == 0


@pytest.mark.parametrize("size", SIZES)
def test_validate_a_batch(benchmark: BenchmarkFixture, chosen: Plane, size: int) -> None:
    """One batch validated again and again: replay protection is off."""
    tx, rx = pair(chosen, replay=False)
    batch = batch_of(size)
    protected = tx.protect(batch).batch
    clear = benchmark(rx.validate, protected).batch
    assert digest(clear) == digest(batch)


def test_protect_one_frame(benchmark: BenchmarkFixture, chosen: Plane) -> None:
    """One frame of 64 octets through `protect_frame`."""
    tx, rx = pair(chosen)
    octets = benchmark(tx.protect_frame, frame_of(52))
    assert rx.validate_frame(octets)[1] == frame_of(52)
