"""Power cuts and faults at every system call of custody (R17, R27)."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from support.files.disks import Disk, Names, PowerCut
from support.planes import PLANES, Plane, frame_of, sender

from macsec.custody import Keeper
from macsec.errors import ConfigError, MACsecError

STATE = Path("/state")
BLOCK = 4
PLANE = PLANES[-1]


def send(disk: Disk, emitted: list[int], frames: int, init: bool, plane: Plane = PLANE) -> None:
    """Do one run; append each frame that it sends to `emitted`."""
    secy = sender(plane)
    with secy, Keeper(secy, STATE, init, block=BLOCK, system=disk.system()) as keeper:
        for _ in range(frames):
            keeper.reserve(1)
            out = secy.protect_frame(frame_of(60))
            assert out is not None
            emitted.append(int.from_bytes(out[16:20]))


def two_runs(disk: Disk, emitted: list[int]) -> None:
    """Do the first and the second run of a key, several blocks each."""
    send(disk, emitted, 2 * BLOCK + 1, init=True)
    send(disk, emitted, 2 * BLOCK + 1, init=False)


def calls_of_two_runs() -> list[str]:
    """Return the calls of both runs, without a fault."""
    disk, emitted = Disk(), list[int]()
    two_runs(disk, emitted)
    assert emitted == [*range(1, 4 * BLOCK + 3)], "a clean exit loses no PN"
    return disk.calls


CALLS = calls_of_two_runs()


def test_reservations_sync_file_and_folder() -> None:
    """The runs sync file and folder of each reservation, and of the exact value at the end."""
    renames = CALLS.count("rename")
    assert renames >= 7
    assert CALLS.count("fsync") == 2 * renames + 1  # the folder itself was made as well
    for at in [at for at, call in enumerate(CALLS) if call == "rename"]:
        before, after = CALLS[:at], CALLS[at + 1 :]
        assert before[-3:] == ["write", "fsync", "close"]
        assert after[0] == "fsync"


@pytest.mark.parametrize("cut_at", range(len(CALLS)))
def test_no_pn_is_sent_again_after_a_power_cut(cut_at: int) -> None:
    """With any part of the unsynced data lost, no PN is sent again and runs start unaided."""
    disk, emitted = Disk(cut_at=cut_at), list[int]()
    with pytest.raises(PowerCut):
        two_runs(disk, emitted)
    found = list(disk.survivors())
    assert len(found) >= 3
    for root in found:
        again: list[int] = []
        try:
            send(Disk(root), again, BLOCK + 1, init=False)
        except ConfigError:
            assert not emitted, "a run that sent frames can be followed by another"
            continue
        assert not set(again) & set(emitted)
        assert min(again) > max(emitted, default=0)


@pytest.mark.parametrize(
    "error",
    [
        errno.EIO,
        *(
            pytest.param(error, marks=pytest.mark.exhaustive)
            for error in (errno.ENOSPC, errno.EINTR, errno.EDQUOT)
        ),
    ],
)
@pytest.mark.parametrize("fail_at", range(len(CALLS)))
def test_failing_call_is_one_typed_error(
    fail_at: int, error: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A failing call gives one typed error, or a warning at the exit, and no PN is sent again."""
    disk, emitted = Disk(fail_at=fail_at, error=error), list[int]()
    raised: MACsecError | None = None
    for init in (True, False):
        try:
            send(disk, emitted, 2 * BLOCK + 1, init)
        except MACsecError as caught:
            raised = caught
        except OSError as caught:
            pytest.fail(f"{CALLS[fail_at]} let {caught!r} out")
    messages = [str(raised)] if raised else [record.message for record in caplog.records]
    if CALLS[fail_at] == "close" or not messages:
        assert raised is None or "\n" not in str(raised)
    else:
        assert str(STATE) in messages[0]
    # Even if the machine dies right after.
    for root in disk.survivors():
        again: list[int] = []
        try:
            send(Disk(root), again, 1, init=not emitted)
        except ConfigError:
            assert not emitted
        assert not set(again) & set(emitted)
    assert len(emitted) == len(set(emitted))


def test_no_pn_is_reserved_after_a_fault() -> None:
    """A failed sync is not tried again: the second one could seem to work."""
    first = [at for at, call in enumerate(CALLS) if call == "rename"][1] + 1
    disk = Disk(fail_at=first)
    secy = sender(PLANE)
    with secy, Keeper(secy, STATE, True, block=BLOCK, system=disk.system()) as keeper:
        for _ in range(3):
            with pytest.raises(MACsecError):
                keeper.reserve(1)
            assert secy.protect_frame(frame_of(60)) is None
        assert secy.tx.sa[0].next_pn == 1


@pytest.mark.parametrize("short", [1, 7, 100])
def test_short_write_is_continued(short: int) -> None:
    """A write that takes fewer octets is continued."""
    disk, emitted = Disk(short=short), list[int]()
    two_runs(disk, emitted)
    assert emitted == [*range(1, 4 * BLOCK + 3)]


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_frames_stop_at_the_pn_on_the_disk(plane: Plane) -> None:
    """Frames stop at the PN that the disk holds, by every way of sending."""
    disk = Disk()
    secy = sender(plane)
    with secy, Keeper(secy, STATE, True, block=BLOCK, system=disk.system()) as keeper:
        keeper.reserve(1)
        folder: Any = disk.root.now["state"]
        assert isinstance(folder, Names)
        (record,) = [node for name, node in folder.lasting.items() if name.endswith(".pn")]
        mark = int(record.lasting.split(b"next_pn ")[1].split(b"\n")[0])
        sent = [secy.protect_frame(frame_of(60)) for _ in range(3 * BLOCK)]
        pns = [int.from_bytes(out[16:20]) for out in sent if out is not None]
        assert pns == [*range(1, mark)]
        assert len(pns) == BLOCK
