"""Two `macsec tap --mka` on a cable: suites, rekeys, power cuts, wrong CAKs, a CAK on a token."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.mka import tokens
from support.real import hosts
from support.real.hosts import Capture, Host
from support.real.taps import CKN, Tap, got, mka_configuration, sent
from support.services.wireshark import dissected

from macsec import FrameBatch, captures
from macsec.config import scalars

pytest.importorskip("macsec._native", reason="the native data plane is not built")

A, B = "10.6.0.1", "10.6.0.2"
SUITES = ("gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128", "gcm-aes-xpn-256")
ECHOES = 20
OWN, OTHER = "31" * 32, "32" * 32


class Pair:
    """Host `a`, the Key Server, and `b` on a cable; `start` runs a tap on both."""

    def __init__(self, a: Host, b: Host, folder: Path) -> None:
        self.hosts, self._folder = (a, b), folder
        self.wire: Capture = a.listen("wire")
        self.taps: list[Tap] = []

    def start(
        self,
        caks: tuple[str, str] = (OWN, OWN),
        mka: dict[str, Any] | None = None,
        destinations: tuple[str, str] = ("pae", "pae"),
        **secy: str,
    ) -> None:
        """Start a tap on each host, with its CAK and the destination of its MKPDUs."""
        for at, (host, cak) in enumerate(zip(self.hosts, caks, strict=True)):
            path = self._folder / f"{at}.yaml"
            to = {"destination": destinations[at]}
            config = mka_configuration(path, cak, 10 + at, to | (mka or {}), **secy)
            self.taps.append(Tap(host, "wire", config, (A, B)[at]))

    def until_secured(self) -> str:
        """Wait until both are secured under one SAK; return its KI."""

        def same() -> bool:
            keys = [tap.status()["keys"] for tap in self.taps]
            return all(tap.secured for tap in self.taps) and keys[0] == keys[1]

        hosts.until(same, "both are secured", self.taps[0].process)
        return str(self.taps[0].status()["keys"][0]["ki"])

    def ping(self, count: int = ECHOES) -> int:
        """Return the number of echoes that came back."""
        command = ("ping", "-n", "-c", str(count), "-i", "0.01", "-W", "1", B)
        return count - hosts.lost(self.hosts[0].run(*command, code=None))

    def kinds(self) -> set[bytes]:
        """Return the EtherTypes that the cable carried since the last call."""
        return {frame[12:14] for frame in self.wire.frames()}

    def check(self, frames: int) -> None:
        """Check that each side validated all frames of the other, at least `frames`."""

        def settled() -> bool:
            a, b = (tap.counters() for tap in self.taps)
            return got(a) == sent(b) and got(b) == sent(a)

        hosts.until(settled, "all frames at the other side", self.taps[0].process)
        for tap in self.taps:
            counters = tap.counters()
            assert counters["InPktsOK"] == got(counters) >= frames

    def close(self) -> None:
        """End both."""
        for tap in self.taps:
            tap.close()


@pytest.fixture
def pair(tmp_path) -> Iterator[Pair]:
    """Return two hosts on a cable."""
    hosts.need("ping")
    with hosts.hosts(tmp_path) as both:
        hosts.cable(*both)
        with contextlib.closing(Pair(*both, tmp_path)) as pair:  # type: ignore[call-arg]
            yield pair


def test_the_carrier_follows_the_controlled_port(pair):
    """None before the port is secured, and none once the peer is gone."""

    def carrier() -> list[bool]:
        return ["LOWER_UP" in host.ip("link", "show", "ms0") for host in pair.hosts]

    pair.start((OWN, OTHER))
    assert carrier() == [False, False]
    for tap in pair.taps:
        tap.close()
    pair.taps.clear()
    pair.start()
    pair.until_secured()
    hosts.until(lambda: carrier() == [True, True], "a carrier")
    pair.taps[1].kill()
    hosts.until(lambda: "NO-CARRIER" in pair.hosts[0].ip("link", "show", "ms0"), "no carrier")


@pytest.mark.parametrize("cipher", SUITES)
def test_every_suite_is_agreed_on_and_used(pair, cipher):
    """The cable carries MACsec and EAPOL only; the counters of both sides match."""
    pair.start(cipher=cipher)
    pair.until_secured()
    assert [tap.status()["cipher"] for tap in pair.taps] == [cipher, cipher]
    assert pair.ping() == ECHOES
    pair.check(ECHOES)
    assert pair.kinds() == {hosts.MACSEC, hosts.EAPOL}
    ended = [tap.end()[0] for tap in pair.taps]
    assert [each["mka"]["counters"]["keys-distributed"] for each in ended] == [1, 0]
    assert [each["mka"]["counters"]["keys-received"] for each in ended] == [0, 1]
    assert OWN not in json.dumps(ended)


def test_rekeys_lose_no_frame(pair):
    """Under XPN, a SAK every 30 seconds: echoes and streams go on, every frame is valid."""
    hosts.need("iperf3")
    pair.start(mka={"sak_rekey_interval": "30"}, cipher="gcm-aes-xpn-256")
    before = pair.until_secured()
    pair.hosts[1].start("iperf3", "-s", "-1", "-p", "5201", port=5201)
    stream = ("iperf3", "-c", B, "-t", "36", "-b", "10M", "--bidir", "--json")
    streams = pair.hosts[0].start(*stream, stdout=-1)
    assert pair.ping(3300) >= 3299
    report = json.loads(streams.communicate(timeout=120)[0])
    assert report["end"]["sum_received"]["bytes"] > 10 << 20
    assert pair.taps[1].has_another_key(before)
    pair.check(10_000)
    assert pair.kinds() == {hosts.MACSEC, hosts.EAPOL}


@pytest.mark.parametrize("side", [0, 1], ids=["Key Server", "member"])
def test_a_killed_tap_gets_fresh_keys(pair, side):
    """`kill -9` and a new start: NAME exists again, under another SAK."""
    pair.start(cipher="gcm-aes-xpn-128")
    before = pair.until_secured()
    assert pair.ping() == ECHOES
    pair.taps[side].kill()
    pair.taps[side].start()
    hosts.until(lambda: pair.taps[1 - side].has_another_key(before), "another key")
    pair.until_secured()
    assert pair.ping() == ECHOES
    assert pair.kinds() <= {hosts.MACSEC, hosts.EAPOL}


def bridged(members: list[Host], middle: Host) -> None:
    """Join hosts by a bridge that forwards EAPOL: `wire` on each."""
    middle.ip(*["link", "add", "bridge", "type", "bridge", "group_fwd_mask", "8"])
    middle.ip("link", "set", "bridge", "up")
    for at, host in enumerate(members):
        far = f"port{at}"
        host.ip(*f"link add wire type veth peer name {far} netns {middle.namespace}".split())
        middle.ip("link", "set", far, "master", "bridge", "up")
        host.ip("link", "set", "wire", "up")
    for host in members:
        hosts.until(lambda host=host: "state UP" in host.ip("link", "show", "wire"), "a carrier")


def test_a_member_that_joins_or_leaves_brings_a_new_sak(tmp_path):
    """A third member joins and is killed; echoes between the others go on."""
    hosts.need("ping")
    with contextlib.ExitStack() as stack:
        *members, middle = stack.enter_context(hosts.hosts(tmp_path, "abcd"))
        bridged(members, middle)
        addresses = (A, B, "10.6.0.3")

        def start(at: int) -> Tap:
            config = mka_configuration(
                tmp_path / f"{at}.yaml", OWN, 10 + at, cipher="gcm-aes-xpn-128", window="64"
            )
            return stack.enter_context(
                contextlib.closing(Tap(members[at], "wire", config, addresses[at]))
            )

        def agree(*taps: Tap) -> bool:
            keys = [tap.status()["keys"] for tap in taps]
            alone = all(len(of) == 1 for of in keys) and all(tap.secured for tap in taps)
            return alone and len({of[0]["ki"] for of in keys}) == 1

        a, b = start(0), start(1)
        hosts.until(lambda: agree(a, b), "two are secured")
        first = a.status()["keys"][0]["ki"]
        echoes = ("ping", "-n", "-q", "-c", "1500", "-i", "0.02", "-W", "2", B)
        ping = members[0].start(*echoes, stdout=-1)
        c = start(2)
        hosts.until(lambda: agree(a, b, c) and a.has_another_key(first), "three are secured")
        second = a.status()["keys"][0]["ki"]
        five = (*echoes[:4], "5", *echoes[5:])
        hosts.until(lambda: hosts.missed(members[2].run(*five)) == 0, "five echoes of the third")
        c.kill()
        hosts.until(lambda: agree(a, b) and a.has_another_key(second), "two are left")
        assert hosts.missed(ping.communicate(timeout=120)[0].decode()) <= 1


def test_a_key_chain_rollover_loses_no_frame(pair):
    """The traffic moves to the next CAK, and stays when the first one ends."""
    chain = [
        {"ckn": "aa", "cak": OWN, "start": "0", "end": "24"},
        {"ckn": "bb", "cak": OTHER, "start": "12"},
    ]
    pair.start(mka={"ckn": None, "cak": None, "keychain": chain}, cipher="gcm-aes-256")
    before = pair.until_secured()
    assert [tap.ckns() for tap in pair.taps] == [["aa"]] * 2
    assert pair.ping(2500) >= 2499

    def second_alone() -> bool:
        return [tap.ckns() for tap in pair.taps] == [["bb"]] * 2

    hosts.until(second_alone, "the end of the first CAK", pair.taps[0].process)
    assert pair.until_secured() != before
    pair.check(2500)
    assert pair.kinds() == {hosts.MACSEC, hosts.EAPOL}


def test_delay_protection_makes_no_frame_late(pair):
    """The lowest PN rises twice a second beside streams."""
    hosts.need("iperf3")
    pair.start(mka={"delay_protection": "on"}, cipher="gcm-aes-xpn-128")
    pair.until_secured()
    pair.hosts[1].start("iperf3", "-s", "-1", "-p", "5201", port=5201)
    pair.hosts[0].run("iperf3", "-c", B, "-t", "6", "-b", "20M", "--bidir")
    pair.check(1000)
    (channel,) = pair.taps[0].end()[0]["rx_sc"].values()
    assert int(channel["sa"]["0"]["lowest_pn"]) > 1


def test_a_process_stopped_beyond_a_life_time_gets_another_key(pair):
    """SIGSTOP, then SIGCONT: the old key is not used again."""
    pair.start()
    before = pair.until_secured()
    pair.taps[0].process.send_signal(signal.SIGSTOP)
    hosts.until(lambda: not pair.taps[1].secured, "the other is closed")
    pair.taps[0].process.send_signal(signal.SIGCONT)
    hosts.until(lambda: pair.taps[1].has_another_key(before), "another key")
    pair.until_secured()
    assert pair.ping() == ECHOES


def test_removing_the_interface_is_exit_1(pair):
    """At once, with the reason; NAME is gone."""
    pair.start()
    pair.until_secured()
    pair.hosts[0].ip("link", "del", "wire")
    out, errors = pair.taps[0].process.communicate(timeout=60)
    assert pair.taps[0].process.returncode == 1
    assert errors.decode().splitlines()[-1] == "macsec: the wire end failed: No such device"
    assert json.loads(out)["mka"]["status"]["Secured"] == "Yes"
    pair.hosts[0].run("ip", "link", "show", "ms0", code=1)


def test_a_cut_beyond_a_life_time_closes_both_sides(pair):
    """A short cut keeps the SAK; after a long one both agree on another."""
    pair.start()
    before = pair.until_secured()
    for up in ("down", "up"):
        pair.hosts[0].ip("link", "set", "wire", up)
    hosts.until(lambda: pair.ping(1), "an echo")
    assert pair.until_secured() == before
    pair.hosts[0].ip("link", "set", "wire", "down")
    hosts.until(lambda: not any(tap.secured for tap in pair.taps), "both are closed")
    assert "the last one fell silent" in pair.taps[0].status()["reason"]
    pair.hosts[0].ip("link", "set", "wire", "up")
    assert pair.until_secured() != before
    assert pair.ping() == ECHOES


def test_different_caks_pass_nothing(pair):
    """Both sides give the reason, while they run and at the end."""
    pair.start((OWN, OTHER))
    why = "the peer has another CAK under this CKN"
    assert all(why in tap.line() for tap in pair.taps)
    assert pair.ping(3) == 0
    assert all(why in tap.status()["reason"] for tap in pair.taps)
    assert pair.kinds() == {hosts.EAPOL}
    for tap in pair.taps:
        report, _ = tap.end()
        assert report["mka"]["status"]["Secured"] == "No"
        assert report["mka"]["counters"]["in-mkpdu-icv-verification-errors"] > 1
        assert report["to_wire"]["blocked"] == report["to_wire"]["frames_in"]
        assert not report["to_wire"]["frames_out"] + report["from_wire"]["frames_out"]


def test_wireshark_decrypts_with_exported_saks(pair, tmp_path):
    """Exported while the link runs: every ICV is good, and the octets are right."""
    pair.start(mka={"allow_export": "on"})
    pair.until_secured()
    above = pair.hosts[1].listen("ms0")
    pair.wire.frames()
    assert pair.ping(5) == 5
    export = ("keys", "export", "--running", "ms0", "--to", "wireshark", "-o", tmp_path / "profile")
    pair.hosts[0].run(sys.executable, "-m", "macsec", *export)
    assert "SAKs exported to pid" in line_with(pair.taps[0], "exported")
    with captures.write(tmp_path / "wire.pcap") as sink:
        protected = [frame for frame in pair.wire.frames() if frame[12:14] == hosts.MACSEC]
        sink.write(FrameBatch.from_frames(protected))
    clear = {frame[12:].hex() for frame in above.frames()}
    seen = dissected(tmp_path / "profile", tmp_path / "wire.pcap")
    read = [data for each in seen for name, data in each["sources"].items() if "Decrypted" in name]
    assert len(read) == len(protected) >= 10
    assert set(read) == clear


def line_with(tap: Tap, word: str) -> str:
    """Return the next line of a tap that has a word."""
    return next(line for line in iter(tap.line, "") if word in line)


def test_should_secure_passes_plain_frames_until_secured(pair):
    """With a SAK none passes in clear; EAPOL is never delivered to NAME."""
    pair.start((OWN, OTHER), {"policy": "should-secure"})
    above = pair.hosts[0].listen("ms0")
    assert pair.ping() == ECHOES
    assert pair.kinds() >= {b"\x08\x00"}
    assert "plain frames pass, not secured" in pair.taps[0].status()["reason"]
    pair.taps[1].end()
    del pair.taps[1]
    path = mka_configuration(pair.taps[0].host.scratch / "right.yaml", OWN, 11)
    pair.taps.append(Tap(pair.hosts[1], "wire", path, B))
    pair.until_secured()
    pair.wire.frames()
    assert pair.ping() == ECHOES
    assert pair.kinds() <= {hosts.MACSEC, hosts.EAPOL}
    assert hosts.EAPOL not in {frame[12:14] for frame in above.frames()}


def test_a_cak_on_a_token_secures_the_link(pair, tmp_path_factory, monkeypatch):
    """One side's CAK stays in SoftHSM2, which makes ICVs, wraps and SAKs."""
    module = tokens.softhsm(tmp_path_factory.getbasetemp() / "softhsm-kay")
    cak = os.urandom(32)
    tokens.put(module, "wire", cak)
    monkeypatch.setenv("TAP_PIN", tokens.PIN)
    pair.start((cak.hex(), cak.hex()), cipher="gcm-aes-256")
    pair.taps[0].end()
    where = {"module": module, "token": tokens.TOKEN, "key": "wire", "pin": "env:TAP_PIN"}
    path = pair.hosts[0].scratch / "token.yaml"
    agreed = {"ckn": CKN, "priority": "10", "pkcs11": where}
    path.write_text(json.dumps({"secy": {"cipher": "gcm-aes-256"}, "mka": agreed}))
    pair.taps[0] = Tap(pair.hosts[0], "wire", path, A)
    pair.until_secured()
    assert pair.taps[0].status()["status"]["Is Key Server"] == "Yes"
    assert pair.ping() == ECHOES
    pair.check(ECHOES)


@pytest.mark.parametrize("to", ["each other", "broadcast", "011b19000000"])
def test_a_pair_on_a_wan_has_headers_of_its_own(pair, to):
    """MKPDUs to the other station alone, to all or a group; SecTAGs of another EtherType."""
    a, b = (json.loads(host.ip("-j", "link", "show", "wire"))[0]["address"] for host in pair.hosts)
    destinations = (b, a) if to == "each other" else (to, to)
    pair.start(mka={"eapol_ethertype": "876f"}, destinations=destinations, ethertype="9876")
    pair.until_secured()
    assert pair.ping() == ECHOES
    pair.check(ECHOES)
    frames = pair.wire.frames()
    assert {frame[12:14] for frame in frames} == {b"\x87\x6f", b"\x98\x76"}
    found = {frame[:6] for frame in frames if frame[12:14] == b"\x87\x6f"}
    assert found == {scalars.destination(one) for one in destinations}
