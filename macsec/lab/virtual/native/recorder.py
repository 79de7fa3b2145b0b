"""A recorder in C: no frame that it records passes through Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from macsec.captures import INBOUND
from macsec.frames import Column, FrameBatch, Octets
from macsec.lab.virtual.host import LabHost
from macsec.lab.virtual.records.recorder import Recorder
from macsec.wire.link import Port

from .engine import NativeEngine, ffi, lib
from .port import Taping


class NativeRecorder(Recorder):
    """Frames of one place, kept in C until they are asked for."""

    def __init__(self, engine: NativeEngine, name: str, ports: tuple[str, ...]) -> None:
        super().__init__(engine, name, ports)
        self._lab = engine.lab
        self._tape = engine.number_of(lib.macsec_lab_add_tape(engine.lab))

    def watch_port(self, port: Port, number: int, direction: int = 0) -> None:
        """Record all frames that a port sends, as those of a port and a direction here."""
        port.watch = Taping(self._tape, number, direction)

    def watch_host(self, host: LabHost) -> None:
        """Record all frames that a host sends and receives."""
        super().watch_host(host)
        host.listener = Taping(self._tape, 0, INBOUND)

    @property
    def batch(self) -> FrameBatch:
        """All frames so far; `source` is the port."""
        tape = self._read()
        names = ("start", "length", "time_ns", "port")
        start, length, time_ns, port = (_column(tape, name) for name in names)
        return FrameBatch.trusted(_octets(tape), start, length, time_ns, port)

    @property
    def directions(self) -> list[int]:
        """The direction of each frame, as a capture has it."""
        directions: list[int] = _column(self._read(), "direction").tolist()
        return directions

    def _read(self) -> Any:
        tape = ffi.new("macsec_lab_tape *")
        lib.macsec_lab_read_tape(self._lab, self._tape, tape)
        return tape


def _column(tape: Any, name: str) -> Column:
    """Return a copy of a column: it moves in C when it grows."""
    if not tape.count:
        return np.zeros(0, np.int64)
    octets = ffi.buffer(getattr(tape, name), tape.count * 8)
    return np.frombuffer(octets, np.int64).copy()


def _octets(tape: Any) -> Octets:
    if not tape.octets:
        return np.zeros(0, np.uint8)
    return np.frombuffer(ffi.buffer(tape.arena, tape.octets), np.uint8).copy()
