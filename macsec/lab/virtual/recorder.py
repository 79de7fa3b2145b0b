"""Captures of a lab: the frames at every host's port, and on every link between sites."""

from __future__ import annotations

from functools import partial

from macsec.captures import INBOUND, OUTBOUND
from macsec.frames import FrameBatch
from macsec.lab.virtual.host import VirtualHost
from macsec.lab.virtual.lab import Lab
from macsec.lab.virtual.site_link import SiteLink
from macsec.wire.engine import Engine


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

    @property
    def batch(self) -> FrameBatch:
        """All frames so far; `source` is the port."""
        return FrameBatch.from_frames(self._frames, self._times, self._columns[0])

    @property
    def directions(self) -> list[int]:
        """The direction of each frame, as a capture has it."""
        return self._columns[1]


def record(lab: Lab) -> list[Recorder]:
    """Return recorders of all links between sites, `wire-LINK`, and all hosts, `host-HOST`.

    A link's recorder has all frames that both ends send, lost ones too; its two ports are the
    sending sites.
    """
    wires = [_of_wire(lab.engine, link) for link in lab.links]
    return wires + [_of_host(lab.engine, host) for host in lab.hosts.values()]


def _of_wire(engine: Engine, link: SiteLink) -> Recorder:
    recorder = Recorder(engine, f"wire-{link.plan.name}", link.plan.sites)
    for side in range(2):
        link.common_port(side).watch = partial(recorder.note, side, 0)
    return recorder


def _of_host(engine: Engine, host: VirtualHost) -> Recorder:
    recorder = Recorder(engine, f"host-{host.name}", (host.name,))
    host.port.watch = partial(recorder.note, 0, OUTBOUND)
    host.listener = partial(recorder.note, 0, INBOUND)
    return recorder
