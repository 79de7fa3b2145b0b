"""Two hosts in real time with user-space MACsec between them, or the same without MACsec.

Each host is a network namespace with a TAP device; a pump moves frames between it and a veth cable.
On the clear path the pump's SecY passes frames as they are (protectFrames False, validateFrames
Null), copied once. Both paths are those of one tunnel, in turn: where the system puts the threads
of a tunnel can change a round trip by a tenth, so two tunnels differ in more than MACsec.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Self

from macsec import trust
from macsec.errors import EnvironmentLacks, MACsecError
from macsec.live.devices import OVERHEAD, interface, open_packet, open_tap
from macsec.live.namespace import Namespace
from macsec.live.pump import Pump
from macsec.measure.arithmetic import BITS_PER_GBIT
from macsec.secy import Controls, SecY, Validate
from macsec.suites import CipherSuite

NAME = "mw0"
PORT = 7
ADDRESSES = ("10.9.0.1", "10.9.0.2")
SYSTEMS = (0x02A0_0000_0001, 0x02A0_0000_0002)
CLEAR: Mapping[str, Any] = {"protect": False, "validate": Validate.NULL}
"""Controls of a SecY on the clear path."""
ROOM = 60
"""Seconds that iperf3 has to end, beyond its own."""
PAUSE_S = 0.05

Keys = Mapping[str, str]


def protected(suite: CipherSuite, keys: Keys) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the configurations of both stations. `keys`: `key`, and `salt` for XPN, in hex."""
    xpn = suite.xpn
    scis = [f"{system:012x}0001" for system in SYSTEMS]

    def sa(side: int) -> dict[str, Any]:
        more = {"ssci": f"{side + 1:08x}", "salt": keys["salt"]} if xpn else {}
        return {"key": keys["key"], **more}

    def station(side: int) -> dict[str, Any]:
        other = 1 - side
        return {
            "secy": {"cipher": suite.name},
            "tx": {"sci": scis[side], "sa": {"0": sa(side)}},
            "rx": [{"sci": scis[other], "sa": {"0": sa(other)}}],
        }

    return station(0), station(1)


class Tunnel:
    """Two hosts and the link between them, up while it is open. `mtu`: MTU of the TAP devices.

    Without `configs` there is the cable alone, with room for the overhead of MACsec.
    """

    def __init__(self, configs: Sequence[Mapping[str, Any]], mtu: int) -> None:
        self._stack = ExitStack()
        self._pumps: list[Pump] = []
        self._secys: list[tuple[SecY, Controls]] = []
        try:
            self.hosts = [self._stack.enter_context(Namespace(f"host {n}")) for n in (1, 2)]
            self._join(mtu)
            for side, config in enumerate(configs):
                self._raise(side, config, mtu)
        except BaseException:
            self._stack.close()
            raise

    def _join(self, mtu: int) -> None:
        one, two = self.hosts
        for host in self.hosts:
            host.without_ipv6()
        one.ip(f"link add name wire type veth peer wire netns {two.path}")
        for host in self.hosts:
            host.ip(f"link set dev wire mtu {mtu + OVERHEAD} up")

    def _raise(self, side: int, config: Mapping[str, Any], mtu: int) -> None:
        enter = self._stack.enter_context
        secy = enter(SecY.from_config(config, "native"))
        self._secys.append((secy, secy.controls))
        # On the clear path the system would answer ARP here too, and receive what the pump should.
        self.hosts[side].ip("link set dev wire arp off")
        with self.hosts[side].inside():
            wire = enter(open_packet(interface("wire")))
            clear = enter(open_tap(NAME, mtu, SYSTEMS[side].to_bytes(6)))
        self.hosts[side].ip(f"addr add {ADDRESSES[side]}/24 dev {NAME}")
        self._pumps.append(enter(Pump(clear, wire, secy)))

    def socket(self, side: int) -> socket.socket:
        """Open a datagram socket on a host; the first host's is connected to the second's."""
        with self.hosts[side].inside():
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if side == 0:
            made.connect((ADDRESSES[1], PORT))
        else:
            made.bind((ADDRESSES[1], PORT))
        return made

    def protect(self, on: bool) -> None:
        """Let frames pass as the configurations say, or as they are: from the next frame on."""
        for secy, given in self._secys:
            safe = {"protect": given.protect, "validate": given.validate}
            secy.set_controls(**(safe if on else CLEAR))

    def iperf(self, seconds: int, address: str = ADDRESSES[1]) -> float:
        """Return the Gbit/s of TCP by iperf3 from the first host to an address of the second."""
        program = iperf3()
        if program is None:
            raise EnvironmentLacks("iperf3 is not here (apt install iperf3)")
        with self.hosts[1].inside():
            server = subprocess.Popen(  # noqa: S603
                [program, "-s", "-1", "--forceflush"],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=trust.environment(),
            )
        try:
            _await_listening(server)
            with self.hosts[0].inside():
                done = subprocess.run(  # noqa: S603
                    [program, "-c", address, "-t", str(seconds), "-J"],
                    capture_output=True,
                    check=False,
                    env=trust.environment(),
                    timeout=seconds + ROOM,
                )
        finally:
            server.kill()
            server.communicate()
        report = json.loads(done.stdout or "{}")
        if "error" in report or "end" not in report:
            raise MACsecError(f"iperf3: {report.get('error', 'it report nothing')}")
        return float(report["end"]["sum_received"]["bits_per_second"]) / BITS_PER_GBIT

    @property
    def moved(self) -> int:
        """Frames that both pumps have read so far."""
        return sum(way["frames_in"] for pump in self._pumps for way in pump.traffic)

    def settle(self) -> None:
        """Wait until the pumps move nothing more."""
        last = -1
        while (moved := self.moved) != last:
            last = moved
            time.sleep(PAUSE_S)

    def close(self) -> None:
        """Remove hosts and devices."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def iperf3() -> str | None:
    """Return the path of the program, or None."""
    return trust.program("iperf3")


def _await_listening(server: subprocess.Popen[bytes]) -> None:
    """Wait for the second line of its output, which says that it listens; the first is a rule."""
    if server.stdout is None or not server.stdout.readline() or not server.stdout.readline():
        raise MACsecError("iperf3: the server did not start")
