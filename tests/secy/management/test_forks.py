"""A child cannot send with its parent's keys; nothing that holds one is copied (R19)."""

from __future__ import annotations

import copy
import json
import multiprocessing
import os
import pickle
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.planes import (
    SAK,
    SCI_A,
    Plane,
    add_rx,
    add_tx,
    batch_of,
    frame_of,
    moved,
    pair,
    sender,
)

from macsec.custody import Keeper
from macsec.errors import CustodyError, MACsecError
from macsec.frames import FrameBatch
from macsec.keys import Key
from macsec.secy import SecY, Verdict

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
OTHER = bytes(reversed(SAK))


def in_child(work: Callable[[], Any]) -> Any:
    """Return the result of `work` in the child of a fork, through JSON."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = {"result": work()}
        except BaseException as error:
            answer = {"error": repr(error)}
        finally:
            os.write(write, json.dumps(answer, default=repr).encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        answer = json.loads(file.read())
    os.waitpid(child, 0)
    assert "error" not in answer, answer["error"]
    return answer["result"]


def refusal(call: Callable[[], Any]) -> str:
    """Return the text of the CustodyError of a call."""
    try:
        call()
    except CustodyError as error:
        return str(error)
    return "none"


def test_child_of_a_fork_sends_nothing(plane: Plane) -> None:
    """Frames end as where no SA is in use, by batch and by frame, and the SA cannot be revived."""
    secy, check = pair(plane)
    assert secy.protect_frame(frame_of(60)) is not None

    def work() -> dict[str, Any]:
        out = secy.protect(batch_of([frame_of(60)] * 3))
        return {
            "frame": secy.protect_frame(frame_of(60)),
            "batch": [verdict.label for verdict in out.verdict],
            "sa": [secy.tx.sa[0].enabled, secy.tx.sa[0].next_pn],
            "operational": secy.mac_operational,
            "moved": moved(secy),
            "enable": refusal(lambda: secy.enable_tx_sa(0)),
            "limit": refusal(lambda: secy.limit_tx_pn(0, 10)),
            "again": secy.protect_frame(frame_of(60)),
        }

    answer = in_child(work)
    assert (answer["frame"], answer["again"]) == (None, None)
    assert answer["batch"] == ["not-operational"] * 3
    assert answer["sa"] == [False, 2]
    assert answer["operational"] is False
    assert answer["moved"] == {"OutPktsEncrypted": 1}
    assert "died in a fork" in answer["enable"]
    assert "died in a fork" in answer["limit"]
    # The parent goes on with the next PN.
    assert check.validate_frame(secy.protect_frame(frame_of(60)) or b"")[0] is Verdict.OK
    assert secy.tx.sa[0].next_pn == 3


def test_all_four_transmit_sas_die_in_a_fork(plane: Plane) -> None:
    """All SAs die, with any encodingSA, and in a child's child too."""
    secy = sender(plane)
    for an in (1, 2, 3):
        add_tx(secy, an=an, key=bytes([an]) * 16)

    def send_on_all() -> list[Any]:
        sent = []
        for an in range(4):
            secy.set_controls(encodingsa=an)
            sent.append(secy.protect_frame(frame_of(60)))
        return sent

    assert in_child(lambda: [send_on_all(), in_child(send_on_all)]) == [[None] * 4] * 2
    assert None not in send_on_all()


def test_sa_created_in_the_child_is_alive(plane: Plane) -> None:
    """A transmit SA that the child makes is alive there, also under the AN of a dead one."""
    secy = sender(plane)

    def work() -> list[Any]:
        add_tx(secy, key=OTHER)
        out = secy.protect_frame(frame_of(60))
        return [out is not None, secy.tx.sa[0].enabled, secy.tx.sa[0].next_pn]

    assert in_child(work) == [True, True, 2]


def test_child_of_a_fork_validates_with_its_own_state(plane: Plane) -> None:
    """Receiving uses up no nonce: the child validates too, each with its own state."""
    secy, check = pair(plane)
    wire = [secy.protect_frame(frame_of(60)) or b"" for _ in range(3)]
    check.validate_frame(wire[0])
    answer = in_child(lambda: [int(check.validate_frame(octets)[0]) for octets in wire])
    assert answer == [Verdict.LATE, Verdict.OK, Verdict.OK]
    assert check.rx[SCI_A].sa[0].next_pn == 2, "nothing moves in the parent"
    assert check.validate_frame(wire[1])[0] is Verdict.OK


def test_multiprocessing_forks_but_cannot_spawn(plane: Plane) -> None:
    """Its fork is a fork; its spawn has to pickle, which is refused."""
    secy = sender(plane)
    context = multiprocessing.get_context("fork")
    near, far = context.Pipe()
    process = context.Process(target=lambda: far.send(secy.protect_frame(frame_of(60))))
    process.start()
    assert near.recv() is None
    process.join()
    spawned = multiprocessing.get_context("spawn").Process(target=print, args=(secy,))
    with pytest.raises(CustodyError):
        spawned.start()
    assert secy.protect_frame(frame_of(60)) is not None


def test_fork_during_a_batch_neither_hangs_nor_sends(plane: Plane) -> None:
    """A fork while another thread protects: the child's calls do not hang, and it sends nothing."""
    secy = sender(plane)
    frames = FrameBatch.from_frames([frame_of(1000)] * 50)
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            secy.protect(frames)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(10):
            sent = in_child(lambda: len(secy.protect(frames).batch))
            assert sent == 0
    finally:
        over.set()
        thread.join()
    assert len(secy.protect(frames).batch) == 50


def test_close_in_the_child_leaves_the_parent_its_keys(plane: Plane) -> None:
    """A SecY closed in the child stays open in the parent."""
    secy = sender(plane)
    assert in_child(secy.close) is None
    assert secy.protect_frame(frame_of(60)) is not None
    closed = sender(plane)
    closed.close()
    assert in_child(lambda: 1) == 1, "a closed SecY is no obstacle to a fork"


def test_running_pump_survives_a_fork(tmp_path: Path) -> None:
    """The child neither has the parent's pump nor ends it by closing."""
    pytest.importorskip("macsec._native")
    from macsec.live.pump import Pump

    kind = socket.SOCK_SEQPACKET
    (clear, near), (wire, far) = (socket.socketpair(socket.AF_UNIX, kind) for _ in range(2))
    with clear, near, wire, far, add_rx(sender(Plane("native"))) as secy:
        far.settimeout(20)
        with Pump(near, wire, secy) as pump:

            def work() -> bool:
                pump.stop()
                secy.close()
                return pump.running

            assert in_child(work) is False
            clear.send(frame_of(60))
            assert len(far.recv(2000)) == 12 + 60 + 32
            assert pump.running


# ---------------------------------------------------------------- kept PNs


def test_keeper_in_the_child_reserves_and_writes_nothing(plane: Plane, tmp_path: Path) -> None:
    """It reserves nothing, writes nothing at its exit, and leaves the lock to the parent."""
    state = tmp_path / "state"
    secy = sender(plane)
    with secy, Keeper(secy, state, True) as keeper:
        keeper.reserve(1)
        (record,) = state.glob("*.pn")
        before = record.read_bytes()

        def work() -> str:
            answer = refusal(lambda: keeper.reserve(1 << 20))
            keeper.__exit__()
            return answer

        assert "only the process that opened" in in_child(work)
        assert record.read_bytes() == before
        with pytest.raises(MACsecError, match="another process"), Keeper(sender(plane), state):
            pytest.fail("the lock is gone")
        assert secy.protect_frame(frame_of(60)) is not None


# ---------------------------------------------------------------- copies


def holders(secy: SecY) -> dict[str, Any]:
    """Return all objects with a key that a caller can reach from a SecY."""
    return {
        "secy": secy,
        "plane": secy._plane,
        "tx": secy.tx,
        "tx sa": secy.tx.sa[0],
        "rx": secy.rx[SCI_A],
        "rx sa": secy.rx[SCI_A].sa[0],
        "rx all": secy.rx,
        "frame": secy.protect_frame,
        **{f"inner {name}": value for name, value in inner(secy._plane)},
    }


def inner(plane: Any) -> list[tuple[str, Any]]:
    """Objects that the reference plane keeps for an SA."""
    if plane.name != "reference":
        return []
    rx = plane._rx[int(SCI_A, 16)]
    return [
        ("sc", plane._tx[0]),
        ("tx", plane._tx[0].sa[0]),
        ("key", plane._tx[0].sa[0].key),
        ("rx", rx),
        ("sa", rx.sa[0]),
    ]


DUPLICATES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "in a list": lambda value: copy.deepcopy([value]),
    **{
        f"pickle {protocol}": lambda value, protocol=protocol: pickle.dumps(value, protocol)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.mark.parametrize("how", DUPLICATES)
def test_secy_and_its_parts_cannot_be_copied(plane: Plane, how: str) -> None:
    """Copy, deepcopy and pickle of a SecY and all parts of it raise CustodyError."""
    secy = add_rx(sender(plane))
    for name, value in holders(secy).items():
        if (name, how) == ("frame", "copy"):
            continue  # the same method of the same SecY
        assert refusal(lambda value=value: DUPLICATES[how](value)) != "none", name


def test_replace_makes_no_second_holder_of_a_key() -> None:
    """Neither does a dataclass that holds a key come out of `replace` with a key of its own."""
    from dataclasses import replace

    from macsec.secy.plane import SAParameters

    one = SAParameters(0, Key(SAK[:16]))
    other = replace(one, next_pn=5)
    one.key.wipe()
    with pytest.raises(CustodyError, match="wiped"):
        other.key.expose()
