"""Parser of the rare parts of a capture: pcap file header, section and interface blocks.

Each function takes the octets read so far and returns how many it used, or how many it needs.
"""

from __future__ import annotations

import codecs
import struct
from dataclasses import dataclass
from pathlib import PurePath

from macsec.errors import FormatError

from . import formats
from .beside import description, options_in
from .formats import Format, Interface

Buffer = bytes | memoryview

_REWRITTEN = frozenset({formats.IF_TSRESOL, formats.IF_TSOFFSET, formats.IF_FCSLEN})
"""Options of an interface that the writer gives itself."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Result for an incomplete block: `octets` from its start are needed."""

    octets: int


@dataclass(frozen=True, slots=True)
class SectionHeader:
    """A section header: its length, its options, and the byte order up to the next one."""

    length: int
    big: bool
    options: bytes


def find_format(head: bytes, name: str = "") -> Format:
    """Return the format of a file by its first octets. Raises FormatError if it is no capture.

    `name`: of the file, for one whose octets say nothing.
    """
    if not head:
        raise FormatError("the input is empty: no capture", 0, truncated=True)
    if len(head) < 4:
        raise FormatError(f"the input has {len(head)} octets: no capture", 0, truncated=True)
    magic = int.from_bytes(head[:4], "big")
    found = formats.FORMATS.get(magic)
    if found is None:
        known = name_stranger(head) or formats.NAMED.get(PurePath(name).suffix.lower())
        what = f"it is {known}" if known else f"it begins with {head[:4].hex()}"
        raise FormatError(f"not a capture: {what}", 0)
    if found.refusal:
        raise FormatError(f"{found.refusal} (magic {head[:4].hex()})", 0)
    return found


def name_stranger(head: bytes) -> str | None:
    """Return name and remedy of a file that is no capture, by its first octets."""
    text = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for table, octets in ((formats.STRANGERS, head), (formats.TEXTS, text)):
        for magic, what in table:
            if octets.startswith(magic):
                return what
    return None


def parse_pcap_header(head: bytes, found: Format, fcs: str) -> Interface:
    """Return the one interface of a pcap file, from its header of 24 octets."""
    order = ">" if found.big else "<"
    major, minor, snap_length, link = struct.unpack_from(order + "4xHH8xII", head)
    if major != 2 or minor > 4:
        raise FormatError(f"pcap version {major}.{minor} is not supported, only 2.0 to 2.4", 4)
    link_type = link & formats.LINK_TYPE_MASK
    if link_type != formats.ETHERNET:
        raise FormatError(
            f"link type {formats.link_type_name(link_type)} is not supported, only Ethernet", 20
        )
    inside = 2 * (link >> formats.FCS_SHIFT) if link & formats.FCS_PRESENT else 0
    return Interface(
        0, "", link_type, snap_length, _fcs(fcs, inside), 9 if found.tick_ns == 1 else 6
    )


def swapped_lengths(head: bytes, found: Format) -> int:
    """Return how the lengths of records are ordered: 0 captured first, 1 original, 2 either."""
    minor = int.from_bytes(head[6:8], "big" if found.big else "little")
    return {3: 2, 4: 0}.get(minor, 1)


def _fcs(wish: str, inside: int) -> int:
    """Return the octets of FCS: as the caller wishes, else as the file says."""
    return {"yes": 4, "no": 0}.get(wish, inside)


def parse_section(block: Buffer, at: int) -> SectionHeader | Needs:
    """Parse a section header block at stream offset `at`; its byte order is in it."""
    if len(block) < 12:
        return Needs(12)
    order = int.from_bytes(block[8:12], "big")
    if order not in (formats.PCAPNG_ORDER_MAGIC, 0x4D3C2B1A):
        raise FormatError(f"a section header has the byte-order magic {order:08x}", at + 8)
    big = order == formats.PCAPNG_ORDER_MAGIC
    length = int.from_bytes(block[4:8], "big" if big else "little")
    check_length(length, 28, at)
    if len(block) < length:
        return Needs(length)
    check_trailer(block[:length], big, at)
    major, minor = struct.unpack_from(">HH" if big else "<HH", block, 12)
    if major != 1:
        raise FormatError(f"pcapng version {major}.{minor} is not supported, only 1.x", at + 12)
    area = block[24 : length - 4]
    return SectionHeader(length, big, description(area, big))


def parse_interface(
    block: Buffer, big: bool, number: int, fcs: str, at: int
) -> tuple[int, Interface] | Needs:
    """Parse an interface block at stream offset `at`; return its length too."""
    if len(block) < 8:
        return Needs(8)
    length = int.from_bytes(block[4:8], "big" if big else "little")
    check_length(length, 20, at)
    if len(block) < length:
        return Needs(length)
    check_trailer(block[:length], big, at)
    link_type, snap_length = struct.unpack_from(">HxxI" if big else "<HxxI", block, 8)
    name, inside, tsresol, tsoffset = "", 0, 6, 0
    for code, value in options_in(block[16 : length - 4], big):
        if code == formats.IF_NAME:
            name = _text(bytes(value[: formats.MAX_NAME]))
        elif code == formats.IF_TSRESOL and len(value) == 1:
            tsresol = value[0]
        elif code == formats.IF_TSOFFSET and len(value) == 8:
            tsoffset = int.from_bytes(value, "big" if big else "little", signed=True)
        elif code == formats.IF_FCSLEN and len(value) == 1:
            inside = _fcs_octets(value[0])
    options = description(block[16 : length - 4], big, _REWRITTEN)
    return length, Interface(
        number, name, link_type, snap_length, _fcs(fcs, inside), tsresol, tsoffset, options
    )


def _text(octets: bytes) -> str:
    """Return a name as text that is no longer in UTF-8 than it was, so that it can be written."""
    text = octets.split(b"\0")[0].decode("utf-8", "replace")
    return text.encode()[: formats.MAX_NAME].decode("utf-8", "ignore")


def _fcs_octets(value: int) -> int:
    """Accept if_fcslen in bits, as in the text of the draft, or in octets, as in its example."""
    return value if value < 8 else value // 8


def check_length(length: int, least: int, at: int) -> None:
    """Raise FormatError for an impossible block length."""
    if length < least or length % 4:
        raise FormatError(f"a block has the length {length}", at + 4)
    if length > formats.MAX_BLOCK:
        raise FormatError(f"a block claims {length} octets, over {formats.MAX_BLOCK}", at + 4)


def check_trailer(block: Buffer, big: bool, at: int) -> None:
    """Raise FormatError if the length after a block is not the one before it."""
    trailer = int.from_bytes(block[-4:], "big" if big else "little")
    if trailer != len(block):
        raise FormatError(
            f"a block of {len(block)} octets ends with the length {trailer}", at + len(block) - 4
        )


def odd_option(area: Buffer, big: bool) -> int | None:
    """Return the place of an option that leaves its block; a missing end is tolerated."""
    position = 0
    while len(area) - position >= 4:
        code, length = struct.unpack_from(">HH" if big else "<HH", area, position)
        if code == formats.OPT_END:
            return None
        if length > len(area) - position - 4:
            return position
        position += 4 + ((length + 3) & ~3)
    return None
