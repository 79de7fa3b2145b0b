"""`macsec tap --mka` against KaYs on real interfaces: wpa_supplicant with a Linux kernel's MACsec.

    pytest tests/interop/test_tap_mka.py --log-cli-level=INFO      # logs the counters

As root on Linux; `kernel_peer/build.sh` makes the peer with a kernel.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from interop.kernel_peer.kpeer import MAC, KernelPeer, need_kernel
from support import hosts
from support.hosts import Capture, Host
from support.taps import Tap, counts_of, got, mka_configuration, sent

LOG = logging.getLogger(__name__)
OURS, THEIRS = "10.5.0.1", "10.5.0.2"
EXHAUSTION = 0xC000_0000
ECHOES = 20
ROLES = {"key server": (10, 200), "member": (200, 10)}
"""Our role: our priority and wpa_supplicant's."""
PROTECTED = {"InPktsOK", "InOctetsDecrypted", "OutPktsEncrypted", "OutOctetsEncrypted"}
LISTENS = ":1451 00000000:0000 0A"
"""Port 5201 in /proc/net/tcp."""


@dataclass
class Bench:
    """Our host, the kernel, and the cable between them: the TAP kp0."""

    host: Host
    kernel: KernelPeer
    wire: Capture
    folder: Path


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Iterator[Bench]:
    """Return a running kernel, for all tests here."""
    hosts.need("ping")
    need_kernel()
    folder = tmp_path_factory.mktemp("kernel")
    with hosts.hosts(folder, "a") as (host,):
        host.ip("tuntap", "add", "kp0", "mode", "tap")
        host.ip("link", "set", "kp0", "up")
        with KernelPeer(host, "kp0") as kernel:
            yield Bench(host, kernel, host.listen("kp0"), folder)


class Supplicant:
    """wpa_supplicant in the guest, with its MACsec device macsec0."""

    def __init__(self, bench: Bench, config: Path) -> None:
        self._kernel = bench.kernel
        export = ("keys", "export", "--to", "wpa_supplicant", "-q", "-c", config)
        text = bench.host.run(sys.executable, "-m", "macsec", *export)
        text = f"ctrl_interface=/run/wpa\n{text}"
        self._kernel.ok(f"cat > /tmp/wpa.conf <<'END'\n{text}END\n")
        self.start()

    def start(self) -> None:
        """Start it; its device gets an address."""
        self._kernel.ok(
            "wpa_supplicant -B -D macsec_linux -i eth0 -c /tmp/wpa.conf -f /tmp/wpa.log"
        )
        hosts.until(self._has_device, "macsec0 in the guest")
        self._kernel.ok(f"ip address add {THEIRS}/24 dev macsec0")

    def _has_device(self) -> bool:
        return self._kernel.sh("ip link show macsec0")[0] == 0

    def end(self, number: str = "TERM") -> None:
        """End it by a signal, and remove the device that it left."""
        self._kernel.sh(f"kill -{number} $(pidof wpa_supplicant)")
        hosts.until(lambda: self._kernel.sh("pidof wpa_supplicant")[0] != 0, "its end")
        self._kernel.sh("ip link del macsec0")

    def status(self) -> dict[str, str]:
        """`wpa_cli status`."""
        output = self._kernel.ok("wpa_cli -p /run/wpa -i eth0 status")
        return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)

    @property
    def secured(self) -> bool:
        """True if its status is secured."""
        return self.status().get("Secured") == "Yes"

    def counters(self) -> dict[str, int]:
        """Return the counters of its kernel: the transmit SC, and its only receive SC."""
        shown = self._kernel.show()
        (channel,) = shown["rx_sc"]
        return counts_of(shown) | counts_of(channel)


class Link:
    """Both sides under one CAK, secured when it is entered."""

    def __init__(self, bench: Bench, role: str, cak_octets: int = 16, **secy: str) -> None:
        self.bench = bench
        cak = os.urandom(cak_octets).hex()
        paths = (bench.folder / "ours.yaml", bench.folder / "theirs.yaml")
        self._ours, self._theirs = (
            mka_configuration(path, cak, priority, **secy)
            for path, priority in zip(paths, ROLES[role], strict=True)
        )

    def __enter__(self) -> Link:
        self.wpa = Supplicant(self.bench, self._theirs)
        self.tap = Tap(self.bench.host, "kp0", self._ours, OURS)
        self.until_secured()
        self.bench.wire.frames()
        self._dropped = self._drops()
        return self

    def __exit__(self, *_: object) -> None:
        self.tap.close()
        self.wpa.end()

    def until_secured(self) -> None:
        """Wait until both report it."""
        hosts.until(lambda: self.tap.secured, "we are secured", self.tap.process)
        hosts.until(lambda: self.wpa.secured, "wpa_supplicant is secured")

    def ping_both_ways(self) -> None:
        """Send echoes from both sides; some of each arrive."""
        ping = ("ping", "-n", "-q", "-c", str(ECHOES), "-i", "0.01", "-W", "10")
        assert hosts.missed(self.bench.host.run(*ping, THEIRS)) < ECHOES
        assert hosts.missed(self.bench.kernel.ok(" ".join((*ping, OURS)))) < ECHOES

    def rekey(self) -> None:
        """Set the kernel's PN to where it needs a new SAK; wait until both send under that."""
        (key,) = self.tap.status()["keys"]
        an = key["an"]
        self.bench.kernel.ok(f"ip macsec set macsec0 tx sa {an} pn {EXHAUSTION + 1} on")
        hosts.until(lambda: self.tap.sends_under((an + 1) % 4), "a rekey", self.tap.process)

    def counted(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return our counters and the kernel's, once every frame has arrived or is known lost."""
        seen: list[tuple[dict[str, int], dict[str, int]]] = []

        def settled() -> bool:
            ours, theirs = self.tap.counters(), self.wpa.counters()
            seen.append((ours, theirs))
            return got(ours) == sent(theirs) and got(theirs) + self._lost() == sent(ours)

        hosts.until(settled, "all frames at the other side", self.tap.process)
        return seen[-1]

    def _lost(self) -> int:
        return self._drops() - self._dropped

    def _drops(self) -> int:
        """Return frames that the cable dropped: the guest did not fetch them in time."""
        shown = json.loads(self.bench.host.ip("-s", "-j", "link", "show", "kp0"))
        return int(shown[0]["stats64"]["tx"]["dropped"])

    def check(self, frames: int) -> None:
        """Check that each side validated all frames of the other, at least `frames`."""
        ours, theirs = self.counted()
        LOG.info("ours %s, kernel %s, the cable dropped %d", ours, theirs, self._lost())
        assert set(ours) == PROTECTED
        assert set(theirs) - {"InPktsNoTag"} == PROTECTED  # the kernel counts MKPDUs there
        assert min(ours["InPktsOK"], theirs["InPktsOK"]) >= frames
        assert self.kinds() == {hosts.MACSEC, hosts.EAPOL}

    def kinds(self) -> set[bytes]:
        """Return the EtherTypes that the cable carried since the last call."""
        return {frame[12:14] for frame in self.bench.wire.frames()}


class Traffic:
    """Echoes and TCP streams in both directions, for some seconds."""

    def __init__(self, bench: Bench, seconds: int) -> None:
        self._bench = bench
        bench.kernel.start("iperf3 -4 -s -1")
        hosts.until(lambda: LISTENS in bench.kernel.ok("cat /proc/net/tcp"), "iperf3")
        count = ("-c", str(seconds * 50), "-i", "0.02")
        commands = (
            ("iperf3", "-c", THEIRS, "-t", str(seconds), "-b", "10M", "--bidir", "--json"),
            ("ping", "-n", "-q", "-W", "10", *count, THEIRS),
        )
        self._programs = [bench.host.start(*words, stdout=-1, stderr=-2) for words in commands]

    def end(self) -> None:
        """Wait for the end; check that no stream was interrupted and no echo lost."""
        outputs = [program.communicate(timeout=120)[0].decode() for program in self._programs]
        assert [program.returncode for program in self._programs] == [0, 0], outputs
        sums = json.loads(outputs[0])["end"]
        LOG.info("ping: %s", outputs[1].splitlines()[-2])
        for way in ("sum_received", "sum_received_bidir_reverse"):
            LOG.info("iperf3 %s: %d octets", way, sums[way]["bytes"])
            assert sums[way]["bytes"] > 1 << 20
        assert hosts.missed(outputs[1]) <= 1


@pytest.mark.parametrize("octets", [16, 32])
@pytest.mark.parametrize("role", ROLES)
def test_wpa_supplicant_secures_and_rekeys_without_loss(bench, role, octets):
    """In both roles, with both lengths of CAK."""
    hosts.need("iperf3")
    with Link(bench, role, octets) as link:
        status = link.tap.status()
        assert status["cipher"] == "gcm-aes-128"
        assert status["status"]["Is Key Server"] == ("Yes" if role == "key server" else "No")
        assert link.wpa.status()["actor_sci"] == f"{MAC}@1"
        link.ping_both_ways()
        traffic = Traffic(bench, seconds=12)
        link.rekey()
        traffic.end()
        link.ping_both_ways()
        link.check(1000)


@pytest.mark.parametrize("profile", ["ieee", "linux"])
@pytest.mark.parametrize("role", ROLES)
def test_the_key_server_can_choose_integrity_only(bench, role, profile):
    """Without encryption, under both of our profiles."""
    with Link(bench, role, encrypt="off", profile=profile) as link:
        link.ping_both_ways()
        ours, theirs = link.counted()
        assert {"InPktsOK", "InOctetsValidated", "OutPktsProtected"} <= set(ours)
        assert min(ours["InPktsOK"], theirs["InPktsOK"]) >= 2 * ECHOES
        assert not set(ours) & {"InOctetsDecrypted", "OutPktsEncrypted", "InPktsNotValid"}


def test_different_caks_under_one_ckn_pass_nothing(bench):
    """Neither side is secured, and we print the reason."""
    ours = mka_configuration(bench.folder / "ours.yaml", "31" * 16, 10)
    theirs = mka_configuration(bench.folder / "theirs.yaml", "32" * 16, 20)
    wpa, tap = Supplicant(bench, theirs), Tap(bench.host, "kp0", ours, OURS)
    bench.wire.frames()
    assert "the peer has another CAK under this CKN" in tap.line()
    ping = ("ping", "-n", "-q", "-c", "2", "-i", "0.01", "-W", "1")
    bench.host.run(*ping, THEIRS, code=1)
    bench.kernel.sh(" ".join((*ping, OURS)))
    assert not wpa.secured
    wpa.end()
    report, _ = tap.end()
    assert report["mka"]["status"]["Secured"] == "No"
    assert report["to_wire"]["frames_out"] == report["from_wire"]["frames_out"] == 0
    assert {frame[12:14] for frame in bench.wire.frames()} == {hosts.EAPOL}


@pytest.mark.parametrize("number", ["TERM", "KILL"])
@pytest.mark.parametrize("role", ROLES)
def test_a_restarted_wpa_supplicant_gets_fresh_keys(bench, role, number):
    """It ends in order, or is killed; no old key is used again."""
    with Link(bench, role) as link:
        link.ping_both_ways()
        before = link.tap.status()["keys"][0]["ki"]
        link.wpa.end(number)
        link.wpa.start()
        hosts.until(lambda: link.tap.has_another_key(before), "another key", link.tap.process)
        link.until_secured()
        link.ping_both_ways()
        assert link.kinds() <= {hosts.MACSEC, hosts.EAPOL}


@pytest.mark.parametrize("role", ROLES)
def test_a_killed_tap_gets_fresh_keys_from_wpa_supplicant(bench, role):
    """`kill -9` and a new start: another MI; wpa_supplicant follows."""
    with Link(bench, role) as link:
        link.ping_both_ways()
        before = link.tap.status()["keys"][0]["ki"]
        link.tap.kill()
        link.tap.start()
        hosts.until(lambda: link.tap.has_another_key(before), "another key", link.tap.process)
        link.until_secured()
        link.ping_both_ways()
        assert link.kinds() <= {hosts.MACSEC, hosts.EAPOL}
