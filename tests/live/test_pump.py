"""The pump between pairs of sockets: the frames it passes, the frames it refuses, its end."""

from __future__ import annotations

import contextlib
import gc
import select
import socket
import threading
import weakref
from collections.abc import Iterator

import pytest
from support.planes import (
    DA,
    SAK,
    SCI_A,
    SCI_B,
    Plane,
    add_rx,
    add_tx,
    frame_of,
    nonzero,
    receiver,
    sender,
)
from support.real import hosts
from support.real.socket_pairs import frame_pair

from macsec.errors import EnvironmentLacks, MACsecError
from macsec.frames import FrameBatch
from macsec.kay.secy_side.actions import RaiseLowestPN
from macsec.port.controlled_port import ControlledPort
from macsec.secy import SecY, Verdict

pytest.importorskip("macsec._native", reason="the native data plane is not built")

from macsec.live.pump import Pump, Traffic

NATIVE = Plane("native")
LONG = 65_536


class Rig:
    """A pump between two socket pairs: `clear` and `wire` are the far sides."""

    def __init__(self, secy: SecY, stack: contextlib.ExitStack) -> None:
        self.secy = secy
        self.clear, near_clear = frame_pair(stack)
        self.wire, near_wire = frame_pair(stack)
        self.near = (near_clear, near_wire)
        self.pump = stack.enter_context(Pump(near_clear, near_wire, secy))

    def protected(self, frame: bytes) -> bytes:
        """Send a clear frame; return the frame on the wire."""
        self.clear.send(frame)
        return self.wire.recv(1 << 17)

    def validated(self, frame: bytes) -> bytes:
        """Send a frame from the wire; return the delivered frame."""
        self.wire.send(frame)
        return self.clear.recv(1 << 17)

    def counts(self) -> Traffic:
        """Stop the pump and return its counts: a frame can be seen before it is counted."""
        self.pump.stop()
        return self.pump.traffic

    def ended(self) -> bool:
        """Return whether the pump ends by itself within 20 s."""
        return select.select([self.pump], [], [], 20)[0] != []


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    """Return a stack that is closed at the end."""
    with contextlib.ExitStack() as stack:
        yield stack


def two_way(plane: Plane = NATIVE, **controls) -> SecY:
    """Return a SecY that sends and receives as A, so that it validates its own frames."""
    return add_rx(sender(plane, **controls))


def test_the_pump_protects_and_validates_like_its_secy(stack):
    """Frames of any length, in both directions."""
    rig, twin = Rig(stack.enter_context(two_way()), stack), two_way()
    for length in (2, 46, 47, 48, 49, 1500, 9000, LONG - 12):
        clear = frame_of(length)
        wire = twin.protect_frame(clear)
        assert rig.protected(clear) == wire
        assert rig.validated(wire) == clear


@pytest.mark.parametrize("cipher", ["gcm-aes-256", "gcm-aes-xpn-128"])
def test_the_pump_uses_the_suite_of_its_secy(stack, cipher):
    """It has no rules of its own."""
    rig = Rig(two_way(cipher=cipher, encrypt=False), stack)
    wire = rig.protected(frame_of(300))
    assert frame_of(300)[12:] in wire
    assert rig.validated(wire) == frame_of(300)


def test_many_frames_keep_their_order(stack):
    """Hundreds at once, in both directions at the same time."""
    secy = two_way(window=1000)
    rig = Rig(secy, stack)
    frames = [frame_of(14 + row) for row in range(700)]
    given = two_way().protect(FrameBatch.from_frames(frames)).batch.frames()

    def send(side, batch):
        for frame in batch:
            side.send(frame)

    writers = [
        threading.Thread(target=send, args=(rig.clear, frames)),
        threading.Thread(target=send, args=(rig.wire, given)),
    ]
    for writer in writers:
        writer.start()
    up = [rig.clear.recv(LONG) for _ in frames]
    down = [rig.wire.recv(LONG) for _ in frames]
    for writer in writers:
        writer.join()
    assert (up, down) == (frames, given)
    to_wire, from_wire = rig.counts()
    assert to_wire["frames_in"] == to_wire["frames_out"] == from_wire["frames_out"] == 700
    assert to_wire["octets_in"] == from_wire["octets_out"] == sum(map(len, frames))
    assert to_wire["octets_out"] == from_wire["octets_in"] == sum(map(len, given))
    assert secy.counters["InPktsOK"] == secy.counters["OutPktsEncrypted"] == 700


def test_a_full_end_loses_nothing(stack):
    """While the wire takes no more, frames wait where they came from; the other way goes on."""
    rig = Rig(two_way(), stack)
    rig.clear.setblocking(False)
    frames = iter(range(100_000))
    taken = []
    # Blocked twice with nothing read in between: all queues are full.
    while select.select([], [rig.clear], [], 0.3)[1]:
        frame = frame_of(1000, next(frames))
        with contextlib.suppress(BlockingIOError):
            rig.clear.send(frame)
            taken.append(frame)
    rig.clear.setblocking(True)
    assert rig.validated(two_way().protect_frame(DA * 4)) == DA * 4
    check = receiver(NATIVE)
    assert [check.validate_frame(rig.wire.recv(LONG))[1] for _ in taken] == taken
    assert rig.counts().to_wire["dropped"] == 0


def test_a_refused_frame_is_counted_and_the_next_one_served(stack):
    """Frames of any damage."""
    secy = two_way()
    rig = Rig(secy, stack)
    wire = rig.protected(frame_of(60))
    for frame in (wire[:-1] + b"\x00", DA, frame_of(100), bytes(LONG * 2)):
        rig.wire.send(frame)
    assert rig.validated(wire) == frame_of(60)
    kept = {"InPktsNotValid": 1, "InPktsNoTag": 1, "InPktsOK": 1, "OutPktsEncrypted": 1}
    assert {k: v for k, v in nonzero(secy.counters).items() if "Pkts" in k} == kept
    # The verdict TRUNCATED has no counter of the SecY: only the tally of its plane has it.
    assert secy._plane.tally().frames[Verdict.TRUNCATED] == 1
    from_wire = rig.counts().from_wire
    assert (from_wire["frames_in"], from_wire["frames_out"]) == (5, 1)


def test_a_frame_too_long_for_the_end_is_counted_apart(stack):
    """Frames behind it pass."""
    rig = Rig(two_way(), stack)
    rig.near[1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # the least there is
    rig.clear.send(frame_of(LONG - 12))
    assert len(rig.protected(frame_of(60))) == 104
    to_wire = rig.counts().to_wire
    assert (to_wire["too_long"], to_wire["frames_out"], to_wire["dropped"]) == (1, 1, 0)


def test_management_takes_effect_on_the_next_frame(stack):
    """SAs change under traffic, and counters can be read."""
    secy = two_way()
    rig = Rig(secy, stack)
    assert rig.protected(frame_of(60))[14] & 3 == 0
    add_tx(secy, an=1, key=SAK[::-1])
    add_rx(secy, an=1, key=SAK[::-1])
    secy.set_controls(encodingsa=1)
    wire = rig.protected(frame_of(60))
    assert wire[14] & 3 == 1
    assert rig.validated(wire) == frame_of(60)
    assert (secy.tx.sa[0].next_pn, secy.tx.sa[1].next_pn) == (2, 2)


def test_no_pn_twice_beside_other_callers(stack):
    """Python may protect with the same SecY meanwhile: every PN is used once."""
    secy = two_way()
    rig = Rig(secy, stack)
    batch = FrameBatch.from_frames([frame_of(60)] * 1000)
    mine: list[int] = []
    over = threading.Event()

    def beside():
        while not over.is_set():
            mine.extend(secy.protect(batch).pn.tolist())

    def send():
        for _ in range(20_000):
            rig.clear.send(frame_of(60))

    others = [threading.Thread(target=beside), threading.Thread(target=send)]
    for other in others:
        other.start()
    pumped = [int.from_bytes(rig.wire.recv(LONG)[16:20]) for _ in range(20_000)]
    over.set()
    for other in others:
        other.join()
    assert len(mine) > len(batch)
    assert sorted(mine + pumped) == list(range(1, len(mine + pumped) + 1))


def test_a_stopped_pump_moves_nothing_and_keeps_its_counts(stack):
    """The SecY can still be used; the pump cannot start again."""
    secy = two_way()
    rig = Rig(secy, stack)
    wire = rig.protected(frame_of(60))
    rig.pump.stop()
    assert not rig.pump.running
    rig.clear.send(frame_of(60))
    assert select.select([rig.wire], [], [], 0.2)[0] == []
    assert rig.pump.traffic.to_wire["frames_out"] == 1
    assert secy.validate_frame(wire)[0] is Verdict.OK
    rig.pump.stop()
    with pytest.raises(MACsecError, match="once"):
        rig.pump.start()


def test_another_pump_takes_the_ends_over(stack):
    """The ends are the caller's: a second pump continues where the first stopped."""
    secy = two_way()
    rig = Rig(secy, stack)
    rig.pump.stop()
    rig.clear.send(frame_of(60))
    stack.enter_context(Pump(*rig.near, secy))
    assert rig.wire.recv(LONG)[16:20] == bytes((0, 0, 0, 1))


def test_closing_the_secy_stops_the_pump(stack):
    """Keys are not wiped under a running pump."""
    secy = two_way()
    rig = Rig(secy, stack)
    rig.protected(frame_of(60))
    secy.close()
    assert not rig.pump.running
    rig.pump.check()
    with pytest.raises(MACsecError, match="closed"):
        Pump(*rig.near, secy).start()


@pytest.mark.parametrize("end", ["clear", "wire"])
def test_an_end_that_fails_ends_the_pump(stack, end):
    """The error names the end."""
    rig = Rig(two_way(), stack)
    getattr(rig, end).close()
    assert rig.ended()
    with pytest.raises(MACsecError, match=f"the {end} end failed: Connection reset"):
        rig.pump.check()


def test_a_pump_needs_the_native_plane(stack):
    """The reference data plane has no C state to lend."""
    secy = two_way(Plane("reference"))
    with pytest.raises(EnvironmentLacks, match="native"):
        Pump(0, 0, secy).start()
    assert nonzero(Pump(0, 0, secy).traffic.to_wire) == {}


def test_a_closed_port_drops_and_counts_frames(stack):
    """Frames of either end; no PN is used."""
    secy = two_way()
    rig = Rig(secy, stack)
    wire = rig.protected(frame_of(60))
    rig.pump.open(False)
    for _ in range(3):
        rig.clear.send(frame_of(61))
        rig.wire.send(wire)
    hosts.until(lambda: [way["blocked"] for way in rig.pump.traffic] == [3, 3], "blocked frames")
    rig.pump.open(True)
    assert rig.validated(wire) == frame_of(60)
    assert rig.protected(frame_of(62))[16:20] == bytes((0, 0, 0, 2))
    to_wire, from_wire = rig.counts()
    assert (to_wire["frames_in"], to_wire["blocked"], to_wire["frames_out"]) == (5, 3, 2)
    assert (from_wire["frames_in"], from_wire["blocked"], from_wire["frames_out"]) == (4, 3, 1)
    assert secy.counters["InPktsOK"] == 1


def test_a_closed_port_passes_protocols_in_clear(stack):
    """Protocols that `clear` names, both ways; the pump blocks and counts the rest."""
    secy = two_way()
    secy.set_controls(clear=("lldp",))
    rig = Rig(secy, stack)
    lldp = frame_of(60)[:12] + b"\x88\xcc" + bytes(46)
    rig.pump.open(False)
    for _ in range(2):
        rig.clear.send(frame_of(61))
        rig.wire.send(frame_of(61))
    assert rig.protected(lldp) == lldp
    assert rig.validated(lldp) == lldp
    hosts.until(lambda: [way["blocked"] for way in rig.pump.traffic] == [2, 2], "blocked frames")
    rig.pump.open(True)
    assert rig.protected(lldp) == rig.validated(lldp) == lldp
    assert [way["frames_out"] for way in rig.counts()] == [2, 2]
    assert (secy.excepted.received, secy.excepted.sent) == (2, 2)
    assert not any(secy.counters.values())


def test_a_port_closed_from_the_start_passes_nothing(stack):
    """Until key agreement opens it."""
    rig = Rig(two_way(), stack)
    rig.pump.stop()
    with Pump(*rig.near, rig.secy, opened=False) as pump:
        rig.clear.send(frame_of(60))
        hosts.until(lambda: pump.traffic.to_wire["blocked"], "a blocked frame")
        pump.open(True)
        assert rig.protected(frame_of(60))[16:20] == bytes((0, 0, 0, 1))


def test_still_holds_the_pump(stack):
    """No frame passes between reading and changing; calls inside work, nested ones too."""
    secy = two_way()
    rig = Rig(secy, stack)
    with secy.still():
        rig.clear.send(frame_of(60))
        assert not select.select([rig.wire], [], [], 0.2)[0]
        with secy.still():
            secy.raise_tx_pn(0, 700)
        assert secy.tx.sa[0].next_pn == 700
        assert not select.select([rig.wire], [], [], 0.2)[0]
    assert int.from_bytes(rig.wire.recv(LONG)[16:20]) == 700


@pytest.mark.parametrize(
    "change",
    [
        lambda port: port.secy.raise_tx_pn(0, 9),
        lambda port: port.secy.raise_rx_pn(SCI_A, 0, lowest_pn=9),
        lambda port: port.perform(RaiseLowestPN(int(SCI_A, 16), 0, 9)),
    ],
    ids=["transmit", "receive", "key agreement"],
)
def test_pns_are_raised_in_one_go(monkeypatch, change):
    """No frame passes between reading a PN and setting it."""
    secy = two_way()
    port, plane, seen = ControlledPort(secy), secy._plane, []
    for name in ("tx_sa", "rx_sa", "set_tx_pn", "set_rx_pn"):
        call = getattr(plane, name)

        def noting(*arguments, _call=call, _name=name):
            seen.append((_name, plane._holder == threading.get_ident()))  # type: ignore[attr-defined]
            return _call(*arguments)

        monkeypatch.setattr(plane, name, noting)
    change(port)
    assert {name for name, _ in seen} in ({"tx_sa", "set_tx_pn"}, {"rx_sa", "set_rx_pn"})
    assert all(held for _, held in seen)


def test_two_pumps_make_a_link(stack):
    """Two stations on one cable exchange clear frames."""
    a = add_rx(sender(NATIVE), SCI_B)
    b = add_rx(add_tx(NATIVE.secy(), SCI_B), SCI_A)
    left, right = frame_pair(stack), frame_pair(stack)
    cable = frame_pair(stack)
    stack.enter_context(Pump(left[1], cable[0], a))
    stack.enter_context(Pump(right[1], cable[1], b))
    for row in range(300):
        left[0].send(frame_of(60 + row))
        right[0].send(frame_of(90 + row))
        assert right[0].recv(LONG) == frame_of(60 + row)
        assert left[0].recv(LONG) == frame_of(90 + row)
    assert a.counters["InPktsOK"] == b.counters["InPktsOK"] == 300


def test_a_running_pump_keeps_itself_and_its_secy_alive(stack):
    """Although the caller holds neither."""
    (clear, near_clear), (wire, near_wire) = frame_pair(stack), frame_pair(stack)
    pump = Pump(near_clear, near_wire, two_way()).start()
    running, secy = weakref.ref(pump), weakref.ref(pump._secy)
    del pump
    gc.collect()
    assert secy() is not None
    clear.send(frame_of(60))
    assert wire.recv(LONG)[12:14] == b"\x88\xe5"
    running().stop()
