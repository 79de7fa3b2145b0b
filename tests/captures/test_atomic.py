"""Outputs appear whole or not at all: errors, signals, full disks, closed pipes."""

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys

import pytest
from support.files import craft
from support.files.craft import Outcome

from macsec import captures
from macsec.errors import ConfigError, MACsecError
from macsec.frames import FrameBatch

NAMES = ["out.pcap", "out.pcapng", "out.pcap.gz", "out.pcapng.zst"]
BATCH = FrameBatch.from_frames(craft.SOME)


def files(folder):
    """Names in a folder."""
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("before", [None, b"what was there"])
def test_exception_leaves_the_target_unchanged(name, before, tmp_path):
    """After an exception the target is as it was and the temporary file gone."""
    path = tmp_path / name
    if before is not None:
        path.write_bytes(before)
    with contextlib.suppress(KeyError), captures.write(path) as sink:
        sink.write(BATCH)
        assert f".{name}.tmp-{os.getpid()}" in files(tmp_path)
        assert path.exists() == (before is not None)
        raise KeyError
    assert files(tmp_path) == ([name] if before is not None else [])
    assert before is None or path.read_bytes() == before


@pytest.mark.parametrize("name", NAMES)
def test_dropped_writer_leaves_no_file(name, tmp_path):
    """A Writer that is dropped without a close leaves nothing."""
    sink = captures.write(tmp_path / name)
    sink.write(BATCH)
    del sink
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", NAMES)
def test_only_the_target_remains_on_success(name, tmp_path):
    """On success only the target is there."""
    with captures.write(tmp_path / name) as sink:
        sink.write(BATCH)
    assert files(tmp_path) == [name]


def test_existing_file_keeps_its_mode(tmp_path):
    """A new file follows the umask; one that was there keeps its mode."""
    old = os.umask(0o027)
    try:
        captures.write(tmp_path / "new").close()
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o600)
    captures.write(tmp_path / "new").close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


def test_target_of_a_symbolic_link_is_replaced(tmp_path):
    """A link as the target stays a link; what it leads to is replaced."""
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with captures.write(tmp_path / "link") as sink:
        sink.write(BATCH)
    assert (tmp_path / "link").is_symlink()
    assert Outcome(tmp_path / "real").frames == craft.SOME


def test_stale_temporary_file_is_left_alone(tmp_path):
    """A file, or a trap, at the temporary name is neither used nor removed."""
    stale = tmp_path / f".out.pcap.tmp-{os.getpid()}"
    stale.symlink_to("victim")
    with captures.write(tmp_path / "out.pcap") as sink:
        sink.write(BATCH)
    assert files(tmp_path) == [stale.name, "out.pcap"]


def test_last_of_two_writers_wins(tmp_path):
    """Two Writers of one target do not meet; the last to finish wins."""
    path = tmp_path / "out.pcap"
    with captures.write(path) as one:
        with captures.write(path) as two:
            two.write(BATCH)
        assert len(Outcome(path).rows) == 5
        one.write(BATCH)
        one.write(BATCH)
    assert len(Outcome(path).rows) == 10
    assert files(tmp_path) == ["out.pcap"]


def test_input_and_output_may_be_one_file(tmp_path):
    """Input and output may be one file."""
    path = tmp_path / "same.pcap"
    path.write_bytes(craft.some_pcap())
    with captures.read(path) as reader, captures.write(path) as sink:
        for batch in reader:
            sink.write(batch)
    assert Outcome(path).frames == craft.SOME


def test_longest_file_name_can_be_written(tmp_path):
    """A name as long as the file system takes has room for its temporary name."""
    name = "n" * 250 + ".pcap"
    with captures.write(tmp_path / name) as sink:
        sink.write(BATCH)
    assert files(tmp_path) == [name]


@pytest.mark.parametrize(
    "where",
    ["{}", "{}/", "{}/no/out.pcap", "", "{}/out\0.pcap", "{}/file/out.pcap", "{}/..", "{}/loop"],
)
def test_unwritable_target_is_a_config_error(where, tmp_path):
    """A target that cannot be written is a ConfigError of one line, and leaves nothing."""
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ConfigError) as caught:
        captures.write(where.format(tmp_path))
    assert "\n" not in str(caught.value)
    assert files(tmp_path) == ["file", "loop"]


def test_full_device_is_one_error_line(tmp_path):
    """/dev/full is written in place, and its error is one line."""
    with pytest.raises(MACsecError, match="cannot write /dev/full: No space left on device"):
        captures.write("/dev/full")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_null_device_stays_a_device():
    """/dev/null stays a device."""
    with captures.write("/dev/null") as sink:
        sink.write(BATCH)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


LIMITED = """
import resource, signal, sys
from macsec import captures
from macsec.errors import MACsecError
from macsec.frames import FrameBatch
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
batch = FrameBatch.from_frames([bytes(range(256)) * 4] * 100)
try:
    with captures.write(sys.argv[1]) as sink:
        for _ in range(10):
            sink.write(batch)
except MACsecError as error:
    print(error, end="")
    sys.exit(error.exit_code)
"""


@pytest.mark.as_built
@pytest.mark.parametrize("limit", [0, 10, 24, 1000, 104_025, 1_040_000])
@pytest.mark.parametrize("name", ["out.pcap", "out.pcapng"])
def test_file_size_limit_leaves_the_target_unchanged(limit, name, tmp_path):
    """A limit on the file's size, wherever it strikes, leaves the target as it was."""
    path = tmp_path / name
    path.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, path, str(limit)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == f"cannot write {path}: {os.strerror(errno.EFBIG)}"
    assert path.read_bytes() == b"old"
    assert files(tmp_path) == [name]


INTERRUPTED = """
import signal, sys
from macsec import captures
from macsec.frames import FrameBatch
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
batch = FrameBatch.from_frames([bytes(60)] * 1000)
with captures.write(sys.argv[1]) as sink:
    for _ in range(10**4):
        sink.write(batch)
        print(sink.frames, flush=True)
"""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("batches", [1, 2, 7])
def test_interrupt_leaves_the_target_unchanged(name, batches, tmp_path):
    """SIGINT while writing: the target is untouched and the temporary file gone."""
    path = tmp_path / name
    path.write_bytes(b"old")
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        for _ in range(batches):
            child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate()
    assert b"KeyboardInterrupt" in errors
    assert child.returncode == -signal.SIGINT
    assert path.read_bytes() == b"old"
    assert files(tmp_path) == [name]


def test_closed_pipe_is_a_broken_pipe_error():
    """A pipe without a reader is a BrokenPipeError, so that the command line can end quietly."""
    down, up = os.pipe()
    os.close(down)
    with os.fdopen(up, "wb", buffering=0) as file, pytest.raises(BrokenPipeError):
        captures.write(file)


def test_fifo_is_written_in_place(tmp_path):
    """A FIFO is written in place and stays."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    down = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    sink = captures.write(path)
    sink.write(BATCH)
    assert len(os.read(down, 65_536)) == 24 + 5 * 16 + 1649
    os.close(down)
    with pytest.raises(BrokenPipeError):
        sink.write(BATCH)
    sink.discard()
    assert files(tmp_path) == ["fifo"]


class Short:
    """A raw file object that takes a few octets at a time."""

    def __init__(self):
        self.octets = b""

    def write(self, octets):
        """Take seven at most."""
        part = bytes(octets[:7])
        self.octets += part
        return len(part)


def test_short_writes_of_a_file_object_continue():
    """A file object that takes less than it is given gets the rest again."""
    file = Short()
    with captures.write(file) as sink:
        sink.write(BATCH)
    assert Outcome(file.octets).frames == craft.SOME


def test_failing_rename_leaves_no_file(tmp_path, monkeypatch):
    """A rename that fails leaves nothing behind and is one line."""

    def fail(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(MACsecError, match=r"cannot write .*: Input/output error"):
        captures.write(tmp_path / "out.pcap").close()
    assert files(tmp_path) == []
