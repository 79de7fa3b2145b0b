"""Key agreement in real time: the KaYs of a lab's edges, beside the pumps that move its frames.

MKPDUs come and go by a packet socket of their own at each Common Port; the pump there does not see
them. One thread drives all KaYs: the engine of virtual time, kept at the clock's time.
"""

from __future__ import annotations

import ctypes
import os
import select
import socket
import threading
from collections.abc import Callable
from typing import Self

from macsec.kay import actions
from macsec.kay.actions import Action
from macsec.kay.kay import Kay
from macsec.secy import SecY, Validate
from macsec.sim.agreed import Progress
from macsec.sim.clock import PS_PER_NS, Engine
from macsec.sim.controlled import ControlledPort
from macsec.sim.running import Running
from macsec.sim.station import Station
from macsec.sim.tap import Packet
from macsec.terms import ETHERTYPE_EAPOL

NS_PER_MS = 10**6
LONGEST_MS = 1000
OCTETS = 65_536
BATCH = 64
"""MKPDUs of one end that are read before the next has its turn."""

# linux/filter.h: load the EtherType; drop the frame if it is EAPOL's, else keep it whole.
SO_ATTACH_FILTER = 26
_LOAD_HALF, _JUMP_EQUAL, _RETURN = 0x28, 0x15, 0x06
_WITHOUT_EAPOL = (
    (_LOAD_HALF, 0, 0, 12),
    (_JUMP_EQUAL, 0, 1, ETHERTYPE_EAPOL),
    (_RETURN, 0, 0, 0),
    (_RETURN, 0, 0, 0xFFFF_FFFF),
)


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jump_true", ctypes.c_uint8),
        ("jump_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction)))


def leave_out_eapol(packet: Packet) -> None:
    """Frames of key agreement no longer come to a packet socket: they are not for the SecY."""
    made = (_Instruction * len(_WITHOUT_EAPOL))(*(_Instruction(*one) for one in _WITHOUT_EAPOL))
    program = bytes(_Program(len(made), made))
    with socket.socket(fileno=os.dup(packet.fileno())) as bound:
        bound.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def open_uncontrolled(device: str) -> socket.socket:
    """The MKPDUs that arrive at an interface, and the way to send some."""
    bound = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    bound.bind((device, ETHERTYPE_EAPOL))
    bound.setblocking(False)
    return bound


class PumpedPort(ControlledPort):
    """A Controlled Port whose frames a pump moves past it: closed, the SecY lets nothing through.

    Without an SA nothing is sent protected, and strict validation takes nothing else.
    """

    def __init__(self, secy: SecY) -> None:
        super().__init__(secy)
        self._mode: Action | None = None
        self._shut()

    def perform(self, action: Action) -> None:
        """See `ControlledPort`."""
        super().perform(action)
        if isinstance(action, actions.Protect | actions.Unprotect):
            self._mode = action
        if not self.enabled:
            self._shut()
        elif isinstance(action, actions.SetControlledPort) and self._mode is not None:
            super().perform(self._mode)

    def _shut(self) -> None:
        self.secy.set_controls(protect=True, validate=Validate.STRICT)


class AgreedEnd:
    """One end of a link: a KaY, the SecY of the pump there, and the socket for MKPDUs."""

    def __init__(self, engine: Engine, kay: Kay, secy: SecY, wire: socket.socket) -> None:
        self.kay = kay
        self.progress = Progress(kay)
        self.mkpdus_sent = 0
        self._wire = wire
        self._station = Station(engine, kay, secy, self._speak)
        self._station.port = PumpedPort(secy)
        self._station.after = lambda: self.progress.note(engine.now_ns)

    @property
    def open(self) -> bool:
        """Whether the Controlled Port lets frames through."""
        return self._station.port.enabled

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._wire.fileno()

    def start(self) -> None:
        """Begin key agreement."""
        self._station.start()

    def hear(self) -> None:
        """Read what has arrived."""
        for _ in range(BATCH):
            try:
                frame = self._wire.recv(OCTETS)
            except BlockingIOError:
                return
            self._station.indicate(frame)

    def _speak(self, mkpdu: bytes) -> None:
        try:
            self._wire.send(mkpdu)
            self.mkpdus_sent += 1
        except OSError:  # full or down: as if it were lost, and the next one follows
            pass


class Agreements:
    """The KaYs of a lab, driven by one thread from `start()` to `stop()`.

    `clock()` gives nanoseconds that do not go back. `lock` is to be held by who looks at an end.
    Runs for 53 days, as virtual time does.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self.engine = Engine()
        self.lock = threading.Lock()
        self.ends: list[AgreedEnd] = []
        self._clock = clock
        self._start_ns = 0
        self._unsecured = 0
        self._secured = os.eventfd(0)
        self._running: Running | None = None

    def add(self, kay: Kay, secy: SecY, wire: socket.socket) -> AgreedEnd:
        """One end more, before the start."""
        end = AgreedEnd(self.engine, kay, secy, wire)
        end.progress.on_secured = self._count
        self.ends.append(end)
        return end

    def start(self) -> Self:
        """Begin."""
        self._start_ns = self._clock()
        self._unsecured = len(self.ends)
        if not self.ends:
            os.eventfd_write(self._secured, 1)
            return self
        for end in self.ends:
            end.start()
        self._running = Running("macsec key agreement", self._run)
        return self

    def stop(self) -> None:
        """End. Nothing is said to anybody; the keys are for the owners of the SecYs to wipe."""
        if self._running is not None and self._running.stop():
            for end in self.ends:
                end.kay.chain.wipe()
            os.close(self._secured)

    def fileno(self) -> int:
        """An eventfd that can be read once every end has been secured."""
        return self._secured

    def check(self) -> None:
        """Raise MACsecError if it ended by itself."""
        if self._running is not None:
            self._running.check("key agreement")

    def _count(self) -> None:
        self._unsecured -= 1
        if not self._unsecured:
            os.eventfd_write(self._secured, 1)

    def _run(self, stop: int) -> int:
        poll = select.poll()
        by_descriptor = {end.fileno(): end for end in self.ends}
        for descriptor in (stop, *by_descriptor):
            poll.register(descriptor, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(self._pause_ms())}
            if stop in ready:
                return 0
            with self.lock:
                self._catch_up()
                for descriptor in ready:
                    by_descriptor[descriptor].hear()

    def _catch_up(self) -> None:
        """Do what was due until now."""
        self.engine.run(max(self._clock() - self._start_ns, self.engine.now_ns))

    def _pause_ms(self) -> int:
        """How long nothing is due, rounded up: a timer that is early would be asked for again."""
        due_ps = self.engine.next_ps
        if due_ps is None:
            return LONGEST_MS
        left_ns = due_ps // PS_PER_NS - (self._clock() - self._start_ns)
        return max(0, min(LONGEST_MS, -(-left_ns // NS_PER_MS)))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
