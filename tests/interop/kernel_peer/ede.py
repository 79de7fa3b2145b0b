"""An EDE of Linux devices: VLAN device, MACsec device, and above it VLANs or a bridge."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Self

from support.real import hosts

from macsec.captures import read

from .bench import Bench


class Tag(NamedTuple):
    """A VLAN tag as Linux spells it."""

    protocol: str
    vid: int


class Chain(NamedTuple):
    """The tags of a kind of EDE, and whether its bridge has VLANs: that of an EDE-M has none."""

    outside: Tag | None
    inside: Tag
    filtering: bool = True


VID = 7
C_TAG, S_TAG = Tag("802.1Q", VID), Tag("802.1ad", VID)
RED = Tag("802.1Q", 12)
CHAINS = {
    "m": Chain(None, RED, filtering=False),
    "m, priority tag": Chain(Tag("802.1Q", 0), RED, filtering=False),
    "cs": Chain(S_TAG, RED),
    "cc": Chain(C_TAG, C_TAG),
    "ss": Chain(S_TAG, S_TAG),
}
TOS, QUEUE, PRIORITY = 0x10, 6, 5
"""A type of service, the priority that the kernel gives it, and the one that VLAN devices send."""
CAPTURE, LISTENS, STATUS = "/tmp/red.pcap", "/tmp/red.stderr", "/tmp/ping.status"


class KernelEde:
    """The devices of an EDE in the guest, from the first end of a link with static keys.

    `form`: `vlan device`, where the host of the red side is a VLAN device above the MACsec device;
    or `bridge`, where it is behind another port of a bridge. `host`: its MAC address; `at`: its
    IPv4 address. Echoes have a priority without a bridge: one of Linux takes none from a tag.
    """

    def __init__(
        self, bench: Bench, kind: str, form: str, ends: Sequence[Any], host: int, at: str
    ) -> None:
        self._kernel, self._folder, self._chain = bench.kernel, bench.folder, CHAINS[kind]
        self._bridged, self._ends, self._at = form == "bridge", ends, at
        self._mac = host.to_bytes(6).hex(":")
        self.priority = 0 if self._bridged else PRIORITY

    def __enter__(self) -> Self:
        commands = (
            f"rm -f {CAPTURE} {LISTENS} {STATUS}",
            *self._black(),
            *self._secy(),
            *self._red(),
        )
        try:
            self._kernel.ok("\n".join(("set -e", *commands)))
            self._watch()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._remove()

    def _remove(self) -> None:
        devices = "red bridge0 host1 macsec0 black"
        self._kernel.sh(f"killall tcpdump; for each in {devices}; do ip link del $each; done")

    # ---------------------------------------------------------------- devices

    @property
    def _lower(self) -> str:
        return "eth0" if self._chain.outside is None else "black"

    def _vlan(self, below: str, name: str, tag: Tag, more: str = "") -> Iterator[str]:
        yield (
            f"ip link add link {below} name {name} {more} type vlan proto {tag.protocol}"
            f" id {tag.vid} egress-qos-map {QUEUE}:{self.priority}"
        )
        yield f"ip link set {name} up"

    def _black(self) -> Iterator[str]:
        if self._chain.outside is not None:
            yield from self._vlan("eth0", "black", self._chain.outside)

    def _secy(self) -> Iterator[str]:
        own, peer = self._ends
        yield (
            f"ip link add link {self._lower} macsec0 type macsec sci 0x{own['tx']['sci']}"
            f" cipher {own['secy']['cipher']} encrypt on replay on window 0 validate strict"
        )
        receives = f"ip macsec add macsec0 rx sci {peer['tx']['sci']}"
        yield f"ip macsec add macsec0 tx {_sa(own['tx'])}"
        yield receives
        yield f"{receives} {_sa(peer['tx'])}"
        yield "ip link set macsec0 up"

    def _red(self) -> Iterator[str]:
        below, address = "macsec0", f"address {self._mac}"
        if self._bridged:
            yield from self._bridge(address)
            below = "host1"
        yield from self._vlan(below, "red", self._chain.inside, address)
        yield f"ip address add {self._at} dev red"

    def _bridge(self, address: str) -> Iterator[str]:
        """Join macsec0 with a port whose cable ends at host1."""
        filtering, (protocol, vid) = self._chain.filtering, self._chain.inside
        yield (
            f"ip link add bridge0 type bridge mcast_snooping 0 vlan_protocol {protocol}"
            f" vlan_filtering {int(filtering)}"
        )
        yield f"ip link add port1 type veth peer name host1 {address}"
        for port in ("macsec0", "port1"):
            yield f"ip link set {port} master bridge0 up"
            if filtering:
                yield f"bridge vlan del dev {port} vid 1"
                yield f"bridge vlan add dev {port} vid {vid}"
        yield "ip link set bridge0 up"
        yield "ip link set host1 up"

    # ---------------------------------------------------------------- the red side

    def _watch(self) -> None:
        device = "host1" if self._bridged else "macsec0"
        self._kernel.start(
            f"tcpdump -Z root -U --immediate-mode -i {device} -w {CAPTURE} 2>{LISTENS}"
        )
        listens = f"grep -q listening {LISTENS}"
        hosts.until(lambda: self._kernel.sh(listens)[0] == 0, "tcpdump in the guest")

    def frames(self, least: int) -> list[bytes]:
        """Return the frames of the red side, of both directions, once there are `least`."""
        lines = f"$(tcpdump -Z root -n -q -r {CAPTURE} 2>/dev/null | wc -l)"
        whole = f"test {lines} -ge {least}"
        hosts.until(lambda: self._kernel.sh(whole)[0] == 0, f"{least} frames on the red side")
        self._kernel.ok("kill -INT $(pidof tcpdump)")
        hosts.until(lambda: self._kernel.sh("pidof tcpdump")[0] != 0, "its end")
        path = self._folder / "red.pcap"
        path.write_bytes(base64.b64decode(self._kernel.ok(f"base64 {CAPTURE}")))
        return [bytes(frame) for batch in read(path) for frame in batch]

    def send_to(self, destinations: Sequence[bytes]) -> None:
        """Send a frame to each address from the host of the red side."""
        network = self._at.rsplit(".", 1)[0]
        to = {f"{network}.{number}": each for number, each in enumerate(destinations, 100)}
        neighbours = "".join(
            f"neighbour replace {ip} lladdr {mac.hex(':')} dev red nud permanent\n"
            for ip, mac in to.items()
        )
        self._kernel.ok(f"ip -batch - <<'END'\n{neighbours}END")
        self._kernel.ok(f"for each in {' '.join(to)}; do ping -n -q -c 1 -W 0.01 $each; done; true")

    def ping(self, to: str, sizes: tuple[int, ...], carry: Callable[[], None]) -> None:
        """Send an echo of each size; `carry` is called until all are over, and all are answered."""
        ping = f"ping -n -q -c 1 -W 20 -Q {TOS} -s"
        each = " && ".join(f"{ping} {size} {to}" for size in sizes)
        self._kernel.start(f"({each}); echo $? > {STATUS}")

        def over() -> bool:
            carry()
            return self._kernel.sh(f"test -s {STATUS}")[0] == 0

        hosts.until(over, "answers to all echoes")
        assert self._kernel.ok(f"cat {STATUS}; rm {STATUS}").strip() == "0", "no answer"


def _sa(channel: Any) -> str:
    ((an, sa),) = channel["sa"].items()
    return f"sa {an} pn 1 on key 0{an} {sa['key'].hex()}"
