"""The command line in a process of its own: imports, pipes, signals."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.planes import frame_of

from macsec import FrameBatch, captures
from macsec.cli.shared.keys.dumps import WITH_KEYS

HEAVY = ("numpy", "pydantic", "rich", "scapy", "cryptography", "yaml", "zstandard")

LOADED = """
import json, sys
from macsec.cli import cli
try:
    cli.main({args!r})
except SystemExit as ended:
    heavy = [name for name in {heavy!r} if name in sys.modules]
    print(json.dumps([ended.code, heavy]), file=sys.stderr)
"""


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["help", "exit-codes"]])
def test_help_and_version_import_nothing_heavy(args):
    """`macsec.cli` and its help load click; the version also loads the C library."""
    if args == ["--version"]:
        pytest.importorskip("macsec._native", reason="the native data plane is not built")
    script = LOADED.format(args=args, heavy=HEAVY)
    environment = {name: os.environ[name] for name in os.environ if name != "MACSEC_KERNEL"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environment)
    assert json.loads(done.stderr.splitlines()[-1]) == [0, []]


def test_protect_piped_to_validate_gives_the_input(desk, some):
    """`protect - - | validate - -` gives what went in."""
    config, clear = desk.config(), Path(desk.capture(some)).read_bytes()
    first = desk.start("protect", "-q", "-c", config, "-", "-")
    second = desk.start("validate", "-c", config, "-", "-", "--json", stdin=first.stdout)
    first.stdout.close()
    first.stdin.write(clear)
    first.stdin.close()
    out, text = second.communicate()
    assert (first.wait(), second.returncode) == (0, 0)
    assert out == clear
    assert json.loads(text)["delivered"] == len(some)
    first.stderr.close()


@pytest.mark.parametrize("verb", ["inspect", "protect"])
def test_closed_pipe_is_silent(desk, verb):
    """A closed pipe ends the verb without a message."""
    many = desk.capture([frame_of(1000)] * 3000)
    args = ["inspect", many] if verb == "inspect" else ["protect", "-c", desk.config(), many, "-"]
    running = desk.start(*args, stdin=subprocess.DEVNULL)
    running.stdout.read(1)
    running.stdout.close()
    assert running.stderr.read() == b""
    assert running.wait() == 0
    running.stderr.close()


PEAKS = """
import sys
from macsec.cli import cli
for source in ("short.pcap", "long.pcap"):
    try:
        cli.main([source if arg == "IN" else arg for arg in sys.argv[1:]])
    except SystemExit as ended:
        peak = open("/proc/self/status").read().split("VmHWM:")[1].split()[0]
        print(ended.code, peak, file=sys.stderr)
"""

COMMANDS = {
    "protect": ("protect", "-c", "link.yaml", "IN", "o"),
    "validate": ("validate", "-c", "link.yaml", "IN", "o"),
    "replay": ("replay", "IN", "--wire", "o"),
}


@pytest.mark.parametrize(
    "verb, jobs, batches",
    [
        pytest.param("validate", "3", (5, 25)),
        *(
            pytest.param(verb, jobs, (20, 80), marks=pytest.mark.exhaustive)
            for verb in COMMANDS
            for jobs in ("1", "3")
        ),
    ],
)
def test_memory_is_flat_over_length(desk, verb, jobs, batches):
    """A capture several times as long needs no more memory, and never 150 MB."""
    batch = FrameBatch.from_frames([frame_of(n) for n in (48, 578, 1502, 48)] * 500)
    desk.config(validate="check")
    for name, count in zip(("short.pcap", "long.pcap"), batches, strict=True):
        with captures.write(name) as sink:
            for _ in range(count):
                sink.write(batch)
    command = [sys.executable, "-c", PEAKS, *COMMANDS[verb], "--jobs", jobs, "-q"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=desk.folder)
    (short_code, short_peak), (long_code, long_peak) = (
        map(int, line.split()) for line in done.stderr.splitlines()
    )
    assert (short_code, long_code) == (0, 0)
    assert long_peak < 150_000
    assert long_peak - short_peak < 8_000


INTERRUPTED = b"macsec: interrupted: the output ends after the 5 frames read"


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_keeps_every_whole_frame_read(desk, some, number, code):
    """A signal while a pipe is read ends the input there: OUT holds the frames up to it."""
    wire = Path(desk.protected(some)).read_bytes()
    config = desk.config()
    running = desk.start("validate", "-c", config, "-", "o.pcap", "--verdicts", "-")
    running.stdin.write(wire + wire[24:40])  # the header of a record that never comes
    running.stdin.flush()
    assert b'"ok"' in running.stdout.readline()  # frames were moved, more could come
    running.send_signal(number)
    _, message = running.communicate()
    assert running.returncode == code
    assert message.splitlines()[-1] == INTERRUPTED
    assert sum(len(batch) for batch in captures.read(desk.path("o.pcap"))) == 5


@pytest.mark.parametrize("verb", ["protect", "replay"])
def test_signal_ends_a_stream_behind_a_whole_frame(desk, some, verb):
    """Verbs that send end at a signal too, with all frames of the pipe on their output."""
    command = {"protect": ["-c", desk.config(), "-", "-"], "replay": ["--wire", "-", "-"]}[verb]
    running = desk.start(verb, *command)
    running.stdin.write(Path(desk.capture(some)).read_bytes())
    running.stdin.flush()
    begin = b""
    while len(begin) < 400:  # more than a head: frames are on their way
        begin += os.read(running.stdout.fileno(), 1 << 16)
    running.send_signal(signal.SIGTERM)
    rest, message = running.communicate()
    assert running.returncode == 143
    assert message.splitlines()[-1] == INTERRUPTED
    assert sum(len(batch) for batch in captures.read(io.BytesIO(begin + rest))) == 5


def test_exit_codes_reach_the_shell(desk, some):
    """A process ends with 0, 2, 3 or 4; all but the first print one line."""
    wire, config = desk.protected(some), desk.config()
    other = desk.config("other.yaml", key="ab" * 16)
    Path("text").write_text("no capture")
    given = {
        0: (config, wire, "o0.pcap"),
        2: (config, ".", "o2.pcap"),
        3: (other, wire, "o3.pcap", "--strict"),
        4: (config, "text", "o4.pcap"),
    }
    running = {code: desk.start("validate", "-q", "-c", *args) for code, args in given.items()}
    for code, process in running.items():
        _, message = process.communicate()
        assert process.returncode == code
        assert message.count(b"\n") == (code != 0)


@pytest.mark.parametrize("redirect, code", [(">&-", 1), (">/dev/full", 1), ("2>&-", 0)])
def test_closed_or_full_stdout_is_exit_1(desk, some, redirect, code):
    """A closed or full stdout is a failure in one line; a closed stderr is none."""
    clear = desk.capture(some)
    script = f'"{sys.executable}" -m macsec inspect {clear} {redirect}'
    done = subprocess.run(["sh", "-c", script], capture_output=True)
    assert done.returncode == code
    assert done.stderr.count(b"\n") == (code != 0)


@pytest.mark.parametrize(
    "words",
    [
        "help verdicts",
        "help",
        "top --once",
        "attack list",
        "lab list",
        "validate -c {} {} o.pcap --verdicts -",
    ],
)
def test_no_verb_has_an_internal_error_without_stdout(desk, some, words):
    """Exit 1 and one line, or nothing where a library drops the text."""
    command = [
        sys.executable,
        "-m",
        "macsec",
        *words.format(desk.config(), desk.capture(some)).split(),
    ]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command], stderr=subprocess.PIPE, text=True
    )
    assert done.returncode in (0, 1)
    assert "internal error" not in done.stderr
    assert done.returncode == 0 or "standard output is closed" in done.stderr


@pytest.mark.parametrize("words", ["lab run two-regions", "help verdicts", "inspect ü.pcap"])
def test_pages_are_printed_where_the_encoding_lacks_characters(desk, some, words):
    """A character that ASCII lacks is an escape, not an error."""
    desk.capture(some, "ü.pcap")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "macsec", *words.split()], capture_output=True, env=environment
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()


SIGNALLED = """
import os, signal, sys
class Signaller:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Signaller())
sys.argv[1:] = {args!r}
from macsec.__main__ import main
main()
"""

IMPORTS = {
    "click": ["--version"],
    "macsec.cli.captures.protect": ["protect", "--help"],
    "pydantic": ["protect", "--help"],
    "yaml": ["protect", "-c", "none.yaml", "in.pcap", "out.pcap"],
    "macsec.cli.lab.run": ["lab", "run", "ring"],
    "macsec.wire": ["lab", "run", "ring"],
}
FEW_IMPORTS = [("click", signal.SIGINT), ("macsec.wire", signal.SIGTERM)]


@pytest.mark.parametrize(
    "module, number",
    [
        *FEW_IMPORTS,
        *(
            pytest.param(module, number, marks=pytest.mark.exhaustive)
            for module in IMPORTS
            for number in (signal.SIGINT, signal.SIGTERM)
            if (module, number) not in FEW_IMPORTS
        ),
    ],
)
def test_a_signal_in_the_middle_of_the_imports_ends_without_a_traceback(tmp_path, module, number):
    """Ctrl-C in the first moments of a verb."""
    script = SIGNALLED.format(module=module, number=int(number), args=IMPORTS[module])
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 128 + number
    assert done.stderr in ("", "macsec: interrupted\n")


IN_A_FINALISER = """
import os, sys
from macsec.cli.shared import edge
class Held:
    def __del__(self):
        os.kill(os.getpid(), {number})
        for _ in range(10):
            pass  # where the handler runs
edge.catch_signals()
try:
    Held()
    while True:
        pass
except BaseException as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(
    "number, name", [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "Terminated")]
)
def test_a_signal_within_a_finaliser_is_not_lost(number, name):
    """Python ignores what a finaliser raises: it is raised again behind it."""
    script = IN_A_FINALISER.format(number=int(number))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == (f"{name}\n", "")


def test_a_signal_that_the_caller_ignores_stays_ignored(tmp_path):
    """As SIGINT under nohup, and in the background of a script."""
    script = SIGNALLED.format(module="click", number=int(signal.SIGINT), args=["--version"])
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        cwd=tmp_path,
    )
    assert done.returncode == 0


DUMPABLE = """
import sys
from macsec.__main__ import main

try:
    main()
except SystemExit:
    import ctypes
    print("dumpable", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
@pytest.mark.parametrize(
    "verb, variable, dumpable",
    [
        ("protect", None, 0),
        ("tap", "1", 1),
        ("doctor", None, 1),
        *(
            pytest.param(verb, None, 0, marks=pytest.mark.exhaustive)
            for verb in sorted(WITH_KEYS - {"protect"})
        ),
    ],
)
def test_verbs_with_keys_leave_no_core_dump(verb, variable, dumpable):
    """Unless the user debugs them."""
    environment = {**os.environ, **({} if variable is None else {"MACSEC_DUMPABLE": variable})}
    command = [sys.executable, "-c", DUMPABLE, verb, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stdout.endswith(f"dumpable {dumpable}\n")
