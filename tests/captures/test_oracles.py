"""Other people's readers and writers agree with ours."""

import io
from decimal import Decimal
from pathlib import Path

import pytest
from support.files import craft
from support.files.craft import Outcome

from macsec import captures
from macsec.frames import FrameBatch

REPOSITORY = Path(__file__).parents[2]
CAPTURES = sorted(
    path for path in (REPOSITORY / "pcaps").rglob("*.pcap*") if path.stat().st_size > 24
)
QUIET = pytest.mark.filterwarnings("ignore::DeprecationWarning:pcapng")
TIMES = [0, 1_700_000_000_123_456_789, 5, 4_000_000_000_000_000_000, 999_999_999]


def ours(path, tmp_path, **options):
    """A copy of a file, by our reader and writer."""
    copy = tmp_path / "copy.pcap"
    with captures.read(path, **options) as reader, captures.write(copy) as sink:
        for batch in reader:
            sink.write(batch)
    return copy


@pytest.mark.parametrize("path", CAPTURES, ids=lambda p: p.name)
def test_libpcap_reads_recorded_captures_alike(path, backend, tmp_path):
    """libpcap gives the same octets, wire lengths and times for every recorded capture."""
    cypcap = pytest.importorskip("cypcap")
    out = Outcome(path, backend=backend)
    assert out.fault is None
    with cypcap.open_offline(str(path), precision=cypcap.TstampPrecision.NANO) as theirs:
        seen = [(bytes(data), pkt.len, pkt) for pkt, data in theirs if pkt is not None]
    assert [row[:2] for row in out.rows] == [row[:2] for row in seen]
    copy = Outcome(ours(path, tmp_path, backend=backend), backend=backend)
    assert [row[:3] for row in copy.rows] == [row[:3] for row in out.rows]


@pytest.mark.parametrize("path", CAPTURES[:12], ids=lambda p: p.name)
def test_scapy_reads_recorded_captures_alike(path):
    """scapy's raw readers give the same octets, wire lengths and times."""
    utils = pytest.importorskip("scapy.utils")
    out = Outcome(path)
    rows = []
    with utils.RawPcapReader(str(path)) as theirs:
        for octets, meta in theirs:
            if hasattr(meta, "tshigh"):
                time_ns = (meta.tshigh << 32 | meta.tslow) * 10**9 // meta.tsresol
            else:
                scale = 1 if theirs.nano else 1000
                time_ns = meta.sec * 10**9 + meta.usec * scale
            rows.append((octets, meta.wirelen, time_ns))
    assert [row[:3] for row in out.rows] == rows


def written(tmp_path, name, backend):
    """A capture of ours."""
    path = tmp_path / name
    batch = FrameBatch.from_frames(craft.SOME, TIMES, [0, 1, 0, 1, 2])
    with captures.write(path, interfaces=["leaf1", "spine1"], backend=backend) as sink:
        sink.write(batch, ["ok", None, "late: PN 17", "", "é"], [1, 2, 0, 1, 2])
    return path


@pytest.mark.parametrize("name", ["a.pcap", "a.pcapng"])
def test_scapy_reads_our_captures(name, backend, tmp_path):
    """scapy reads our captures, to the nanosecond."""
    utils = pytest.importorskip("scapy.utils")
    packets = utils.rdpcap(str(written(tmp_path, name, backend)))
    # As it was read: of a frame of no octets a layer would build one of its defaults.
    assert [packet.original for packet in packets] == craft.SOME
    if name == "a.pcap":
        expected = [min(t, 2**32 * 10**9 - 1) for t in TIMES]
        assert [Decimal(str(p.time)) * 10**9 for p in packets] == expected


@pytest.mark.parametrize("name", ["a.pcap", "a.pcapng"])
def test_libpcap_reads_our_captures(name, backend, tmp_path):
    """libpcap reads our captures."""
    cypcap = pytest.importorskip("cypcap")
    with cypcap.open_offline(str(written(tmp_path, name, backend))) as theirs:
        assert [bytes(data) for pkt, data in theirs if pkt is not None] == craft.SOME


@QUIET
def test_python_pcapng_reads_our_captures(backend, tmp_path):
    """python-pcapng sees the interfaces, times, directions and comments that we wrote."""
    pcapng = pytest.importorskip("pcapng")
    with open(written(tmp_path, "a.pcapng", backend), "rb") as file:
        blocks = list(pcapng.FileScanner(file))
    names = [b.options.get("if_name") for b in blocks if type(b).__name__ == "InterfaceDescription"]
    packets = [b for b in blocks if type(b).__name__ == "EnhancedPacket"]
    assert names == ["leaf1", "spine1", None]
    assert [p.packet_data for p in packets] == craft.SOME
    assert [p.interface_id for p in packets] == [0, 1, 0, 1, 2]
    assert [(p.timestamp_high << 32) + p.timestamp_low for p in packets] == TIMES
    comments = ["ok", None, "late: PN 17", None, "é"]
    assert [p.options.get("opt_comment") for p in packets] == comments
    ways = [p.options.get("epb_flags") for p in packets]
    assert [w and w.inout for w in ways] == ["inbound", "outbound", None, "inbound", "outbound"]


@QUIET
@pytest.mark.parametrize("big", [False, True])
def test_python_pcapng_reads_all_blocks_alike(big):
    """python-pcapng reads the hand-made file of all blocks as we do."""
    pcapng = pytest.importorskip("pcapng")
    octets = craft.some_pcapng(big)
    kinds = ("EnhancedPacket", "SimplePacket", "ObsoletePacket")
    packets = [b for b in pcapng.FileScanner(io.BytesIO(octets)) if type(b).__name__ in kinds]
    assert Outcome(octets).frames == [p.packet_data for p in packets]


def test_captures_of_scapy_are_read(tmp_path, backend):
    """We read captures of scapy, pcap and pcapng."""
    utils = pytest.importorskip("scapy.utils")
    ether = pytest.importorskip("scapy.layers.l2").Ether
    packets = [ether(octets) for octets in (craft.frame(1), craft.frame(2, 1514))]
    utils.wrpcap(str(tmp_path / "a.pcap"), packets, nano=True)
    utils.wrpcapng(str(tmp_path / "a.pcapng"), packets)
    for name in ("a.pcap", "a.pcapng"):
        out = Outcome(tmp_path / name, backend=backend)
        assert (out.fault, out.frames) == (None, [craft.frame(1), craft.frame(2, 1514)])
