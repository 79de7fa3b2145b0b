"""Ports of parts in C: a receiver or a watch in Python is a hook of C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from macsec.frames import frame_octets
from macsec.wire.link import Port, Receiver

from .engine import NativeEngine, ffi, lib


class Place:
    """A part in C that receives frames; calling it gives it one now."""

    def __init__(self, kind: int, part: int, port: int, give: Callable[[bytes], None]) -> None:
        self.in_c = ffi.new("macsec_lab_place *", {"kind": kind, "part": part, "port": port})[0]
        self._give = give

    def __call__(self, frame: bytes) -> None:
        """Give it a frame now."""
        self._give(frame_octets(frame))


class Taping:
    """A watch that a recorder in C does itself."""

    def __init__(self, tape: int, port: int, direction: int) -> None:
        self.in_c = {"tape": tape + 1, "port": port, "direction": direction}

    def __call__(self, frame: bytes) -> None:
        """Do nothing: C has recorded the frame."""


class NativePort(Port):
    """A port of C. `sends`: its name as `macsec_lab_port`; `from_`: that of what it receives."""

    def __init__(
        self, engine: NativeEngine, name: str, mtu: int | None, sends: Any, from_: Any
    ) -> None:
        self._engine, self._sends, self._from = engine, sends, from_
        self._receiver: Receiver | None = None
        self._watch: Receiver | None = None
        super().__init__(name, mtu, self._to_c)

    @property
    def in_c(self) -> Any:
        """Its name in C."""
        return self._sends

    @property
    def receiver(self) -> Receiver | None:
        """Called at each arrival."""
        return self._receiver

    @receiver.setter
    def receiver(self, receiver: Receiver | None) -> None:
        self._receiver = receiver
        if isinstance(receiver, Place):
            place = receiver.in_c
        else:
            kind = lib.MACSEC_LAB_NO_RECEIVER if receiver is None else lib.MACSEC_LAB_HOOK
            place = ffi.new("macsec_lab_place *", {"kind": kind})[0]
        lib.macsec_lab_receiver(self._engine.lab, self._from, place)

    @property
    def watch(self) -> Receiver | None:
        """Called with each frame that is sent, before the link takes it."""
        return self._watch

    @watch.setter
    def watch(self, watch: Receiver | None) -> None:
        self._watch = watch
        lib.macsec_lab_watch_port(self._engine.lab, self._sends, watch_of(watch))

    def send(self, frame: bytes) -> None:
        """Send a frame without FCS now. Raises TypeError for a number."""
        self._to_c(frame_octets(frame))

    def _to_c(self, frame: bytes) -> None:
        engine = self._engine
        engine.check(lib.macsec_lab_send(engine.lab, self._sends, frame, len(frame)))


def watch_of(watch: Receiver | None) -> Any:
    """Return the `macsec_lab_watch` of a watch or a listener."""
    if isinstance(watch, Taping):
        return ffi.new("macsec_lab_watch *", watch.in_c)[0]
    return ffi.new("macsec_lab_watch *", {"hooked": watch is not None})[0]


def lane_port(lane: int) -> Any:
    """Return the name of the port that sends on a lane."""
    return ffi.new("macsec_lab_port *", {"part": lane})[0]


def station_port(station: int) -> Any:
    """Return the name of the Controlled Port of a station."""
    return ffi.new("macsec_lab_port *", {"is_station": 1, "part": station})[0]


def frame_of(call: Any) -> bytes:
    """Return the frame of a hook's call."""
    return bytes(ffi.buffer(call.frame, call.length))
