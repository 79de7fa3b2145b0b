"""Frames behind damage are read, and the damage is reported."""

import struct

import pytest
from support.files.craft import Outcome, epb, frame, idb, option, pcap_header, record, shb

from macsec import captures
from macsec.captures import damage

ONE = record(frame(1))
JUNK = bytes.fromhex("deadbeef") * 30

RESUMED = [
    ("a length that cannot be", ONE + record(frame(2), captured=2**31), [1], [3, 4]),
    ("octets of another file", ONE + JUNK, [1], [3, 4]),
    ("the first record", record(frame(2), captured=2**31), [], [3, 4]),
]


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(
    "octets, before, behind", [row[1:] for row in RESUMED], ids=[row[0] for row in RESUMED]
)
def test_records_behind_a_damaged_one_are_read(octets, before, behind, big, backend):
    """The next record is found by its header; the fault has the number of the damaged one."""
    if big:
        octets, tail = _swapped(octets), _swapped(record(frame(3)) + record(frame(4)))
        head = struct.pack(">IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    else:
        tail, head = record(frame(3)) + record(frame(4)), pcap_header()
    out = Outcome(head + octets + tail, backend=backend)
    assert out.frames == [frame(number) for number in before + behind]
    assert out.fault[0].startswith(f"record {len(before) + 1}: a record claims ")
    assert out.fault[0].endswith(" octets passed over")


def _swapped(records):
    """Return records in the other byte order: the header of each is in front of `frame` octets."""
    out, at = b"", 0
    while at < len(records):
        if records[at:].startswith(JUNK):
            out, at = out + JUNK, at + len(JUNK)
            continue
        fields = struct.unpack_from("<4I", records, at)
        out += struct.pack(">4I", *fields) + records[at + 16 : at + 16 + len(frame(1))]
        at += 16 + len(frame(1))
    return out


def test_last_record_alone_is_found_behind_damage(backend):
    """At the end of a file one header that reaches it exactly is enough."""
    octets = pcap_header() + ONE + record(frame(2), captured=2**31) + record(frame(3))
    out = Outcome(octets, backend=backend)
    assert out.frames == [frame(1), frame(3)]


def test_noise_behind_damage_gives_no_frames(backend):
    """Without a next record the read ends at the fault, with the frames before it."""
    octets = pcap_header() + ONE + record(frame(2), captured=2**31) + JUNK * 9
    out = Outcome(octets, backend=backend)
    assert out.frames == [frame(1)]
    assert out.fault[0] == "record 2: a record claims 2147483648 captured octets, over 262144"


def test_end_of_a_file_forgets_no_skipped_packets(backend):
    """A fault that ends the read is reported with the packets passed over before it."""
    octets = shb() + idb() + idb(link=113) + epb(frame(1)) + epb(frame(2), interface=1)
    out = Outcome(octets + epb(frame(3))[:-9], backend=backend)
    assert out.frames == [frame(1)]
    assert "truncated" in out.fault[0]
    assert "1 packet of link type 113" in out.fault[0]


def test_frames_behind_odd_options_of_interfaces_are_read(backend):
    """Options of a section or interface that leave their block are noted, and the read goes on."""
    odd = option(1, b"abc", length=400)
    out = Outcome(shb(options=odd) + idb(options=odd) + epb(frame(1)), backend=backend)
    assert out.frames == [frame(1)]
    assert out.fault[0] == "block after record 0: an option leaves its block (and 1 more)"


def test_number_of_kept_faults_is_bounded(backend):
    """However many records are damaged, only the first faults are kept, and all are counted."""
    octets = shb() + idb() + epb(frame(1), interface=5) * 500
    reader = Outcome(octets, backend=backend)
    assert reader.fault[0] == "record 1: a packet names interface 5 of 1 (and 499 more)"
    passed = damage.PassedOver()
    for number in range(500):
        passed.note(f"record {number}", "odd", number)
    assert len(passed.faults) < 50


def test_all_beside_frames_is_counted_once(tmp_path):
    """Flags, comments, options of sections and interfaces are lost where nothing is kept."""
    given = option(1, b"note") + option(2, struct.pack("<I", 1))
    (tmp_path / "in.pcapng").write_bytes(
        shb(options=option(1, b"s")) + idb(options=option(1, b"i")) + epb(frame(1), options=given)
    )
    reader = captures.read(tmp_path / "in.pcapng")
    (lost,) = [reader.beside.all_lost() for _ in reader]
    assert lost == {
        "packet flags": 1,
        "packet comment": 1,
        "section options": 1,
        "interface options": 1,
    }
