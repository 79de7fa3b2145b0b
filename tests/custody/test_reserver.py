"""PNs reserved for a pump: never behind the frames, never past the disk."""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.planes import Plane, frame_of, sender
from support.real import hosts

from macsec.custody import Keeper
from macsec.custody.system import System
from macsec.errors import MACsecError

pytest.importorskip("macsec._native", reason="the native data plane is not built")

from macsec.custody import reserver
from macsec.custody.reserver import Reserver
from macsec.live.pump import Pump

pytestmark = pytest.mark.native

AHEAD, ROUNDS = 64, 400


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserver, "CHECK_S", 0.001)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, ...]]:
    """Return the clear end, both ends of the pump, and the wire end."""
    kind = socket.SOCK_SEQPACKET
    pairs = [socket.socketpair(socket.AF_UNIX, kind) for _ in range(2)]
    ends = tuple(end for pair in pairs for end in pair)
    for end in ends:
        end.settimeout(20)
    yield ends
    for end in ends:
        end.close()


def marks(state: Path) -> int:
    """Return the PN that the disk holds."""
    (record,) = state.glob("*.pn")
    return int(record.read_text().split("next_pn ")[1].split("\n")[0])


def test_no_pn_on_the_wire_is_past_the_disk(ends, tmp_path):
    """Over many blocks at full speed, the PN on the disk exceeds each PN on the wire."""
    clear, near, far, wire = ends
    with (
        sender(Plane("native")) as secy,
        Keeper(secy, tmp_path / "s", True) as keeper,
        Pump(near, far, secy) as pump,
        Reserver(keeper, pump.end, AHEAD) as reserving,
    ):
        seen = []
        for _ in range(ROUNDS):
            clear.send(frame_of(60))
            while not select.select([wire], [], [], hosts.TICK)[0]:
                clear.send(frame_of(60))  # again, since there was none in reserve
            octets = wire.recv(2000)
            seen.append(int.from_bytes(octets[16:20]))
            assert seen[-1] < marks(tmp_path / "s")
        reserving.check()
        pump.stop()
        next_pn = secy.tx.sa[0].next_pn
    assert seen == [*range(1, ROUNDS + 1)]
    assert marks(tmp_path / "s") == next_pn


def test_slow_disk_loses_frames_and_no_pn(ends, tmp_path):
    """Frames past the mark are lost while the disk is busy; then sending continues."""
    clear, near, far, wire = ends
    gate = threading.Event()
    gate.set()

    def slow(file: int) -> None:
        gate.wait(20)
        os.fsync(file)

    with (
        sender(Plane("native")) as secy,
        Keeper(secy, tmp_path / "s", True, system=System(fsync=slow)) as keeper,
        Pump(near, far, secy) as pump,
        Reserver(keeper, pump.end, AHEAD),
    ):
        mark = marks(tmp_path / "s")
        gate.clear()
        for _ in range(mark + 50):
            clear.send(frame_of(60))
        for pn in range(1, mark):
            assert int.from_bytes(wire.recv(2000)[16:20]) == pn
        pump.stop()
        wire.setblocking(False)
        with pytest.raises(BlockingIOError):
            wire.recv(2000)
        assert secy.tx.sa[0].next_pn == mark
        gate.set()
    assert marks(tmp_path / "s") == mark


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_failing_disk_ends_the_pump(ends, tmp_path, error):
    """The pump ends, the error is raised, and no PN past the mark was sent."""
    clear, near, far, wire = ends
    failing = threading.Event()

    def fsync(file: int) -> None:
        if failing.is_set():
            raise OSError(error, os.strerror(error))
        os.fsync(file)

    def send(frames: int) -> list[int]:
        for _ in range(frames):
            clear.send(frame_of(60))
        return [int.from_bytes(wire.recv(2000)[16:20]) for _ in range(frames)]

    with (
        sender(Plane("native")) as secy,
        Keeper(secy, tmp_path / "s", True, system=System(fsync=fsync)) as keeper,
        Pump(near, far, secy) as pump,
    ):
        pns: list[Any] = []
        over = threading.Event()

        def failed() -> None:
            pump.end()
            over.set()

        with Reserver(keeper, failed, AHEAD) as reserving:
            mark = marks(tmp_path / "s")
            failing.set()
            pns += send(AHEAD // 2)
            for _ in range(2):  # from here on the pump may end at any time
                clear.send(frame_of(60))
            assert over.wait(20)
        with pytest.raises(MACsecError, match=os.strerror(error)):
            reserving.check()
        pump.check()
        assert max(pns) < mark
        assert secy.tx.sa[0].next_pn <= mark
