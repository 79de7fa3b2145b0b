"""Every format that is read: rows of FORMATS, blocks of pcapng, times, FCS, link types."""

import itertools
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

from macsec.captures import FORMATS
from macsec.captures.formats import LINK_TYPES, time_terms

READ = [row for row in FORMATS.values() if row.name == "pcap" and not row.refusal]
REFUSED = [row for row in FORMATS.values() if row.refusal]
BIG = pytest.mark.parametrize("big", [False, True], ids=["little", "big"])


def own_magic(row):
    """The magic as the file's own byte order reads it."""
    return row.magic if row.big else int.from_bytes(row.magic.to_bytes(4, "big"), "little")


def name_of(row):
    """A test id."""
    return f"{own_magic(row):08x}-{'big' if row.big else 'little'}"


def test_table_holds_both_orders_of_each_magic():
    """FORMATS has each pcap magic in both byte orders, pcapng once."""
    names = sorted(name_of(row) for row in FORMATS.values() if row.name == "pcap")
    magics = ("a1b2c3d4", "a1b23c4d", "a1b2cd34", "a1b234cd", "a12b3c4d")
    assert names == sorted(f"{m}-{o}" for m in magics for o in ("big", "little"))
    assert FORMATS[craft.SHB].name == "pcapng"


@pytest.mark.parametrize("row", READ, ids=name_of)
def test_readable_pcap_variant_keeps_frames_and_times(row, backend):
    """Frames, times to the unit, wire lengths of each readable pcap variant."""
    octets = craft.some_pcap(own_magic(row), row.big)
    out = Outcome(octets, backend=backend)
    assert out.fault is None
    assert out.frames == craft.SOME
    assert out.times == [at * 10**9 + at * row.tick_ns for at in range(5)]
    assert (out.reader.format, out.reader.precision) == ("pcap", row.precision)
    assert (out.reader.frames, out.reader.truncated) == (5, 0)


@pytest.mark.parametrize("row", REFUSED, ids=name_of)
def test_unsupported_dialect_is_refused_by_name(row, backend):
    """The error for an unsupported dialect names it."""
    out = Outcome(craft.some_pcap(own_magic(row), row.big), backend=backend)
    assert out.rows == []
    assert "dialect is not supported" in out.fault[0]


@BIG
@pytest.mark.parametrize("minor", [0, 1, 2, 3, 4])
def test_pcap_before_2_4_has_its_lengths_in_its_order(minor, big, backend):
    """Before 2.3 the original length is first; in 2.3 the captured one is the lesser of both."""
    octets = pcap_header(big=big, version=(2, minor))
    for size, wire in ((60, 60), (40, 60), (60, 60)):
        first, second = (wire, size) if minor < 3 else (size, wire)
        octets += record(frame(1, size), 5, 6, big, captured=first, wire=second)
    out = Outcome(octets, backend=backend)
    assert out.fault is None
    assert [row[:3] for row in out.rows] == [
        (frame(1, size), 60, 5 * 10**9 + 6000) for size in (60, 40, 60)
    ]


def test_swapped_lengths_in_pcap_2_3_are_seen(backend):
    """A 2.3 file with the original length first is read too."""
    octets = pcap_header(version=(2, 3)) + record(frame(1, 40), captured=60, wire=40)
    assert [row[:2] for row in Outcome(octets, backend=backend).rows] == [(frame(1, 40), 60)]


@pytest.mark.parametrize("version", [(1, 4), (3, 0), (2, 5)])
def test_pcap_version_beyond_2_0_to_2_4_is_refused(version, backend):
    """Only pcap 2.0 to 2.4 is read."""
    out = Outcome(pcap_header(version=version), backend=backend)
    assert out.fault[:2] == (
        f"pcap version {version[0]}.{version[1]} is not supported, only 2.0 to 2.4",
        4,
    )


@pytest.mark.parametrize("number", [0, 101, 105, 113, 147, 195, 276, 9999])
def test_other_link_type_is_refused_by_name(number, backend):
    """A pcap that is not Ethernet is refused by the name of its link type."""
    out = Outcome(pcap_header(link=number) + record(frame(1)), backend=backend)
    assert out.rows == []
    assert str(number) in out.fault[0]
    assert LINK_TYPES.get(number, "") in out.fault[0]


def test_snap_length_is_no_limit(backend):
    """A record over the file's snap length is delivered whole."""
    octets = pcap_header(snap=10) + record(frame(1, 100))
    assert Outcome(octets, backend=backend).frames == [frame(1, 100)]


@BIG
def test_frame_cut_by_snap_length_keeps_its_wire_length(big, backend):
    """A frame cut by the snap length keeps its length on the wire and is counted."""
    cut = (
        pcap_header(big=big) + record(frame(1, 40), big=big, wire=1514) + record(frame(2), big=big)
    )
    out = Outcome(cut, backend=backend)
    assert [row[:2] for row in out.rows] == [(frame(1, 40), 1514), (frame(2), 60)]
    assert out.reader.truncated == 1


def test_captured_length_over_the_original_is_believed(backend):
    """A captured length over the original one is believed, as libpcap does."""
    octets = pcap_header() + record(frame(1, 40), wire=20)
    assert Outcome(octets, backend=backend).rows[0][:2] == (frame(1, 40), 40)


@pytest.mark.parametrize(
    "seconds, fraction, expected",
    [
        (2**32 - 1, 999_999, (2**32 - 1) * 10**9 + 999_999_000),
        (0, 2**32 - 1, (2**32 - 1) * 1000),
    ],
)
def test_pcap_seconds_are_unsigned(seconds, fraction, expected, backend):
    """pcap seconds are unsigned, and a fraction over a second carries."""
    octets = pcap_header() + record(frame(1), seconds, fraction)
    assert Outcome(octets, backend=backend).times == [expected]


@BIG
def test_unknown_blocks_are_skipped(big, backend):
    """Enhanced, simple and obsolete packets in order; others are skipped."""
    out = Outcome(craft.some_pcapng(big), backend=backend)
    assert out.fault is None
    assert out.frames == [*craft.SOME, frame(9, 33), frame(10, 15)]
    # Interface 0 counts in ns, interface 1 in µs.
    assert out.times == [0, 1000, 2, 3000, 4, 0, 5000]
    assert [row[3] for row in out.rows] == [0, 1, 0, 1, 0, 0, 1]
    assert [row[4] for row in out.rows] == [1] * 5 + [0, 0]
    assert [row[5] for row in out.rows] == ["why"] * 5 + [None, None]
    assert [i.name for i in out.reader.interfaces] == ["eth0", ""]
    assert [i.precision for i in out.reader.interfaces] == ["ns", "us"]
    assert out.reader.format == "pcapng"


@pytest.mark.parametrize("orders", list(itertools.product([False, True], repeat=3)))
def test_interfaces_are_numbered_across_sections(orders, backend):
    """Sections of any byte order follow each other; interfaces are numbered through."""
    octets = b""
    for number, big in enumerate(orders):
        octets += shb(big) + idb(big) + idb(big, snap=number)
        octets += epb(frame(number), number, 1, big) + pb(frame(number), 0, 0, big)
    out = Outcome(octets, backend=backend)
    assert out.fault is None
    assert out.frames == [frame(n) for n in (0, 0, 1, 1, 2, 2)]
    assert [row[3] for row in out.rows] == [1, 0, 3, 2, 5, 4]
    assert [i.number for i in out.reader.interfaces] == list(range(6))


def test_new_section_begins_without_interfaces(backend):
    """A new section begins without interfaces."""
    octets = shb() + idb() + epb(frame(1)) + shb() + epb(frame(2))
    out = Outcome(octets, backend=backend)
    assert out.frames == [frame(1)]
    assert out.fault[0] == "record 2: a packet names interface 0 of 0"


def exact(ticks, tsresol, tsoffset=0):
    """The time in ns by integers of any size."""
    power = tsresol & 0x7F
    whole = ticks * 10**9 // (2**power if tsresol & 0x80 else 10**power)
    return min(max(whole + tsoffset * 10**9, -(2**63)), 2**63 - 1)


TICKS = [0, 1, 999, 10**9 + 1, 1_700_000_000_123_456_789, 2**32 - 1, 2**32, 2**63, 2**64 - 1]


def test_every_unit_of_time_is_exact(backend):
    """All 256 units of time, decimal and binary, rounded down exactly; too far is clamped."""
    for tsresol in range(256):
        octets = shb() + idb(options=option(9, bytes([tsresol])))
        out = Outcome(octets + b"".join(epb(b"", t) for t in TICKS), backend=backend)
        assert out.times == [exact(t, tsresol) for t in TICKS], tsresol


@pytest.mark.parametrize(
    "tsoffset", [0, 1, -1, 1_700_000_000, -(2**31), 2**62, -(2**62), 2**63 - 1, -(2**63)]
)
@BIG
def test_time_offset_is_added_and_clamped(tsoffset, big, backend):
    """Seconds are added to each time, before 1970 too; outside of 64 bits it is clamped."""
    for tsresol in (0, 6, 9, 12, 0x80 | 10, 0x80 | 32):
        options = option(9, bytes([tsresol]), big)
        options += option(14, struct.pack(craft.order(big) + "q", tsoffset), big)
        octets = shb(big) + idb(big, options=options)
        octets += b"".join(epb(b"", t, big=big) for t in TICKS)
        out = Outcome(octets, backend=backend)
        assert out.times == [exact(t, tsresol, tsoffset) for t in TICKS]


def test_time_divisor_has_no_multiplier_or_shift():
    """The C twin divides 64 bits: a divisor never comes with a multiplier or a shift."""
    for tsresol in range(256):
        multiply, divide, shift = time_terms(tsresol)
        assert divide == 1 or (multiply, shift) == (1, 0)


@pytest.mark.parametrize(
    "snap, wire, there, expected",
    [(0, 60, 60, 60), (20, 60, 20, 20), (100, 60, 60, 60), (59, 60, 59, 59)],
)
@BIG
def test_simple_packet_ends_at_the_snap_length(snap, wire, there, expected, big, backend):
    """A simple packet is as long as its wire length or the snap length, whichever is less."""
    octets = shb(big) + idb(big, snap=snap) + spb(frame(1, there), big, wire=wire)
    out = Outcome(octets, backend=backend)
    assert out.rows == [(frame(1, expected), wire, 0, 0, 0, None)]
    assert out.reader.truncated == (expected < wire)


def test_packets_of_other_link_types_are_skipped_and_counted(backend):
    """An interface that is not Ethernet does no harm; its packets are skipped, then reported."""
    octets = shb() + idb(link=113) + idb() + epb(frame(1), interface=1)
    assert Outcome(octets, backend=backend).frames == [frame(1)]
    foreign = epb(frame(2), interface=0) + spb(frame(3)) + pb(frame(4), interface=0)
    out = Outcome(octets + foreign + epb(frame(5), interface=1), backend=backend)
    assert out.frames == [frame(1), frame(5)]
    assert out.fault[0].startswith("3 packets of link type 113, LINUX_SLL")
    assert out.fault[1] == len(octets)
    assert out.reader.skipped == {113: 3}


def flags(value, big=False):
    """An epb_flags option."""
    return option(2, struct.pack(craft.order(big) + "I", value), big)


@pytest.mark.parametrize(
    "fcs, link, expected",
    [
        ("auto", 1, 60),
        ("auto", 0x24000001, 56),  # two units of two octets, present
        ("auto", 0x20000001, 60),  # not marked as present
        ("auto", 0x14000001, 58),
        ("yes", 1, 56),
        ("yes", 0x14000001, 56),
        ("no", 0x24000001, 60),
    ],
)
@BIG
def test_fcs_of_a_pcap_is_removed(fcs, link, expected, big, backend):
    """The FCS that the link type announces, or the caller, is taken off."""
    octets = pcap_header(big=big, link=link) + record(frame(1), big=big)
    out = Outcome(octets, fcs=fcs, backend=backend)
    assert out.rows[0][:2] == (frame(1)[:expected], expected)


@pytest.mark.parametrize(
    "wire, there, length, wire_length",
    [
        (1518, 100, 100, 1514),  # cut long before the FCS
        (1518, 1514, 1514, 1514),  # cut before the FCS
        (1518, 1516, 1514, 1514),  # cut inside of it
        (1518, 1518, 1514, 1514),
        (3, 3, 0, 0),  # shorter than an FCS
        (0, 0, 0, 0),
    ],
)
def test_cut_frame_loses_only_the_captured_fcs(wire, there, length, wire_length, backend):
    """A cut frame loses only what is there of its FCS."""
    octets = pcap_header() + record(frame(1, there), wire=wire)
    out = Outcome(octets, fcs="yes", backend=backend)
    assert out.rows[0][:2] == (frame(1, length), wire_length)


@pytest.mark.parametrize(
    "fcs, interface, packet, expected",
    [
        ("auto", b"", b"", 60),
        ("auto", option(13, b"\x04"), b"", 56),  # in octets, as the draft's example
        ("auto", option(13, b"\x20"), b"", 56),  # in bits, as its text
        ("auto", option(13, b"\x00"), b"", 60),
        ("auto", b"", flags(4 << 5 | 1), 56),
        ("auto", option(13, b"\x04"), flags(2 << 5), 58),
        ("auto", option(13, b"\x04"), flags(1), 56),
        ("no", option(13, b"\x04"), flags(4 << 5), 60),
        ("yes", b"", flags(2 << 5), 56),
    ],
)
def test_fcs_length_of_packet_wins_over_interface(fcs, interface, packet, expected, backend):
    """if_fcslen says it for an interface, epb_flags for a packet, the caller for all."""
    octets = shb() + idb(options=interface) + epb(frame(1), options=packet)
    out = Outcome(octets, fcs=fcs, backend=backend)
    assert out.rows[0][:2] == (frame(1)[:expected], expected)


def test_comments_of_a_packet_are_joined_by_line_ends(backend):
    """All comments of a packet are returned, with any octets in them."""
    options = option(2988, b"abc") + option(1, b"\xffone") + option(1, b"two")
    octets = shb() + idb() + epb(frame(1), options=options) + epb(frame(2))
    out = Outcome(octets, backend=backend)
    assert [row[5] for row in out.rows] == ["\ufffdone\ntwo", None]


@pytest.mark.parametrize(
    "options",
    [
        option(0, b"") + flags(1) + option(1, b"no"),
        option(0, b"", length=4) + flags(1) + option(1, b"no"),
        option(2, bytes(8)) + option(2, b"\x01\0"),
    ],
)
def test_options_without_meaning_are_ignored(options, backend):
    """Options behind the end, and flags of another length than four, say nothing."""
    octets = shb() + idb() + epb(frame(1), options=options)
    assert Outcome(octets, backend=backend).rows == [(frame(1), 60, 0, 0, 0, None)]


def test_interfaces_have_the_facts_of_the_file(backend):
    """Each interface has name, link type, snap length, FCS and times."""
    options = option(2, b"port 7\0") + option(13, b"\x20") + option(9, b"\x8a")
    octets = shb() + idb(snap=128, options=options + option(14, struct.pack("<q", -5)))
    out = Outcome(octets, backend=backend)
    (seen,) = out.reader.interfaces
    assert (seen.name, seen.link_type, seen.snap_length, seen.fcs) == ("port 7", 1, 128, 4)
    assert (seen.tsresol, seen.tsoffset, seen.precision) == (0x8A, -5, "2^-10 s")
    assert out.reader.precision == "2^-10 s"


def test_batch_stays_within_its_bounds(backend):
    """A batch holds at most the given frames, and about the given octets."""
    octets = craft.some_pcap(frames=[frame(n, 100) for n in range(50)])
    out = Outcome(octets, backend=backend, batch_frames=7)
    assert [size for size, _ in out.sizes] == [7] * 7 + [1]
    out = Outcome(octets, backend=backend, batch_octets=250)
    assert [size for size, _ in out.sizes] == [3] * 16 + [2]
    out = Outcome(octets, backend=backend, batch_octets=300)
    assert [size for size, _ in out.sizes] == [3] * 16 + [2]
    out = Outcome(octets, backend=backend, batch_octets=1, batch_frames=1 << 60)
    assert [size for size, _ in out.sizes] == [1] * 50
    assert out.frames == [frame(n, 100) for n in range(50)]


def test_longest_record_and_block_are_read(backend):
    """The longest record, and the longest block, that the limits allow."""
    longest = frame(1, 262_144)
    octets = pcap_header() + record(longest) + record(frame(2))
    out = Outcome(octets, backend=backend, batch_octets=1)
    assert out.frames == [longest, frame(2)]
    filler = block(0xBAD, bytes(16 * 1024 * 1024 + 128 * 1024 - 12))
    out = Outcome(shb() + idb() + filler + epb(longest), backend=backend)
    assert out.frames == [longest]
