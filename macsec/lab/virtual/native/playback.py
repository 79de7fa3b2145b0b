"""The traffic of a lab in C: generators run there, captures are given in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from macsec.frames.unsent import Unsent
from macsec.lab.blueprint import Flow
from macsec.lab.virtual.host import FlowTally
from macsec.lab.virtual.traffic.playback import after_the_end
from macsec.lab.virtual.traffic.sources import (
    MIX,
    Datagrams,
    Source,
    TimedBatch,
    captured_batches,
    stream_start,
)
from macsec.time_units import PS_PER_NS

from .engine import NativeEngine, ffi, lib
from .host import NativeHost

_MODELS = {
    "constant": lib.MACSEC_LAB_CONSTANT,
    "poisson": lib.MACSEC_LAB_POISSON,
    "onoff": lib.MACSEC_LAB_ONOFF,
}


class NativePlayback:
    """The flows of a blueprint on an engine in C, from `begin` on."""

    def __init__(
        self, engine: NativeEngine, hosts: Mapping[str, NativeHost], flows: tuple[Flow, ...]
    ) -> None:
        self._engine = engine
        self._flows = [_Playing(engine, hosts, flow) for flow in flows]
        self._on_pause: Callable[[int], None] | None = None
        engine.flow_ended = self._ended
        engine.hooks[lib.MACSEC_LAB_PAUSES] = self._pauses

    @property
    def on_pause(self) -> Callable[[int], None] | None:
        """Called with the time of the next frame when no flow has one pending."""
        return self._on_pause

    @on_pause.setter
    def on_pause(self, on_pause: Callable[[int], None] | None) -> None:
        self._on_pause = on_pause
        lib.macsec_lab_pauses(self._engine.lab, on_pause is not None)

    def _pauses(self, call: Any) -> None:
        if self._on_pause is not None:
            self._on_pause(call.number)

    @property
    def tallies(self) -> list[FlowTally]:
        """The counts of each flow."""
        return [playing.tally for playing in self._flows]

    @property
    def pending(self) -> bool:
        """True while a frame has still to depart."""
        return bool(lib.macsec_lab_pending(self._engine.lab))

    def begin(self, time_ps: int, read: Source) -> None:
        """Schedule all flows from a time on; `read` opens the captures that they name."""
        for playing in self._flows:
            playing.begin(time_ps, read)

    def _ended(self, flow: int, end: int) -> None:
        if end == lib.MACSEC_LAB_FEED:
            self._flows[flow].feed()
        else:
            self._flows[flow].raise_late()


class _Playing:
    """A flow in C; what C reads of it lives here."""

    def __init__(self, engine: NativeEngine, hosts: Mapping[str, NativeHost], flow: Flow) -> None:
        self._engine, self._flow = engine, flow
        ends = hosts[flow.source.name].number, hosts[flow.to.name].number
        self._number = engine.number_of(lib.macsec_lab_add_flow(engine.lab, *ends))
        self._unsent = Unsent()
        self._source: Iterator[TimedBatch] = iter(())
        self._kept: Any = None

    def begin(self, time_ps: int, read: Source) -> None:
        """Schedule the first frame."""
        flow, engine = self._flow, self._engine
        generator = ffi.NULL if flow.pcap is not None else self._generator()
        end = lib.macsec_lab_begin(engine.lab, self._number, time_ps, generator)
        engine.check(end, self._number)
        if flow.pcap is not None:
            self._source = captured_batches(read(flow.pcap), flow.start, self._unsent)
            self.feed()

    def feed(self) -> None:
        """Give C the next frames of the capture, if there are more."""
        batch = next(self._source, None)
        if batch is None:
            self._kept = None
            return
        feed = ffi.new("macsec_lab_feed *", {"count": len(batch.batch)})
        columns = {
            "arena": batch.batch.arena,
            "start": batch.batch.start,
            "length": batch.batch.length,
            "time_ns": batch.time_ns,
            "side": np.ascontiguousarray(batch.side, np.uint8),
            "number": np.ascontiguousarray(batch.number, np.int64),
        }
        kept = []
        for name, column in columns.items():
            octets = name in ("arena", "side")
            kept.append(ffi.from_buffer("uint8_t[]" if octets else "int64_t[]", column))
            setattr(feed, name, kept[-1])
        self._kept = kept
        end = lib.macsec_lab_give(self._engine.lab, self._number, feed)
        self._engine.check(end, self._number)

    def _generator(self) -> Any:
        flow, seed = self._flow, self._engine.seed
        datagrams = Datagrams(flow)
        sizes = MIX if flow.size is None else (flow.size,)
        templates = [ffi.from_buffer("uint8_t[]", datagrams.frame(size, 0)) for size in sizes]
        end_ns = None if flow.duration is None else flow.start + flow.duration
        self._kept = templates
        return ffi.new(
            "macsec_lab_generator *",
            {
                "model": _MODELS[flow.model],
                "times_start": stream_start(flow, seed, "times"),
                "sizes_start": stream_start(flow, seed, "sizes"),
                "pps": flow.pps or 0,
                "rate": flow.rate or 1,
                "count": -1 if flow.count is None else flow.count,
                "start_ps": flow.start * PS_PER_NS,
                "end_ps": -1 if end_ns is None else end_ns * PS_PER_NS,
                "burst_ps": flow.burst * PS_PER_NS,
                "pause_ps": flow.pause * PS_PER_NS,
                "size_count": len(sizes),
                "sizes": sizes,
                "templates": templates,
            },
        )

    def raise_late(self) -> None:
        """Raise the error of a frame that is due after the end of virtual time."""
        number = ffi.new("int64_t *")
        high, low = ffi.new("uint64_t *"), ffi.new("uint64_t *")
        lib.macsec_lab_late(self._engine.lab, self._number, number, high, low)
        raise after_the_end(self._flow, number[0], high[0] << 64 | low[0])

    @property
    def tally(self) -> FlowTally:
        """The counts so far."""
        found = ffi.new("macsec_lab_tally *")
        lib.macsec_lab_flow(self._engine.lab, self._number, found)
        return FlowTally(
            unsent=Unsent(self._unsent.cut, self._unsent.runts, found.too_long),
            sent=found.sent,
            sent_octets=found.sent_octets,
            delivered=found.delivered,
            latency_sum=found.latency_high << 64 | found.latency_low,
            latency_least=found.latency_least,
            latency_most=found.latency_most,
        )
