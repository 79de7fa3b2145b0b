"""`tap`: how it begins, what it tells, how it ends, and what it refuses."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import hosts
from support.hosts import Host
from support.planes import SCI_A, frame_of
from support.schemas import checked

pytestmark = pytest.mark.network

pytest.importorskip("macsec._native", reason="the native data plane is not built")

UP = f"macsec: ms0 is up on wire, MTU 1468, SCI {SCI_A}\n"


@pytest.fixture
def pair(tmp_path) -> Iterator[list[Host]]:
    """Two hosts on a cable."""
    hosts.need()
    with hosts.hosts(tmp_path) as both:
        hosts.cable(*both)
        yield both


class Running:
    """`macsec tap` on a host; `before` is a command that runs it."""

    def __init__(self, host: Host, *args: str, before: tuple[str, ...] = ()) -> None:
        self.host = host
        command = (sys.executable, "-m", "macsec", "tap", "--lower", "wire", "--upper", "ms0")
        pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        self.process = host.start(*before, *command, *args, **pipes)

    def talk(self) -> str:
        """Its next line on stderr."""
        return self.process.stderr.readline().decode()

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Its exit code after a signal, and all that it still wrote."""
        self.process.send_signal(number)
        out, told = self.process.communicate(timeout=60)
        self.host.run("ip", "link", "show", "ms0", code=1)
        return self.process.returncode, out.decode(), told.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_begin_and_end(pair, desk, number):
    """It says when it is there; a signal ends it with 0 and a line, and takes NAME away."""
    running = Running(pair[0], "-c", desk.config())
    assert running.talk() == UP
    (upper,) = json.loads(pair[0].ip("-j", "link", "show", "ms0"))
    (lower,) = json.loads(pair[0].ip("-j", "link", "show", "wire"))
    assert (upper["mtu"], upper["address"]) == (1468, lower["address"])
    code, out, told = running.end(number)
    assert (code, out) == (0, "")
    assert told == (
        "macsec: ms0 to wire: 0 of 0 frames; wire to ms0: 0 of 0 frames; no counter moved\n"
    )


def test_nohup(pair, desk):
    """Where the caller has SIGHUP ignored, it stays so."""
    ignoring = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh")
    running = Running(pair[0], "-c", desk.config(), before=ignoring)
    assert running.talk() == UP
    running.process.send_signal(signal.SIGHUP)
    running.process.send_signal(signal.SIGUSR1)
    assert running.talk().startswith("macsec: ms0 to wire: 0 of 0 frames")
    assert running.end()[0] == 0


def test_json_tells_what_passed(pair, desk):
    """Frames and octets each way, every counter, where the PNs stand; no key."""
    config = desk.config()
    running = Running(pair[0], "-c", config, "--json")
    assert running.talk() == UP
    far, upper = pair[1].listen("wire"), pair[0].listen("ms0")
    upper.send(frame_of(100))
    wire = far.next(lambda frame: frame[12:14] == hosts.MACSEC)
    far.send(wire[:-1] + b"\x00")
    far.send(wire)
    upper.next(lambda frame: frame == frame_of(100))
    code, out, told = running.end()
    found = checked(out)
    assert (code, told, found["schema"]) == (0, "", "macsec/tap/1")
    assert (found["lower"], found["upper"], found["mtu"]) == ("wire", "ms0", 1468)
    nothing = {"too_long": 0, "dropped": 0, "blocked": 0}
    assert found["to_wire"] == nothing | {
        "frames_in": 1,
        "octets_in": 112,
        "frames_out": 1,
        "octets_out": 144,
        "batches": 1,
    }
    from_wire = found["from_wire"]
    assert from_wire.pop("batches") in (1, 2)
    assert from_wire == nothing | {
        "frames_in": 2,
        "octets_in": 288,
        "frames_out": 1,
        "octets_out": 112,
        "lost": 0,
    }
    assert found["counters"]["InPktsNotValid"] == found["counters"]["InPktsOK"] == 1
    assert found["tx"] == {"sci": SCI_A, "next_pn": {"0": "2"}}
    assert found["rx_sc"][SCI_A]["sa"]["0"]["next_pn"] == "2"
    assert found["backend"] == "native"
    assert found["seconds"] > 0
    assert "c0ffee" not in out


def test_counters_meanwhile(pair, desk):
    """SIGUSR1 has the counters told while it runs, and --stats does by itself."""
    running = Running(pair[0], "-c", desk.config())
    assert running.talk() == UP
    running.process.send_signal(signal.SIGUSR1)
    assert running.talk().startswith("macsec: ms0 to wire: 0 of 0 frames")
    assert running.end()[0] == 0
    running = Running(pair[0], "-c", desk.config(), "--stats", "0.1")
    assert running.talk() == UP
    pair[0].listen("ms0").send(frame_of(100))
    for _ in range(100):
        if "OutPktsEncrypted 1" in running.talk():
            break
    else:
        pytest.fail("the frame was never told of")
    assert running.end()[0] == 0


def test_quiet(pair, desk):
    """-q says nothing at all."""
    running = Running(pair[0], "-c", desk.config(), "-q")
    hosts.until(lambda: "ms0" in pair[0].ip("link"), "ms0", running.process)
    hosts.until(lambda: caught(running.process.pid), "a handler", running.process)
    assert running.end() == (0, "", "")


def caught(pid: int) -> bool:
    """Whether a process has a handler of its own for SIGUSR1: `tap` sets it last."""
    told = Path(f"/proc/{pid}/status").read_text()
    mask = int(re.findall(r"SigCgt:\s*(\w+)", told)[0], 16)
    return bool(mask >> (signal.SIGUSR1 - 1) & 1)


def test_killed(pair, desk):
    """A process that is killed leaves no device behind."""
    running = Running(pair[0], "-c", desk.config())
    assert running.talk() == UP
    assert running.end(signal.SIGKILL)[0] == -signal.SIGKILL


def test_a_lower_interface_that_is_down(pair, desk):
    """It is told, and is no reason not to begin."""
    pair[0].ip("link", "set", "wire", "down")
    running = Running(pair[0], "-c", desk.config())
    assert running.talk() == UP[:-1] + "; wire is down\n"
    assert running.end()[0] == 0


def test_a_lower_interface_that_goes_away(pair, desk):
    """The tap ends with 1, tells its counters, and which end it was."""
    running = Running(pair[0], "-c", desk.config())
    assert running.talk() == UP
    pair[0].ip("link", "del", "wire")
    assert running.talk().endswith("no counter moved\n")
    assert running.talk() == "macsec: the wire end failed: No such device\n"
    assert running.process.wait(60) == 1


def test_an_exhausted_key(pair, desk):
    """Once the last PN is used nothing is sent, never in clear; at the end that is exit 4."""
    running = Running(pair[0], "-c", desk.config(pn=2**32 - 1))
    assert running.talk() == UP
    far, upper = pair[1].listen("wire"), pair[0].listen("ms0")
    for _ in range(2):
        upper.send(frame_of(100))
    wire = far.next()
    far.send(wire)
    upper.next(lambda frame: frame == frame_of(100))
    code, _, told = running.end()
    assert (code, far.frames()) == (4, [])
    assert told.splitlines()[-1] == "macsec: transmit SA 0 is exhausted: its last PN is used"


def refused(host: Host, *args: str) -> tuple[int, str]:
    """Exit code and line of a tap that does not begin."""
    done = subprocess.run(
        host.command(sys.executable, "-m", "macsec", "tap", *args), capture_output=True, text=True
    )
    (line,) = done.stderr.splitlines()
    return done.returncode, line


@pytest.mark.parametrize(
    "lower, upper, code, told",
    [
        ("eth7", "ms0", 2, "no interface 'eth7'"),
        ("lo", "ms0", 2, "lo is no Ethernet interface"),
        ("wire", "wire", 2, "two interfaces"),
        ("wire", "lo", 2, "lo exists already"),
        ("wire", "a-name-far-too-long", 2, "at most 15"),
        ("wire", "ms%d", 2, "cannot name"),
    ],
)
def test_names_that_are_refused(pair, desk, lower, upper, code, told):
    """Each wrong name ends in one line and exit 2, and nothing is made."""
    before = pair[0].ip("link")
    found = refused(pair[0], "-c", desk.config(), "--lower", lower, "--upper", upper)
    assert found[0] == code
    assert told in found[1]
    assert pair[0].ip("link") == before


def test_configurations_that_are_refused(pair, desk):
    """Without a transmit SA, or without a file, nothing begins."""
    names = ("--lower", "wire", "--upper", "ms0")
    code, line = refused(pair[0], "-c", desk.config(tx=False), *names)
    assert code == 2
    assert "needs a transmit SC" in line
    assert refused(pair[0], "-c", "nowhere.yaml", *names)[0] == 2


def test_no_privilege(pair, desk):
    """Without the privileges it is exit 5 and one line."""
    if hosts.found("setpriv") is None:
        pytest.skip("setpriv is not installed")
    command = ("-m", "macsec", "tap", "-c", desk.config(), "--lower", "wire", "--upper", "ms0")
    plain = ("setpriv", "--bounding-set", "-net_raw,-net_admin", sys.executable)
    assert pair[0].run(*plain, *command, code=5).endswith("needs root (CAP_NET_RAW)\n")


def test_no_tun(desk, monkeypatch, pair):
    """Without the tun driver it is exit 5 and says so; without a name too, it is usage."""
    from macsec.live import devices

    monkeypatch.setattr(devices, "TUN", "/dev/net/none")
    with pair[0].inside():
        args = ("tap", "-c", desk.config(), "--lower", "wire", "--upper", "ms0")
        assert "modprobe tun" in desk.run(*args, code=5).stderr
    assert "--lower" in desk.run("tap", "-c", desk.config(), code=2).stderr
