"""Captures of a lab: the frames at ports and hosts, kept in memory."""

from __future__ import annotations

from functools import partial

from macsec.captures import INBOUND, OUTBOUND
from macsec.frames import FrameBatch
from macsec.lab.virtual.host import LabHost
from macsec.wire.engine import Engine
from macsec.wire.link import Port


class Recorder:
    """Frames of one place, kept in memory. `ports`: interface names of its capture."""

    def __init__(self, engine: Engine, name: str, ports: tuple[str, ...]) -> None:
        self.name = name
        self.ports = ports
        self._engine = engine
        self._frames: list[bytes] = []
        self._times: list[int] = []
        self._columns: tuple[list[int], list[int]] = ([], [])

    def note(self, port: int, direction: int, frame: bytes) -> None:
        """Record a frame that passes now."""
        self._frames.append(frame)
        self._times.append(self._engine.now_ns)
        self._columns[0].append(port)
        self._columns[1].append(direction)

    def watch_port(self, port: Port, number: int, direction: int = 0) -> None:
        """Record all frames that a port sends, as those of a port and a direction here."""
        port.watch = partial(self.note, number, direction)

    def watch_host(self, host: LabHost) -> None:
        """Record all frames that a host sends and receives."""
        self.watch_port(host.port, 0, OUTBOUND)
        host.listener = partial(self.note, 0, INBOUND)

    @property
    def batch(self) -> FrameBatch:
        """All frames so far; `source` is the port."""
        return FrameBatch.from_frames(self._frames, self._times, self._columns[0])

    @property
    def directions(self) -> list[int]:
        """The direction of each frame, as a capture has it."""
        return self._columns[1]
