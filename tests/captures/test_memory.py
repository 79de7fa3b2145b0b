"""Memory does not grow with the length of a capture."""

import gzip
import subprocess
import sys

import pytest
import zstandard
from support.files import craft

pytestmark = pytest.mark.as_built

COUNT = """
import sys
from macsec import captures
frames = 0
sink = captures.write(sys.argv[2], format=sys.argv[3])
for batch in captures.read("-", backend=sys.argv[1]):
    sink.write(batch, ["remark"] * len(batch))
    frames += len(batch)
sink.discard()
status = open("/proc/self/status").read()
peak = int(status.split("VmHWM:")[1].split()[0])
print(frames, peak)
"""


def peak_kib(piece, pieces, *, head, tail=b"", backend="native", out="/dev/null", kind="pcap"):
    """Frames and peak memory of a process that copies `head` and many times `piece`."""
    with subprocess.Popen(
        [sys.executable, "-c", COUNT, backend, out, kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        child.stdin.write(head)
        for _ in range(pieces):
            child.stdin.write(piece)
        child.stdin.write(tail)
        child.stdin.close()
        frames, peak = map(int, child.stdout.read().split())
    return frames, peak


MIX = [craft.frame(n, (60, 590, 1514, 9000)[n % 4]) for n in range(350)]
RECORDS = craft.some_pcap(frames=MIX)[24:]
BLOCKS = b"".join(craft.epb(f, options=craft.option(1, b"remark")) for f in MIX)
SECTION = craft.shb() + craft.idb()


@pytest.mark.parametrize("kind", ["pcap", pytest.param("pcapng", marks=pytest.mark.exhaustive)])
def test_memory_does_not_grow_with_the_length(kind, backend):
    """180 MB through a pipe need no more memory than 60 MB do, and less than 100 MB."""
    head = SECTION if kind == "pcapng" else craft.pcap_header(0xA1B23C4D)
    piece = BLOCKS if kind == "pcapng" else RECORDS
    seen = []
    for total in (60, 180):
        pieces = total * 10**6 // len(piece)
        frames, peak = peak_kib(piece, pieces, head=head, backend=backend, kind=kind)
        assert frames == pieces * len(MIX)
        seen.append(peak)
    assert max(seen) < 100 * 1024
    assert abs(seen[1] - seen[0]) < 5 * 1024


@pytest.mark.exhaustive
@pytest.mark.parametrize("make", [gzip.compress, zstandard.compress])
def test_decompression_bomb_stays_within_the_bound(make, backend):
    """A compressed stream that expands a thousandfold is read in bounded memory."""
    zeros = craft.record(bytes(9000)) * 1000
    bomb = make(zeros)
    assert len(bomb) * 300 < len(zeros)
    head = make(craft.pcap_header())
    frames, peak = peak_kib(bomb, 12, head=head, backend=backend)
    assert frames == 12_000
    assert peak < 100 * 1024


@pytest.mark.exhaustive
def test_largest_blocks_stay_within_the_bound(backend):
    """Blocks as large as the limit, one after the other, stay within the bound."""
    filler = craft.block(0xBAD, bytes(16 * 1024 * 1024 + 128 * 1024 - 12))
    one = craft.epb(craft.frame(1))
    frames, peak = peak_kib(filler + one, 6, head=SECTION, backend=backend)
    assert frames == 6
    assert peak < 100 * 1024


@pytest.mark.exhaustive
@pytest.mark.parametrize("pieces", [100, 500])
def test_many_sections_do_not_pile_up(pieces, backend):
    """Sections without end do not pile up, until the interfaces are too many."""
    piece = (craft.shb() * 50 + SECTION + craft.epb(craft.frame(1))) * 10
    frames, peak = peak_kib(piece, pieces, head=b"", backend=backend)
    assert frames == 10 * pieces
    assert peak < 100 * 1024
