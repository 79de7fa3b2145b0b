"""Captures built by hand, one field at a time, and the result of a reader."""

import io
import struct

from macsec import captures
from macsec.errors import FormatError

SHB, IDB, PB, SPB, EPB = 0x0A0D0D0A, 1, 2, 3, 6


def order(big):
    """Return the struct prefix of a byte order."""
    return ">" if big else "<"


def pcap_header(magic=0xA1B2C3D4, big=False, link=1, version=(2, 4), snap=262144):
    """Return a pcap file header."""
    return struct.pack(order(big) + "IHHiIII", magic, *version, 0, 0, snap, link)


def record(frame, seconds=0, fraction=0, big=False, wire=None, captured=None, extra=b""):
    """Return a pcap record, with `extra` between header and frame."""
    return (
        struct.pack(
            order(big) + "4I",
            seconds,
            fraction,
            len(frame) if captured is None else captured,
            len(frame) if wire is None else wire,
        )
        + extra
        + frame
    )


def pad(octets):
    """Pad to a multiple of four."""
    return octets + bytes(-len(octets) % 4)


def block(kind, body, big=False, total=None, trailer=None):
    """Return a pcapng block; both lengths can be forged."""
    length = 12 + len(body)
    total = length if total is None else total
    trailer = total if trailer is None else trailer
    end = struct.pack(order(big) + "I", trailer)
    return struct.pack(order(big) + "II", kind, total) + body + end


def option(code, value, big=False, length=None):
    """Return one option; its length can be forged."""
    return struct.pack(order(big) + "HH", code, len(value) if length is None else length) + pad(
        value
    )


def shb(big=False, options=b"", version=(1, 0), length=-1, **forged):
    """Return a section header block."""
    body = struct.pack(order(big) + "IHHq", 0x1A2B3C4D, *version, length) + options
    return block(SHB, body, big, **forged)


def idb(big=False, link=1, snap=0, options=b"", **forged):
    """Return an interface description block."""
    return block(IDB, struct.pack(order(big) + "HHI", link, 0, snap) + options, big, **forged)


def epb(frame, ticks=0, interface=0, big=False, wire=None, captured=None, options=b"", **forged):
    """Return an enhanced packet block."""
    head = struct.pack(
        order(big) + "5I",
        interface,
        ticks >> 32,
        ticks & 0xFFFFFFFF,
        len(frame) if captured is None else captured,
        len(frame) if wire is None else wire,
    )
    return block(EPB, head + pad(frame) + options, big, **forged)


def pb(frame, ticks=0, interface=0, big=False, wire=None, options=b"", **forged):
    """Return an obsolete packet block."""
    head = struct.pack(
        order(big) + "HHIIII",
        interface,
        7,
        ticks >> 32,
        ticks & 0xFFFFFFFF,
        len(frame),
        len(frame) if wire is None else wire,
    )
    return block(PB, head + pad(frame) + options, big, **forged)


def spb(frame, big=False, wire=None, **forged):
    """Return a simple packet block."""
    head = struct.pack(order(big) + "I", len(frame) if wire is None else wire)
    return block(SPB, head + pad(frame), big, **forged)


def frame(number, size=60):
    """Return a frame that differs from all others."""
    return bytes((number * 7 + place) & 0xFF for place in range(size))


SOME = [frame(1), frame(2, 61), frame(3, 0), frame(4, 1514), frame(5, 14)]


def some_pcap(magic=0xA1B23C4D, big=False, frames=SOME):
    """A pcap file of a few frames, one a second."""
    extra = bytes(8) if magic == 0xA1B2CD34 else b""
    records = [record(f, at, at, big, extra=extra) for at, f in enumerate(frames)]
    return pcap_header(magic, big) + b"".join(records)


def some_pcapng(big=False, frames=SOME):
    """A pcapng file with every kind of block that matters."""
    options = option(1, b"why", big) + option(2, struct.pack(order(big) + "I", 1), big)
    return (
        shb(big, option(3, b"a comment", big) + option(0, b"", big))
        + idb(big, options=option(2, b"eth0", big) + option(9, b"\x09", big))
        + idb(big, snap=20)
        + block(5, bytes(12), big)
        + b"".join(epb(f, at, at % 2, big, options=options) for at, f in enumerate(frames))
        + spb(frame(9, 33), big)
        + block(0x40000BAD, b"any!" * 5, big)
        + pb(frame(10, 15), 5, 1, big)
    )


class Outcome:
    """Frames, columns and fault that a reader returned for a capture."""

    def __init__(self, where, **options):
        if isinstance(where, bytes):
            where = io.BytesIO(where)
        self.rows, self.sizes, self.notes, self.fault, self.reader = [], [], [], None, None
        try:
            with captures.read(where, **options) as reader:
                self.reader = reader
                for batch in reader:
                    self._take(batch, reader)
        except FormatError as error:
            self.fault = (error.reason, error.offset, error.truncated)
        assert self.fault is None or self.fault[1] is not None

    def _take(self, batch, reader):
        assert len(batch)
        self.sizes.append((len(batch), batch.octets))
        columns = (batch.wire_length, batch.time_ns, batch.source, reader.directions)
        for row, rest in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            self.rows.append((batch[row], *rest, reader.comments.get(row)))

    @property
    def frames(self):
        """Octets of the frames."""
        return [row[0] for row in self.rows]

    @property
    def times(self):
        """Times of the frames."""
        return [row[2] for row in self.rows]

    def same(self):
        """Return all that two backends must agree on."""
        seen = self.reader.interfaces if self.reader else None
        return self.rows, self.sizes, self.fault, seen
