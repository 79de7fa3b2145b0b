"""The index and the emitter in C and in Python: the same rows, faults, offsets and octets."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.files import craft
from support.files.craft import Outcome
from support.files.dribble import Dribble

from macsec import captures
from macsec.frames import FrameBatch

pytestmark = pytest.mark.usefixtures("twins")

U32 = st.one_of(
    st.integers(0, 80),
    st.sampled_from([262_143, 262_144, 262_145, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1]),
    st.integers(0, 2**32 - 1),
)
FRAME = st.binary(max_size=70)
OPTION = st.tuples(
    st.sampled_from([0, 1, 2, 2, 9, 13, 14, 77]),
    st.one_of(st.binary(max_size=9), st.binary(min_size=4, max_size=4)),
    st.one_of(st.none(), st.none(), st.none(), st.integers(0, 65_535)),
)


def sometimes(strategy):
    """Most often nothing is forged."""
    return st.one_of(st.none(), st.none(), st.none(), st.none(), st.none(), strategy)


@st.composite
def options_of(draw, big):
    """Some options, good and bad."""
    return b"".join(
        craft.option(code, value, big, length)
        for code, value, length in draw(st.lists(OPTION, max_size=3))
    )


@st.composite
def pcap_files(draw):
    """A pcap of some variant, with records that may lie about themselves."""
    big = draw(st.booleans())
    magic = draw(st.sampled_from([0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34]))
    link = draw(st.sampled_from([1, 1, 1, 0x24000001, 0x14000001, 113]))
    extra = bytes(8) if magic == 0xA1B2CD34 else b""
    octets = craft.pcap_header(magic, big, link)
    for frame in draw(st.lists(FRAME, max_size=9)):
        wire, captured = draw(sometimes(U32)), draw(sometimes(U32))
        octets += craft.record(frame, draw(U32), draw(U32), big, wire, captured, extra)
    return octets


@st.composite
def blocks_of(draw, big):
    """One block of some kind."""
    kind = draw(st.sampled_from(["epb", "epb", "epb", "pb", "spb", "idb", "other"]))
    forged = {"total": draw(sometimes(U32)), "trailer": draw(sometimes(U32))}
    options = draw(options_of(big))
    if kind == "idb":
        link = draw(st.sampled_from([1, 1, 1, 0]))
        return craft.idb(big, link, draw(st.integers(0, 80)), options, **forged)
    if kind == "other":
        return craft.block(draw(st.integers(4, 12)), draw(FRAME)[::-1] * 4, big, **forged)
    frame, wire = draw(FRAME), draw(sometimes(U32))
    if kind == "spb":
        return craft.spb(frame, big, wire, **forged)
    terms = {"ticks": draw(st.integers(0, 2**64 - 1)), "interface": draw(st.integers(0, 2))}
    if kind == "pb":
        return craft.pb(frame, big=big, wire=wire, options=options, **terms, **forged)
    captured = draw(sometimes(U32))
    return craft.epb(
        frame, big=big, wire=wire, captured=captured, options=options, **terms, **forged
    )


@st.composite
def pcapng_files(draw):
    """Some sections of some byte orders, with interfaces of some units of time."""
    octets = b""
    for big in draw(st.lists(st.booleans(), min_size=1, max_size=3)):
        octets += craft.shb(big, draw(options_of(big)))
        for _ in range(draw(st.integers(0, 3))):
            units = craft.option(9, bytes([draw(st.integers(0, 255))]), big)
            offset = struct.pack(craft.order(big) + "q", draw(st.integers(-(2**63), 2**63 - 1)))
            units += craft.option(14, offset, big) if draw(st.booleans()) else b""
            octets += craft.idb(big, snap=draw(st.integers(0, 80)), options=units)
        octets += b"".join(draw(st.lists(blocks_of(big), max_size=9)))
    return octets


@st.composite
def damaged(draw, files):
    """A valid file with some octets overwritten, cut or doubled."""
    octets = bytearray(draw(files))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(octets)))
        piece = draw(st.one_of(st.binary(max_size=4), U32.map(lambda v: v.to_bytes(4, "little"))))
        match draw(st.sampled_from(["overwrite", "cut", "insert", "double"])):
            case "overwrite":
                octets[place : place + len(piece)] = piece
            case "cut":
                del octets[place:]
            case "insert":
                octets[place:place] = piece
            case "double":
                octets += octets[place:]
    return bytes(octets)


def assert_agree(octets, step, **options):
    """Assert that both twins read a file alike, whole and in pieces of any size."""
    reference = Outcome(octets, backend="reference", **options)
    native = Outcome(octets, backend="native", **options)
    assert reference.same() == native.same()
    pieces = Outcome(Dribble(octets, step), backend="native", **options)
    assert (pieces.rows, pieces.fault) == (reference.rows, reference.fault)


OPTIONS = {
    "step": st.integers(1, 99),
    "fcs": st.sampled_from(["auto", "auto", "yes", "no"]),
    "batch_frames": st.integers(1, 12),
    "batch_octets": st.sampled_from([1, 50, 100, 300, 1 << 20]),
}


@given(octets=st.one_of(pcap_files(), pcapng_files()), **OPTIONS)
def test_index_twins_agree_on_good_files(octets, step, fcs, batch_frames, batch_octets):
    """The same frames, columns, batches and faults for files of all kinds."""
    assert_agree(octets, step, fcs=fcs, batch_frames=batch_frames, batch_octets=batch_octets)


@given(octets=damaged(st.one_of(pcap_files(), pcapng_files())), **OPTIONS)
def test_index_twins_agree_on_damaged_files(octets, step, fcs, batch_frames, batch_octets):
    """The same whole frames, then the same fault at the same offset."""
    assert_agree(octets, step, fcs=fcs, batch_frames=batch_frames, batch_octets=batch_octets)


@given(
    head=st.sampled_from([craft.pcap_header(), craft.shb() + craft.idb()]),
    tail=st.binary(max_size=200),
    step=st.integers(1, 99),
)
def test_index_twins_agree_on_noise(head, tail, step):
    """Noise behind a good header."""
    assert_agree(head + tail, step)


@st.composite
def batches(draw):
    """Frames anywhere in an arena, with times, sources and wire lengths of any size."""
    arena = draw(st.binary(max_size=300))
    count = draw(st.integers(0, 12))
    ends = [sorted(draw(st.tuples(*[st.integers(0, len(arena))] * 2))) for _ in range(count)]
    start = np.array([a for a, _ in ends], np.int64)
    length = np.array([b - a for a, b in ends], np.int64)
    times = [draw(st.integers(-(2**63), 2**63 - 1)) for _ in ends]
    sources = [draw(st.integers(0, 3)) for _ in ends]
    wire = length + np.array([draw(st.integers(0, 3000)) for _ in ends], np.int64)
    return FrameBatch(arena, start, length, times, sources, wire)


@given(batch=batches(), data=st.data(), kind=st.sampled_from(["pcap", "pcapng"]))
def test_emitter_twins_write_the_same_octets(batch, data, kind):
    """The same octets from both, and the same frames when read again."""
    count = len(batch)
    remark = st.one_of(st.none(), st.just(""), st.text(max_size=9))
    remarks = data.draw(st.one_of(st.none(), st.lists(remark, min_size=count, max_size=count)))
    way = st.integers(0, 3)
    ways = data.draw(st.one_of(st.none(), st.lists(way, min_size=count, max_size=count)))
    written = []
    for backend in ("reference", "native"):
        out = io.BytesIO()
        with captures.write(out, format=kind, backend=backend) as sink:
            sink.write(batch, remarks, ways)
        written.append(out.getvalue())
    assert written[0] == written[1]
    again = Outcome(written[0])
    assert again.fault is None
    assert again.frames == batch.frames()
    assert [row[1] for row in again.rows] == batch.wire_length.tolist()
