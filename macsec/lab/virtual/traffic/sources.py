"""Traffic as frames in time: generators of UDP frames, and captures split by address."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from typing import NamedTuple

import numpy as np

from macsec.frames import Column, FrameBatch
from macsec.frames.sides import Split
from macsec.frames.unsent import Unsent
from macsec.lab.blueprint import HEADERS, Flow
from macsec.terms import ETHERNET_HEADER, VLAN_TAG_LENGTH
from macsec.time_units import PS_PER_NS, PS_PER_S
from macsec.wire.distributions import exponential
from macsec.wire.random_streams import RandomStream, start_of

PORT = 49_152
"""UDP source port of the first flow; each next flow has the next port."""
DISCARD = 9
MIX = (60,) * 7 + (590,) * 4 + (1514,)
"""IMIX 7:4:1, in octets without FCS."""
_SEQUENCE = struct.Struct(">Q")


class TimedFrame(NamedTuple):
    """A frame, the time when it is sent, and its sender: the flow's `source` (0) or `to` (1).

    `number`: its place in the capture or among the generated frames, from 1.
    """

    time_ps: int
    side: int
    frame: bytes
    number: int


def stream_start(flow: Flow, seed: int, purpose: str) -> int:
    """Return the first state of a random stream of a flow: `times` or `sizes`."""
    return start_of(seed, f"traffic {flow.number}", 0, purpose)


def generated(flow: Flow, seed: int) -> Iterator[TimedFrame]:
    """Generate the frames of a flow; each has its number, from 0, at the front of its payload."""
    times = RandomStream(stream_start(flow, seed, "times"))
    sizes = RandomStream(stream_start(flow, seed, "sizes"))
    start = flow.start * PS_PER_NS
    end = None if flow.duration is None else start + flow.duration * PS_PER_NS
    pacing, datagrams = _Pacing(flow, times), Datagrams(flow)
    for number in islice(count(), flow.count):
        size = MIX[sizes.below(len(MIX))] if flow.size is None else flow.size
        due = start + pacing.due(size)
        if end is not None and due >= end:
            return
        yield TimedFrame(due, 0, datagrams.frame(size, number), number + 1)


class _Pacing:
    """Due times of a flow's frames, in ps from its start: exact sums, so rounding never adds up."""

    def __init__(self, flow: Flow, stream: RandomStream) -> None:
        self._flow = flow
        self._stream = stream
        self._bits = 0
        self._frames = 0
        self._random_ps = 0

    def due(self, size: int) -> int:
        """Return the due time of the next frame, and reserve the time that its `size` takes."""
        if self._flow.model == "poisson":
            now = self._random_ps
            self._random_ps += exponential(self._stream, self._spaced(1, size * 8))
            return now
        busy = self._spaced(self._frames, self._bits)
        self._frames += 1
        self._bits += size * 8
        return busy if self._flow.model == "constant" else self._paused(busy)

    def _spaced(self, frames: int, bits: int) -> int:
        """Return the time that frames, or bits, take at the flow's rate."""
        if self._flow.pps is not None:
            return frames * PS_PER_S // self._flow.pps
        return bits * PS_PER_S // (self._flow.rate or 1)

    def _paused(self, busy: int) -> int:
        burst, pause = self._flow.burst * PS_PER_NS, self._flow.pause * PS_PER_NS
        return busy + busy // burst * pause


class Datagrams:
    """Frames of a generator: Ethernet, IPv4, UDP without checksum, a number, the payload repeated.

    Frames of one size differ only in their number.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._made: dict[int, tuple[bytes, bytes]] = {}

    def frame(self, size: int, number: int) -> bytes:
        """Return frame `number`, of `size` octets."""
        if size not in self._made:
            self._made[size] = self._head(size), self._body(size)
        head, body = self._made[size]
        return head + _SEQUENCE.pack(number) + body

    def _head(self, size: int) -> bytes:
        source, to = self._flow.source, self._flow.to
        tag = b"" if self._flow.vlan is None else b"\x81\x00" + self._flow.vlan.to_bytes(2)
        length = size - ETHERNET_HEADER - len(tag)
        # Never fragmented, so the identification says nothing (RFC 6864).
        ip = struct.pack(">BBHHHBBH", 0x45, 0, length, 0, 0x4000, 64, 17, 0)
        ip += source.ipv4.packed + to.ipv4.packed
        ip = ip[:10] + _checksum(ip).to_bytes(2) + ip[12:]
        port = (PORT + self._flow.number) & 0xFFFF
        ports = struct.pack(">HHHH", port, DISCARD, length - 20, 0)
        return to.mac.to_bytes(6) + source.mac.to_bytes(6) + tag + b"\x08\x00" + ip + ports

    def _body(self, size: int) -> bytes:
        tag = 0 if self._flow.vlan is None else VLAN_TAG_LENGTH
        room = size - HEADERS - tag - _SEQUENCE.size
        text = self._flow.payload or b"\0"
        return (text * (room // len(text) + 1))[:room]


def _checksum(header: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f">{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


class TimedBatch(NamedTuple):
    """Frames of a capture as TimedFrame has them, in columns; times in ns."""

    batch: FrameBatch
    time_ns: Column
    side: Column
    number: Column


def captured_batches(
    batches: Iterable[FrameBatch], start_ns: int, unsent: Unsent
) -> Iterator[TimedBatch]:
    """Yield the frames of a capture at their own times, the first one at `start_ns`.

    A frame with an earlier time than the one before it is sent at that one's time. Frames that
    are cut, and runts, are counted in `unsent`. No batch is empty.
    """
    split = Split()
    first: int | None = None
    now, before = start_ns, 0
    for batch in batches:
        rows = np.flatnonzero(unsent.add(batch))
        sent = batch if len(rows) == len(batch) else batch.take(rows)
        if len(sent):
            if first is None:
                first = int(sent.time_ns[0])
            time_ns = np.maximum.accumulate(sent.time_ns - first + start_ns)
            time_ns = np.maximum(time_ns, now)
            now = int(time_ns[-1])
            yield TimedBatch(sent, time_ns, split.sides(sent), before + rows + 1)
        before += len(batch)


def captured(batches: Iterable[FrameBatch], start_ns: int, unsent: Unsent) -> Iterator[TimedFrame]:
    """Yield the frames of `captured_batches` one by one."""
    for sent in captured_batches(batches, start_ns, unsent):
        columns = (column.tolist() for column in sent[1:])
        for time_ns, side, number, frame in zip(*columns, sent.batch.frames(), strict=True):
            yield TimedFrame(time_ns * PS_PER_NS, side, frame, number)


Source = Callable[[str], Iterable[FrameBatch]]
"""Opens a capture by its path."""


def departures(flow: Flow, seed: int, read: Source, unsent: Unsent) -> Iterator[TimedFrame]:
    """Yield the traffic of a flow; count the frames of a capture that cannot be sent."""
    if flow.pcap is None:
        return generated(flow, seed)
    return captured(read(flow.pcap), flow.start, unsent)
