"""Index: the position of each frame in a chunk of a capture, as columns.

Two twins with one contract: `ReferenceIndex` here, `NativeIndex` over `_native/captures/capture.c`.
A scan walks whole records from the front of a chunk, fills the columns, and returns how far it came
and why it stopped. It stops at every block without a frame of Ethernet, which the Reader takes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np

from macsec.frames import Column, Octets
from macsec.time_units import NS_PER_S

from . import formats
from .formats import Interface, time_terms

COLUMNS = (
    "start",
    "length",
    "wire_length",
    "time_ns",
    "source",
    "flags",
    "options",
    "options_length",
)
TIME_MIN, TIME_MAX = -(2**63), 2**63 - 1


class Stop(IntEnum):
    """Reason why a scan ended."""

    MORE = 0  # needs `needed` octets from the point reached
    FULL = 1  # the rows or the octets of a batch are used up
    BLOCK = 2  # a block without a frame lies at the point reached
    FAULT = 3  # damage at the point reached


class ScanFault(IntEnum):
    """Kind of damage; its text has `value` and `limit` of the scan."""

    NONE = 0
    CAPTURED = 1
    LENGTH = 2
    BLOCK_LIMIT = 3
    TRAILER = 4
    INTERFACE = 5
    ROOM = 6


FAULTS: dict[ScanFault, str] = {
    ScanFault.CAPTURED: "a record claims {value} captured octets, over {limit}",
    ScanFault.LENGTH: "a block has the length {value}",
    ScanFault.BLOCK_LIMIT: "a block claims {value} octets, over {limit}",
    ScanFault.TRAILER: "a block of {limit} octets ends with the length {value}",
    ScanFault.INTERFACE: "a packet names interface {value} of {limit}",
    ScanFault.ROOM: "a packet of {value} octets does not fit its block of {limit}",
}

PASSABLE = frozenset({ScanFault.CAPTURED, ScanFault.INTERFACE, ScanFault.ROOM})
"""Faults of a block whose end is known: what follows can be read."""

ODD = 1 << 32
"""In `flags`, beside epb_flags: the options end early, at one that leaves its block."""


@dataclass(slots=True)
class Layout:
    """Layout of the records of a section; a pcap file is one section."""

    pcapng: bool
    big: bool
    record_header: int
    fcs_fixed: bool  # the caller decides about FCS, not the packets' flags
    source_base: int = 0  # the number of the section's first interface
    swapped: int = 0  # pcap: the original length is first; 2: where it is the greater one


@dataclass(slots=True)
class Scan:
    """Result of a scan: rows filled, octets used, and the reason why it stopped."""

    rows: int
    consumed: int
    stop: Stop
    needed: int = 0
    fault: ScanFault = ScanFault.NONE
    fault_offset: int = 0  # from the front of the chunk
    value: int = 0
    limit: int = 0

    def reason(self) -> str:
        """Return the fault in words."""
        return FAULTS[self.fault].format(value=self.value, limit=self.limit)


class Index(Protocol):
    """Interface of both twins."""

    name: str

    def configure(self, layout: Layout) -> None:
        """Begin a section, without interfaces."""

    def add(self, interface: Interface) -> None:
        """Add the next interface of the section."""

    def scan(self, chunk: Octets, columns: Column, budget: int) -> Scan:
        """Fill `columns` (a row per name in COLUMNS) from the front of `chunk`.

        Stops when the columns are full or the frames have `budget` octets together.
        """


def clamp_time(time_ns: int) -> int:
    """Clamp a time to 64 bits of nanoseconds: 1677 to 2262."""
    return min(max(time_ns, TIME_MIN), TIME_MAX)


class _HaltError(Exception):
    """End of a reference scan; holds the result except rows and consumed."""

    def __init__(
        self,
        stop: Stop,
        needed: int = 0,
        fault: ScanFault = ScanFault.NONE,
        offset: int = 0,
        value: int = 0,
        limit: int = 0,
    ) -> None:
        self.terms = (stop, needed, fault, offset, value, limit)


IndexRow = tuple[int, int, int, int, int, int, int, int]


class ReferenceIndex:
    """Index in Python, one record at a time."""

    name = "reference"

    def configure(self, layout: Layout) -> None:
        """Begin a section, without interfaces."""
        self._layout = layout
        self._interfaces: list[Interface] = []
        self._terms: list[tuple[int, int, int]] = []
        order = ">" if layout.big else "<"
        self._pcap = struct.Struct(order + "4I")
        self._block = struct.Struct(order + "II")
        self._packet = struct.Struct(order + "5I")
        self._u32 = struct.Struct(order + "I")
        self._u16x2 = struct.Struct(order + "HH")

    def add(self, interface: Interface) -> None:
        """Add the next interface of the section."""
        self._interfaces.append(interface)
        self._terms.append(time_terms(interface.tsresol))

    def scan(self, chunk: Octets, columns: Column, budget: int) -> Scan:
        """Fill `columns` from the front of `chunk`."""
        view = chunk.data
        step = self._block_row if self._layout.pcapng else self._record_row
        rows: list[IndexRow] = []
        at = octets = 0
        capacity = columns.shape[1]
        terms: tuple[Stop, int, ScanFault, int, int, int] = (Stop.FULL, 0, ScanFault.NONE, 0, 0, 0)
        try:
            while len(rows) < capacity and octets < budget:
                row, size = step(view, at)
                at += size
                rows.append(row)
                octets += row[1]
        except _HaltError as halt:
            terms = halt.terms
        if rows:
            columns[:, : len(rows)] = np.array(rows, np.int64).T
        return Scan(len(rows), at, *terms)

    def _record_row(self, view: memoryview, at: int) -> tuple[IndexRow, int]:
        header = self._layout.record_header
        left = len(view) - at
        if left < header:
            raise _HaltError(Stop.MORE, header)
        seconds, fraction, captured, wire = self._pcap.unpack_from(view, at)
        swapped = self._layout.swapped
        if swapped == 1 or (swapped == 2 and captured > wire):
            captured, wire = wire, captured
        if captured > formats.MAX_CAPTURED:
            raise _fault(ScanFault.CAPTURED, at + 8, captured, formats.MAX_CAPTURED)
        if left < header + captured:
            raise _HaltError(Stop.MORE, header + captured)
        interface = self._interfaces[0]
        tick_ns = 1 if interface.tsresol == 9 else 1000
        length, wire = strip_fcs(captured, wire, interface.fcs)
        time_ns = seconds * NS_PER_S + fraction * tick_ns
        return (at + header, length, wire, time_ns, 0, 0, 0, 0), header + captured

    def _block_row(self, view: memoryview, at: int) -> tuple[IndexRow, int]:
        left = len(view) - at
        if left < 8:
            raise _HaltError(Stop.MORE, 8)
        kind, total = self._block.unpack_from(view, at)
        if kind in (formats.SHB, formats.IDB):
            raise _HaltError(Stop.BLOCK)
        least = _LEAST.get(kind, 12)
        if total < least or total % 4:
            raise _fault(ScanFault.LENGTH, at + 4, total, least)
        if total > formats.MAX_BLOCK:
            raise _fault(ScanFault.BLOCK_LIMIT, at + 4, total, formats.MAX_BLOCK)
        if left < total:
            raise _HaltError(Stop.MORE, total)
        (trailer,) = self._u32.unpack_from(view, at + total - 4)
        if trailer != total:
            raise _fault(ScanFault.TRAILER, at + total - 4, trailer, total)
        if kind == formats.SPB:
            return self._simple_row(view, at, total), total
        if kind in (formats.EPB, formats.PB):
            return self._packet_row(view, at, total, kind), total
        raise _HaltError(Stop.BLOCK)

    def _packet_row(self, view: memoryview, at: int, total: int, kind: int) -> IndexRow:
        first, high, low, captured, wire = self._packet.unpack_from(view, at + 8)
        number = first if kind == formats.EPB else self._u16x2.unpack_from(view, at + 8)[0]
        interface = self._interface(number, at)
        self._check_captured(captured, at + 20, total - 32, total)
        options = at + 28 + ((captured + 3) & ~3)
        flags, options_length = self._packet_options(view, options, at + total - 4)
        fcs = interface.fcs
        if flags & _FCS_BITS and not self._layout.fcs_fixed:
            fcs = (flags & _FCS_BITS) >> 5
        length, wire = strip_fcs(captured, wire, fcs)
        time_ns = self._time(high << 32 | low, number, interface)
        source = self._layout.source_base + number
        place = options if options_length else 0
        return (at + 28, length, wire, time_ns, source, flags, place, options_length)

    def _simple_row(self, view: memoryview, at: int, total: int) -> IndexRow:
        (wire,) = self._u32.unpack_from(view, at + 8)
        interface = self._interface(0, at)
        captured = min(wire, interface.snap_length or wire)
        self._check_captured(captured, at + 8, total - 16, total)
        length, wire = strip_fcs(captured, wire, interface.fcs)
        return (at + 12, length, wire, 0, self._layout.source_base, 0, 0, 0)

    def _interface(self, number: int, at: int) -> Interface:
        known = self._interfaces
        if number >= len(known):
            raise _fault(ScanFault.INTERFACE, at + 8, number, len(known))
        if known[number].link_type != formats.ETHERNET:
            raise _HaltError(Stop.BLOCK)
        return known[number]

    def _check_captured(self, captured: int, at: int, room: int, total: int) -> None:
        if captured > formats.MAX_CAPTURED:
            raise _fault(ScanFault.CAPTURED, at, captured, formats.MAX_CAPTURED)
        if captured > room:
            raise _fault(ScanFault.ROOM, at, captured, total)

    def _packet_options(self, view: memoryview, at: int, end: int) -> tuple[int, int]:
        """Return the flags, and the octets of all options if there are others."""
        flags = odd = 0
        first, others = at, False
        while end - at >= 4:
            code, length = self._u16x2.unpack_from(view, at)
            if code == formats.OPT_END:
                break
            if length > end - at - 4:
                odd = ODD
                break
            if code == formats.EPB_FLAGS and length == 4:
                (flags,) = self._u32.unpack_from(view, at + 4)
            else:
                others = True
            at += 4 + ((length + 3) & ~3)
        return flags | odd, at - first if others else 0

    def _time(self, ticks: int, number: int, interface: Interface) -> int:
        multiply, divide, shift = self._terms[number]
        time_ns = (ticks * multiply // divide >> shift) if divide else 0
        return clamp_time(time_ns + interface.tsoffset * NS_PER_S)


_LEAST = {formats.PB: 32, formats.EPB: 32, formats.SPB: 16}
_FCS_BITS = 0x1E0


def _fault(fault: ScanFault, offset: int, value: int, limit: int = 0) -> _HaltError:
    return _HaltError(Stop.FAULT, 0, fault, offset, value, limit)


def strip_fcs(captured: int, wire: int, fcs: int) -> tuple[int, int]:
    """Return length and wire length without FCS.

    A captured length over the original one is believed, as libpcap does.
    """
    wire = max(max(wire, captured) - fcs, 0)
    return min(captured, wire), wire
