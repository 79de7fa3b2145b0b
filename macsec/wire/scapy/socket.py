"""A port of the virtual wire as a scapy SuperSocket, in virtual time.

All functions of scapy that take an opened socket work with it: sniff, AsyncSniffer, sr1, srp,
bridge_and_sniff, answering machines, pipes. While scapy waits the engine runs, so `sr1(timeout=5)`
of a lost frame takes 5 seconds of virtual time and milliseconds of real time. Packets carry the
times of the wire, exact to the picosecond.

Without threads a timeout is in virtual time. `sr` is not threaded here by default; `srp` and
`sr` by interface name are, and take `threaded=False`. `inter=` and `realtime=` of `sendp` are
virtual time too.
"""

from __future__ import annotations

import os
import select as os_select
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from threading import Thread, current_thread, main_thread
from typing import Any, ClassVar, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from scapy.config import conf
from scapy.data import MTU
from scapy.layers.l2 import Ether
from scapy.packet import Packet
from scapy.sendrecv import AsyncSniffer
from scapy.supersocket import SuperSocket
from scapy.utils import EDecimal

from macsec.frames import frame_octets
from macsec.time_units import PS_PER_S
from macsec.wire.engine import HORIZON_PS, Engine

from . import pacing
from .waiting import Inbox, Selector

pacing.install()

PS_EXPONENT = -12
PIPE_PS = PS_PER_S
"""Virtual time that each sent frame runs the engine for, while a descriptor is polled."""


class OpenPort(Protocol):
    """A port to open: that of a Link, or any object that sends and has a receiver."""

    name: str
    receiver: Callable[[bytes], None] | None

    def send(self, frame: bytes) -> None:
        """Send a frame now."""


class PortSocket(SuperSocket):
    """A socket on a port: it receives every frame that arrives there, and sends from there.

    Several may be open on a port, and the receiver set before still gets the frames. Frames sent
    by the port itself are not received. Any thread may use it.
    """

    desc = "a port of the virtual wire"
    nonblocking_socket = True
    basecls: ClassVar[type[Packet]] = Ether

    def __init__(self, engine: Engine, port: OpenPort, *, by_name: bool = False) -> None:
        self.closed = True  # until it is open
        self.selector = Selector.of(engine)
        self.port = port
        self.iface = port.name
        self.inbox: Inbox = Inbox()
        self._by_name = by_name
        self._over = self._spared = False
        self._event: int | None = None
        self._time_ps, self._time = 0, seconds(0)  # frames of the same time share the number
        with self.selector.lock:
            self.fan = _Fan.of(port)
            self.fan.add(self)
            self.closed = False

    # ------------------------------------------------------------ out

    def send(self, x: Packet | bytes) -> int:
        """Send a packet or octets at the current time; return the number of octets."""
        self._check_open()
        selector = self.selector
        frame = frame_octets(x)
        with selector.lock:
            if frame is not x and isinstance(x, Packet):
                x.sent_time = seconds(selector.engine.now_ps)
            self.port.send(frame)
            selector.sent()
            if selector.polled:
                _run_on(selector.engine)
        return len(frame)

    def send_all(self, frames: Iterable[bytes]) -> int:
        """Send octet strings one after another at the current time; return their number."""
        self._check_open()
        selector, send, count = self.selector, self.port.send, 0
        with selector.lock:
            for count, frame in enumerate(frames, 1):  # noqa: B007
                send(frame)
            selector.sent()
            if selector.polled:
                _run_on(selector.engine)
        return count

    # ------------------------------------------------------------ in

    def arrived(self, frame: bytes) -> None:
        """Take in a frame that arrived at the port."""
        self.inbox.append((self.selector.engine.now_ps, frame))
        if self._event is not None:
            os.eventfd_write(self._event, 1)

    def recv_raw(self, x: int = MTU) -> tuple[type[Packet], bytes | None, Any]:
        """Return class, octets and time of the next frame; None for the last two if none will come.

        Raises EOFError once after `select` has ended the wait of scapy.
        """
        inbox = self.inbox
        if not inbox and not self._wait():
            return self.basecls, None, None
        time_ps, frame = inbox.popleft()
        if time_ps != self._time_ps:
            self._time_ps, self._time = time_ps, seconds(time_ps)
        if self._event is not None:
            with self.selector.lock:
                if not inbox:
                    os.eventfd_read(self._event)
        return self.basecls, frame[:x], self._time

    def recv_all(self) -> list[tuple[int, bytes]]:
        """Return time in ps and octets of each received frame, after waiting for the first.

        Empty if none will come.
        """
        inbox = self.inbox
        if not inbox and not self._wait():
            return []
        with self.selector.lock:
            taken = list(inbox)
            inbox.clear()
            if self._event is not None:
                os.eventfd_read(self._event)
        return taken

    def recv(self, x: int = MTU, **kwargs: Any) -> Packet | None:
        """Return the next frame as a packet with its time; None if none will come."""
        cls, octets, time = self.recv_raw(x)
        if octets is None:
            return None
        try:
            packet = cls(octets, **kwargs)
        except Exception:
            if conf.debug_dissector:
                raise
            packet = conf.raw_layer(octets)
        packet.time = time  # zero is a time too
        return packet

    def _wait(self) -> bool:
        if self._over:
            self._over, self._spared = False, not self._by_name
            raise EOFError
        self._check_open()
        if self._event is not None:  # another thread runs the engine
            return False
        return self.selector.wait([self.inbox], None)

    @staticmethod
    def select(sockets: list[Any], remain: float | None = None) -> list[Any]:
        """Run the engine until a socket is readable or `remain` s are over; return those readable.

        For scapy's sniffer the end of the wait is the end of the stream: it then returns at once.
        """
        ours = [sock for sock in sockets if isinstance(sock, PortSocket)]
        others = [sock for sock in sockets if not isinstance(sock, PortSocket)]
        if others and (ready := os_select.select(others, [], [], 0)[0]):
            return ready
        if not ours:
            return []
        selector = ours[0].selector
        sniff = _sniff()
        until_ps = _until(selector.engine, remain, sniff)
        if selector.wait([sock.inbox for sock in ours], until_ps):
            return [sock for sock in ours if sock.inbox]
        if sniff is None or (until_ps is None and current_thread() is not main_thread()):
            return []
        for sock in ours:
            sock._over = True
        return ours

    def fileno(self) -> int:
        """Return a descriptor that is readable while frames wait, for pipes; made on first use.

        A poll of it does not run the engine. So from then on each sent frame runs the engine
        through all events of the next second.
        """
        if self._event is None:
            with self.selector.lock:
                flags = os.EFD_CLOEXEC | os.EFD_NONBLOCK
                self._event = os.eventfd(1 if self.inbox else 0, flags)
                self.selector.polled += 1
        return self._event

    def close(self) -> None:
        """Leave the port; but stay once after an end of stream that only ended a wait."""
        if self.closed:
            return
        if self._spared:
            self._spared = False
            return
        self.closed = True
        with self.selector.lock:
            self.fan.remove(self)
            if self._event is not None:
                os.close(self._event)
                self._event = None
                self.selector.polled -= 1

    def _check_open(self) -> None:
        if self.closed:
            raise OSError(f"the socket on {self.port.name} is closed")

    def sr(self, *args: Any, **kargs: Any) -> Any:
        """Send and receive like scapy, by default without a thread: timeouts in virtual time."""
        kargs.setdefault("threaded", False)
        return super().sr(*args, **kargs)

    def __repr__(self) -> str:
        return f"<PortSocket {self.port.name}>"


def seconds(time_ps: int) -> EDecimal:
    """Convert virtual time to the exact seconds that packets carry."""
    return EDecimal(Decimal(time_ps).scaleb(PS_EXPONENT))


class _Fan:
    """The receiver of a port with sockets: passes frames to them and to the receiver before."""

    def __init__(self, port: OpenPort) -> None:
        self._port = port
        self._before = port.receiver
        self._sockets: tuple[PortSocket, ...] = ()

    @classmethod
    def of(cls, port: OpenPort) -> _Fan:
        """Return the fan of a port, or a new one."""
        owner = getattr(port.receiver, "__self__", None)
        if isinstance(owner, PortSocket):
            owner = owner.fan
        return owner if isinstance(owner, cls) else cls(port)

    def add(self, sock: PortSocket) -> None:
        self._sockets += (sock,)
        alone = self._before is None and len(self._sockets) == 1
        self._port.receiver = sock.arrived if alone else self.receive

    def remove(self, sock: PortSocket) -> None:
        in_place = self._port.receiver in (self.receive, sock.arrived)
        self._sockets = tuple(other for other in self._sockets if other is not sock)
        if in_place:
            self._port.receiver = self.receive if self._sockets else self._before

    def receive(self, frame: bytes) -> None:
        for sock in self._sockets:
            sock.arrived(frame)
        if self._before is not None:
            self._before(frame)


def _run_on(engine: Engine) -> None:
    until_ps = engine.now_ps + PIPE_PS
    while (due := engine.next_ps) is not None and due <= until_ps:
        engine.step()


# ---------------------------------------------------------------- waits of scapy's sniffer


class _Sniff(NamedTuple):
    """A run of scapy's sniffer, identified by the real time at which it stops."""

    stoptime: float
    timeout: float


def _sniff() -> _Sniff | None:
    """Return the sniffer that called `select`; None for other callers.

    It passes only the rest of its real time to `select`; the whole timeout and the time of the
    start are in its local variables.
    """
    caller = sys._getframe(2)
    if caller.f_code is not AsyncSniffer._run.__code__:
        return None
    known = caller.f_locals
    return _Sniff(known.get("stoptime", 0.0), known.get("timeout") or 0.0)


_deadlines: WeakKeyDictionary[Thread, tuple[_Sniff, int]] = WeakKeyDictionary()


def _until(engine: Engine, remain: float | None, sniff: _Sniff | None) -> int | None:
    """Return the end of a wait: `remain` s from now, or the timeout after the sniffer's start."""
    if remain is None:
        return None
    known = _deadlines.get(current_thread())
    if sniff is not None and known is not None and known[0] == sniff:
        return known[1]
    wanted = remain if sniff is None else sniff.timeout
    until_ps = min(engine.now_ps + round(wanted * PS_PER_S), HORIZON_PS)
    if sniff is not None:
        _deadlines[current_thread()] = sniff, until_ps
    return until_ps
