"""wpa_supplicant in the kernel peer, and a link between it and `macsec tap --mka`."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

from support.real import hosts
from support.real.taps import Tap, counts_of, got, mka_configuration, sent

from macsec.config import KeyRing, load
from macsec.config.exchange import FORMATS

from .bench import OURS, THEIRS, Bench
from .kpeer import KernelPeer

LOG = logging.getLogger(__name__)
EXHAUSTION = 0xC000_0000
ECHOES = 20
ROLES = {"key server": (10, 200), "member": (200, 10)}
"""Our role: our priority and wpa_supplicant's."""
START = "wpa_supplicant -B -P /run/wpa.pid -D macsec_linux -i eth0 -c {} -f /tmp/wpa.log"
HAS_DEVICE = "test -e /sys/class/net/macsec0"


def waits_for(condition: str) -> str:
    """Return the shell command that waits until another one is true, or gives up."""
    return f"for each in $(seq 600); do {condition} && break; sleep 0.05; done"


END = (
    "pid=none; read -r pid </run/wpa.pid; kill -{} $pid\n"
    f"{waits_for('! test -e /proc/$pid')}\n"
    "! test -e /proc/$pid || exit 1\n"
    "! test -e /sys/class/net/macsec0 || ip link del macsec0"
)
PROTECTED = {"InPktsOK", "InOctetsDecrypted", "OutPktsEncrypted", "OutOctetsEncrypted"}


def exported(config: Path) -> str:
    """Return a configuration as wpa_supplicant reads it, like `macsec keys export`."""
    model = load(str(config))
    with KeyRing(model.origin.folder) as ring:
        (file,) = FORMATS["wpa_supplicant"].export(model, ring, config.parent).files
    model.wipe()
    return file.text


class _Controlled:
    """wpa_supplicant in the guest, asked by its control socket."""

    _kernel: KernelPeer

    def status(self) -> dict[str, str]:
        """`wpa_cli status`."""
        output = self._kernel.ok("wpa_cli -p /run/wpa -i eth0 status")
        return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)

    @property
    def secured(self) -> bool:
        """True if its status is secured."""
        return self.status().get("Secured") == "Yes"


class Supplicant(_Controlled):
    """wpa_supplicant in the guest, with its MACsec device macsec0."""

    def __init__(self, bench: Bench, config: Path) -> None:
        self._kernel = bench.kernel
        text = f"ctrl_interface=/run/wpa\n{exported(config)}"
        self._config = self._kernel.give("wpa.conf", text)
        self.start()

    def start(self) -> None:
        """Start it; its device gets an address."""
        device = f"{HAS_DEVICE} && ip address add {THEIRS}/24 dev macsec0"
        self._kernel.ok(f"{START.format(self._config)} && {waits_for(HAS_DEVICE)} && {device}")

    def end(self, number: str = "TERM") -> None:
        """End it by a signal, and remove the device that it left."""
        self._kernel.ok(END.format(number))

    def counters(self) -> dict[str, int]:
        """Return the counters of its kernel: the transmit SC, and its only receive SC."""
        shown = self._kernel.show()
        (channel,) = shown["rx_sc"]
        return counts_of(shown) | counts_of(channel)


class EapSupplicant(_Controlled):
    """wpa_supplicant in the guest with a certificate; it has macsec0 once it is authenticated."""

    def __init__(self, bench: Bench, authority: str, certificate: str, key: str) -> None:
        self._kernel = bench.kernel
        files = {"ca.pem": authority, "client.pem": certificate, "client.key": key}
        paths = [bench.kernel.give(name, text) for name, text in files.items()]
        network = {
            "key_mgmt": "IEEE8021X",
            "eap": "TLS",
            "identity": '"a station"',
            **{
                name: f'"{path}"'
                for name, path in zip(("ca_cert", "client_cert", "private_key"), paths, strict=True)
            },
            "eapol_flags": "0",
            "macsec_policy": "1",
        }
        lines = "".join(f"  {name}={value}\n" for name, value in network.items())
        text = f"ctrl_interface=/run/wpa\neapol_version=3\nap_scan=0\nnetwork={{\n{lines}}}\n"
        self._kernel.ok(START.format(self._kernel.give("wpa.conf", text)))

    def has_device(self) -> bool:
        """Return whether its MACsec device is there."""
        return self._kernel.sh(HAS_DEVICE)[0] == 0

    def address(self, address: str) -> None:
        """Give its device an address."""
        device = f"{HAS_DEVICE} && ip address replace {address}/24 dev macsec0"
        self._kernel.ok(f"{waits_for(HAS_DEVICE)} && {device}")

    def again(self) -> None:
        """Let it authenticate anew, from EAPOL-Start on."""
        ask = "wpa_cli -p /run/wpa -i eth0"
        self._kernel.ok(f"{ask} logoff && {ask} logon")

    def end(self) -> None:
        """End it, and remove the device that it left."""
        self._kernel.ok(END.format("TERM"))


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
