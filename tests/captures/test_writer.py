"""Written captures: pcap and pcapng, options of packets, compression, limits."""

import gzip
import io
import os
import pty
import struct
import subprocess
import sys

import numpy as np
import pytest
import zstandard
from support.files import craft
from support.files.craft import Outcome

from macsec import captures
from macsec.captures import writer
from macsec.errors import ConfigError, FormatError
from macsec.frames import FrameBatch

TIMES = [0, 1, 999_999_999, 10**9, 1_700_000_000_123_456_789]
SOURCES = [0, 2, 1, 0, 2]
REMARKS = ["ok", None, "late: PN 17 < lowest 40", "", "ok"]
WAYS = [1, 2, 0, 1, 2]


def some_batch():
    """Five frames of several lengths, times and sources; one cut by a snap length."""
    batch = FrameBatch.from_frames(craft.SOME, TIMES, SOURCES)
    wire = batch.length + np.array([0, 0, 0, 86, 0])
    return FrameBatch(batch.arena, batch.start, batch.length, TIMES, SOURCES, wire)


def written(batch=None, *, remarks=None, ways=None, **options):
    """The octets of a capture of one batch."""
    out = io.BytesIO()
    with captures.write(out, **options) as sink:
        sink.write(some_batch() if batch is None else batch, remarks, ways)
    return out.getvalue()


def test_pcap_is_header_and_records(backend):
    """A pcap is exactly the header with the ns magic and a record for each frame."""
    expected = craft.pcap_header(0xA1B23C4D) + b"".join(
        craft.record(f, t // 10**9, t % 10**9, wire=len(f) + 86 * (len(f) == 1514))
        for f, t in zip(craft.SOME, TIMES, strict=True)
    )
    assert written(backend=backend, remarks=REMARKS, ways=WAYS) == expected


def test_pcapng_has_interfaces_flags_and_comments(backend):
    """A pcapng has an interface for each port, flags and comments where there are some."""

    def options(remark, way):
        some = craft.option(1, remark.encode()) if remark else b""
        some += craft.option(2, struct.pack("<I", way)) if way else b""
        return some + bytes(4) if some else b""

    unit = craft.option(9, b"\x09") + bytes(4)
    expected = craft.shb() + craft.idb(snap=262144, options=craft.option(2, b"leaf1") + unit)
    expected += craft.idb(snap=262144, options=unit) * 2
    rows = zip(craft.SOME, TIMES, SOURCES, REMARKS, WAYS, strict=True)
    for f, t, source, remark, way in rows:
        wire = len(f) + 86 * (len(f) == 1514)
        expected += craft.epb(f, t, source, wire=wire, options=options(remark, way))
    octets = written(
        format="pcapng", interfaces=["leaf1"], backend=backend, remarks=REMARKS, ways=WAYS
    )
    assert octets == expected


@pytest.mark.parametrize(
    "ending", ["pcap", "pcapng", "pcap.gz", "pcapng.gz", "pcap.zst", "pcapng.zst"]
)
def test_name_chooses_format_and_compression(ending, tmp_path, backend):
    """The name chooses format and compression; everything comes back."""
    path = tmp_path / f"out.{ending}"
    with captures.write(path, backend=backend) as sink:
        sink.write(some_batch(), REMARKS, WAYS)
        sink.write(some_batch())
    out = Outcome(path, backend=backend)
    assert out.fault is None
    assert out.frames == craft.SOME * 2
    assert out.times == TIMES * 2
    assert out.reader.truncated == 2
    if "pcapng" in ending:
        assert [row[3:] for row in out.rows[:5]] == [
            (s, w, r or None) for s, w, r in zip(SOURCES, WAYS, REMARKS, strict=True)
        ]
    head = path.read_bytes()[:4]
    magics = {"gz": b"\x1f\x8b\x08\x00", "zst": b"\x28\xb5\x2f\xfd"}
    kinds = {"pcap": b"\x4d\x3c\xb2\xa1", "pcapng": b"\x0a\x0d\x0d\x0a"}
    assert head == (magics | kinds)[ending.split(".")[-1]]


@pytest.mark.parametrize("name", ["a.pcap.gz", "a.pcapng.zst"])
def test_compressed_octets_are_reproducible(name, tmp_path):
    """No time, no name in a compressed capture; other tools can unpack it."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        with captures.write(tmp_path / folder / name) as sink:
            sink.write(some_batch())
    octets = (tmp_path / "one" / name).read_bytes()
    assert octets == (tmp_path / "two" / name).read_bytes()
    if name.endswith("gz"):
        assert gzip.decompress(octets) == written()
    else:
        packed = zstandard.ZstdDecompressor().decompressobj().decompress(octets)
        assert packed == written(format="pcapng")


def test_empty_capture_is_readable(tmp_path, backend):
    """A capture without frames is whole and readable; pcapng has one interface."""
    for name in ("a.pcap", "a.pcapng"):
        path = tmp_path / name
        with captures.write(path, backend=backend) as sink:
            sink.write(FrameBatch.from_frames([]))
        out = Outcome(path, backend=backend)
        assert (out.rows, out.fault) == ([], None)
        assert len(out.reader.interfaces) == 1


def test_new_source_gets_an_interface_before_its_packet(backend):
    """A source not seen before gets its interface before its first packet."""
    out = io.BytesIO()
    with captures.write(out, format="pcapng", interfaces=["a"], backend=backend) as sink:
        for source in (0, 3, 1, 4):
            sink.write(FrameBatch.from_frames([craft.frame(source)], [0], [source]))
    seen = Outcome(out.getvalue(), backend=backend)
    assert [row[3] for row in seen.rows] == [0, 3, 1, 4]
    assert [i.name for i in seen.reader.interfaces] == ["a", "", "", "", ""]


def test_later_names_belong_to_new_interfaces(backend):
    """Names given with a batch are for the interfaces not yet described; others keep theirs."""
    out = io.BytesIO()
    names = ["a", "b", "c", "d"]
    with captures.write(out, format="pcapng", interfaces=["a"], backend=backend) as sink:
        for source, known in ((0, names[:1]), (1, names[:3]), (0, names[:2]), (3, names)):
            batch = FrameBatch.from_frames([craft.frame(source)], [0], [source])
            sink.write(batch, interfaces=known)
    seen = Outcome(out.getvalue(), backend=backend)
    assert [row[3] for row in seen.rows] == [0, 1, 0, 3]
    assert [i.name for i in seen.reader.interfaces] == names


@pytest.mark.parametrize("format_", ["pcap", "pcapng"])
def test_compose_and_put_equal_write(format_, backend):
    """Composing ahead and putting later gives the octets of writing, and the same counts."""
    batches = [FrameBatch.from_frames([craft.frame(s)] * 3, None, [s] * 3) for s in (0, 2, 1)]
    outs = [io.BytesIO(), io.BytesIO()]
    with captures.write(outs[0], format=format_, backend=backend) as sink:
        for batch in batches:
            sink.write(batch, ["remark", None, "x"], [1, 2, 0])
    with captures.write(outs[1], format=format_, backend=backend) as ahead:
        composed = [ahead.compose(batch, ["remark", None, "x"], [1, 2, 0]) for batch in batches]
        for octets in composed:
            ahead.put(octets)
    assert outs[0].getvalue() == outs[1].getvalue()
    assert (sink.frames, sink.octets) == (ahead.frames, ahead.octets)


@pytest.mark.parametrize(
    "time_ns, pcap, pcapng",
    [
        (-1, 0, 0),
        (-(2**63), 0, 0),
        (2**32 * 10**9 - 1, 2**32 * 10**9 - 1, 2**32 * 10**9 - 1),
        (2**32 * 10**9, 2**32 * 10**9 - 1, 2**32 * 10**9),
        (2**63 - 1, 2**32 * 10**9 - 1, 2**63 - 1),
    ],
)
def test_far_times_are_clamped(time_ns, pcap, pcapng, backend):
    """Times that a format cannot hold become the nearest that it can."""
    batch = FrameBatch.from_frames([craft.frame(1)], [time_ns])
    for format_, expected in (("pcap", pcap), ("pcapng", pcapng)):
        octets = written(batch, format=format_, backend=backend)
        assert Outcome(octets, backend=backend).times == [expected]


@pytest.mark.parametrize("format_", ["pcap", "pcapng"])
def test_frame_over_262144_octets_is_refused(format_, backend):
    """262,144 octets fit in a record, one more is refused, and so is 2^32 on the wire."""
    longest = FrameBatch.from_frames([craft.frame(1), bytes(262_144)])
    out = Outcome(written(longest, format=format_, backend=backend), backend=backend)
    assert out.frames[1] == bytes(262_144)
    longer = FrameBatch.from_frames([craft.frame(1), bytes(262_145)])
    with pytest.raises(FormatError, match="frame 2 of 262145 octets"):
        written(longer, format=format_, backend=backend)
    wire = FrameBatch(bytes(9), [0], [9], wire_length=[2**32])
    with pytest.raises(FormatError, match="4294967296 on the wire"):
        written(wire, format=format_, backend=backend)


def test_large_batch_equals_many_small_ones(backend):
    """A batch of many octets gives the same capture as many small ones."""
    jumbo = craft.frame(0, 9000)
    whole = FrameBatch.from_frames([jumbo[n % 7 :] for n in range(1000)], range(1000))
    remarks = [f"frame {n}" for n in range(1000)]
    assert whole.octets > writer._PIECE_OCTETS
    out = io.BytesIO()
    with captures.write(out, format="pcapng", backend=backend) as sink:
        for at in range(0, 1000, 100):
            sink.write(whole[at : at + 100], remarks[at : at + 100])
    assert out.getvalue() == written(whole, remarks=remarks, format="pcapng", backend=backend)


def test_frames_in_any_order_of_the_arena_are_written(backend):
    """Overlapping, repeated and unordered frames of an arena are written as they are."""
    arena = bytes(range(100))
    batch = FrameBatch(arena, [50, 0, 10, 0], [50, 100, 3, 0])
    out = Outcome(written(batch, backend=backend), backend=backend)
    assert out.frames == [arena[50:], arena, arena[10:13], b""]


@pytest.mark.parametrize("text", ["é" * 40_000, "x" * 65_535, "\ud800 lone", "a\0b", "ab", "abcde"])
def test_long_comment_is_cut_between_characters(text, backend):
    """Any text is a comment; over 65,535 octets it is cut between characters."""
    batch = FrameBatch.from_frames([craft.frame(1)])
    out = Outcome(written(batch, remarks=[text], format="pcapng", backend=backend), backend=backend)
    kept = text.encode("utf-8", "replace")[:65_535].decode("utf-8", "ignore")
    assert out.rows[0][5] == kept
    assert out.fault is None


@pytest.mark.parametrize(
    "options, remarks, ways, source",
    [
        ({"format": "erf"}, None, None, 0),
        ({"backend": "fortran"}, None, None, 0),
        ({"interfaces": ["x" * 257]}, None, None, 0),
        ({}, ["one", "two"], None, 0),
        ({}, None, [1, 2], 0),
        ({"format": "pcapng"}, None, None, -1),
        ({"format": "pcapng"}, None, None, 65_536),
    ],
)
def test_wrong_use_is_a_config_error(options, remarks, ways, source):
    """Input that cannot be written is a ConfigError."""
    batch = FrameBatch.from_frames([craft.frame(1)], [0], [source])
    with pytest.raises(ConfigError):
        written(batch, remarks=remarks, ways=ways, **options)


def test_closed_writer_refuses_frames(tmp_path):
    """Nothing is written after the end; closing twice is no matter."""
    sink = captures.write(tmp_path / "a.pcap")
    sink.close()
    sink.close()
    for late in (
        lambda: sink.write(some_batch()),
        lambda: sink.compose(some_batch()),
        lambda: sink.put([memoryview(b"late")]),
    ):
        with pytest.raises(ConfigError, match="already closed"):
            late()
    assert (tmp_path / "a.pcap").read_bytes() == craft.pcap_header(0xA1B23C4D)


def test_writer_counts_frames_and_octets(tmp_path):
    """A Writer counts frames and octets."""
    with captures.write(tmp_path / "a.pcap") as sink:
        sink.write(some_batch())
        sink.write(some_batch())
    assert (sink.frames, sink.octets, sink.format) == (10, 2 * 1649, "pcap")


COPY = (
    "import sys\n"
    "from macsec import captures\n"
    "with captures.write('-', format='pcapng') as sink:\n"
    "    for batch in captures.read('-'): sink.write(batch)\n"
)


@pytest.mark.as_built
def test_dash_is_standard_output():
    """The name "-" is standard output."""
    done = subprocess.run(
        [sys.executable, "-c", COPY], input=craft.some_pcap(), capture_output=True
    )
    assert done.stderr == b""
    assert Outcome(done.stdout).frames == craft.SOME


@pytest.mark.as_built
def test_standard_output_is_flushed_after_each_batch():
    """Each batch is out before the next one: the output is a valid prefix at any time."""
    with subprocess.Popen(
        [sys.executable, "-c", COPY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdin.write(craft.some_pcap())
        child.stdin.flush()
        size = len(written(FrameBatch.from_frames(craft.SOME), format="pcapng"))
        octets = child.stdout.read(size)
        assert Outcome(octets).frames == craft.SOME
        child.stdin.close()
        assert child.stdout.read() == b""


def test_terminal_as_output_is_refused():
    """A terminal as standard output is refused, by its name too."""
    master, slave = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", COPY],
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=subprocess.PIPE,
        )
        assert b"ConfigError: binary is never written to a terminal" in done.stderr
        with pytest.raises(ConfigError, match="never written to a terminal"):
            captures.write(os.ttyname(slave))
    finally:
        os.close(master)
        os.close(slave)


def test_text_file_object_is_a_config_error():
    """A file object that takes no octets is a ConfigError."""
    with pytest.raises(ConfigError, match="cannot write octets"), captures.write(io.StringIO()):
        pass
