"""`tap`: its begin, its reports, its end, and its refusals."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.outputs.schemas import checked
from support.planes import DA, SA, SCI_A, frame_of
from support.real import hosts
from support.real.hosts import Host

pytestmark = pytest.mark.network

pytest.importorskip("macsec._native", reason="the native data plane is not built")

UP = f"macsec: ms0 is up on wire, MTU 1468, SCI {SCI_A}; VLAN-tagged frames: MTU 1464\n"


@pytest.fixture
def pair(tmp_path) -> Iterator[list[Host]]:
    """Return two hosts on a cable."""
    hosts.need()
    with hosts.hosts(tmp_path) as both:
        hosts.cable(*both)
        yield both


def default_sighup() -> None:
    """Undo a caller's nohup: a tap that inherits an ignored SIGHUP ignores it too."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


AGAIN = "macsec: warning: another run under these keys"


class RunningTap:
    """`macsec tap` on a host; `before` is a command that runs it."""

    def __init__(self, host: Host, *args: str, before: tuple[str, ...] = ()) -> None:
        self.host = host
        command = (sys.executable, "-m", "macsec", "tap", "--lower", "wire", "--upper", "ms0")
        pipes: dict[str, Any] = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        pipes["bufsize"] = 0  # what readline() has read too far, communicate() does not see
        self.process = host.start(*before, *command, *args, preexec_fn=default_sighup, **pipes)

    def line(self) -> str:
        """Return its next line on stderr, but for the warning of a run without --state."""
        line = self.process.stderr.readline().decode()
        return self.line() if AGAIN in line else line

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal; return the exit code, stdout and the rest of stderr."""
        self.process.send_signal(number)
        out, errors = self.process.communicate(timeout=60)
        self.host.run("ip", "link", "show", "ms0", code=1)
        lines = errors.decode().splitlines(keepends=True)
        return self.process.returncode, out.decode(), "".join(x for x in lines if AGAIN not in x)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_tap_and_removes_its_interface(pair, desk, number):
    """Exit 0 and a line with the counts; before, a line says that NAME is up."""
    tap = RunningTap(pair[0], "-c", desk.config())
    assert tap.line() == UP
    (upper,) = json.loads(pair[0].ip("-j", "link", "show", "ms0"))
    (lower,) = json.loads(pair[0].ip("-j", "link", "show", "wire"))
    assert (upper["mtu"], upper["address"]) == (1468, lower["address"])
    code, out, errors = tap.end(number)
    assert (code, out) == (0, "")
    assert errors == (
        "macsec: ms0 to wire: 0 of 0 frames; wire to ms0: 0 of 0 frames; no counter moved\n"
    )


def test_nohup_keeps_sighup_ignored(pair, desk):
    """A tap whose caller ignores SIGHUP ignores it too."""
    ignoring = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh")
    tap = RunningTap(pair[0], "-c", desk.config(), before=ignoring)
    assert tap.line() == UP
    tap.process.send_signal(signal.SIGHUP)
    tap.process.send_signal(signal.SIGUSR1)
    assert tap.line().startswith("macsec: ms0 to wire: 0 of 0 frames")
    assert tap.end()[0] == 0


def test_json_has_traffic_counters_and_pns(pair, desk):
    """Frames and octets of both directions, every counter, the next PNs; no key."""
    config = desk.config()
    tap = RunningTap(pair[0], "-c", config, "--json")
    assert tap.line() == UP
    far, upper = pair[1].listen("wire"), pair[0].listen("ms0")
    upper.send(frame_of(100))
    wire = far.next(lambda frame: frame[12:14] == hosts.MACSEC)
    far.send(wire[:-1] + b"\x00")
    far.send(wire)
    upper.next(lambda frame: frame == frame_of(100))
    code, out, errors = tap.end()
    found = checked(out)
    assert (code, errors, found["schema"]) == (0, "", "macsec/tap/1")
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


def test_counters_are_printed_at_a_signal_and_at_an_interval(pair, desk):
    """SIGUSR1 at any time, --stats by itself."""
    tap = RunningTap(pair[0], "-c", desk.config())
    assert tap.line() == UP
    tap.process.send_signal(signal.SIGUSR1)
    assert tap.line().startswith("macsec: ms0 to wire: 0 of 0 frames")
    assert tap.end()[0] == 0
    tap = RunningTap(pair[0], "-c", desk.config(), "--stats", "0.1")
    assert tap.line() == UP
    pair[0].listen("ms0").send(frame_of(100))
    for _ in range(100):
        if "OutPktsEncrypted 1" in tap.line():
            break
    else:
        pytest.fail("the frame was never counted")
    assert tap.end()[0] == 0


def test_quiet_prints_nothing(pair, desk):
    """-q: not a line, and no warning."""
    tap = RunningTap(pair[0], "-c", desk.config(), "-q")
    hosts.until(lambda: "ms0" in pair[0].ip("link"), "ms0", tap.process)
    hosts.until(lambda: caught(tap.process.pid), "a handler", tap.process)
    tap.process.terminate()
    assert tap.process.communicate(timeout=60) == (b"", b"")
    assert tap.process.returncode == 0


@pytest.mark.parametrize("state", [(), ("--state", "pns", "--state-init")], ids=["none", "kept"])
def test_a_run_warns_that_the_next_one_repeats_its_pns(pair, desk, tmp_path, state):
    """Once, behind the line that it is up; not where --state keeps the next PN."""
    more = [each.replace("pns", str(tmp_path / "pns")) for each in state]
    tap = RunningTap(pair[0], "-c", desk.config(), *more)
    assert tap.process.stderr.readline().decode() == UP
    hosts.until(lambda: caught(tap.process.pid), "a handler", tap.process)
    tap.process.terminate()
    *lines, _ = tap.process.communicate(timeout=60)[1].decode().splitlines()
    warning = "uses the same PNs again, which breaks the keys: keep the next PN with --state DIR"
    assert lines == ([] if state else [f"{AGAIN} {warning}"])


def caught(pid: int) -> bool:
    """Return whether a process handles SIGUSR1: `tap` sets that handler last."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(re.findall(r"SigCgt:\s*(\w+)", status)[0], 16)
    return bool(mask >> (signal.SIGUSR1 - 1) & 1)


def test_a_killed_tap_leaves_no_interface(pair, desk):
    """The device ends with its process."""
    tap = RunningTap(pair[0], "-c", desk.config())
    assert tap.line() == UP
    assert tap.end(signal.SIGKILL)[0] == -signal.SIGKILL


def test_a_lower_interface_may_be_down(pair, desk):
    """The first line says so."""
    pair[0].ip("link", "set", "wire", "down")
    tap = RunningTap(pair[0], "-c", desk.config())
    assert tap.line() == UP[:-1] + "; wire is down\n"
    assert tap.end()[0] == 0


def test_removing_the_lower_interface_ends_the_tap(pair, desk):
    """Exit 1, with the counters and the end that failed."""
    tap = RunningTap(pair[0], "-c", desk.config())
    assert tap.line() == UP
    pair[0].ip("link", "del", "wire")
    line = tap.line()
    if "no carrier" in line:  # seen between its last moments
        line = tap.line()
    assert line.endswith("no counter moved\n")
    assert tap.line() == "macsec: the wire end failed: No such device\n"
    assert tap.process.wait(60) == 1


def test_an_exhausted_key_sends_nothing_and_is_exit_4(pair, desk):
    """After the last PN no frame is sent, in clear neither."""
    tap = RunningTap(pair[0], "-c", desk.config(pn=2**32 - 1))
    assert tap.line() == UP
    far, upper = pair[1].listen("wire"), pair[0].listen("ms0")
    for _ in range(2):
        upper.send(frame_of(100))
    wire = far.next()
    far.send(wire)
    upper.next(lambda frame: frame == frame_of(100))
    code, _, errors = tap.end()
    assert (code, far.frames()) == (4, [])
    assert errors.splitlines()[-1] == "macsec: transmit SA 0 is exhausted: its last PN is used"


def refused(host: Host, *args: str) -> tuple[int, str]:
    """Return exit code and line of a tap that does not begin."""
    done = subprocess.run(
        host.command(sys.executable, "-m", "macsec", "tap", *args), capture_output=True, text=True
    )
    (line,) = done.stderr.splitlines()
    return done.returncode, line


@pytest.mark.parametrize(
    "lower, upper, code, message",
    [
        ("eth7", "ms0", 2, "no interface 'eth7'"),
        ("lo", "ms0", 2, "lo is not an Ethernet interface"),
        ("wire", "wire", 2, "two interfaces"),
        ("wire", "lo", 2, "lo exists already"),
        ("wire", "a-name-far-too-long", 2, "at most 15"),
        ("wire", "ms%d", 2, "cannot name"),
    ],
)
def test_wrong_names_are_refused(pair, desk, lower, upper, code, message):
    """One line and exit 2; no interface is made."""
    before = pair[0].ip("link")
    found = refused(pair[0], "-c", desk.config(), "--lower", lower, "--upper", upper)
    assert found[0] == code
    assert message in found[1]
    assert pair[0].ip("link") == before


def test_a_configuration_needs_a_transmit_sa(pair, desk):
    """Without it, or without a file, it is exit 2."""
    names = ("--lower", "wire", "--upper", "ms0")
    code, line = refused(pair[0], "-c", desk.config(tx=False), *names)
    assert code == 2
    assert "needs a transmit SC" in line
    assert refused(pair[0], "-c", "nowhere.yaml", *names)[0] == 2


def test_missing_privileges_are_exit_5(pair, desk):
    """One line names the capability."""
    if hosts.found("setpriv") is None:
        pytest.skip("setpriv is not installed")
    command = ("-m", "macsec", "tap", "-c", desk.config(), "--lower", "wire", "--upper", "ms0")
    plain = ("setpriv", "--bounding-set", "-net_raw,-net_admin", sys.executable)
    assert pair[0].run(*plain, *command, code=5).endswith("needs root (CAP_NET_RAW)\n")


def test_a_missing_tun_driver_is_exit_5(desk, monkeypatch, pair):
    """One line names the remedy; a missing option is a usage error."""
    from macsec.live import devices

    monkeypatch.setattr(devices, "TUN", "/dev/net/none")
    with pair[0].inside():
        args = ("tap", "-c", desk.config(), "--lower", "wire", "--upper", "ms0")
        assert "modprobe tun" in desk.run(*args, code=5).stderr
    assert "--lower" in desk.run("tap", "-c", desk.config(), code=2).stderr


def lower_and_upper(host: Host) -> tuple[int, bool, int, bool]:
    """Return MTU and carrier of the lower interface and of the upper one."""
    found: list[int | bool] = []
    for name in ("wire", "ms0"):
        (link,) = json.loads(host.ip("-j", "link", "show", name))
        found += [link["mtu"], "LOWER_UP" in link["flags"]]
    return tuple(found)  # type: ignore[return-value]


def test_upper_interface_follows_carrier_and_mtu(pair, desk):
    """Each change is followed and printed; at the start too."""
    tap = RunningTap(pair[0], "-c", desk.config())
    assert tap.line() == UP
    assert lower_and_upper(pair[0]) == (1500, True, 1468, True)
    pair[1].ip("link", "set", "wire", "down")
    assert tap.line() == "macsec: wire has no carrier\n"
    assert lower_and_upper(pair[0]) == (1500, False, 1468, False)
    pair[1].ip("link", "set", "wire", "up")
    assert tap.line() == "macsec: wire has a carrier\n"
    assert lower_and_upper(pair[0]) == (1500, True, 1468, True)
    for mtu in (1400, 9000):
        pair[0].ip("link", "set", "wire", "mtu", str(mtu))
        words = f"MTU {mtu}: ms0 has MTU {mtu - 32}; VLAN-tagged frames: MTU {mtu - 36}"
        assert tap.line() == f"macsec: wire has {words}\n"
        assert lower_and_upper(pair[0]) == (mtu, True, mtu - 32, True)
    code, _, _ = tap.end()
    assert code == 0
    pair[0].ip("link", "set", "wire", "mtu", "1500")
    pair[1].ip("link", "set", "wire", "down")
    hosts.until(lambda: "NO-CARRIER" in pair[0].ip("link", "show", "wire"), "no carrier")
    tap = RunningTap(pair[0], "-c", desk.config())
    assert tap.line() == UP.replace("\n", "; wire has no carrier\n")
    assert lower_and_upper(pair[0])[3] is False


def test_smaller_mtu_of_the_user_stays(pair, desk):
    """A user made room above NAME: the lower interface only takes more of it away."""
    tap = RunningTap(pair[0], "-c", desk.config())
    tap.line()
    pair[0].ip("link", "set", "ms0", "mtu", "1400")
    for lower, upper in ((9000, 1400), (1300, 1268), (9000, 8968)):
        pair[0].ip("link", "set", "wire", "mtu", str(lower))
        assert f"ms0 has MTU {upper};" in tap.line()


@pytest.mark.parametrize(
    "more, sent, fits",
    [
        ({}, (1464, 1465, 60), (1464, 60)),
        ({"clear_tags": 1}, (1468, 60), (1468, 60)),  # the tag comes first: not in the MTU
        ({"mtu": 1000}, (964, 965), (964,)),  # of the configuration
    ],
)
def test_tagged_frame_that_does_not_fit_is_refused_by_the_secy(pair, desk, more, sent, fits):
    """Counted once, as too long, and not protected; the longest that fits arrives."""
    tap = RunningTap(pair[0], "-c", desk.config(**more), "--json")
    assert "is up" in tap.line()
    far, upper = pair[1].listen("wire"), pair[0].listen("ms0")
    for length in sent:
        upper.send(DA + SA + b"\x81\x00\x00\x07\x88\xb5" + bytes(length))
    for length in fits:
        frame = far.next(lambda frame: hosts.MACSEC in (frame[12:14], frame[16:18]))
        assert len(frame) == 18 + length + 32
    code, out, _ = tap.end()
    report = checked(out)
    counters = report["counters"]
    refused = len(sent) - len(fits)
    assert (code, counters["OutPktsTooLong"]) == (0, refused)
    assert counters["OutPktsEncrypted"] == len(fits)
    assert (report["to_wire"]["too_long"], report["to_wire"]["dropped"]) == (0, 0)
