"""Damaged and malicious captures: whole frames first, then one FormatError with an offset."""

import bz2
import io
import lzma
import struct

import pytest
from support.files import craft
from support.files.craft import (
    Outcome,
    block,
    epb,
    frame,
    idb,
    option,
    pb,
    pcap_header,
    record,
    shb,
    spb,
)

from macsec import captures
from macsec.captures import formats
from macsec.errors import FormatError

HEAD = shb() + idb()
ONE = HEAD + epb(frame(1))
BLOCK_LIMIT = 16 * 1024 * 1024 + 128 * 1024


def at(start, field=0):
    """Offset of a fault, counted from the octets behind `start`."""
    return len(start) + field


# name, octets, frames that come out, words of the reason, offset, truncated
HOSTILE = [
    ("empty", b"", 0, "empty", 0, True),
    ("three octets", b"\xa1\xb2\xc3", 0, "3 octets", 0, True),
    ("wrong magic", b"PK\x03\x04" * 9, 0, "a ZIP archive: unpack it first", 0, False),
    ("zeros", bytes(4096), 0, "begins with 00000000", 0, False),
    ("text", b"hello, world\n" * 9, 0, "begins with 68656c6c", 0, False),
    ("half order magic", struct.pack(">I", 0xC3D4A1B2) + bytes(20), 0, "not a capture", 0, False),
    ("header only", pcap_header()[:23], 0, "file header is truncated: 23 of 24", 0, True),
    (
        "captured 2^32-1",
        pcap_header() + record(frame(1)) + record(b"", captured=2**32 - 1) + bytes(400_000),
        1,
        "claims 4294967295 captured octets, over 262144",
        24 + 76 + 8,
        False,
    ),
    (
        "captured 262145",
        pcap_header() + record(bytes(262_145)),
        0,
        "claims 262145 captured octets, over 262144",
        24 + 8,
        False,
    ),
    (
        "cut record",
        pcap_header() + record(frame(1)) * 4 + record(frame(2, 1514))[: 16 + 800],
        4,
        "record 5 is truncated: 800 of 1514 octets are there",
        24 + 4 * 76,
        True,
    ),
    (
        "cut record header",
        pcap_header() + record(frame(1)) + bytes(15),
        1,
        "record 2 is truncated: 15 of 16 octets of its header are there",
        24 + 76,
        True,
    ),
    ("block length 0", HEAD + block(6, b"", total=0), 0, "length 0", at(HEAD, 4), False),
    ("block length 3", ONE + block(77, b"", total=3), 1, "length 3", at(ONE, 4), False),
    ("block length 8", ONE + block(77, b"", total=8), 1, "length 8", at(ONE, 4), False),
    ("block length 13", ONE + block(77, b"", total=13), 1, "length 13", at(ONE, 4), False),
    (
        "block length 2^32-1",
        ONE + block(77, b"", total=2**32 - 1),
        1,
        "length 4294967295",
        at(ONE, 4),
        False,
    ),
    (
        "block length 2^32-4",
        ONE + block(77, b"", total=2**32 - 4),
        1,
        f"claims 4294967292 octets, over {BLOCK_LIMIT}",
        at(ONE, 4),
        False,
    ),
    (
        "block over the limit",
        ONE + block(77, b"", total=BLOCK_LIMIT + 4),
        1,
        "over 16908288",
        at(ONE, 4),
        False,
    ),
    (
        "packet block of 28",
        ONE + block(6, bytes(16)),
        1,
        "length 28",
        at(ONE, 4),
        False,
    ),
    ("simple block of 12", ONE + block(3, b""), 1, "length 12", at(ONE, 4), False),
    (
        "trailer",
        ONE + epb(frame(2), trailer=4),
        1,
        "a block of 92 octets ends with the length 4",
        at(ONE, 88),
        False,
    ),
    (
        "trailer of an unknown block",
        ONE + block(5, b"", trailer=0),
        1,
        "a block of 12 octets ends with the length 0",
        at(ONE, 8),
        False,
    ),
    (
        "cut block",
        ONE + epb(frame(2))[:-5],
        1,
        "block after record 1 is truncated: 87 of 92 octets are there",
        at(ONE),
        True,
    ),
    (
        "captured over its block",
        ONE + epb(frame(2), captured=61),
        1,
        "a packet of 61 octets does not fit its block of 92",
        at(ONE, 20),
        False,
    ),
    (
        "simple packet over its block",
        ONE + spb(frame(2), wire=61),
        1,
        "a packet of 61 octets does not fit its block of 76",
        at(ONE, 8),
        False,
    ),
    (
        "captured over the limit in a block",
        ONE + epb(bytes(262_148)),
        1,
        "claims 262148 captured octets, over 262144",
        at(ONE, 20),
        False,
    ),
    (
        "interface out of range",
        ONE + epb(frame(2), interface=1),
        1,
        "a packet names interface 1 of 1",
        at(ONE, 8),
        False,
    ),
    (
        "old packet, interface out of range",
        ONE + pb(frame(2), interface=65535),
        1,
        "a packet names interface 65535 of 1",
        at(ONE, 8),
        False,
    ),
    ("no interface", shb() + epb(frame(1)), 0, "interface 0 of 0", at(shb(), 8), False),
    ("simple, no interface", shb() + spb(frame(1)), 0, "interface 0 of 0", at(shb(), 8), False),
    (
        "option leaves its block",
        ONE + epb(frame(2), options=option(1, b"abc", length=5)),
        2,
        "record 2: an option leaves its block",
        at(ONE, 28),
        False,
    ),
    (
        "interface option leaves its block",
        HEAD + idb(options=option(9, b"\x09", length=400)),
        0,
        "block after record 0: an option leaves its block",
        at(HEAD, 16),
        False,
    ),
    (
        "section option leaves its block",
        shb(options=option(1, b"abc", length=65535)),
        0,
        "block after record 0: an option leaves its block",
        24,
        False,
    ),
    (
        "section magic",
        struct.pack("<III", 0x0A0D0D0A, 28, 7) + bytes(16),
        0,
        "byte-order",
        8,
        False,
    ),
    ("section length", shb(total=24), 0, "length 24", 4, False),
    ("section version", shb(version=(2, 0)), 0, "pcapng version 2.0", 12, False),
    ("section trailer", shb(trailer=32), 0, "ends with the length 32", 24, False),
    ("section cut", shb()[:27], 0, "0 is truncated: 27 of 28 octets", 0, True),
    ("second section cut", ONE + shb()[:11], 1, "1 is truncated: 11 of 12", at(ONE), True),
    ("interface length", ONE + idb(total=16), 1, "length 16", at(ONE, 4), False),
    ("interface trailer", ONE + idb(trailer=24), 1, "length 24", at(ONE, 16), False),
    ("interface cut", ONE + idb()[:19], 1, "1 is truncated: 19 of 20", at(ONE), True),
    ("four octets of a block", ONE + b"\x06\0\0\0", 1, "1 is truncated: 4 of 8", at(ONE), True),
    ("one octet of a block", ONE + b"\x06", 1, "1 is truncated: 1 of 8", at(ONE), True),
]


@pytest.mark.parametrize(
    "octets, frames, words, offset, truncated",
    [row[1:] for row in HOSTILE],
    ids=[row[0] for row in HOSTILE],
)
def test_hostile_file_gives_its_frames_then_its_fault(
    octets, frames, words, offset, truncated, backend
):
    """Each hostile file gives its whole frames and then its own reason at its own place."""
    out = Outcome(octets, backend=backend)
    assert len(out.rows) == frames
    assert words in out.fault[0]
    assert out.fault[1:] == (offset, truncated)


@pytest.mark.parametrize("kind", ["pcap", "pcapng", "sections"])
@pytest.mark.parametrize("options", [b"", bytes(4) * 900, option(99, b"") * 900])
def test_empty_options_end_the_options(kind, options, backend):
    """Options without octets do not hold the reader up."""
    octets = shb(options=options) + idb(options=options) + epb(frame(1), options=options)
    assert Outcome(octets, backend=backend).frames == [frame(1)]


WHOLE = {
    "pcap": craft.some_pcap(),
    "pcap-big": craft.some_pcap(0xA1B2C3D4, True),
    "pcap-modified": craft.some_pcap(0xA1B2CD34),
    "pcapng": craft.some_pcapng(),
    "pcapng-big": craft.some_pcapng(True),
    "sections": craft.some_pcapng(frames=[frame(1)]) + craft.some_pcapng(True, [frame(2)]),
}


def middle_of_a_frame(octets):
    """Return the offsets inside the longest frame, without its first and last octets."""
    start = octets.find(frame(4, 1514))
    return range(start + 50, start + 1464) if start >= 0 else range(0)


@pytest.mark.parametrize("name", WHOLE)
def test_capture_cut_anywhere_gives_a_prefix(name, backend):
    """A capture cut anywhere gives a prefix of its frames, and says so unless at a boundary."""
    octets = WHOLE[name]
    whole = Outcome(octets, backend=backend)
    assert whole.fault is None
    boundaries = 0
    inside = middle_of_a_frame(octets)
    for size in range(len(octets)):
        if size in inside and size % 29:
            continue  # one cut inside a long frame is like the next
        out = Outcome(octets[:size], backend=backend)
        assert out.rows == whole.rows[: len(out.rows)]
        if out.fault is None:
            boundaries += 1
        else:
            assert out.fault[2], (size, out.fault)
            assert out.fault[1] <= size
    assert boundaries >= len(whole.rows)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("tail", [b"\0", b"\xff" * 7, bytes(64), b"\xff" * 64])
def test_trailing_octets_hide_no_frame(name, tail, backend):
    """Octets behind the last record are frames or a fault, and hide nothing before them."""
    whole = Outcome(WHOLE[name], backend=backend)
    out = Outcome(WHOLE[name] + tail, backend=backend)
    assert out.rows[: len(whole.rows)] == whole.rows
    assert out.fault is not None or len(out.rows) > len(whole.rows)


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("name", WHOLE)
def test_flipped_header_bit_gives_frames_or_a_format_error(name, step, backend):
    """One bit flipped anywhere in the headers gives frames or a FormatError, nothing else.

    Every fifth bit changes each octet and, over the octets, each of its bits.
    """
    octets = bytearray(WHOLE[name])
    frames_begin = octets.index(frame(4, 1514)) if frame(4, 1514) in octets else len(octets)
    for bit in range(0, 8 * min(frames_begin, 700), step):
        octets[bit // 8] ^= 1 << bit % 8
        out = Outcome(bytes(octets), backend=backend)
        assert sum(map(len, out.frames)) <= len(octets), f"bit {bit}"
        octets[bit // 8] ^= 1 << bit % 8


def test_section_may_have_a_thousand_interfaces(backend):
    """A thousand interfaces in a section are no matter."""
    octets = shb() + idb() * 1000 + epb(frame(1), interface=999) + epb(frame(2), interface=500)
    out = Outcome(octets, backend=backend)
    assert [row[3] for row in out.rows] == [999, 500]
    assert len(out.reader.interfaces) == 1000


@pytest.mark.parametrize("most", [256, pytest.param(65_536, marks=pytest.mark.exhaustive)])
def test_endless_interfaces_are_refused(most, backend, monkeypatch):
    """The 65,537th interface of a file is refused, however the sections share them."""
    assert formats.MAX_INTERFACES == 65_536
    monkeypatch.setattr(formats, "MAX_INTERFACES", most)
    part = shb() + idb() * (most // 4)
    out = Outcome(part * 4 + shb() + idb(), backend=backend)
    assert out.fault == (f"more than {most} interfaces", len(part) * 4 + 28, False)


@pytest.mark.parametrize("name", [b"\xff" * 256, b"\xff" * 90, "é".encode() * 128, b"a" * 300])
def test_any_interface_name_can_be_written_again(name, backend):
    """A name that is no text grows when it is read as one; it is cut to what a name may have."""
    octets = shb() + idb(options=option(2, name)) + epb(frame(1))
    (interface,) = Outcome(octets, backend=backend).reader.interfaces
    assert len(interface.name.encode()) <= 256
    assert interface.name
    with captures.write(io.BytesIO(), format="pcapng", interfaces=[interface.name]) as sink:
        assert sink.format == "pcapng"


def test_interface_name_is_cut_to_256_octets(backend):
    """An interface name keeps 256 octets."""
    octets = shb() + idb(options=option(2, b"x" * 65_000))
    assert Outcome(octets, backend=backend).reader.interfaces[0].name == "x" * 256


def test_reader_ends_after_a_fault(backend, tmp_path):
    """After the fault the iterator is at its end, and the counts stay."""
    import macsec.captures

    path = tmp_path / "cut.pcap"
    path.write_bytes(craft.some_pcap()[:-1])
    reader = macsec.captures.read(path, backend=backend)
    assert len(next(reader)) == 4
    with pytest.raises(FormatError, match="record 5 is truncated: 13 of 14 octets are there"):
        next(reader)
    assert list(reader) == []
    assert reader.frames == 4


STRANGERS = [
    (lzma.compress(b"x"), "xz -dc"),
    (bz2.compress(b"x"), "bzip2 -dc"),
    (bytes.fromhex("04224d18") + bytes(20), "lz4 -dc"),
    (b"snoop\0\0\0" + bytes(8), "snoop (Solaris): convert it, editcap"),
    (b"GMBU" + bytes(200), "Network Monitor 2.x: convert it, editcap"),
    (b"\n  <!DOCTYPE html><html>404</html>", "an HTML page"),
    (b"<html><body>", "an HTML page"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"),
    (b"0000  02 00 00 00 00 02\n", "text2pcap"),
    (b'[{"_index": "packets"}]', "JSON"),
]


@pytest.mark.parametrize("octets, words", STRANGERS, ids=[words for _, words in STRANGERS])
def test_other_files_are_named_with_the_remedy(octets, words, backend):
    """A file that people take for a capture is refused by its name, and with what to do."""
    out = Outcome(octets, backend=backend)
    assert out.fault[0].startswith("not a capture: it is ")
    assert words in out.fault[0]


@pytest.mark.parametrize("end, words", [("erf", "editcap -F pcapng"), ("ETL", "etl2pcapng FILE")])
def test_files_without_a_sign_are_named_by_their_end(tmp_path, end, words, backend):
    """ERF and traces of Windows; octets that are known count first, and a pipe has no name."""
    path = tmp_path / f"trace.{end}"
    path.write_bytes(bytes(2) + b"\1" + bytes(90))
    with pytest.raises(FormatError, match=f"it is perhaps .*{words}"):
        captures.read(path, backend=backend)
    with path.open("rb") as file, pytest.raises(FormatError, match="it begins with 00000100"):
        captures.read(file, backend=backend)
    path.write_bytes(b"BZh" + bytes(90))
    with pytest.raises(FormatError, match="it is bzip2"):
        captures.read(path, backend=backend)


def test_unknown_octets_of_a_pipe_are_refused_at_its_end(backend):
    """A short stream of another kind is named by its first octets."""
    assert Outcome(b"RIFF\1\2", backend=backend).fault[0].endswith("it begins with 52494646")
