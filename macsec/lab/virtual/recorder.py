"""Captures of a lab: what every host's port saw, and what a wiretap sees of the links."""

from __future__ import annotations

from functools import partial

from macsec.captures import INBOUND, OUTBOUND
from macsec.frames import FrameBatch
from macsec.lab.virtual.host import Host
from macsec.lab.virtual.lab import Lab, SiteLink
from macsec.wire.engine import Engine


class Recorder:
    """Frames of one place, kept in memory. `ports`: names of the interfaces in its capture."""

    def __init__(self, engine: Engine, name: str, ports: tuple[str, ...]) -> None:
        self.name = name
        self.ports = ports
        self._engine = engine
        self._frames: list[bytes] = []
        self._times: list[int] = []
        self._columns: tuple[list[int], list[int]] = ([], [])

    def note(self, port: int, direction: int, frame: bytes) -> None:
        """A frame passes now."""
        self._frames.append(frame)
        self._times.append(self._engine.now_ns)
        self._columns[0].append(port)
        self._columns[1].append(direction)

    @property
    def batch(self) -> FrameBatch:
        """All frames so far; `source` is the port."""
        return FrameBatch.from_frames(self._frames, self._times, self._columns[0])

    @property
    def directions(self) -> list[int]:
        """Of each frame, as a capture has it."""
        return self._columns[1]


def record(lab: Lab) -> list[Recorder]:
    """Recorders of all links between sites, `wire-LINK`, and of all hosts, `host-HOST`.

    On a link is recorded what both ends send, also what the link then loses; the two ports are
    the sites that send.
    """
    wires = [_of_wire(lab.engine, link) for link in lab.links]
    return wires + [_of_host(lab.engine, host) for host in lab.hosts.values()]


def _of_wire(engine: Engine, link: SiteLink) -> Recorder:
    recorder = Recorder(engine, f"wire-{link.plan.name}", link.plan.sites)
    for side in range(2):
        link.common_port(side).watch = partial(recorder.note, side, 0)
    return recorder


def _of_host(engine: Engine, host: Host) -> Recorder:
    recorder = Recorder(engine, f"host-{host.name}", (host.name,))
    host.port.watch = partial(recorder.note, 0, OUTBOUND)
    host.listener = partial(recorder.note, 0, INBOUND)
    return recorder
