"""MTUs along a path: what each layer around and inside MACsec takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from macsec.terms import ICV_LENGTH

SECTAG_WITHOUT_SCI, SCI_LENGTH = 8, 8
IPV4_TCP, IPV6_TCP = 40, 60


def overhead(with_sci: bool, icv_length: int = ICV_LENGTH) -> int:
    """Return the octets that MACsec adds; an XPN suite adds no more (802.1AE 9.3, 9.8)."""
    return SECTAG_WITHOUT_SCI + SCI_LENGTH * with_sci + icv_length


@dataclass(frozen=True, slots=True)
class Layer:
    """Octets that a layer takes from the one outside. `unit`: its payload is a multiple less 2."""

    name: str
    octets: int
    unit: int = 1

    def inside(self, mtu: int) -> int:
        """Return the MTU that this layer leaves."""
        left = mtu - self.octets
        return left // self.unit * self.unit - 2 if self.unit > 1 else left

    def outside(self, mtu: int) -> int:
        """Return the MTU that this layer needs for one inside."""
        return (-(-(mtu + 2) // self.unit) * self.unit if self.unit > 1 else mtu) + self.octets


MACSEC = Layer("MACsec", 0)
"""The place of MACsec in a path; its octets depend on the port."""
C_TAG, S_TAG = Layer("VLAN tag (C-TAG)", 4), Layer("service tag (S-TAG)", 4)
INNER_ETHERNET = Layer("inner Ethernet", 14)
LABEL = "MPLS label"


@dataclass(frozen=True, slots=True)
class HopKind:
    """A hop: its layers, the outermost first, below the wire. `source`: where the octets are."""

    name: str
    title: str
    layers: tuple[Layer, ...]
    source: str


PATHS: dict[str, HopKind] = {
    path.name: path
    for path in (
        HopKind("lan", "a cable, or a switch port", (MACSEC,), "IEEE 802.1AE 9.3"),
        HopKind("vlan", "a VLAN inside MACsec", (MACSEC, C_TAG), "IEEE 802.1Q 9.3, 802.1AE 9.3"),
        HopKind(
            "vlan-clear",
            "a VLAN tag in clear before the SecTAG",
            (C_TAG, MACSEC),
            "IEEE 802.1AE 15; Nokia clear-tag-mode",
        ),
        HopKind(
            "qinq-clear",
            "two tags in clear before the SecTAG",
            (S_TAG, C_TAG, MACSEC),
            "IEEE 802.1ad; Nokia clear-tag-mode dual-tag",
        ),
        HopKind(
            "ede-m", "an EDE-M: one tag of its own outside", (C_TAG, MACSEC), "IEEE 802.1AE 15.4"
        ),
        HopKind(
            "ede-cs",
            "an EDE-CS: a service tag outside, a VLAN inside",
            (S_TAG, MACSEC, C_TAG),
            "IEEE 802.1AE 15.5",
        ),
        HopKind(
            "ede-ss",
            "an EDE-SS: service tags outside and inside",
            (S_TAG, MACSEC, S_TAG, C_TAG),
            "IEEE 802.1AE 15.7",
        ),
        HopKind(
            "wan",
            "an E-Line whose provider adds a service tag",
            (S_TAG, MACSEC),
            "MEF 10; IEEE 802.1ad",
        ),
        HopKind(
            "pseudowire",
            "a pseudowire over MPLS: two labels, control word",
            (Layer(f"{LABEL}s, two", 8), Layer("control word", 4), INNER_ETHERNET, MACSEC),
            "RFC 4448, RFC 3032",
        ),
        HopKind(
            "vxlan",
            "VXLAN over IPv4 that carries MACsec",
            (Layer("IPv4, UDP and VXLAN", 36), INNER_ETHERNET, MACSEC),
            "RFC 7348",
        ),
        HopKind(
            "mpls",
            "MPLS inside MACsec, hop by hop: two labels",
            (MACSEC, Layer(f"{LABEL}s, two", 8)),
            "RFC 3032",
        ),
        HopKind(
            "mpls-gre",
            "MPLS in GRE inside MACsec: IPv4, GRE, one label",
            (MACSEC, Layer("IPv4", 20), Layer("GRE", 4), Layer(LABEL, 4)),
            "RFC 4023, RFC 2784",
        ),
        HopKind(
            "mpls-udp",
            "MPLS in UDP inside MACsec: IPv4, UDP, one label",
            (MACSEC, Layer("IPv4 and UDP", 28), Layer(LABEL, 4)),
            "RFC 7510",
        ),
        HopKind(
            "ipsec",
            "an IPsec tunnel inside MACsec, AES-GCM",
            (MACSEC, Layer("IPv4", 20), Layer("ESP, AES-GCM-16", 32, 4)),
            "RFC 4303, RFC 4106",
        ),
        HopKind(
            "ipsec-nat",
            "the same in UDP (NAT traversal)",
            (MACSEC, Layer("IPv4 and UDP", 28), Layer("ESP, AES-GCM-16", 32, 4)),
            "RFC 3948",
        ),
        HopKind(
            "wireguard",
            "WireGuard over IPv4 inside MACsec",
            (MACSEC, Layer("IPv4 and UDP", 28), Layer("WireGuard", 32)),
            "WireGuard whitepaper 5.4.6",
        ),
    )
}
"""Kinds of hops by name."""


@dataclass(frozen=True, slots=True)
class LayerMtu:
    """A layer of a hop, the octets that it takes, and the MTU inside of it."""

    name: str
    octets: int
    mtu: int


def along(path: HopKind, wire: int, macsec: int) -> Iterator[LayerMtu]:
    """Yield the layers of a hop inside a wire's MTU; `macsec`: the octets of MACsec."""
    mtu = wire
    for layer in _layers(path, macsec):
        inside = layer.inside(mtu)
        yield LayerMtu(layer.name, mtu - inside, inside)
        mtu = inside


def wire_for(path: HopKind, ip_mtu: int, macsec: int) -> int:
    """Return the MTU of the wire that an MTU of IP needs."""
    mtu = ip_mtu
    for layer in reversed(_layers(path, macsec)):
        mtu = layer.outside(mtu)
    return mtu


def _layers(path: HopKind, macsec: int) -> list[Layer]:
    return [Layer("MACsec", macsec) if layer is MACSEC else layer for layer in path.layers]
