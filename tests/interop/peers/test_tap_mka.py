"""`macsec tap --mka` against KaYs on real interfaces: wpa_supplicant with a Linux kernel's MACsec.

    pytest tests/interop/peers/test_tap_mka.py --log-cli-level=INFO      # logs the counters

As root on Linux; `kernel_peer/build.sh` makes the peer with a kernel.
"""

from __future__ import annotations

import json
import logging

import pytest
from interop.kernel_peer.bench import OURS, THEIRS, Bench
from interop.kernel_peer.kpeer import MAC
from interop.kernel_peer.supplicant import ECHOES, ROLES, Link, Supplicant
from support.real import hosts
from support.real.taps import Tap, mka_configuration

LOG = logging.getLogger(__name__)
LISTENS = ":1451 00000000:0000 0A"
"""Port 5201 in /proc/net/tcp."""


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
