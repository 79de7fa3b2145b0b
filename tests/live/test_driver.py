"""The real-time loop of KaYs, on sockets in memory and a clock of the test: nothing waits."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Collection, Iterator, Sequence

from support.mka.kays import CKN, NS, chain_key, policy_of, sci_of_name

from macsec.kay.kay import Kay
from macsec.live.driver import Driver, KayPort, wait_until
from macsec.port import Agreement
from macsec.secy import SecY

FIRST_FD = 1001


class Socket:
    """One end of a cable for MKPDUs, in place of an `Eapol`."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.inbox: list[bytes] = []
        self.sent: list[bytes] = []
        self.far: Socket | None = None

    def fileno(self) -> int:
        """Return a number that is no open file."""
        return self.descriptor

    def frames(self) -> Iterator[bytes]:
        """Yield the frames that wait."""
        while self.inbox:
            yield self.inbox.pop(0)

    def send(self, frame: bytes) -> None:
        """Put a frame into the far inbox."""
        self.sent.append(frame)
        if self.far is not None:
            self.far.inbox.append(frame)


class World:
    """Two KaYs under a driver, and the time: `wait` moves it, up to `until_ns`."""

    def __init__(self, ends: int = 2) -> None:
        self.now_ns, self.until_ns = 5 * NS, 5 * NS
        self.waits: list[int | None] = []
        self.sockets = [Socket(FIRST_FD + at) for at in range(ends)]
        if ends == 2:
            self.sockets[0].far, self.sockets[1].far = self.sockets[1], self.sockets[0]
        self.gates: list[list[bool]] = [[] for _ in range(ends)]
        self.agreements = [self._agreement(at) for at in range(ends)]
        ports = [
            KayPort(agreement, socket)  # type: ignore[arg-type]
            for agreement, socket in zip(self.agreements, self.sockets, strict=True)
        ]
        self.driver = Driver(ports, lambda: self.now_ns)

    def _agreement(self, at: int) -> Agreement:
        kay = Kay(sci_of_name("ab"[at]), [chain_key()], random.Random(at).randbytes, policy_of())
        return Agreement(kay, SecY(), self.sockets[at].send, self.gates[at].append)

    def wait(self, descriptors: Sequence[int], pause_ns: int | None) -> Collection[int] | None:
        """Return the sockets with frames; else let the pause pass."""
        self.waits.append(pause_ns)
        assert list(descriptors) == [each.descriptor for each in self.sockets]
        ready = {each.descriptor for each in self.sockets if each.inbox}
        if ready:
            return ready
        if pause_ns is None or self.now_ns + pause_ns > self.until_ns:
            self.now_ns = self.until_ns
            return None
        self.now_ns += pause_ns
        return ()

    def run(self, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Drive the KaYs for some time."""
        self.until_ns = self.now_ns + round(seconds * NS)
        meanwhile()
        self.driver.run(self.wait)


def test_kays_of_one_driver_secure_each_other() -> None:
    """Frames from the sockets reach the KaYs, and the gates open."""
    world = World()
    world.driver.start()
    world.run(3)
    assert [agreement.kay.secured for agreement in world.agreements] == [True, True]
    assert world.gates == [[False, True], [False, True]]


def test_the_driver_sleeps_until_a_kay_has_work() -> None:
    """A minute of key agreement takes about one wait for each MKPDU, and none is of no time."""
    world = World()
    world.driver.start()
    world.run(60)
    mkpdus = sum(len(each.sent) for each in world.sockets)
    assert len(world.waits) < 3 * mkpdus
    assert 58 <= mkpdus <= 70


def test_timeouts_are_served_without_frames() -> None:
    """A KaY alone sends its hello every 2 seconds."""
    world = World(ends=1)
    world.driver.start()
    world.run(20)
    assert len(world.sockets[0].sent) == 11


def test_stop_closes_the_ports_and_sends_nothing() -> None:
    """All SAs are gone; the last frame was sent before."""
    world = World()
    world.driver.start()
    world.run(3)
    before = [len(each.sent) for each in world.sockets]
    world.driver.stop()
    assert [len(each.sent) for each in world.sockets] == before
    assert [gate[-1] for gate in world.gates] == [False, False]
    assert [len(each.port.secy.tx.sa) for each in world.agreements] == [0, 0]


def test_the_lock_is_held_while_kays_run() -> None:
    """Another thread reads them between two turns, never inside one."""
    world = World()
    held: list[bool] = []
    for agreement in world.agreements:
        agreement.follow(lambda _: held.append(world.driver.lock.locked()))
    world.driver.start()
    world.run(3)
    assert held
    assert all(held)
    assert not world.driver.lock.locked()


def test_without_kays_only_the_end_is_waited_for() -> None:
    """There is no pause: `wait` may take any time."""
    world = World(ends=0)
    world.run(3)
    assert world.waits == [None]


def test_wait_until_returns_readable_descriptors_and_ends() -> None:
    """A frame, then a pause that passes, then the eventfd that stops the loop."""
    stop, frame = os.eventfd(0), os.eventfd(0)
    try:
        wait = wait_until(stop)
        os.eventfd_write(frame, 1)
        assert wait([frame], None) == {frame}
        os.eventfd_read(frame)
        assert wait([frame], 1) == set()
        os.eventfd_write(stop, 1)
        assert wait([frame], None) is None
    finally:
        os.close(stop)
        os.close(frame)


def test_a_cak_years_away_makes_no_pause_that_poll_refuses() -> None:
    """poll() takes 31 bits of milliseconds."""
    world = World(ends=1)
    (agreement,) = world.agreements
    agreement.kay.remove_key(0, CKN)
    agreement.kay.add_key(0, chain_key(start=10 * 365 * 24 * 3600))
    world.driver.start()
    pause_ns = world.driver.pause_ns()
    assert pause_ns is not None
    assert 0 < pause_ns < 10**6 << 31


def test_hello_that_waits_keeps_its_peer_alive_in_a_late_turn() -> None:
    """The process slept past the Life Time of a peer, with a hello in the socket."""
    world = World()
    world.driver.start()
    world.run(3)
    sleeper, peer = world.agreements
    sleeper.settle(world.now_ns + NS)
    peer.hear(world.now_ns + NS, *world.sockets[1].frames())
    peer.settle(world.now_ns + NS * 47 // 10)
    assert world.sockets[0].inbox
    assert sleeper.kay.principal is not None
    (entry,) = sleeper.kay.principal.peers.live
    world.now_ns = entry.expires_ns + NS // 10
    world.run(0)
    assert (sleeper.kay.secured, world.gates[0]) == (True, [False, True])
