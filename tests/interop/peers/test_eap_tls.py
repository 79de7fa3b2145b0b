"""EAP-TLS: wpa_supplicant with a Linux kernel's MACsec, hostapd as RADIUS server, our tap between.

    pytest tests/interop/peers/test_eap_tls.py

As root on Linux; `kernel_peer/build.sh` makes the peer with a kernel. The certificates are the
cases of NIAP's module for MACsec, FCS_EAPTLS_EXT.1 and FCS_DEVID_EXT.1.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from interop.kernel_peer.bench import OURS, THEIRS, Bench
from interop.kernel_peer.supplicant import EapSupplicant
from interop.peers.hostapd import PORT, SECRET, Authority, Hostapd
from support.real import hosts
from support.real.taps import Tap

ECHO = ("ping", "-n", "-q", "-c", "2", "-i", "0.01", "-W", "1")


def configuration(path: Path, **eap: Any) -> Path:
    """Write the configuration of a tap whose CAKs come from EAP."""
    secret = path.with_name("radius.secret")
    for each in (path, secret):
        each.touch(mode=0o600)
    secret.write_text(SECRET + "\n")
    section = {"radius": f"127.0.0.1:{PORT}", "secret": f"file:{secret}", **eap}
    path.write_text(json.dumps({"mka": {"priority": "10", "eap": section}}))
    return path


class Access:
    """A tap that authenticates wpa_supplicant by hostapd; all three run while it is entered."""

    def __init__(self, bench: Bench) -> None:
        hosts.need("hostapd")
        self.bench = bench
        self.authority, self.other = Authority("an authority"), Authority("another one")
        self.good = self.authority.issue("a station")
        self.revoked = self.authority.issue("a station that was revoked")

    @contextlib.contextmanager
    def running(
        self, trusted: Authority, certificate: str, key: str, **eap: Any
    ) -> Iterator[tuple[Tap, EapSupplicant, Hostapd]]:
        """Yield the three; the supplicant trusts an authority, and has a certificate and a key."""
        folder = self.bench.folder
        radius = Hostapd(self.bench.host, folder / "radius", self.authority, self.revoked)
        tap = Tap(self.bench.host, "kp0", configuration(folder / "eap.yaml", **eap), OURS)
        wpa = EapSupplicant(self.bench, trusted.own.pem, certificate, key)
        try:
            yield tap, wpa, radius
        finally:
            tap.close()
            wpa.end()
            radius.end()

    def echoes(self, count: int = 20) -> None:
        """Send echoes from both sides; some of each arrive."""
        ping = ("ping", "-n", "-q", "-c", str(count), "-i", "0.02", "-W", "10")
        assert hosts.missed(self.bench.host.run(*ping, THEIRS)) < count
        assert hosts.missed(self.bench.kernel.ok(" ".join((*ping, OURS)))) < count


@pytest.fixture
def access(bench) -> Access:
    """Return the parts of an access port."""
    bench.wire.frames()
    return Access(bench)


def secured(tap: Tap, wpa: EapSupplicant) -> None:
    """Wait until both report it, and give the supplicant's device its address."""
    hosts.until(lambda: tap.secured, "we are secured", tap.process)
    hosts.until(lambda: wpa.secured, "wpa_supplicant is secured")
    wpa.address(THEIRS)


def test_a_good_certificate_reaches_secured_traffic(access):
    """The Authenticator is Key Server; every frame but EAPOL is protected."""
    good = access.good
    with access.running(access.authority, good.pem, good.key_pem) as (tap, wpa, radius):
        secured(tap, wpa)
        access.echoes()
        report = tap.report()
        assert report["eap"]["state"] == "authenticated"
        assert report["eap"]["identity"] == "a station"
        assert report["mka"]["status"]["Is Key Server"] == "Yes"
        (participant,) = report["mka"]["participants"]
        assert len(participant["ckn"]) == 32
        assert {frame[12:14] for frame in access.bench.wire.frames()} == {
            hosts.MACSEC,
            hosts.EAPOL,
        }
        assert wpa.status()["EAP state"] == "SUCCESS"
        assert "EAP-Key-Name" in radius.log or "Attribute 102" in radius.log


def test_a_reauthentication_changes_the_cak(access):
    """A new CAK beside the old one; frames are lost at wpa_supplicant alone.

    It has one device for both participants, which refuses a second receive SC of one SCI until the
    first participant is gone. Between two of ours none is lost: tests/port/test_authenticated.py.
    """
    good = access.good
    with access.running(access.authority, good.pem, good.key_pem, reauth_period=12) as all_three:
        tap, wpa, _ = all_three
        secured(tap, wpa)
        access.echoes()
        (first,) = tap.ckns()
        command = ("ping", "-n", "-q", "-c", "1000", "-i", "0.02", "-W", "10", THEIRS)
        ping = access.bench.host.start(*command, stdout=-1, stderr=-2)
        hosts.until(lambda: first not in tap.ckns(), "another CAK", tap.process)
        output = ping.communicate(timeout=60)[0].decode()
        assert hosts.missed(output) <= 250
        hosts.until(lambda: tap.secured, "we are secured", tap.process)
        access.echoes()


@pytest.mark.parametrize("case", ["foreign", "ended", "revoked", "spoiled", "foreign server"])
def test_a_certificate_that_is_not_good_leaves_the_port_closed(access, case):
    """Of another authority, over, on the list of revoked ones, changed; and a server unknown."""
    good, ended = access.good, access.authority.issue("a station", ended=True)
    foreign = access.other.issue("a station")
    trusted = access.other if case == "foreign server" else access.authority
    certificate, key = {
        "foreign": (foreign.pem, foreign.key_pem),
        "ended": (ended.pem, ended.key_pem),
        "revoked": (access.revoked.pem, access.revoked.key_pem),
        "spoiled": (good.spoiled, good.key_pem),
        "foreign server": (good.pem, good.key_pem),
    }[case]
    with access.running(trusted, certificate, key) as (tap, wpa, _):
        hosts.until(lambda: tap.report()["eap"]["reason"], "a refusal", tap.process)
        report = tap.report()
        assert report["eap"]["reason"] == "the server refused the station"
        assert report["eap"]["counters"] == {"eap-refused": 1}
        assert report["mka"]["participants"] == []
        assert "refused" in report["mka"]["reason"]
        assert not tap.secured
        assert not wpa.has_device()
        access.bench.host.run(*ECHO, THEIRS, code=None)
        assert {frame[12:14] for frame in access.bench.wire.frames()} == {hosts.EAPOL}


def test_without_a_radius_server_the_port_stays_closed_and_opens_once_it_is_there(access):
    """The reason names the server; it is asked again by the supplicant's EAPOL-Start."""
    good = access.good
    with access.running(access.authority, good.pem, good.key_pem) as (tap, wpa, radius):
        secured(tap, wpa)
        radius.end()
        wpa.again()
        hosts.until(
            lambda: "RADIUS server does not answer" in tap.report()["eap"]["reason"],
            "no answer",
            tap.process,
            tick=0.2,
        )
        radius.start()
        wpa.again()
        hosts.until(
            lambda: tap.report()["eap"]["state"] == "authenticated", "an answer", tap.process
        )
        assert tap.report()["eap"]["state"] == "authenticated"
