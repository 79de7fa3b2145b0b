"""Contents of a capture beside its frames: options of packets, and blocks between them.

Options and blocks are little-endian here, as they are written. Values that depend on the byte order
are known for the options of the pcapng draft; a block of another kind is kept from a little-endian
section only.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from macsec.frames import Column

from . import formats
from .formats import Interface, time_terms

Buffer = bytes | memoryview

_NOT_TO_COPY = {19372, 19373}
"""Custom options that a program which changes the file must leave out."""

KEPT_FLAGS = 0xFFFFFFFF & ~0x1E0
"""epb_flags without the length of an FCS, which delivered frames do not have."""
OPTION_NAMES = {1: "packet comment", 4: "packet drop count", 5: "packet id", 6: "packet queue"}

_PACKET_NUMBERS = {2: 4, 4: 8, 5: 8, 6: 4}
_INTERFACE_NUMBERS = {8: 8, 10: 4, 14: 8, 16: 8, 17: 8}
_STATISTICS_NUMBERS = dict.fromkeys((4, 5, 6, 7, 8), 8)
"""Option to the octets of its number, which has the byte order of the section."""
_STATISTICS_TIMES = {2, 3}


@dataclass(frozen=True, slots=True)
class SectionStart:
    """The start of a section, with its options."""

    options: bytes = b""


@dataclass(frozen=True, slots=True)
class OtherBlock:
    """A block that is neither a section, nor an interface, nor a packet of Ethernet."""

    kind: int
    body: bytes

    @property
    def name(self) -> str:
        """Return the kind in words, for a count."""
        return formats.BLOCK_NAMES.get(self.kind, f"block of type {self.kind}")


Block = SectionStart | Interface | OtherBlock


@dataclass(slots=True)
class Beside:
    """All that is beside the frames of a batch.

    `flags`: epb_flags of each row. `options`: of the rows that have more than flags, without flags
    and end. `blocks`: with the row that each is before. `lost`: what could not be read into
    these, and how often.
    """

    flags: Column
    options: dict[int, bytes] = field(default_factory=dict)
    blocks: list[tuple[int, Block]] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)

    def of_rows(self, rows: Column) -> Beside:
        """Return this for a batch of these rows only, in order; all blocks are kept."""
        if len(rows) == len(self.flags):
            return self
        flags = self.flags[rows]
        if not self.options and not self.blocks:
            return replace(self, flags=flags)
        places = {row: place for place, row in enumerate(rows.tolist()) if row in self.options}
        options = {place: self.options[row] for row, place in places.items()}
        before = np.searchsorted(rows, [row for row, _ in self.blocks]).tolist()
        blocks = [(place, block) for place, (_, block) in zip(before, self.blocks, strict=True)]
        return Beside(flags, options, blocks, self.lost)

    def all_lost(self) -> Counter[str]:
        """Return what is lost where nothing beside the frames is kept."""
        lost = Counter(self.lost)
        lost["packet flags"] = int(np.count_nonzero(self.flags & KEPT_FLAGS))
        for options in self.options.values():
            lost.update(OPTION_NAMES.get(code, "packet option") for code, _ in options_in(options))
        for _, block in self.blocks:
            lost.update(lost_with(block))
        return +lost

    def without_origin(self) -> Beside:
        """Return this for other interfaces: what is said about the present ones is lost."""
        blocks: list[tuple[int, Block]] = []
        lost = Counter(self.lost)
        for row, block in self.blocks:
            if isinstance(block, OtherBlock) and block.kind not in formats.OF_AN_INTERFACE:
                blocks.append((row, block))
            else:
                lost.update(lost_with(block))
        return Beside(self.flags, self.options, blocks, lost)


def lost_with(block: Block) -> Iterator[str]:
    """Yield what is lost with a block that is left out."""
    if isinstance(block, OtherBlock):
        yield block.name
    elif block.options:
        yield "section options" if isinstance(block, SectionStart) else "interface options"


def options_in(area: Buffer, big: bool = False) -> Iterator[tuple[int, Buffer]]:
    """Yield code and value of each option; ends at a wrong one."""
    read = struct.Struct(">HH" if big else "<HH").unpack_from
    position = 0
    while len(area) - position >= 4:
        code, length = read(area, position)
        position += 4
        if code == formats.OPT_END or length > len(area) - position:
            return
        yield code, area[position : position + length]
        position += (length + 3) & ~3


def encoded(options: Iterable[tuple[int, Buffer]]) -> bytes:
    """Return options, padded, without an end."""
    return b"".join(
        struct.pack("<HH", code, len(value)) + bytes(value) + bytes(-len(value) % 4)
        for code, value in options
    )


def packet_options(area: bytes, big: bool, lost: Counter[str]) -> bytes:
    """Return the options of a packet without flags, and without a hash of other octets."""
    kept = []
    for code, value in options_in(area, big):
        if code == formats.EPB_FLAGS:
            continue
        if code == formats.EPB_HASH:
            lost["packet hash"] += 1
        elif code in _NOT_TO_COPY:
            lost["custom option not to be copied"] += 1
        else:
            kept.append((code, _ordered(code, value, big, _PACKET_NUMBERS)))
    return encoded(kept)


def description(area: Buffer, big: bool, leave: frozenset[int] = frozenset()) -> bytes:
    """Return the options of a section or interface, but those in `leave`."""
    return encoded(
        (code, _ordered(code, value, big, _INTERFACE_NUMBERS))
        for code, value in options_in(area, big)
        if code not in leave and code not in _NOT_TO_COPY
    )


def comments_in(options: bytes) -> list[str]:
    """Return the comments among the options of a packet."""
    return [
        bytes(value).decode("utf-8", "replace")
        for code, value in options_in(options)
        if code == formats.OPT_COMMENT
    ]


def other_block(kind: int, body: bytes, big: bool, lost: Counter[str]) -> OtherBlock | None:
    """Return a block to copy; None, and a count in `lost`, where it cannot be copied."""
    block = OtherBlock(kind, body)
    if kind in formats.NOT_TO_COPY or (big and len(body)):
        lost[block.name + (" of a big-endian section" if big else "")] += 1
        return None
    return block


def statistics(
    body: bytes, big: bool, interfaces: Sequence[Interface], base: int, lost: Counter[str]
) -> OtherBlock | None:
    """Return an interface statistics block with its times in units of the written interface.

    `base`: the first interface of its section. None, and a count in `lost`, where it names none.
    """
    read = struct.Struct(">3I" if big else "<3I").unpack_from
    number, high, low = read(body) if len(body) >= 12 else (len(interfaces), 0, 0)
    if base + number >= len(interfaces):
        lost[formats.BLOCK_NAMES[formats.ISB]] += 1
        return None
    interface = interfaces[base + number]
    times = _rescaled(high, low, interface)
    options = []
    for code, value in options_in(body[12:], big):
        if code in _STATISTICS_TIMES and len(value) == 8:
            high, low = struct.unpack(">2I" if big else "<2I", value)
            options.append((code, struct.pack("<2I", *_rescaled(high, low, interface))))
        else:
            options.append((code, bytes(_ordered(code, value, big, _STATISTICS_NUMBERS))))
    head = struct.pack("<3I", number, *times)
    return OtherBlock(formats.ISB, head + ended(encoded(options)))


def _rescaled(high: int, low: int, interface: Interface) -> tuple[int, int]:
    """Return a time in the units that the writer gives an interface."""
    ticks = high << 32 | low
    if interface.link_type == formats.ETHERNET:
        multiply, divide, shift = time_terms(interface.tsresol)
        ticks = (ticks * multiply // divide >> shift) if divide else 0
    return divmod(min(ticks, 2**64 - 1), 2**32)


def ended(options: bytes) -> bytes:
    """Return options with their end; nothing for none."""
    return options + bytes(4) if options else b""


def _ordered(code: int, value: Buffer, big: bool, numbers: dict[int, int]) -> Buffer:
    return bytes(value)[::-1] if big and numbers.get(code) == len(value) else value
