"""A flow while it runs: each frame leaves when it is due; what arrives is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from macsec.time_units import NS_PER_MS, PS_PER_NS
from macsec.wire.engine import HORIZON_PS, Engine

from .pacing import Pacing
from .packets import Packets
from .rates import CurrentRates
from .signature import Signed
from .sizes import Sizes

FCS = 4
_LOOK_PS = NS_PER_MS * PS_PER_NS
"""The time between looks at wires that still carry frames, once the last one of a flow left."""


@dataclass(slots=True)
class FlowCounts:
    """Frames of a flow, octets with FCS, and latencies in ps."""

    frames_tx: int = 0
    frames_rx: int = 0
    bytes_tx: int = 0
    bytes_rx: int = 0
    latency_least: int = 0
    latency_most: int = 0
    latency_sum: int = 0
    first_ps: int | None = None
    last_ps: int | None = None
    tx_rate: CurrentRates = field(default_factory=CurrentRates)
    rx_rate: CurrentRates = field(default_factory=CurrentRates)


@dataclass(frozen=True, slots=True)
class FlowParts:
    """Makers of the parts of a run: it starts with new ones. `send` takes a frame of the flow.

    `passage` is asked once the last frame has left: it returns a test whether all frames that are
    on the wire now have ended.
    """

    packets: Packets
    pacing: Callable[[], Pacing]
    sizes: Callable[[], Sizes]
    send: Callable[[bytes], object]
    passage: Callable[[], Callable[[], bool]]


class FlowRun:
    """A flow: `state` is stopped, started or paused. It is stopped once no wire has its frames."""

    def __init__(self, engine: Engine, parts: FlowParts) -> None:
        self.state = "stopped"
        self.counts = FlowCounts()
        self._engine = engine
        self._parts = parts
        self._turn = 0
        """Rises with each change of state: events of an earlier one do nothing."""
        self._start_ps = 0
        self._number = 0
        self._rested_ps: int | None = None
        self._due: tuple[int, int] | None = None

    def start(self) -> None:
        """Begin anew, with counts of zero."""
        self.counts = FlowCounts()
        self._pacing, self._sizes = self._parts.pacing(), self._parts.sizes()
        self._number, self._due = 0, None
        self._start_ps = self._engine.now_ps
        self._enter("started")
        self._arm()

    def stop(self) -> None:
        """Send no more; counts stay."""
        if self.state != "stopped":
            self._enter("stopped")

    def pause(self) -> None:
        """Send no more until `resume`."""
        if self.state == "started":
            self._rested_ps = self._engine.now_ps
            self._enter("paused")

    def resume(self) -> None:
        """Go on after a pause; a flow that is stopped begins at its first frame."""
        if self.state == "stopped":
            counts = self.counts
            self.start()
            self.counts = counts
        elif self.state == "paused" and self._rested_ps is not None:
            self._start_ps += self._engine.now_ps - self._rested_ps
            self._enter("started")
            self._arm()

    def _enter(self, state: str) -> None:
        self.state = state
        self._turn += 1

    def _arm(self) -> None:
        """Schedule the next frame, or the end."""
        count, end_ps = self._pacing.count, self._pacing.end_ps
        if count is not None and self._number >= count:
            self._end(self._turn, self._parts.passage())
            return
        if self._due is None:
            size = self._sizes(self._number)
            self._due = self._pacing.due(size), size
        due_ps, size = self._due
        at_ps = max(self._start_ps + due_ps, self._engine.now_ps)
        if (end_ps is not None and due_ps >= end_ps) or at_ps > HORIZON_PS:
            self._end(self._turn, self._parts.passage())
            return
        self._engine.at(at_ps, partial(self._depart, self._turn, size))

    def _depart(self, turn: int, size: int) -> None:
        if turn != self._turn:
            return
        now_ps, counts = self._engine.now_ps, self.counts
        frame = self._parts.packets.frame(self._number, size - FCS, now_ps)
        counts.frames_tx += 1
        counts.bytes_tx += size
        counts.tx_rate.add(now_ps, size)
        self._number += 1
        self._due = None
        self._parts.send(frame)
        self._arm()

    def _end(self, turn: int, passed: Callable[[], bool]) -> None:
        """Stop once the last frame has arrived, or is lost."""
        if turn != self._turn:
            return
        if not passed():
            self._engine.after(_LOOK_PS, partial(self._end, turn, passed))
            return
        self._enter("stopped")

    def arrive(self, frame: bytes, signed: Signed, line_ps: int) -> None:
        """Count a frame; `line_ps`: the time that it takes on the line, which is no latency."""
        now_ps, counts = self._engine.now_ps, self.counts
        latency = max(0, now_ps - signed.time_ps - line_ps)
        first = not counts.frames_rx
        counts.latency_least = latency if first else min(counts.latency_least, latency)
        counts.latency_most = max(counts.latency_most, latency)
        counts.latency_sum += latency
        counts.frames_rx += 1
        counts.bytes_rx += len(frame) + FCS
        counts.rx_rate.add(now_ps, len(frame) + FCS)
        counts.first_ps = now_ps if counts.first_ps is None else counts.first_ps
        counts.last_ps = now_ps
