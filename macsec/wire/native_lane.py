"""The C twin of a lane, through macsec._native: columns in, ends of frames out."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from macsec.errors import ConfigError
from macsec.frames import Column, FrameBatch, Octets
from macsec.terms import ETHERNET_HEADER
from macsec.time_units import PS_PER_NS

from .distributions import table
from .engine import HORIZON_PS
from .impairments import Starts, threshold
from .lane import HORIZON, LinkStats
from .param_values import CORRUPT_AT, COUNT_LIMIT, MTU_LIMIT, Chance
from .params import LinkParams
from .trace import RECORDS

ROOM = 1 << 16
"""Ends that one call of C can return; there may be more calls."""

ANY = (1 << 31) - 1
_LOSS = {"random": 1, "state": 2, "gemodel": 3}
_ORDERED = {None: 0, False: 1, True: 2}
_MATCH = {"ethertype": 1, "vlan": 2, "sci": 4, "an": 8}


class FrameEnds(NamedTuple):
    """Ends of frames, in order: number of the frame, bit that was flipped or -1, trace record."""

    number: Column
    bit: Column
    records: NDArray[Any]


class Picked(NamedTuple):
    """Frames to gather: start in the arena, length, and bit to flip or -1, of each."""

    start: Column
    length: Column
    bit: Column


class NativeLane:
    """A lane in C, for one thread at a time."""

    def __init__(
        self, params: LinkParams, start: Starts, direction: int, ffi: Any, lib: Any
    ) -> None:
        self._ffi, self._lib = ffi, lib
        plan, self._kept = wire_plan(ffi, params, start, direction)
        made = lib.macsec_wire_new(plan)
        if not made:
            raise MemoryError
        self._wire = ffi.gc(made, lib.macsec_wire_free)
        self._number = np.empty(ROOM, np.int64)
        self._bit = np.empty(ROOM, np.int64)
        self._records = np.zeros(ROOM, RECORDS)
        self._ends = ffi.new("macsec_wire_ends *")
        self._ends.capacity = ROOM
        self._ends.number = ffi.from_buffer("int64_t[]", self._number, require_writable=True)
        self._ends.bit = ffi.from_buffer("int64_t[]", self._bit, require_writable=True)
        self._ends.records = ffi.from_buffer("uint8_t[]", self._records, require_writable=True)

    @property
    def wire(self) -> Any:
        """The C object, which lives as long as this one."""
        return self._wire

    @property
    def stats(self) -> LinkStats:
        """The counts so far."""
        return stats_of(self._lib.macsec_wire_counts(self._wire))

    def send(self, batch: FrameBatch, time_ps: Column) -> FrameEnds:
        """Send each frame at its time, after all that was due up to it."""
        ffi, columns = self._ffi, (batch.start, batch.length, time_ps)
        job = ffi.new("macsec_wire_job *")
        job.arena = arena = ffi.from_buffer("uint8_t[]", batch.arena)
        kept = [ffi.from_buffer("int64_t[]", column) for column in columns]
        job.start, job.length, job.time_ps = kept
        job.count = len(batch)
        ends = self._run(lambda: self._lib.macsec_wire_carry(self._wire, job, self._ends))
        ffi.release(arena)
        return ends

    def drain(self, until_ps: int = HORIZON_PS) -> FrameEnds:
        """Drain the frames that are due up to a time."""
        return self._run(lambda: self._lib.macsec_wire_drain(self._wire, until_ps, self._ends))

    def oldest(self) -> int | None:
        """Return the lowest number of a frame on its way; None if there is none."""
        return self._lib.macsec_wire_oldest(self._wire) or None

    def gather(self, arenas: list[Octets], source: Column, pick: Picked) -> Octets:
        """Return the octets of frames, one after another, each from the arena of its `source`."""
        ffi = self._ffi
        out = np.empty(int(pick.length.sum()), np.uint8)
        blocks = [ffi.from_buffer("uint8_t[]", arena) for arena in arenas]
        columns = (source, pick.start, pick.length, pick.bit)
        self._lib.macsec_wire_gather(
            ffi.new("uint8_t *[]", blocks),
            len(source),
            *(ffi.from_buffer("int64_t[]", column) for column in columns),
            ffi.from_buffer("uint8_t[]", out, require_writable=True),
        )
        return out

    def _run(self, call: Any) -> FrameEnds:
        parts: list[FrameEnds] = []
        status = self._lib.MACSEC_WIRE_FULL
        while status == self._lib.MACSEC_WIRE_FULL:
            self._ends.count = 0
            status = call()
            rows = slice(self._ends.count)
            number, bit = self._number[rows].copy(), self._bit[rows].copy()
            parts.append(FrameEnds(number, bit, self._records[rows].copy()))
        if status == self._lib.MACSEC_WIRE_MEMORY:
            raise MemoryError
        if status == self._lib.MACSEC_WIRE_HORIZON:
            raise ConfigError(f"rate: {HORIZON}")
        if len(parts) == 1:
            return parts[0]
        return FrameEnds(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def stats_of(counts: Any) -> LinkStats:
    """Convert the counts of C."""
    return LinkStats(**{f.name: getattr(counts, f.name) for f in dataclasses.fields(LinkStats)})


# ---------------------------------------------------------------- parameters for C


def wire_plan(ffi: Any, params: LinkParams, start: Starts, direction: int) -> tuple[Any, list[Any]]:
    """Return the plan of a wire in C, and the arrays that must live as long as its wire."""
    plan = ffi.new("macsec_wire_plan *")
    for name in ("duplicate", "corrupt", "reorder"):
        _dice(getattr(plan, name), getattr(params, name), start(name))
    _loss(plan, params, start("loss"))
    plan.bit_start = start("bit")
    kept = [
        _spread(ffi, plan.delay, params.delay, params.jitter, params.distribution),
        _slots(ffi, plan, params, start("slot")),
    ]
    plan.delay.start, plan.delay.weight = start("delay"), threshold(params.correlation)
    plan.rate, plan.overhead = params.rate or 0, params.overhead
    plan.cell, plan.cell_overhead = params.cell, params.cell_overhead
    plan.limit = COUNT_LIMIT if params.limit is None else params.limit
    plan.gap = params.gap
    plan.longest = MTU_LIMIT << 20 if params.mtu is None else params.mtu + ETHERNET_HEADER
    plan.drops, plan.drop_count = _numbers(ffi, kept, params.drop)
    edges = [at * PS_PER_NS for span in params.down for at in span]
    plan.edges_ps, plan.edge_count = _numbers(ffi, kept, edges)
    _match(plan, params)
    plan.ordered = _ORDERED[params.ordered]
    plan.fcs_fix = params.fcs == "fix"
    plan.corrupt_at = CORRUPT_AT.index(params.corrupt_at)
    plan.sectag_ethertype = params.sectag_ethertype
    plan.direction = direction
    return plan, kept


def _dice(dice: Any, chance: Chance, start: int) -> None:
    dice.start = start
    dice.below, dice.weight = threshold(chance.probability), threshold(chance.correlation)


def _loss(plan: Any, params: LinkParams, start: int) -> None:
    plan.loss.start = start
    if params.loss is None:
        return
    plan.loss_model = _LOSS[params.loss.model]
    if params.loss.model == "random":
        _dice(plan.loss, Chance(*params.loss.values), start)
    else:
        limits = [threshold(value) for value in params.loss.values]
        plan.loss_limits[0 : len(limits)] = limits


def _spread(ffi: Any, spread: Any, mean_ns: int, jitter_ns: int, name: str) -> Any:
    spread.mean_ps, spread.jitter_ps = mean_ns * PS_PER_NS, jitter_ns * PS_PER_NS
    octets = _table(name)
    if octets is None:
        return None
    kept = ffi.from_buffer("int16_t[]", octets)
    spread.table = kept
    return kept


@cache
def _table(name: str) -> NDArray[np.int16] | None:
    values = table(name)
    return None if values is None else np.array(values, np.int16)


def _slots(ffi: Any, plan: Any, params: LinkParams, start: int) -> Any:
    slot = params.slot
    if slot is None:
        return None
    plan.slots, plan.slot_start = 1, start
    plan.slot_least_ps, plan.slot_most_ps = slot.least * PS_PER_NS, slot.most * PS_PER_NS
    plan.slot_packets, plan.slot_octets = slot.packets or ANY, slot.octets or ANY
    return _spread(ffi, plan.slot, slot.delay, slot.jitter, slot.distribution or "uniform")


def _numbers(ffi: Any, kept: list[Any], values: Any) -> tuple[Any, int]:
    kept.append(ffi.new("int64_t[]", list(values)))
    return kept[-1], len(values)


def _match(plan: Any, params: LinkParams) -> None:
    if params.match is not None:
        for name, bit in _MATCH.items():
            wanted = getattr(params.match, name)
            if wanted is not None:
                setattr(plan, f"match_{name}", wanted)
                plan.match |= bit
