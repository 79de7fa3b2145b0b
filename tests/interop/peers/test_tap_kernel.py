"""`macsec tap` against the MACsec device of a Linux kernel."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from interop.kernel_peer.bench import OURS, THEIRS, Bench
from interop.kernel_peer.kpeer import MAC
from support.outputs.schemas import checked
from support.real import hosts

pytest.importorskip("macsec._native", reason="the native data plane is not built")

SUITES = ("gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128", "gcm-aes-xpn-256")
SALT = "0102030405060708090a0b0c"
ECHOES = 20
LISTENS = ":1451 00000000:0000 0A"
"""Port 5201 in /proc/net/tcp."""


@dataclass
class Side:
    """The SA of one side: SCI, key, and the SSCI under XPN."""

    sci: str
    key: str
    ssci: str
    xpn: bool

    def ours(self, an: int = 0) -> dict[str, Any]:
        """Return the SA for our configuration."""
        more = {"ssci": self.ssci, "salt": SALT} if self.xpn else {}
        return {str(an): {"key": self.key, **more}}

    def theirs(self, an: int = 0) -> str:
        """Return the SA as iproute2 takes it."""
        pn = f"xpn 1 salt {SALT} ssci {self.ssci}" if self.xpn else "pn 1"
        return f"sa {an} {pn} on key 0{an} {self.key}"


class Secured:
    """MACsec on both sides of the cable: `ms0` here, `macsec0` in the kernel, one key each way."""

    def __init__(
        self,
        bench: Bench,
        cipher: str,
        kernel: str = "",
        an: int = 0,
        port: int = 1,
        **secy: str,
    ) -> None:
        self.bench, self._cipher, self._kernel, self._an, self._secy = (
            bench,
            cipher,
            kernel,
            an,
            secy,
        )
        self._port = port
        mac = bench.host.ip("link", "show", "kp0")
        own = re.findall(r"link/ether (\S+)", mac)[0].replace(":", "") + "0001"
        octets, xpn = 32 if "256" in cipher else 16, "xpn" in cipher
        self.ours = Side(own, os.urandom(octets).hex(), "00000001", xpn)
        theirs = f"{MAC.replace(':', '')}{port:04x}"
        self.theirs = Side(theirs, os.urandom(octets).hex(), "00000002", xpn)

    def __enter__(self) -> Secured:
        self._secure_kernel()
        command = ("tap", "-c", self._configuration(), "--json")
        pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        host = self.bench.host
        self._tap = host.start_macsec(*command, "--lower", "kp0", "--upper", "ms0", **pipes)
        assert b"ms0 is up" in self._tap.stderr.readline()
        host.ip("address", "add", f"{OURS}/24", "dev", "ms0")
        self.bench.wire.frames()
        return self

    def _configuration(self) -> Path:
        path = self.bench.folder / "link.yaml"
        path.touch(mode=0o600)
        tree = {
            "secy": {"cipher": self._cipher, "encodingsa": str(self._an), **self._secy},
            "tx": {"sci": self.ours.sci, "sa": self.ours.ours(self._an)},
            "rx": [{"sci": self.theirs.sci, "sa": self.theirs.ours(self._an)}],
        }
        path.write_text(json.dumps(tree))
        return path

    def _secure_kernel(self) -> None:
        an, received = self._an, f"ip macsec add macsec0 rx sci {self.ours.sci}"
        commands = (
            "set -e",
            f"ip link add link eth0 macsec0 type macsec port {self._port} "
            f"cipher {self._cipher} encodingsa {an} {self._kernel}",
            f"ip macsec add macsec0 tx {self.theirs.theirs(an)}",
            received,
            f"{received} {self.ours.theirs(an)}",
            f"ip address add {THEIRS}/24 dev macsec0",
            "ip link set macsec0 up",
        )
        self.bench.kernel.ok("\n".join(commands))

    def __exit__(self, *_: object) -> None:
        hosts.end(self._tap)
        self.bench.kernel.ok("ip link del macsec0")

    def know_each_other(self) -> None:
        """Set neighbours: without ARP the counters are known beforehand."""
        shown = self.bench.kernel.ok("ip -br link show macsec0").split()
        mac = re.findall(r"link/ether (\S+)", self.bench.host.ip("link", "show", "ms0"))[0]
        self.bench.host.ip(
            *("neighbour", "replace", THEIRS, "lladdr", shown[2], "dev", "ms0", "nud", "permanent")
        )
        self.bench.kernel.ok(f"ip neighbour replace {OURS} lladdr {mac} dev macsec0 nud permanent")

    def ping_both_ways(self, size: int = 700) -> None:
        """Send echoes from both sides; the counters show whether all arrived."""
        ping = ("ping", "-n", "-q", "-c", str(ECHOES), "-i", "0.01", "-W", "10", "-s", str(size))
        assert hosts.missed(self.bench.host.run(*ping, THEIRS)) < ECHOES
        assert hosts.missed(self.bench.kernel.ok(" ".join((*ping, OURS)))) < ECHOES

    def _settled(self) -> bool:
        """Return whether no frame is in flight."""
        self._tap.send_signal(signal.SIGUSR1)
        line = self._tap.stderr.readline().decode()
        counts = re.findall(r"(\w+Pkts\w+) ([\d,]+)", line)
        ours = {name: int(frames.replace(",", "")) for name, frames in counts}
        theirs = level_sum(self.bench.kernel.show())
        return got(ours) == sent(theirs) and got(theirs) == sent(ours)

    def end(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return our JSON object and the kernel's counters, once no frame is in flight."""
        hosts.until(self._settled, "all frames at the other side", self._tap)
        self._tap.send_signal(signal.SIGTERM)
        out, _ = self._tap.communicate(timeout=60)
        assert self._tap.returncode == 0
        return checked(out), self.bench.kernel.show()


def moved(counters: dict[str, Any]) -> dict[str, int]:
    """Return the counters of one level of an object, the kernel's or ours, that are not zero."""
    return {
        name: count
        for name, count in counters.items()
        if name.startswith(("In", "Out")) and not name.startswith("InPktsNoSA") and count
    }


def level_sum(kernel: dict[str, Any]) -> dict[str, int]:
    """Return all counters that moved in the kernel: of its SecY and its only receive SC."""
    (channel,) = kernel["rx_sc"]
    return moved(kernel) | moved(channel)


def got(counters: dict[str, int]) -> int:
    """Return the protected frames that arrived, with any verdict."""
    return sum(counters.get(name, 0) for name in ("InPktsOK", "InPktsNotValid", "InPktsLate"))


def sent(counters: dict[str, int]) -> int:
    """Return the protected frames that were sent."""
    return counters.get("OutPktsEncrypted", 0) + counters.get("OutPktsProtected", 0)


def check_wire(bench: Bench, flags: int, sci: bool) -> None:
    """Check that the cable carried MACsec only, with the TCI of the configuration."""
    frames = bench.wire.frames()
    assert len(frames) >= 4 * ECHOES
    assert {frame[12:14] for frame in frames} == {hosts.MACSEC}
    assert {frame[14] & 0xFC for frame in frames} == {flags | (0x20 if sci else 0)}


@pytest.mark.parametrize("encrypt", ["on", "off"])
@pytest.mark.parametrize("cipher", SUITES)
def test_both_sides_count_the_same_in_every_suite(bench, cipher, encrypt):
    """Encrypted and integrity only, with pings in both directions."""
    hosts.need("ping")
    with Secured(bench, cipher, f"encrypt {encrypt}", encrypt=encrypt) as link:
        link.know_each_other()
        link.ping_both_ways()
        ours, kernel = link.end()
    check_wire(bench, 0x0C if encrypt == "on" else 0, sci=True)
    frames, octets = 2 * ECHOES, 2 * ECHOES * (2 + 20 + 8 + 700)
    out, into = ("Encrypted", "Decrypted") if encrypt == "on" else ("Protected", "Validated")
    expected = {
        "InPktsOK": frames,
        f"InOctets{into}": octets,
        f"OutPkts{out}": frames,
        f"OutOctets{out}": octets,
    }
    assert moved(ours["counters"]) == expected
    assert level_sum(kernel) == expected
    assert kernel["sa_list"][0]["pn"] == frames + 1
    assert kernel["rx_sc"][0]["sa_list"][0]["pn"] == frames + 1
    assert ours["tx"]["next_pn"] == {"0": str(frames + 1)}
    (channel,) = ours["rx_sc"].values()
    assert channel["sa"]["0"]["next_pn"] == str(frames + 1)


TAGS = {
    "send_sci": ("send_sci on", {}, 0x0C, True),
    "no SCI": ("send_sci off", {"send_sci": "off"}, 0x0C, False),
    "end station": (
        "send_sci off end_station on", {"send_sci": "off", "end_station": "on"}, 0x4C, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("profile", ["ieee", "linux"])
@pytest.mark.parametrize("tag", TAGS)
def test_frames_pass_with_every_form_of_sci(bench, tag, profile):
    """In the tag, from the source address, or of the only peer; under both profiles."""
    hosts.need("ping")
    kernel, ours, flags, sci = TAGS[tag]
    given = f"encrypt on {kernel}"
    with Secured(bench, "gcm-aes-128", given, profile=profile, **ours) as link:
        link.ping_both_ways()
        link.end()
    check_wire(bench, flags, sci)


def test_a_port_other_than_1_and_an_3_work(bench):
    """In the SCI of the peer, and on both sides."""
    hosts.need("ping")
    with Secured(bench, "gcm-aes-256", "encrypt on", an=3, port=2583) as link:
        link.ping_both_ways()
        ours, kernel = link.end()
    assert {frame[14] & 3 for frame in bench.wire.frames()} == {3}
    assert ours["counters"]["InPktsOK"] >= 2 * ECHOES
    assert kernel["rx_sc"][0]["InPktsOK"] >= 2 * ECHOES


@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-xpn-256"])
def test_no_frame_is_late_with_a_window_of_0(bench, cipher):
    """On both sides: frames keep their order."""
    hosts.need("ping")
    with Secured(bench, cipher, "encrypt on replay on window 0", replay="on", window="0") as link:
        link.know_each_other()
        link.ping_both_ways()
        ours, kernel = link.end()
    assert "InPktsLate" not in level_sum(kernel) | moved(ours["counters"])
    assert level_sum(kernel)["InPktsOK"] == ours["counters"]["InPktsOK"] == 2 * ECHOES


def test_frames_of_all_sizes_pass(bench):
    """Short frames with an SL, the longest that fit, and fragments."""
    hosts.need("ping")
    with Secured(bench, "gcm-aes-128", "encrypt on") as link:
        link.know_each_other()
        for size in (0, 1, 17, 18, 19, 1440, 4000):
            link.ping_both_ways(size)
        ours, kernel = link.end()
    assert level_sum(kernel)["InPktsOK"] == ours["counters"]["OutPktsEncrypted"]
    assert level_sum(kernel)["OutPktsEncrypted"] == ours["counters"]["InPktsOK"]
    assert max(map(len, bench.wire.frames())) == 1514


def test_frames_under_another_key_are_not_valid(bench):
    """To either side; none is delivered."""
    hosts.need("ping")
    link = Secured(bench, "gcm-aes-128", "encrypt on")
    right = link.ours.key, link.theirs.key
    configuration = link._configuration

    def wrong() -> Path:
        link.ours.key, link.theirs.key = (
            key[:-2] + f"{int(key[-2:], 16) ^ 1:02x}" for key in right
        )
        return configuration()

    link._configuration = wrong  # type: ignore[method-assign]
    with link:
        link.know_each_other()
        once = ("ping", "-n", "-q", "-c", "3", "-i", "0.01", "-W", "1")
        assert " 0 received" in bench.host.run(*once, THEIRS, code=1)
        assert " 0 received" in bench.kernel.sh(" ".join((*once, OURS)))[1]
        ours, kernel = link.end()
    assert moved(ours["counters"])["InPktsNotValid"] == 3
    assert level_sum(kernel)["InPktsNotValid"] == 3


def test_clear_frames_of_the_kernel_are_refused(bench):
    """InPktsNoTag; none is delivered."""
    hosts.need("ping")
    with Secured(bench, "gcm-aes-128", "encrypt on") as link:
        bench.kernel.ok("ip address add 10.6.0.2/24 dev eth0")
        bench.kernel.sh("ping -n -q -c 2 -i 0.01 -W 1 10.6.0.1")
        bench.kernel.ok("ip address del 10.6.0.2/24 dev eth0")
        ours, _ = link.end()
    assert ours["counters"]["InPktsNoTag"] >= 1
    assert ours["from_wire"]["frames_out"] == 0


@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-xpn-256"])
@pytest.mark.parametrize("way", ["", "-R"], ids=["to the kernel", "from the kernel"])
def test_tcp_streams_pass_in_both_directions(bench, cipher, way):
    """iperf3 with the kernel as server, and ARP; both sides validate every frame."""
    hosts.need("iperf3")
    with Secured(bench, cipher, "encrypt on") as link:
        bench.kernel.start("iperf3 -4 -s -1")
        hosts.until(lambda: LISTENS in bench.kernel.ok("cat /proc/net/tcp"), "iperf3")
        command = ("iperf3", "-c", THEIRS, "-n", "8M", "--json")
        report = json.loads(bench.host.run(*command, *way.split()))
        ours, kernel = link.end()
    assert report["end"]["sum_sent"]["bytes"] >= 8 << 20
    assert report["end"]["sum_received"]["bytes"] > 1 << 20  # the rest is in buffers yet
    assert {frame[12:14] for frame in bench.wire.frames()} == {hosts.MACSEC}
    assert set(level_sum(kernel)) == {
        *("InPktsOK", "InOctetsDecrypted", "OutPktsEncrypted", "OutOctetsEncrypted")
    }
    assert set(moved(ours["counters"])) == set(level_sum(kernel))
