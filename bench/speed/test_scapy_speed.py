"""Raw frames through scapy sockets of a link in virtual time: sent, carried, traced, received."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from macsec.wire.engine import Engine
from macsec.wire.link import Link
from macsec.wire.params import LinkParams
from macsec.wire.scapy.socket import PortSocket

FRAME = bytes(192)
FRAMES = 20 * 1024


@pytest.mark.parametrize("burst", [1, 64, 1024])
def test_one_by_one(benchmark: BenchmarkFixture, burst: int) -> None:
    """`send` of octets and `recv_raw`; a burst is sent before it is received."""
    a, b = sockets()

    def cross() -> int:
        received = 0
        while received < FRAMES:
            for _ in range(burst):
                a.send(FRAME)
            received += sum(b.recv_raw()[1] is not None for _ in range(burst))
        return received

    benchmark.extra_info["frames"] = FRAMES
    assert benchmark(cross) == FRAMES


def test_in_bulk(benchmark: BenchmarkFixture) -> None:
    """`send_all` and `recv_all`."""
    a, b = sockets()

    def cross() -> int:
        received = 0
        while received < FRAMES:
            a.send_all([FRAME] * 1024)
            received += len(b.recv_all())
        return received

    benchmark.extra_info["frames"] = FRAMES
    assert benchmark(cross) == FRAMES


def sockets() -> list[PortSocket]:
    """Both ends of a line of 5 us."""
    engine = Engine()
    link = Link(engine, "wire", LinkParams(delay="5us"), LinkParams(delay="5us"))
    return [PortSocket(engine, port) for port in (link.a, link.b)]
