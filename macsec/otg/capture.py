"""The frames at a test port, kept in memory, as a capture file."""

from __future__ import annotations

from collections import deque
from io import BytesIO

from macsec.captures import INBOUND, OUTBOUND, write
from macsec.frames import FrameBatch
from macsec.wire.engine import Engine
from macsec.wire.link import Link, Port

from .model.ports import Capture

ROOM = 64 << 20
"""Octets of frames that a capture keeps: then the oldest go, or the newest, by `overwrite`."""


class PortCapture:
    """A capture at an end of a wire: what the port sends, and what reaches it."""

    def __init__(self, engine: Engine, link: Link, side: int, settings: Capture) -> None:
        self.running = False
        self._engine, self._link, self._side = engine, link, side
        self._settings = settings
        self._frames: deque[tuple[int, int, bytes]] = deque()
        self._octets = 0

    @property
    def _port(self) -> Port:
        return self._link.b if self._side else self._link.a

    def start(self) -> None:
        """Begin an empty capture."""
        self.stop()
        self._frames.clear()
        self._octets = 0
        self._port.watch = self._sent
        self._link.taps.append(self)
        self.running = True

    def stop(self) -> None:
        """End it; the frames stay."""
        if self.running:
            self._port.watch = None
            self._link.taps.remove(self)
            self.running = False

    def on_frame(self, time_ns: int, direction: int, frame: bytes) -> None:
        """See a frame that arrives at an end of the wire."""
        if direction != self._side:
            self._keep(time_ns, INBOUND, frame)

    def _sent(self, frame: bytes) -> None:
        self._keep(self._engine.now_ns, OUTBOUND, frame)

    def _keep(self, time_ns: int, direction: int, frame: bytes) -> None:
        kept = frame[: self._settings.packet_size or len(frame)]
        if self._octets + len(kept) > ROOM and not self._settings.overwrite:
            return
        self._frames.append((time_ns, direction, kept))
        self._octets += len(kept)
        while self._octets > ROOM:
            self._octets -= len(self._frames.popleft()[2])

    def octets(self) -> bytes:
        """Return the capture file."""
        target = BytesIO()
        with write(target, format=self._settings.format, interfaces=[self._port.name]) as sink:
            times, directions, frames = (
                zip(*self._frames, strict=True) if self._frames else ((), (), ())
            )
            batch = FrameBatch.from_frames(list(frames), list(times), [0] * len(frames))
            sink.write(batch, directions=list(directions))
        return target.getvalue()
