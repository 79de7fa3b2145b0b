"""Options of packets and blocks between frames: copied in place, or counted as left out."""

import struct

import pytest
from support.files import craft
from support.files.craft import SHB, block, epb, frame, idb, option, pb, shb, spb

from macsec import captures
from macsec.errors import FormatError
from macsec.frames import FrameBatch

NRB, ISB, DSB, CUSTOM, CUSTOM_NO_COPY = 4, 5, 10, 0xBAD, 0x40000BAD
END = bytes(4)
T = 1_700_000_000_000_000_123


def copied(octets, tmp_path, name="out.pcapng", backend="auto", **options):
    """Copy a capture, frames and all that is beside them; return the octets and the writer."""
    (tmp_path / "in").write_bytes(octets)
    path = tmp_path / name
    with (
        captures.read(tmp_path / "in", backend=backend) as reader,
        captures.write(path, copying=True, backend=backend, **options) as sink,
    ):
        for batch in reader:
            sink.write(batch, beside=reader.beside)
        sink.write(FrameBatch.from_frames([]), beside=reader.behind())
    return path.read_bytes(), sink


def blocks_in(octets):
    """Return kind and body of each block of a little-endian capture."""
    found, at = [], 0
    while at < len(octets):
        kind, total = struct.unpack_from("<II", octets, at)
        found.append((kind, octets[at + 8 : at + total - 4]))
        at += total
    return found


def options_of(body, start):
    """Return the options of a body from an offset on."""
    found, at = [], start
    while at < len(body):
        code, length = struct.unpack_from("<HH", body, at)
        if code == 0:
            break
        found.append((code, body[at + 4 : at + 4 + length]))
        at += 4 + length + -length % 4
    return found


TEXTS = [(1, b"a comment, \xff not UTF-8"), (3, b"some OS"), (4, b"dumpcap")]
PORT = [(2, b"eth\xe9"), (3, b"uplink"), (8, struct.pack("<Q", 10**10)), (11, b"\0ether")]


def joined(options):
    """Encode options, with their end."""
    return b"".join(option(code, value) for code, value in options) + END


def test_section_and_interface_options_are_copied(tmp_path, backend):
    """Comments, OS, application, names, speeds and filters keep their octets."""
    octets = shb(options=joined(TEXTS)) + idb(options=joined(PORT)) + epb(frame(1))
    (_, section), (_, port), _ = blocks_in(copied(octets, tmp_path, backend=backend)[0])
    assert options_of(section, 16) == TEXTS
    assert options_of(port, 8) == [*PORT, (9, b"\x09")]


def test_blocks_keep_their_places_between_frames(tmp_path, backend):
    """Name resolution and custom blocks stay before the frame that they were before."""
    names = block(NRB, struct.pack("<HH", 1, 11) + b"\x0a\0\0\1host-a\0\0" + END)
    custom = block(CUSTOM, struct.pack("<I", 32473) + b"custom data!")
    octets = shb() + idb() + names + epb(frame(1)) + custom + custom + epb(frame(2)) + names
    found = blocks_in(copied(octets, tmp_path, backend=backend)[0])
    assert [kind for kind, _ in found] == [SHB, 1, NRB, 6, CUSTOM, CUSTOM, 6, NRB]
    assert found[2] == found[7] == blocks_in(names)[0]
    assert found[4] == blocks_in(custom)[0]


def test_options_of_packets_are_copied(tmp_path, backend):
    """All comments, the drop count, the id and the flags; without the octets of an FCS in them."""
    given = [(1, b"one"), (1, b"two \xff"), (4, bytes(8)), (5, b"8 octets"), (7, b"verdict")]
    flags = (2, struct.pack("<I", 5 | 4 << 5 | 1 << 24))
    octets = shb() + idb() + epb(frame(1), options=joined([*given, flags])) + epb(frame(2))
    found = blocks_in(copied(octets, tmp_path, backend=backend)[0])
    assert options_of(found[2][1], 20 + 56) == [*given, (2, struct.pack("<I", 5 | 1 << 24))]
    assert found[2][1][20:76] == frame(1)[:56]
    assert len(found[3][1]) == 20 + 60


def test_big_endian_options_are_turned(tmp_path, backend):
    """Texts stay, numbers change their byte order, statistics too; other blocks are counted."""
    port = option(2, b"eth0", True) + option(8, struct.pack(">Q", 77), True)
    mark = option(1, b"why", True) + option(4, struct.pack(">Q", 3), True)
    counts = struct.pack(">3I", 0, 0, 9) + option(4, struct.pack(">Q", 5), True)
    octets = shb(True) + idb(True, options=port) + epb(frame(1), big=True, options=mark)
    octets += block(ISB, counts, True) + block(NRB, bytes(8), True)
    out, sink = copied(octets, tmp_path, backend=backend)
    found = blocks_in(out)
    assert options_of(found[1][1], 8)[:2] == [(2, b"eth0"), (8, struct.pack("<Q", 77))]
    assert options_of(found[2][1], 80) == [(1, b"why"), (4, struct.pack("<Q", 3))]
    assert found[3][0] == ISB
    assert options_of(found[3][1], 12) == [(4, struct.pack("<Q", 5))]
    assert sink.lost == {"name resolution block of a big-endian section": 1}


def test_times_of_statistics_have_the_units_of_their_interface(tmp_path):
    """The output counts in nanoseconds, and the statistics of an interface do so too."""
    then = struct.pack("<2I", 0, 7)
    octets = shb() + idb() + block(ISB, struct.pack("<3I", 0, 0, 5) + option(2, then) + END)
    _, _, (_, body) = blocks_in(copied(octets, tmp_path)[0])
    assert struct.unpack_from("<3I", body) == (0, 0, 5000)
    assert options_of(body, 12) == [(2, struct.pack("<2I", 0, 7000))]


@pytest.mark.parametrize("keep", [False, True])
def test_secrets_are_copied_on_demand_only(keep, tmp_path):
    """Decryption secrets are left out and counted, unless they are asked for."""
    secret = block(DSB, struct.pack("<II", 0x544C534B, 12) + b"CLIENT_RAND.")
    octets = shb() + idb() + secret + epb(frame(1))
    out, sink = copied(octets, tmp_path, keep_secrets=keep)
    assert (b"CLIENT_RAND." in out) is keep
    assert sink.lost == ({} if keep else {"decryption secrets block": 1})


def test_losses_are_counted_by_name(tmp_path, backend):
    """A hash of other octets, and what may not be copied, is left out and counted."""
    marks = joined([(3, b"\2\0\0\0\0"), (19372, b"\0\0\0\0x")])
    octets = shb() + idb() + epb(frame(1), options=marks) + block(CUSTOM_NO_COPY, bytes(4))
    out, sink = copied(octets, tmp_path, backend=backend)
    assert [kind for kind, _ in blocks_in(out)] == [SHB, 1, 6]
    assert sink.lost == {
        "packet hash": 1,
        "custom option not to be copied": 1,
        "custom block not to be copied": 1,
    }


def test_pcap_output_counts_what_it_cannot_hold(tmp_path, backend):
    """Nothing beside a frame fits into a pcap; each thing left out is counted."""
    marks = joined([(1, b"why"), (1, b"so"), (2, struct.pack("<I", 1))])
    octets = shb(options=joined(TEXTS)) + idb(options=joined(PORT)) + block(NRB, END)
    octets += epb(frame(1), options=marks)
    out, sink = copied(octets, tmp_path, "out.pcap", backend=backend)
    assert len(out) == 24 + 16 + 60
    assert sink.lost == {
        "section options": 1,
        "interface options": 1,
        "name resolution block": 1,
        "packet comment": 2,
        "packet flags": 1,
    }


def test_packets_of_other_link_types_are_copied_through(tmp_path, backend):
    """They keep their place and their interface; the frames of Ethernet are delivered."""
    octets = shb() + idb() + idb(link=113, options=joined([(9, b"\6")])) + epb(frame(1))
    foreign = epb(frame(2), ticks=7, interface=1)
    (tmp_path / "in").write_bytes(octets + foreign + epb(frame(3)))
    reader = captures.read(tmp_path / "in", backend=backend)
    with captures.write(tmp_path / "out.pcapng", copying=True) as sink:
        batch = next(reader)
        assert [bytes(each) for each in batch] == [frame(1), frame(3)]
        sink.write(batch, beside=reader.beside)
    with reader, pytest.raises(FormatError, match="1 packet of link type 113, LINUX_SLL"):
        next(reader)
    found = blocks_in((tmp_path / "out.pcapng").read_bytes())
    assert [kind for kind, _ in found] == [SHB, 1, 1, 6, 6, 6]
    assert found[2][1][:2] == struct.pack("<H", 113)
    assert found[4] == blocks_in(foreign)[0]


def test_interfaces_seen_late_keep_names_and_numbers(tmp_path, backend):
    """Each section is written as one, with its own interfaces where they were."""
    octets = b""
    for number in range(3):
        named = option(2, b"port %d" % number)
        octets += shb() + idb() + idb(options=named) + epb(frame(number), interface=1)
        octets += idb(options=option(2, b"late")) + spb(frame(9)) + pb(frame(8), interface=2)
    out, _ = copied(octets, tmp_path, backend=backend)
    assert [kind for kind, _ in blocks_in(out)] == [SHB, 1, 1, 6, 1, 6, 6] * 3
    reader = captures.read(tmp_path / "out.pcapng")
    sources = [source for batch in reader for source in batch.source.tolist()]
    names = [reader.interfaces[source].name for source in sources]
    assert names == [text for number in range(3) for text in (f"port {number}", "", "late")]


def test_rows_left_out_leave_blocks_in_place(tmp_path):
    """A block goes before the next frame that is kept, options stay with their frame."""
    mark = option(1, b"mine") + END
    octets = shb() + idb() + epb(frame(1)) + block(CUSTOM, END) + epb(frame(2))
    octets += epb(frame(3), options=mark) + block(NRB, END) + epb(frame(4))
    (tmp_path / "in").write_bytes(octets)
    with (
        captures.read(tmp_path / "in") as reader,
        captures.write(tmp_path / "out.pcapng", copying=True) as sink,
    ):
        batch = next(reader)
        rows = batch.start.argsort()[[0, 2]]
        sink.write(batch.take(rows), beside=reader.beside.of_rows(rows))
    found = blocks_in((tmp_path / "out.pcapng").read_bytes())
    assert [kind for kind, _ in found] == [SHB, 1, 6, CUSTOM, 6, NRB]
    assert options_of(found[4][1], 80) == [(1, b"mine")]


@pytest.mark.parametrize("offset", [-1_800_000_000, -1, 1, 1_800_000_000, 4_000_000_000])
def test_times_with_an_offset_are_kept_exactly(offset, tmp_path, backend):
    """An interface keeps its offset, so that times before 1970 are written as they are."""
    options = joined([(9, b"\x09"), (14, struct.pack("<q", offset))])
    octets = shb() + idb(options=options) + epb(frame(1), ticks=5) + epb(frame(2), ticks=T)
    sink = copied(octets, tmp_path, backend=backend)[1]
    times = [t for batch in captures.read(tmp_path / "out.pcapng") for t in batch.time_ns.tolist()]
    assert times == [5 + offset * 10**9, T + offset * 10**9]
    assert sink.clamped == 0


@pytest.mark.parametrize("name, moved", [("out.pcap", 2), ("out.pcapng", 1)])
def test_times_that_do_not_fit_are_counted(name, moved, tmp_path):
    """Without an offset a time before 1970 is moved, in pcap one after 2106 too."""
    batch = FrameBatch.from_frames([frame(1)] * 3, [-1, T, 2**32 * 10**9])
    with captures.write(tmp_path / name) as sink:
        sink.write(batch)
    assert sink.clamped == moved


def test_damaged_blocks_of_known_end_are_passed_over(backend, tmp_path):
    """The frames behind them are read; the fault names the first record, and counts the others."""
    octets = shb() + idb() + epb(frame(1)) + epb(frame(2), interface=5)
    octets += epb(frame(3), captured=99) + epb(frame(4))
    out = craft.Outcome(octets, backend=backend)
    assert out.frames == [frame(1), frame(4)]
    assert out.fault[0] == "record 2: a packet names interface 5 of 1 (and 1 more)"


def test_frames_of_many_sections_come_in_full_batches(backend):
    """Sections, interfaces and other blocks between frames do not cut a batch."""
    octets = (shb() + idb() + block(NRB, END) + epb(frame(1))) * 200
    out = craft.Outcome(octets, backend=backend)
    assert out.sizes == [(200, 200 * 60)]
