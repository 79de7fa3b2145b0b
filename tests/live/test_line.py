"""A line between pairs of sockets: by the test's own clock it acts like the virtual wire."""

from __future__ import annotations

import contextlib
import gc
import select
import socket
import weakref
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.real.socket_pairs import frame_pair
from support.virtual.wires import link_params

from macsec.errors import MACsecError
from macsec.wire.engine import Engine
from macsec.wire.link import Link
from macsec.wire.params import LinkParams

pytest.importorskip("macsec._native", reason="the native data plane is not built")

from macsec.live.line import Line

NS = 1000
DELAY = LinkParams(delay=1000)


class Rig:
    """A line between two socket pairs: `a` and `b` are the far sides."""

    def __init__(self, stack: contextlib.ExitStack, *params: LinkParams, seed: int = 5) -> None:
        self.a, near_a = frame_pair(stack, 1 << 22)
        self.b, near_b = frame_pair(stack, 1 << 22)
        self.near = (near_a, near_b)
        there, back = params if len(params) == 2 else params * 2
        self.line = Line(near_a, near_b, (there, back), seed, "wire")

    @staticmethod
    def arrived(side: socket.socket) -> list[bytes]:
        """Return the frames that arrived so far."""
        frames = []
        side.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                frames.append(side.recv(1 << 17))
        side.settimeout(20)
        return frames


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    """Return a stack that is closed at the end."""
    with contextlib.ExitStack() as opened:
        yield opened


def test_a_frame_leaves_when_it_is_due(stack):
    """Not a picosecond before."""
    rig = Rig(stack, DELAY)
    rig.a.send(b"x" * 60)
    rig.line.step(0)
    rig.line.step(1000 * NS - 1)
    assert rig.arrived(rig.b) == []
    rig.line.step(1000 * NS)
    assert rig.arrived(rig.b) == [b"x" * 60]


def test_each_direction_has_its_parameters_and_counts(stack):
    """One delays, the other loses."""
    rig = Rig(stack, DELAY, LinkParams(loss="100%"))
    for _ in range(3):
        rig.a.send(b"there".ljust(60))
        rig.b.send(b"back".ljust(60))
    rig.line.step(0)
    rig.line.step(10**9)
    there, back = rig.line.stats
    assert (rig.arrived(rig.b), rig.arrived(rig.a)) == ([b"there".ljust(60)] * 3, [])
    assert (there.wire.received, back.wire.lost, back.wire.received) == (3, 3, 0)


SENDS = st.lists(st.tuples(st.integers(0, 3000), st.integers(14, 200)), max_size=25)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(link_params(), SENDS, st.integers(0, 9))
def test_a_line_equals_a_link_in_virtual_time(params, sends, seed):
    """Frames, their order and bits, and all counts are equal."""
    engine = Engine(seed)
    link = Link(engine, "wire", params)
    wanted = []
    link.b.receiver = wanted.append
    with contextlib.ExitStack() as stack:
        rig = Rig(stack, params, LinkParams(), seed=seed)
        at = 0
        for number, (gap, length) in enumerate(sends):
            at += gap
            frame = bytes([number + 1]) * length
            engine.run(at)
            link.a.send(frame)
            rig.a.send(frame)
            rig.line.step(at * NS)
        engine.run(at + 10**9)
        rig.line.step((at + 10**9) * NS)
        assert rig.arrived(rig.b) == wanted
        there = rig.line.stats[0].wire.as_dict()
    elapsed = ("elapsed_ps",)
    assert {k: v for k, v in there.items() if k not in elapsed} == {
        k: v for k, v in link.stats[0].as_dict().items() if k not in elapsed
    }


def test_many_frames_in_flight_keep_their_order(stack):
    """More than a batch, and more than one call of the calendar returns."""
    rig = Rig(stack, LinkParams(delay="1ms"))
    sent = []
    for burst in range(30):
        for number in range(64):
            sent.append(bytes([burst, number]) * 40)
            rig.a.send(sent[-1])
        rig.line.step(burst * NS)
    assert rig.arrived(rig.b) == []
    got = []
    for now in (10**6, 2 * 10**6):
        rig.line.step(now * NS)
        got += rig.arrived(rig.b)
    assert got == sent


def test_frames_that_an_end_refuses_are_counted(stack):
    """The line continues."""
    rig = Rig(stack, LinkParams())
    rig.near[1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    for _ in range(60):
        rig.a.send(bytes(1500))
    rig.line.step(0)
    got, dropped = len(rig.arrived(rig.b)), rig.line.stats[0].dropped
    assert dropped > 0
    assert got + dropped == 60


def test_frames_over_64_kib_are_refused(stack):
    """They are counted; the next frame passes."""
    rig = Rig(stack, LinkParams())
    rig.a.send(bytes(70_000))
    rig.a.send(bytes(65_000))
    rig.line.step(0)
    assert [len(frame) for frame in rig.arrived(rig.b)] == [65_000]
    assert rig.line.stats[0].refused == 1


def test_a_started_line_moves_frames_until_it_stops(stack):
    """It cannot start again."""
    rig = Rig(stack, LinkParams(delay="1ms"))
    with rig.line as line:
        rig.a.send(b"there".ljust(60))
        assert rig.b.recv(100) == b"there".ljust(60)
        rig.b.send(b"back".ljust(60))
        assert rig.a.recv(100) == b"back".ljust(60)
    assert [way.wire.received for way in line.stats] == [1, 1]
    with pytest.raises(MACsecError, match="once"):
        line.start()


@pytest.mark.parametrize("end", ["a", "b"])
def test_running_line_names_the_end_that_breaks(stack, end):
    """The thread ends, and the error names the end."""
    rig = Rig(stack, LinkParams())
    with rig.line as line:
        getattr(rig, end).close()
        assert select.select([line.fileno()], [], [], 20)[0]
        with pytest.raises(MACsecError, match=f"end {end} of the line wire failed"):
            line.check()


def test_a_running_line_keeps_itself_alive(stack):
    """Although the caller holds no reference."""
    rig = Rig(stack, LinkParams(delay="1ms"))
    running = weakref.ref(rig.line.start())
    lanes = weakref.ref(rig.line._lanes[0])
    del rig.line
    gc.collect()
    try:
        assert lanes() is not None
        rig.a.send(b"there".ljust(60))
        assert rig.b.recv(100) == b"there".ljust(60)
    finally:
        line = running()
        if line is not None:
            line.stop()
