"""`--state`: packet numbers from run to run of `protect` and `tap`."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.planes import SAK, SCI_A, frame_of
from support.real import hosts
from support.real.hosts import Host

from macsec import captures
from macsec.keys import Key

FRAMES = [frame_of(60 + at) for at in range(5)]
KEY = SAK[:16].hex()


def link(desk, pn: int = 1, **secy: Any) -> str:
    """A configuration under a key of this file."""
    return desk.config(key=KEY, pn=pn, rx=False, **secy)


def pns(path: str) -> list[int]:
    """The PNs of a protected capture."""
    return [
        int.from_bytes(frame[16:20]) for batch in captures.read(path) for frame in batch.frames()
    ]


def protect(desk, *more: str, code: int = 0, pn: int = 1, **secy: Any) -> Any:
    """One run over the capture, into out.pcap."""
    command = ("protect", "-c", link(desk, pn, **secy), "--state", desk.path("state"), *more)
    return desk.run(*command, desk.capture(FRAMES), desk.path("out.pcap"), code=code)


@pytest.mark.parametrize("more", [(), ("--jobs", "3"), ("--backend", "reference")])
def test_each_run_continues_with_the_next_pn(desk, more):
    """Each run goes on with the next PN; the clean ones lose none."""
    protect(desk, "--state-init", *more)
    assert pns(desk.path("out.pcap")) == [1, 2, 3, 4, 5]
    result = protect(desk, "--json", *more)
    assert pns(desk.path("out.pcap")) == [6, 7, 8, 9, 10]
    assert json.loads(result.stdout)["tx"]["next_pn"] == {"0": "11"}
    protect(desk, "--state-init", *more, pn=100)
    assert pns(desk.path("out.pcap"))[0] == 100


def test_first_record_begins_with_the_pn_of_the_configuration(desk):
    """A record begins with the PN of the configuration."""
    protect(desk, "--state-init", pn=77)
    assert pns(desk.path("out.pcap")) == [77, 78, 79, 80, 81]


def test_without_state_every_run_begins_with_the_same_pn(desk):
    """Without --state every run begins with the configuration's PN."""
    for _ in range(2):
        desk.run("protect", "-c", link(desk), desk.capture(FRAMES), desk.path("out.pcap"))
        assert pns(desk.path("out.pcap")) == [1, 2, 3, 4, 5]


def assert_refused(desk, match: str, code: int, *more: str) -> None:
    """One line, that exit code, no OUT, and no key in the line."""
    result = protect(desk, *more, code=code)
    assert match in result.stderr
    assert KEY not in result.stderr
    assert result.stderr.count("\n") == 1
    assert not Path(desk.path("out.pcap")).exists()


def test_missing_damaged_or_exposed_state_is_refused(desk):
    """Missing folder, missing record, damaged and foreign ones: 2. A second process: 1."""
    state = Path(desk.path("state"))
    assert_refused(desk, "there is no such folder", 2)
    state.mkdir(mode=0o700)
    assert_refused(desk, "there is no such record", 2)
    protect(desk, "--state-init")
    Path(desk.path("out.pcap")).unlink()
    (record,) = state.glob("*.pn")
    whole = record.read_bytes()
    for octets in (whole[:-1], b"", whole.replace(b"next_pn 6", b"next_pn 1")):
        record.write_bytes(octets)
        assert_refused(desk, "damaged", 2)
        assert_refused(desk, "damaged", 2, "--state-init")
    record.write_bytes(whole)
    record.chmod(0o644)
    assert_refused(desk, "others have access to it", 2)
    record.chmod(0o600)
    state.chmod(0o777)
    assert_refused(desk, "others have access to it", 2)


def test_state_init_needs_state_and_state_needs_a_transmit_sa(desk):
    """--state-init alone, and nothing to keep."""
    given = (desk.capture(FRAMES), desk.path("out.pcap"))
    result = desk.run("protect", "-c", link(desk), "--state-init", *given, code=2)
    assert "--state-init needs --state DIR" in result.stderr
    bare = desk.config(tx=False, protect="off")
    result = desk.run("protect", "-c", bare, "--state", desk.path("state"), *given, code=2)
    assert "no transmit SA" in result.stderr


def test_second_process_on_a_key_is_refused(desk):
    """A process that waits for its input has the key: another is refused with 1."""
    command = [sys.executable, "-m", "macsec", "protect", "-q", "-c", link(desk)]
    command += ["--state", desk.path("state"), "--state-init"]
    octets = Path(desk.capture(FRAMES)).read_bytes()
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([*command, "-", "-"], **pipes) as first:  # type: ignore[call-overload]
        first.stdin.write(octets)
        first.stdin.flush()
        first.stdout.read(24)  # the header of OUT: by then the key is taken
        second = protect(desk, "--state-init", code=1)  # in this process
        assert "another process uses this key" in second.stderr
        assert not Path(desk.path("out.pcap")).exists()
        first.communicate()
        assert first.returncode == 0
    protect(desk)
    assert pns(desk.path("out.pcap")) == [6, 7, 8, 9, 10]


def test_second_process_is_refused_without_state_too(desk):
    """Exit 1 and no OUT while the first lives, also with another file or state; then it runs."""
    command = [sys.executable, "-m", "macsec", "protect", "-q", "-c", link(desk)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    out = desk.path("out.pcap")
    with subprocess.Popen([*command, "-", "-"], **pipes) as first:  # type: ignore[call-overload]
        first.stdin.write(Path(desk.capture(FRAMES)).read_bytes())
        first.stdin.flush()
        first.stdout.read(24)
        words = ("protect", "-c", link(desk, pn=77), desk.capture(FRAMES), out)
        for more in ((), ("--state", desk.path("state"), "--state-init")):
            second = desk.run(*words[:3], *more, *words[3:], code=1)
            assert f"another process (pid {first.pid}) uses this key and SCI" in second.stderr
            assert KEY not in second.stderr
            assert not Path(out).exists()
        first.kill()
    desk.run(*words)
    assert pns(out)[0] == 77


def test_pns_that_cannot_be_reserved_are_not_used(desk, monkeypatch):
    """A full disk is exit 1, and there is no OUT; the next run skips the lost PNs."""
    protect(desk, "--state-init")
    Path(desk.path("out.pcap")).unlink()

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    from macsec.custody import folder, system

    monkeypatch.setattr(folder, "System", lambda: system.System(write=full))
    assert_refused(desk, "No space left on device", 1)
    monkeypatch.undo()
    protect(desk)
    assert min(pns(desk.path("out.pcap"))) > 5


def test_exhausted_key_stays_exhausted(desk):
    """Exit 4, and again 4 the next time, with nothing sent."""
    last = (1 << 32) - 2
    protect(desk, "--state-init", pn=last, code=4)
    assert pns(desk.path("out.pcap")) == [last, last + 1]
    protect(desk, pn=1, code=4)
    assert pns(desk.path("out.pcap")) == []


# ---------------------------------------------------------------- tap


@pytest.fixture
def pair(tmp_path) -> Iterator[list[Host]]:
    """Two hosts on a cable."""
    pytest.importorskip("macsec._native", reason="the native data plane is not built")
    hosts.need()
    with hosts.hosts(tmp_path) as both:
        hosts.cable(*both)
        yield both


def tapped(pair: list[Host], desk, kill: bool) -> list[int]:
    """The PNs that a `macsec tap --state` sends for five frames, ended or killed."""
    command = (sys.executable, "-m", "macsec", "tap", "--lower", "wire", "--upper", "ms0")
    state = ("-c", link(desk), "--state", desk.path("state"), "--state-init")
    process = pair[0].start(*command, *state, stderr=subprocess.PIPE)
    assert "is up" in process.stderr.readline().decode()
    far, upper = pair[1].listen("wire"), pair[0].listen("ms0")
    found = []
    for frame in FRAMES:
        upper.send(frame)
        octets = far.next(lambda frame: frame[12:14] == hosts.MACSEC)
        found.append(int.from_bytes(octets[16:20]))
    if kill:
        process.kill()
    else:
        process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == (-9 if kill else 0)
    hosts.until(lambda: "ms0" not in pair[0].ip("link", "show"), "ms0 is gone")
    return found


def test_tap_continues_after_a_clean_end_and_after_a_kill(pair, desk):
    """After a clean end the next run goes on exactly; after a kill past all that was reserved."""
    assert tapped(pair, desk, kill=False) == [1, 2, 3, 4, 5]
    assert tapped(pair, desk, kill=True) == [6, 7, 8, 9, 10]
    after = tapped(pair, desk, kill=False)
    assert after == [*range(6 + (1 << 20), 11 + (1 << 20))]
    (record,) = Path(desk.path("state")).glob("*.pn")
    assert f"key {Key(SAK[:16]).check_value}\nsci {SCI_A}\n" in record.read_text()


def test_second_tap_of_one_configuration_is_refused(pair, desk):
    """Exit 1 and no interface, above another device and in another namespace too."""
    command = (sys.executable, "-m", "macsec", "tap", "-c", link(desk), "--lower", "wire")
    first = pair[0].start(*command, "--upper", "ms0", stderr=subprocess.PIPE)
    assert "is up" in first.stderr.readline().decode()
    for host in pair:
        again = host.command(*command, "--upper", "ms1")
        done = subprocess.run(again, capture_output=True)
        assert done.returncode == 1
        assert b"uses this key and SCI" in done.stderr
        assert "ms1" not in host.ip("link", "show")
    hosts.end(first)
    second = pair[1].start(*command, "--upper", "ms1", stderr=subprocess.PIPE)
    assert "is up" in second.stderr.readline().decode()
    hosts.end(second)


def test_tap_refuses_before_it_begins(pair, desk):
    """Without a record there is no interface and no frame."""
    command = (sys.executable, "-m", "macsec", "tap", "--lower", "wire", "--upper", "ms0")
    done = subprocess.run(
        pair[0].command(*command, "-c", link(desk), "--state", desk.path("none")),
        capture_output=True,
    )
    assert done.returncode == 2
    assert b"there is no such folder" in done.stderr
    assert "ms0" not in pair[0].ip("link", "show")
