"""FrameBatch: many frames in one block of octets, with columns beside it.

The whole package passes frames in this form. A frame runs from the destination address to the last
user octet, without FCS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, SupportsBytes, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macsec import extras
from macsec.errors import FrameError
from macsec.time_units import NS_PER_S

from .held import Held

Octets = NDArray[np.uint8]
Column = NDArray[np.int64]

_COLUMNS = ("arena", "start", "length", "time_ns", "source", "wire_length")
_EMPTY: Column = np.zeros(0, np.int64)


FrameLike: TypeAlias = bytes | bytearray | memoryview | SupportsBytes
"""One frame of a caller: octets, or a packet with `__bytes__`, as those of scapy."""


def frame_octets(frame: FrameLike) -> bytes:
    """Return the octets of one frame: bytes, any buffer of octets, or a packet with `__bytes__`.

    Raises FrameError for a number, a list, text: `bytes` would make zeros of some of them.

    >>> from macsec.frames import frame_octets
    >>> len(frame_octets(bytearray(60)))
    60

    See also: `FrameBatch.from_frames`.
    """
    if type(frame) is bytes:
        return frame
    given: Any = frame
    try:
        view = memoryview(given)
    except TypeError:
        view = None
    if view is None and hasattr(type(frame), "__bytes__"):
        return bytes(given)
    if view is None or view.itemsize != 1 or view.ndim != 1:
        raise FrameError(
            f"a frame is octets, not {type(frame).__name__}: give bytes, as bytes.fromhex() makes"
        )
    return view.tobytes()


class FrameBatch(Held):
    """An immutable batch of n frames.

    `arena`: uint8, one dimension; any number of octets. `start`, `length`: int64[n], position of
    each frame in the arena; frames may overlap, in any order. `time_ns`: int64[n], when it was
    captured or is due. `source`: int64[n], the interface or port it belongs to. `wire_length`:
    int64[n], octets of the frame on the wire. It exceeds `length` if a capture cut the frame short;
    such a frame is never validated.

    Slices share the arena; the columns are copied, so that no caller can move a frame after its
    bounds were checked. Raises ValueError for a frame outside the arena.

    >>> import macsec
    >>> batch = macsec.FrameBatch.from_frames([bytes(60), bytes(1514)])
    >>> len(batch), batch.length.tolist(), len(batch[1:].frames()[0])
    (2, [60, 1514], 1514)

    See also: `SecY.protect`, `captures.read`.
    """

    __slots__ = ("arena", "length", "source", "start", "time_ns", "wire_length")

    arena: Octets
    start: Column
    length: Column
    time_ns: Column
    source: Column
    wire_length: Column

    def __init__(
        self,
        arena: ArrayLike,
        start: ArrayLike,
        length: ArrayLike,
        time_ns: ArrayLike | None = None,
        source: ArrayLike | None = None,
        wire_length: ArrayLike | None = None,
    ) -> None:
        octets, starts = _arena(arena), _column(start, None)
        rows = len(starts)
        lengths = _column(length, rows)
        wire_lengths = lengths if wire_length is None else _column(wire_length, rows)
        _check_bounds(len(octets), starts, lengths, wire_lengths)
        self._fill(
            octets, starts, lengths, _optional(time_ns, rows), _optional(source, rows), wire_lengths
        )

    def _fill(self, *columns: Octets | Column) -> None:
        for name, column in zip(_COLUMNS, columns, strict=True):
            object.__setattr__(self, name, column)
        object.__setattr__(self, "_held", None)

    def __setattr__(self, name: str, _: object) -> None:
        # C reads at the positions that were checked when the batch was made.
        raise AttributeError(f"FrameBatch.{name}: a batch never changes; make another one")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"FrameBatch.{name}: a batch never changes; make another one")

    @classmethod
    def from_frames(
        cls,
        frames: Iterable[FrameLike],
        time_ns: ArrayLike | None = None,
        source: ArrayLike | None = None,
    ) -> FrameBatch:
        """Return a batch of octet strings, or of what `frame_octets` takes, copied once."""
        whole = [frame_octets(frame) for frame in frames]
        length = np.fromiter(map(len, whole), np.int64, len(whole))
        start = np.cumsum(length) - length
        return cls(np.frombuffer(b"".join(whole), np.uint8), start, length, time_ns, source)

    @classmethod
    def from_packets(cls, packets: Iterable[Any]) -> FrameBatch:
        """Return a batch of scapy packets, with their times."""
        kept = list(packets)
        times = [int(packet.time * NS_PER_S) for packet in kept]
        return cls.from_frames([bytes(packet) for packet in kept], times)

    @classmethod
    def concat(cls, batches: Sequence[FrameBatch]) -> FrameBatch:
        """Return one batch of all frames of several, in order; the octets are copied."""
        if not batches:
            return cls(np.zeros(0, np.uint8), _EMPTY, _EMPTY)
        base = np.cumsum([0, *(len(batch.arena) for batch in batches)])
        # Frames that fit their own arena fit the joined one.
        return cls.trusted(
            np.concatenate([batch.arena for batch in batches]),
            np.concatenate([batch.start + base[i] for i, batch in enumerate(batches)]),
            *(
                np.concatenate([getattr(batch, name) for batch in batches])
                for name in ("length", "time_ns", "source", "wire_length")
            ),
        )

    def frames(self) -> list[bytes]:
        """Return all frames as octet strings."""
        block = self.arena.data
        ends = (self.start + self.length).tolist()
        return [
            bytes(block[start:end]) for start, end in zip(self.start.tolist(), ends, strict=True)
        ]

    def packets(self) -> list[Any]:
        """Return all frames as scapy packets, with their times."""
        try:
            from scapy.layers.l2 import Ether
            from scapy.utils import EDecimal
        except ImportError:
            raise extras.lacks("scapy") from None

        packets = []
        for octets, time_ns in zip(self.frames(), self.time_ns.tolist(), strict=True):
            packet = Ether(octets)
            packet.time = EDecimal(time_ns) / NS_PER_S
            packets.append(packet)
        return packets

    def view(self, row: int) -> Octets:
        """Return the octets of one frame, not copied, read-only."""
        start = int(self.start[row])
        return self.arena[start : start + int(self.length[row])]

    def take(self, rows: slice | NDArray[Any]) -> FrameBatch:
        """Return the frames of a slice, of row numbers or of a mask; the arena is shared."""
        return self._sharing(
            self.start[rows],
            self.length[rows],
            self.time_ns[rows],
            self.source[rows],
            self.wire_length[rows],
        )

    def _sharing(self, *columns: Column) -> FrameBatch:
        # The bounds were checked when the parent was made.
        start, length, time_ns, source, wire_length = map(np.ascontiguousarray, columns)
        return FrameBatch.trusted(self.arena, start, length, time_ns, source, wire_length)

    @classmethod
    def trusted(
        cls,
        arena: Octets,
        start: Column,
        length: Column,
        time_ns: Column,
        source: Column,
        wire_length: Column | None = None,
    ) -> FrameBatch:
        """Return a batch of contiguous columns that are known to fit and have no other owner.

        Takes the arrays over, unchecked and read-only: only for code that has just made them.
        """
        made = object.__new__(cls)
        columns = arena, start, length, time_ns, source
        for array in (*columns, wire_length):
            if array is not None:
                array.setflags(write=False)
        made._fill(*columns, length if wire_length is None else wire_length)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        # Memory of C is not copied with it.
        return FrameBatch, tuple(getattr(self, name) for name in _COLUMNS)

    @property
    def octets(self) -> int:
        """Sum of the lengths of all frames."""
        return int(self.length.sum())

    def __len__(self) -> int:
        return len(self.start)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.frames())

    @overload
    def __getitem__(self, rows: int) -> bytes: ...
    @overload
    def __getitem__(self, rows: slice | NDArray[Any]) -> FrameBatch: ...
    def __getitem__(self, rows: int | slice | NDArray[Any]) -> bytes | FrameBatch:
        if isinstance(rows, slice | np.ndarray):
            return self.take(rows)
        return self.view(rows).tobytes()

    def __repr__(self) -> str:
        return f"<FrameBatch of {len(self)} frames, {self.octets} octets>"


def _arena(octets: ArrayLike) -> Octets:
    if isinstance(octets, bytes | bytearray | memoryview):
        arena = np.frombuffer(octets, np.uint8)
    else:
        arena = np.asarray(octets)
        if arena.dtype != np.uint8 or arena.ndim != 1 or not arena.flags.c_contiguous:
            raise ValueError("an arena is a contiguous one-dimensional array of uint8")
    view = arena.view()
    view.flags.writeable = False
    return view


def _check_bounds(size: int, start: Column, length: Column, wire_length: Column) -> None:
    # Subtraction form: start + length could wrap, size - length cannot once length <= size.
    bad = (length < 0) | (length > size) | (start < 0)
    bad |= start > size - np.minimum(length, size)
    bad |= wire_length < length
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(
            f"frame {row} (start {start[row]}, length {length[row]}, on the wire "
            f"{wire_length[row]}) does not fit its arena of {size} octets"
        )


def _column(values: ArrayLike, length: int | None) -> Column:
    given = np.asarray(values)
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"a column holds integers, not {given.dtype}")
    # Copied even if read-only: it may be a view of writable memory.
    column = np.array(given, np.int64)
    column.flags.writeable = False
    if column.ndim != 1 or (length is not None and len(column) != length):
        raise ValueError(f"expected a column of {length} rows, shape {column.shape} given")
    return column


def _optional(values: ArrayLike | None, length: int) -> Column:
    return _column(np.zeros(length, np.int64) if values is None else values, length)
