"""A lab in real time: programs on its hosts, wiretaps on its links, and nothing left at its end."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.real.hosts import MACSEC, end, lost, missed, need, until
from support.real.up_lab import (
    CAK,
    CKN,
    OTHER_CAK,
    OTHER_CKN,
    ROOT,
    TWO_SITES,
    UpLab,
    keyed,
    smallest,
    started,
)

from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.mkpdu.frame import decode
from macsec.keys import Key
from macsec.trust import ourselves

pytest.importorskip("macsec._native", reason="the native data plane is not built")

EAPOL = b"\x88\x8e"
CANARY = b"canary-of-the-lab-0123456789"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpLab]:
    """Return two regions, up for all tests of this file that leave them up."""
    with started(tmp_path_factory.mktemp("lab") / "state", "two-regions") as made:
        yield made


@pytest.fixture
def two_sites(tmp_path: Path) -> str:
    """Return the smallest topology, with a perfect wire."""
    return smallest(tmp_path)


@pytest.fixture
def two_caks(tmp_path: Path) -> str:
    """Return a topology whose link is never secured: its ends have different CAKs."""
    path = tmp_path / "wrong.yaml"
    ends = f"macsec: {{cak: {CAK}, ckn: {CKN}, ends: {{right: {{cak: {OTHER_CAK}}}}}}}"
    path.write_text(TWO_SITES.replace("right]}", f"right], {ends}}}"))
    return str(path)


def least_ms(output: str) -> float:
    """Return the shortest round trip that ping saw."""
    return float(re.findall(r"= ([\d.]+)/", output)[0])


def test_ping_within_and_between_regions(lab):
    """No round trip is shorter than the delays of its links."""
    for target, least in (("10.0.2.1", 2.0), ("10.0.3.1", 24.0), ("10.0.4.1", 26.0)):
        output = lab.on("web", "ping", "-c", "5", "-i", "0.2", "-W", "5", target)
        assert missed(output) <= 1
        assert least_ms(output) >= least


def test_ping_over_ipv6(lab):
    """Hosts have both kinds of addresses."""
    assert missed(lab.on("api", "ping", "-6", "-c", "3", "-i", "0.2", "fd00::4:1")) <= 1


def test_programs_find_other_hosts_by_name(lab):
    """The machine's own names are as before."""
    before = Path("/etc/hosts").read_bytes()
    assert missed(lab.on("web", "ping", "-c", "2", "-i", "0.2", "backup-east")) <= 1
    output = lab.on("db", "getent", "ahosts", "web")
    assert {line.split()[0] for line in output.splitlines()} == {"10.0.1.1", "fd00::1:1"}
    assert Path("/etc/hosts").read_bytes() == before


def test_traffic_within_a_site_crosses_no_link(lab):
    """The switch of the site relays it."""
    before = sent_on_links(lab)
    assert missed(lab.on("web", "ping", "-c", "60", "-i", "0.01", "10.0.1.2")) <= 1
    more = [after - then for then, after in zip(before, sent_on_links(lab), strict=True)]
    assert max(more) < 60  # broadcasts of hosts go everywhere


def sent_on_links(lab: UpLab) -> list[int]:
    """Return the frames that each edge has sent."""
    links = json.loads(lab.macsec("status", "--json"))["links"]
    return [end["counters"]["OutPktsEncrypted"] for link in links for end in link["ends"]]


def test_a_wiretap_sees_no_payload(lab):
    """On the long link it sees MACsec frames only, and no octet of the payload."""
    with lab.listening("regions", "a") as west, lab.listening("regions", "b") as east:
        pattern = CANARY.hex()[:32]
        lab.on("web", "ping", "-c", "8", "-i", "0.2", "-s", "500", "-p", pattern, "10.0.3.1")
        seen = [west.frames(), east.frames()]
    for frames in seen:
        assert len(frames) >= 10
        assert {frame[12:14] for frame in frames if frame[12:14] != EAPOL} == {MACSEC}
        assert not any(bytes.fromhex(pattern) in frame for frame in frames)


def test_exec_has_the_streams_and_exit_code_of_the_program(lab):
    """An unknown program or host is one line."""
    assert lab.on("web", "sh", "-c", "echo out; exit 7", code=7) == "out\n"
    assert "no such program" in lab.on("web", "no-such-program", code=5)
    assert "the lab has no such host, site or link" in lab.on("nowhere", "true", code=2)


def test_tcp_crosses_both_regions(lab):
    """A connection carries three million octets."""
    server = """import socket
peer, _ = socket.create_server(('10.0.4.1', 7)).accept()
print(len(peer.makefile('rb').read()))"""
    client = """import socket
socket.create_connection(('10.0.4.1', 7), 20).sendall(bytes(3000000))"""
    reads = {"stdout": subprocess.PIPE, "text": True}
    listening = lab.start("backup-east", sys.executable, "-c", server, **reads)
    try:
        until(lambda: ":7 " in lab.on("backup-east", "ss", "-Hltn"), "a server", listening)
        lab.on("web", sys.executable, "-c", client)
        assert listening.communicate(timeout=60)[0] == "3000000\n"
    finally:
        end(listening)


def test_status_has_every_link_and_its_counters(lab):
    """Every link is protected and secured, with a CAK of its own."""
    found = json.loads(lab.macsec("status", "--json"))
    assert found["schema"] == "macsec/lab-status/1"
    assert found["unprotected"] == []
    assert {link["name"]: link["protected"] for link in found["links"]} == {
        "west": True,
        "east": True,
        "regions": True,
    }
    counters = [end["counters"] for link in found["links"] for end in link["ends"]]
    assert all(each["InPktsNotValid"] == 0 for each in counters)
    assert {link["mka"]["status"] for link in found["links"]} == {"secured"}
    assert len({link["mka"]["ckn"] for link in found["links"]}) == 3
    page = lab.macsec("status")
    assert "gcm-aes-xpn-256" in page
    assert "Key agreement" in page
    assert "10.0.1.1/8" in page


def test_a_second_lab_is_refused(lab):
    """The first one goes on."""
    assert "a lab is up already" in lab.macsec("up", "ring", code=1)
    assert lab.on("web", "true") == ""


# ---------------------------------------------------------------- the end


def left_over(places: dict[str, str]) -> list[str]:
    """Return the namespaces of a lab that still exist."""
    return [path for path in places.values() if os.path.exists(path)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_leaves_nothing_of_the_lab(tmp_path, two_sites, number):
    """No namespace, no device, no program of `lab exec`."""
    before = devices()
    with started(tmp_path / "state", two_sites) as lab:
        places = lab.places
        assert missed(lab.on("l1", "ping", "-c", "3", "-i", "0.2", "10.0.2.1")) <= 1
        sleeper = lab.start("l1", "sleep", "1000", stderr=subprocess.DEVNULL)
        inode = os.stat(places["host:l1"]).st_ino
        until(lambda: programs_in(inode), "a program on the host", sleeper)
        os.kill(lab.process.pid, number)
        code = lab.process.wait(60)
        assert sleeper.wait(60) == 137
    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    assert left_over(places) == []
    assert programs_in(inode) == []
    until(lambda: devices() <= before, "the end of all devices")  # others make some for a moment
    assert "no lab is up" in lab.macsec("status", code=1)


def devices() -> set[str]:
    """Return the names of the devices of this namespace."""
    lines = Path("/proc/net/dev").read_text().splitlines()
    return {line.partition(":")[0].strip() for line in lines if ":" in line}


def test_daemons_end_with_the_lab(tmp_path, two_sites):
    """A program in the background would keep its network: it is killed too."""
    with started(tmp_path / "state", two_sites) as lab:
        inode = os.stat(lab.places["host:l1"]).st_ino
        lab.on("l1", "sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 </dev/null &")
        until(lambda: programs_in(inode), "the daemon", lab.process)
        lab.macsec("down")
        assert programs_in(inode) == []


def test_ctrl_c_during_the_start_ends_the_lab(tmp_path):
    """A terminal interrupts all of its programs; the lab ends as if it had been up."""
    need("ping")
    path = tmp_path / "chain.yaml"
    names = [f"s{number}" for number in range(8)]
    links = [f"  - {{between: [{a}, {b}]}}" for a, b in pairwise(names)]
    path.write_text("\n".join(["sites:", *(f"  {name}:" for name in names), "links:", *links]))
    folder = tmp_path / "state"
    command = [sys.executable, "-m", "macsec", "lab", "up", str(path), "--state", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, process_group=0)
    try:
        for _ in range(300):  # each time that it runs `ip`
            if (folder / "lab.json").exists() or not has_child(process):
                break
            os.killpg(process.pid, signal.SIGINT)
        errors = process.communicate(timeout=120)[1].decode()
        assert process.returncode == 0, errors
        assert "error" not in errors
    finally:
        end(process)
    assert "no lab is up" in UpLab(folder, None).macsec("status", code=1)


def has_child(process: subprocess.Popen[Any]) -> bool:
    """Wait until a process has started a program; return False if it ended first."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for _ in range(200_000):
        with contextlib.suppress(OSError):
            if children.read_text():
                return True
        if process.poll() is not None:
            return False
    return False


def test_an_interrupted_detach_leaves_no_lab(tmp_path, two_sites):
    """`lab up --detach` ends the lab that it started in the background."""
    need("ping")
    folder = tmp_path / "state"
    command = [sys.executable, "-m", "macsec", "lab", "up", "--detach", two_sites]
    process = subprocess.Popen([*command, "--state", str(folder)], cwd=ROOT)
    try:
        until((folder / "lock").exists, "the lab's lock", process)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) in (130, 0)
        if process.returncode == 0:  # it was up by then
            UpLab(folder, None).macsec("down")
        assert "no lab is up" in UpLab(folder, None).macsec("status", code=1)
    finally:
        end(process)


def test_a_detached_lab_runs_no_package_of_the_current_folder(tmp_path, two_sites):
    """A folder `macsec` lies there; and PYTHONPATH names it."""
    need("ip")
    bait = tmp_path / "here" / "macsec"
    bait.mkdir(parents=True)
    for name in ("__init__.py", "__main__.py"):
        (bait / name).write_text(f"open({str(tmp_path / 'run')!r}, 'w')\n")
    lab = UpLab(tmp_path / "state", None)
    command = ourselves("lab", "up", "--detach", two_sites, "--state", str(lab.folder))
    done = subprocess.run(
        command, cwd=bait.parent, env={**os.environ, "PYTHONPATH": str(bait.parent)}
    )
    assert done.returncode == 0
    lab.macsec("down")
    assert not (tmp_path / "run").exists()


def test_a_detached_lab_that_ends_early_is_a_failure(tmp_path, two_caks):
    """Even where its process ends by a signal: here while it waits for its link."""
    need("ip")
    folder = tmp_path / "state"
    command = ourselves("lab", "up", "--detach", two_caks, "--state", str(folder))
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        until((folder / "lock").exists, "the lab's lock", process)
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGTERM)
        errors = process.communicate(timeout=120)[1]
        assert process.returncode == 1
        assert "the lab ended before it was up" in errors
    finally:
        end(process)


def programs_in(inode: int) -> list[int]:
    """Return the processes in a namespace."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and os.stat(entry / "ns" / "net").st_ino == inode:
                found.append(int(entry.name))
    return found


def test_a_lab_can_go_down_and_up_again(tmp_path, two_sites):
    """`down` waits until nothing of it is left but the lock."""
    need("ping")
    lab = UpLab(tmp_path / "state", None)
    for _ in range(2):
        lab.macsec("up", "--detach", two_sites)
        places = lab.places
        assert lab.on("r1", "true") == ""
        lab.macsec("down")
        assert left_over(places) == []
        assert sorted(path.name for path in lab.folder.iterdir()) == ["lock"]
    assert "no lab is up" in lab.macsec("down", code=1)


def test_an_unprotected_link_is_reported_and_shows_the_payload(tmp_path):
    """At the start and in the status."""
    path = tmp_path / "bare.yaml"
    path.write_text("macsec: off\n" + TWO_SITES)
    with started(tmp_path / "state", str(path)) as lab:
        assert "left-right is UNPROTECTED" in (tmp_path / "log").read_text()
        with lab.listening("left-right", "a") as wire:
            lab.on("l1", "ping", "-c", "1", "-p", CANARY.hex()[:32], "10.0.2.1")
            assert any(CANARY[:16] in frame for frame in wire.frames())
        assert "UNPROTECTED" in lab.macsec("status")


# ---------------------------------------------------------------- keys that the file names


def test_the_cak_authenticates_the_mkpdus_of_a_wiretap(tmp_path):
    """They name the SAK that the status shows."""
    topology = keyed(tmp_path, f"{{cak: {CAK}, ckn: {CKN}, sak_rekey_interval: 30}}")
    with started(tmp_path / "state", topology) as lab:
        state = json.loads(lab.macsec("status", "--json"))["links"][0]["mka"]
        with lab.listening("left-right", "a") as wire:
            lab.on("l1", "ping", "-c", "10", "-i", "0.3", "-p", CANARY.hex()[:32], "10.0.2.1")
            frames = wire.frames()
    assert state["ckn"] == CKN
    assert not any(CANARY[:16] in frame for frame in frames)
    mkpdus = [decode(frame) for frame in frames if frame[12:14] == EAPOL]
    holder = MemoryHolder(Key(bytes.fromhex(CAK)), bytes.fromhex(CKN))
    assert mkpdus
    assert all(holder.icv_valid(mkpdu.signed, mkpdu.icv) for mkpdu in mkpdus)
    slots = [slot for mkpdu in mkpdus for slot in (mkpdu.use.latest, mkpdu.use.old)]
    assert {str(slot.ki) for slot in slots if slot.ki.kn} == {state["ki"]}


def test_a_key_chain_rollover_misses_no_echo(tmp_path):
    """The second CAK starts at 15 s; traffic is then under its SAK."""
    chain = f"[{{cak: {CAK}, ckn: {CKN}}}, {{cak: {OTHER_CAK}, ckn: {OTHER_CKN}, start: 15s}}]"
    with started(tmp_path / "state", keyed(tmp_path, f"{{keychain: {chain}}}")) as lab:
        before = json.loads(lab.macsec("status", "--json"))["links"][0]["mka"]
        assert lost(lab.on("l1", "ping", "-c", "1800", "-i", "0.01", "-W", "5", "10.0.2.1")) == 0
        (link,) = json.loads(lab.macsec("status", "--json"))["links"]
    assert (before["ckn"], before["rekeys"]) == (CKN, 0)
    assert (link["mka"]["ckn"], link["mka"]["rekeys"]) == (OTHER_CKN, 1)
    assert [sak["ckn"] for sak in link["mka"]["ends"]["left"]["saks"]] == [CKN, OTHER_CKN]
    assert all(end["counters"]["InPktsNotUsingSA"] == 0 for end in link["ends"])


def test_different_caks_pass_nothing(tmp_path, two_caks):
    """The start and the status give the reason."""
    with started(tmp_path / "state", two_caks) as lab:
        why = "failed their ICV: the peer has another CAK"
        with lab.listening("left-right", "a") as wire:
            assert "100% packet loss" in lab.on(
                "l1", "ping", "-c", "2", "-W", "1", "10.0.2.1", code=1
            )
            assert {frame[12:14] for frame in wire.frames()} <= {EAPOL}
        assert why in lab.macsec("status")
        (link,) = json.loads(lab.macsec("status", "--json"))["links"]
        log = (tmp_path / "log").read_text()
    assert "warning: link left-right is not secured: at both ends no live peer" in log
    assert why in log
    assert CAK not in log + json.dumps(link)
    assert link["mka"]["status"] == "not secured"
    assert link["ends"][0]["to_wire"]["frames_out"] == 0
    assert link["ends"][0]["to_wire"]["blocked"] > 0


def test_should_secure_passes_frames_in_clear(tmp_path):
    """With different CAKs; the status says UNPROTECTED."""
    macsec = (
        f"{{cak: {CAK}, ckn: {CKN}, policy: should-secure, ends: {{right: {{cak: {OTHER_CAK}}}}}}}"
    )
    path = tmp_path / "plain.yaml"
    path.write_text(TWO_SITES.replace("right]}", f"right], macsec: {macsec}}}"))
    with started(tmp_path / "state", str(path)) as lab:
        assert missed(lab.on("l1", "ping", "-c", "3", "-i", "0.2", "10.0.2.1")) <= 1
        found = json.loads(lab.macsec("status", "--json"))
        assert "UNPROTECTED" in lab.macsec("status")
    assert found["unprotected"] == ["left-right"]
    assert found["links"][0]["protected"] is False


def test_static_keys_send_no_mkpdu(tmp_path):
    """The wire has MACsec frames only."""
    with started(tmp_path / "state", keyed(tmp_path, "static")) as lab:
        with lab.listening("left-right", "a") as wire:
            assert missed(lab.on("l1", "ping", "-c", "12", "-i", "0.2", "10.0.2.1")) <= 1
            assert {frame[12:14] for frame in wire.frames()} == {MACSEC}
        (link,) = json.loads(lab.macsec("status", "--json"))["links"]
    assert (link["mka"], link["protected"]) == (None, True)


@pytest.mark.parametrize("topology", ["ring", "hub"])
def test_shipped_topologies_have_no_loop(tmp_path, topology):
    """Every host is reached, and no edge sends more frames than that takes."""
    with started(tmp_path / "state", topology) as lab:
        first, *others = json.loads(lab.macsec("status", "--json"))["hosts"]
        for other in others:
            address = other["ipv4"].split("/")[0]
            assert missed(lab.on(first["name"], "ping", "-c", "2", "-i", "0.2", address)) <= 1
        moved = [
            end["to_wire"]["frames_out"]
            for link in json.loads(lab.macsec("status", "--json"))["links"]
            for end in link["ends"]
        ]
        assert max(moved) < 200


def test_a_bad_file_is_exit_2(tmp_path):
    """One line with the number of the wrong one; no folder is made."""
    need("ping")
    path = tmp_path / "bad.yaml"
    path.write_text(TWO_SITES + "    delay: soon\n")
    output = UpLab(tmp_path / "state", None).macsec("up", str(path), code=2)
    assert re.search(r"bad\.yaml:7", output)
    assert not (tmp_path / "state").exists()


def test_a_lab_is_left_alone_by_other_users_and_from_other_folders(tmp_path, two_sites):
    """From `up` to `down`, with the variable that sudo sets."""
    need("ping")
    name = f"test-{os.getpid()}"
    ours, theirs = (tmp_path / each for each in ("ours", "theirs"))
    ours.mkdir()
    theirs.mkdir()

    def macsec(*words: str, uid: int = 54321, folder: Path = ours) -> tuple[int, str]:
        environment = {**os.environ, "SUDO_UID": str(uid)}
        run = subprocess.run(
            ourselves("lab", *words), cwd=folder, env=environment, capture_output=True, text=True
        )
        return run.returncode, run.stdout + run.stderr

    try:
        assert macsec("up", "--detach", two_sites, "--name", name)[0] == 0
        for words in (("exec", "l1", "--", "true"), ("down",), ("status",)):
            for other in ({"uid": 54322}, {"folder": theirs}):
                code, output = macsec(*words, **other)
                assert code == 2
                assert f"{name} (user 54321, {ours})" in output
        assert macsec("exec", "l1", "--", "ping", "-c", "1", "r1")[0] == 0
        assert macsec("exec", "--name", name, "l1", "--", "false", folder=theirs)[0] == 1
        assert f"up\t{name}\t" in macsec("list", folder=theirs)[1]
        assert macsec("down")[0] == 0
        assert f"up\t{name}\t" not in macsec("list")[1]
    finally:
        macsec("down", "--name", name)
        shutil.rmtree(f"/run/macsec/labs/{name}", ignore_errors=True)
