"""Sources of a capture: files, pipes, standard input, objects, gzip, zstd."""

import contextlib
import gzip
import io
import os
import subprocess
import sys
import threading
import zlib

import pytest
import zstandard
from support.files import craft
from support.files.craft import Outcome
from support.files.dribble import Dribble

from macsec import captures
from macsec.captures import streams
from macsec.errors import ConfigError, FormatError, MACsecError

PCAP = craft.some_pcap()
LARGE = craft.some_pcap(frames=[craft.frame(n, 60 + n % 1400) for n in range(4000)])


def zstd(octets, **options):
    """A zstd frame."""
    return zstandard.ZstdCompressor(**options).compress(octets)


def zstd_flushed(octets, step):
    """A zstd frame of unknown size, in many blocks."""
    packer = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    out = b""
    for at in range(0, len(octets), step):
        out += packer.compress(octets[at : at + step])
        out += packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    return out + packer.flush()


SKIPPABLE = b"\x53\x2a\x4d\x18\x05\0\0\0hello"
PACKED = {
    "gzip": gzip.compress(LARGE),
    "gzip-members": b"".join(
        gzip.compress(LARGE[at : at + 70_001]) for at in range(0, len(LARGE), 70_001)
    ),
    "gzip-padded": gzip.compress(LARGE[:999])
    + bytes(512)
    + gzip.compress(LARGE[999:])
    + bytes(512),
    "gzip-empty-member": gzip.compress(b"") + gzip.compress(LARGE),
    "zstd": zstd(LARGE),
    "zstd-checksum": zstd(LARGE, write_checksum=True),
    "zstd-unsized": zstd(LARGE, write_content_size=False),
    "zstd-frames": zstd(LARGE[:500_000]) + SKIPPABLE + zstd(LARGE[500_000:]),
    "zstd-skippable-first": SKIPPABLE + zstd(LARGE),
    "zstd-blocks": zstd_flushed(LARGE, 5000),
    "zstd-best": zstd(LARGE, level=19),
}


@pytest.mark.parametrize("name", PACKED)
def test_compression_is_recognised_by_its_magic(name, tmp_path, backend):
    """Compression is recognised by its magic, with any number of members or frames."""
    path = tmp_path / "anything"
    path.write_bytes(PACKED[name])
    plain = Outcome(LARGE, backend=backend)
    packed = Outcome(path, backend=backend)
    assert (packed.rows, packed.fault) == (plain.rows, None)
    assert len(plain.rows) == 4000


@pytest.mark.parametrize("make", [gzip.compress, zstd, lambda o: zstd(o, write_checksum=True)])
def test_cut_compressed_capture_never_looks_whole(make):
    """A compressed capture that is cut never looks whole."""
    octets = make(PCAP)
    whole = Outcome(PCAP)
    for size in range(1, len(octets)):
        out = Outcome(octets[:size])
        assert out.fault is not None
        assert out.rows == whole.rows[: len(out.rows)]
    assert "ends early" in out.fault[0]
    assert out.fault[2]


@pytest.mark.parametrize("make", [gzip.compress, zstd_flushed])
def test_frames_before_the_damage_are_delivered(make):
    """Frames before the damage come out; then it is said that the stream is damaged."""
    octets = bytearray(make(LARGE, 9) if make is gzip.compress else make(LARGE, 5000))
    octets[len(octets) * 3 // 4] ^= 0xFF
    octets[-6] ^= 0xFF
    out = Outcome(bytes(octets))
    assert len(out.rows) > 1000
    assert out.fault is not None


@pytest.mark.parametrize("name", ["gzip", "zstd-checksum", "zstd-frames"])
def test_flipped_bit_of_a_compressed_header_gives_frames_or_a_format_error(name):
    """One bit flipped in a compressed stream gives frames or a FormatError."""
    octets = bytearray(PACKED[name][:3000])
    for bit in range(8 * 40):
        octets[bit // 8] ^= 1 << bit % 8
        with contextlib.suppress(ConfigError):
            out = Outcome(bytes(octets))
            assert out.fault is None or out.fault[1] >= 0, f"bit {bit}"
        octets[bit // 8] ^= 1 << bit % 8


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("room", [1, 7, 1000])
def test_decompression_fills_any_room(name, room):
    """All output arrives, with any room for it."""
    source = streams.open_source(io.BytesIO(PACKED[name]))
    view, octets = memoryview(bytearray(room)), bytearray()
    while len(octets) < 30_000 * room and (count := source.readinto(view)):
        octets += view[:count]
    assert octets == LARGE[: len(octets)]
    assert len(octets) >= min(30_000 * room, len(LARGE))


def test_output_held_back_by_zlib_is_no_truncation():
    """Output that zlib holds back at the end of its input is no truncation."""
    for size in range(250, 1200, 7):
        source = streams.open_source(io.BytesIO(gzip.compress(bytes(size))))
        view, total = memoryview(bytearray(3)), 0
        while count := source.readinto(view):
            total += count
        assert total == size


@pytest.mark.as_built
def test_too_many_open_files_is_no_config_error(tmp_path):
    """Errors that are not the caller's are no ConfigError."""
    code = (
        "import resource, sys, os\n"
        "from macsec import captures\n"
        "from macsec.errors import MACsecError\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "kept = []\n"
        "for what in (captures.read, captures.write):\n"
        "    try:\n"
        "        while True: kept.append(what(sys.argv[1]))\n"
        "    except MACsecError as error: print(error.exit_code, error)\n"
    )
    path = tmp_path / "a.pcap"
    path.write_bytes(PCAP)
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout == (
        f"1 cannot read {path}: Too many open files\n1 cannot write {path}: Too many open files\n"
    )


def test_zstd_window_of_128_mib_is_read():
    """A stream of zstd --long (a window of 2^27) is read."""
    terms = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    packer = zstandard.ZstdCompressor(compression_params=terms).compressobj()
    octets = packer.compress(PCAP) + packer.flush()
    assert octets[5] == (27 - 10) << 3
    assert Outcome(octets).frames == craft.SOME


@pytest.mark.parametrize("log", [28, 31, 35])
def test_zstd_window_over_128_mib_is_refused_with_the_remedy(log):
    """A zstd frame that needs a larger window is refused before it is decompressed."""
    window = bytes([(log - 10) << 3])
    out = Outcome(b"\x28\xb5\x2f\xfd\x00" + window + bytes(30))
    assert f"window of {2**log} octets, over 134217728" in out.fault[0]
    assert "zstd -dc --long=31" in out.fault[0]


def test_octets_behind_a_compressed_stream_are_a_fault():
    """Foreign octets behind a compressed stream are a fault after all frames."""
    for octets in (gzip.compress(PCAP), zstd(PCAP)):
        out = Outcome(octets + b"rubbish!")
        assert out.frames == craft.SOME
        assert "damaged" in out.fault[0]


def bomb(size):
    """A gzip stream of a pcap header and zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    octets = packer.compress(craft.pcap_header())
    for _ in range(size >> 20):
        octets += packer.compress(bytes(1 << 20))
    return octets + packer.flush()


def test_max_ratio_refuses_a_larger_expansion():
    """With `max_ratio` a stream that expands more is refused; without it memory is bounded."""
    out = Outcome(bomb(2 << 20), max_ratio=100)
    assert "expands more than 100 times" in out.fault[0]
    assert Outcome(gzip.compress(LARGE), max_ratio=1000).fault is None
    assert Outcome(bomb(2 << 20)).fault is None


@pytest.mark.as_built
@pytest.mark.parametrize("make", [bytes, gzip.compress, zstd])
def test_dash_is_standard_input(make):
    """The name "-" is standard input, plain and compressed."""
    code = "from macsec import captures\nprint(sum(len(batch) for batch in captures.read('-')))\n"
    done = subprocess.run([sys.executable, "-c", code], input=make(LARGE), capture_output=True)
    assert (done.stdout, done.stderr) == (b"4000\n", b"")


class OnlyRead:
    """A file object with nothing but `read`."""

    def __init__(self, octets):
        self._file = io.BytesIO(octets)

    def read(self, size):
        """Some octets."""
        return self._file.read(min(size, 1000))


@pytest.mark.parametrize("step", [1, 2, 3, 5, 17, 64])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd])
def test_frames_do_not_depend_on_the_size_of_reads(step, pack, backend):
    """However few octets come at a time, the frames are the same."""
    octets = craft.some_pcapng()
    whole, out = Outcome(octets), Outcome(Dribble(pack(octets), step), backend=backend)
    assert (out.rows, out.fault) == (whole.rows, None)


def test_binary_file_objects_are_read_and_left_open(tmp_path):
    """Binary file objects of every kind; they are left open."""
    path = tmp_path / "a.pcap"
    path.write_bytes(LARGE)
    with open(path, "rb") as buffered, open(path, "rb", buffering=0) as raw:
        for file in (buffered, raw, io.BytesIO(LARGE), OnlyRead(LARGE)):
            assert len(Outcome(file).rows) == 4000
        assert not buffered.closed
        assert not raw.closed
    with gzip.open(io.BytesIO(gzip.compress(LARGE))) as file:  # type: ignore[assignment]
        assert len(Outcome(file).rows) == 4000


@pytest.mark.parametrize("size", [16, 8192, 300_000, 1 << 20])
def test_buffered_octets_of_a_file_object_come_first(size):
    """Octets in the buffer of a file object come before those of the file below."""
    down, up = os.pipe()
    with os.fdopen(down, "rb", buffering=size) as file:
        feeder = threading.Thread(target=lambda: (os.write(up, b"skip"), feed(up, LARGE)))
        feeder.start()
        assert file.read(4) == b"skip"
        assert len(file.peek()) > 0
        assert len(Outcome(file).rows) == 4000
        feeder.join()


def feed(descriptor, octets):
    """Write all into a pipe and close it."""
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)


class Failing(io.RawIOBase):
    """A device that fails after the first read."""

    def __init__(self, error):
        self._head, self._error = PCAP[:100], error

    def readinto(self, view):
        """Good for as long as there is something, then not."""
        head, self._head = self._head[: len(view)], self._head[len(view) :]
        if not head:
            raise self._error
        view[: len(head)] = head
        return len(head)


def test_input_error_is_one_line():
    """An error of the device is one line, no traceback of the operating system."""
    reader = captures.read(Failing(OSError(5, "Input/output error")))
    assert next(reader).frames() == craft.SOME[:1]
    with pytest.raises(MACsecError, match=r"cannot read .*: Input/output error"):
        next(reader)


@pytest.mark.parametrize(
    "where, words",
    [
        ("/no/such/file.pcap", "cannot read /no/such/file.pcap: No such file or directory"),
        ("/", "cannot read /: Is a directory"),
        ("a\0b", "null byte"),
        (io.StringIO("text"), "binary mode"),
    ],
)
def test_unreadable_path_is_a_config_error(where, words):
    """A path that cannot be opened is a ConfigError of one line."""
    with pytest.raises(ConfigError) as caught:
        captures.read(where)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [{"fcs": "maybe"}, {"batch_frames": 0}, {"batch_octets": 0}, {"backend": "fortran"}],
)
def test_wrong_option_is_a_config_error(options):
    """A wrong option is a ConfigError."""
    with pytest.raises(ConfigError):
        captures.read(io.BytesIO(PCAP), **options)


def test_endless_device_is_no_capture():
    """/dev/zero is no capture."""
    with pytest.raises(FormatError, match="not a capture: it begins with 00000000"):
        captures.read("/dev/zero")


def test_fifo_is_read_to_its_end(tmp_path, backend):
    """A FIFO is read to its end."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    feeder = threading.Thread(target=path.write_bytes, args=(LARGE,))
    feeder.start()
    out = Outcome(path, backend=backend)
    feeder.join()
    assert len(out.rows) == 4000


def test_frames_of_a_live_pipe_are_delivered_at_once(backend):
    """Frames come out as soon as they are in the pipe, without waiting for more."""
    down, up = os.pipe()
    with os.fdopen(down, "rb", buffering=0) as file:
        os.write(up, craft.pcap_header())
        reader = captures.read(file, backend=backend)
        for number in range(3):
            os.write(up, craft.record(craft.frame(number)))
            assert next(reader).frames() == [craft.frame(number)]
        os.write(up, craft.record(craft.frame(9))[:30])
        os.close(up)
        with pytest.raises(FormatError, match="record 4 is truncated: 14 of 60 octets"):
            next(reader)


def test_reader_closes_what_it_opened(tmp_path):
    """The Reader closes what it opened: at the end, at a fault, on leaving the block."""
    path = tmp_path / "a.pcap"
    path.write_bytes(PCAP)
    before = len(os.listdir("/proc/self/fd"))
    list(captures.read(path))
    with captures.read(path):
        pass
    path.write_bytes(PCAP[:-1])
    with pytest.raises(FormatError):
        list(captures.read(path))
    path.write_bytes(b"rubbish")
    with pytest.raises(FormatError):
        captures.read(path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_batch_outlives_its_reader(tmp_path):
    """A batch keeps its octets while the reader goes on and after it is closed."""
    path = tmp_path / "a.pcap"
    path.write_bytes(LARGE)
    batches = list(captures.read(path, batch_frames=100))
    assert b"".join(f for b in batches for f in b) == b"".join(
        craft.frame(n, 60 + n % 1400) for n in range(4000)
    )
    assert all(not batch.arena.flags.writeable for batch in batches)


def test_zstd_and_skippable_frames_are_recognised():
    """zstd frames and skippable frames are recognised; other starts are not."""
    assert streams.is_zstd(b"\x28\xb5\x2f\xfd")
    assert streams.is_zstd(b"\x5f\x2a\x4d\x18")
    assert not streams.is_zstd(b"\x60\x2a\x4d\x18")
    assert not streams.is_zstd(b"\x28\xb5")
