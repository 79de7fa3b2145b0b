"""The headers of a flow, each as fields; what a client leaves out follows from the next header."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from macsec.otg.model.headers import Header, Ipv4Header
from macsec.otg.model.patterns import Checksum

from .fields import Fields, HeaderField

ETHERTYPES = {"vlan": 0x8100, "ipv4": 0x0800, "ipv6": 0x86DD}
PROTOCOLS = {"tcp": 6, "udp": 17, "ipv4": 4, "ipv6": 41}
NO_TYPE = {"ethernet": 0xFFFF, "vlan": 0xFFFF, "ipv4": 61, "ipv6": 59}
"""The type of a frame that ends behind a header: of no protocol."""


@dataclass(frozen=True, slots=True)
class HeaderLayer:
    """A header. `following`: the type of the next one; `checksum` of UDP, TCP or IPv4, if any."""

    kind: str
    fields: Fields
    following: int
    checksum: Checksum | None = None


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of a flow between devices, for headers that name none."""

    mac: tuple[int, int] = (0, 0)
    ipv4: tuple[int, int] = (0, 0)
    ipv6: tuple[int, int] = (0, 0)


_Row = tuple[str, int, int | None]
"""Name, width and default; None: it follows from the frame."""

_ROWS: dict[str, tuple[_Row, ...]] = {
    "ethernet": (("dst", 48, 0), ("src", 48, 0), ("ether_type", 16, None)),
    "vlan": (("priority", 3, 0), ("cfi", 1, 0), ("id", 12, 0), ("ether_type", 16, None)),
    "ipv4": (
        *(("version", 4, 4), ("header_length", 4, 5), ("tos", 8, 0), ("total_length", 16, None)),
        *(("identification", 16, 0), ("reserved", 1, 0), ("dont_fragment", 1, 0)),
        *(("more_fragments", 1, 0), ("fragment_offset", 13, 0), ("time_to_live", 8, 64)),
        *(("protocol", 8, None), ("checksum", 16, None), ("src", 32, 0), ("dst", 32, 0)),
    ),
    "ipv6": (
        *(("version", 4, 6), ("traffic_class", 8, 0), ("flow_label", 20, 0)),
        *(("payload_length", 16, None), ("next_header", 8, None), ("hop_limit", 8, 64)),
        *(("src", 128, 0), ("dst", 128, 0)),
    ),
    "udp": (("src_port", 16, 0), ("dst_port", 16, 0), ("length", 16, None), ("checksum", 16, None)),
    "tcp": (
        *(("src_port", 16, 0), ("dst_port", 16, 0), ("seq_num", 32, 0), ("ack_num", 32, 0)),
        *(("data_offset", 4, 5), ("unused", 3, 0), ("ecn_ns", 1, 0), ("ecn_cwr", 1, 0)),
        *(("ecn_echo", 1, 0), ("ctl_urg", 1, 0), ("ctl_ack", 1, 0), ("ctl_psh", 1, 0)),
        *(("ctl_rst", 1, 0), ("ctl_syn", 1, 0), ("ctl_fin", 1, 0), ("window", 16, 0)),
        *(("checksum", 16, None), ("urgent", 16, 0)),
    ),
}


def layers_of(headers: Sequence[Header], addresses: Addresses) -> list[HeaderLayer]:
    """Return the headers of a flow, without the place of a SecTAG."""
    kept = [header for header in headers if header.choice != "macsec"]
    kinds = [header.choice for header in kept]
    return [
        _layer(header, kept[at + 1] if at + 1 < len(kept) else None, addresses)
        for at, header in enumerate(kept)
        if kinds
    ]


def _layer(header: Header, following: Header | None, addresses: Addresses) -> HeaderLayer:
    kind = header.choice
    given = getattr(header, kind)
    if kind == "custom":
        octets = given.bytes if given is not None else b""
        return HeaderLayer(
            kind, Fields((HeaderField("bytes", 8 * len(octets), [int.from_bytes(octets)]),)), 0
        )
    automatic = _default_addresses(kind, addresses)
    fields = [
        HeaderField(name, width, _values(given, name, width, automatic.get(name, default)))
        for name, width, default in _ROWS[kind]
    ]
    checksum = getattr(given, "header_checksum" if kind == "ipv4" else "checksum", None)
    if kind in _CHECKED:
        checksum = checksum or Checksum()
    return HeaderLayer(kind, Fields(tuple(fields)), _following(kind, following), checksum)


_CHECKED = {"ipv4", "udp", "tcp"}


def _default_addresses(kind: str, addresses: Addresses) -> dict[str, int]:
    name = {"ethernet": "mac"}.get(kind, kind)
    src, dst = getattr(addresses, name, (0, 0))
    return {"src": src, "dst": dst}


def _values(given: Any, name: str, width: int, default: int | None) -> Sequence[int] | None:
    if name == "tos":
        return _tos(given)
    pattern = getattr(given, name, None)
    if pattern is None or name == "checksum":
        return None if default is None else [default]
    found: Sequence[int] | None = pattern.over(width, default or 0)
    if found is None and default is not None:
        return [default]
    return found


def _tos(given: Ipv4Header | None) -> Sequence[int]:
    priority = None if given is None else given.priority
    if priority is None:
        return [0]
    if priority.choice == "raw":
        return (priority.raw and priority.raw.over(8, 0)) or [0]
    dscp = priority.dscp
    phb = (dscp and dscp.phb and dscp.phb.over(6, 0)) or [0]
    ecn = (dscp and dscp.ecn and dscp.ecn.over(2, 0)) or [0]
    both = max(len(phb), len(ecn))
    return [phb[n % len(phb)] << 2 | ecn[n % len(ecn)] for n in range(both)]


def _following(kind: str, following: Header | None) -> int:
    if following is None or kind not in NO_TYPE:
        return NO_TYPE.get(kind, 0)
    if kind in ("ipv4", "ipv6"):
        return PROTOCOLS.get(following.choice, NO_TYPE[kind])
    if following.choice == "vlan" and following.vlan is not None and following.vlan.tpid:
        return (following.vlan.tpid.over(16, ETHERTYPES["vlan"]) or [ETHERTYPES["vlan"]])[0]
    return ETHERTYPES.get(following.choice, NO_TYPE[kind])


Automatic = Callable[[HeaderLayer, int], dict[str, int]]


def automatic_of(layer: HeaderLayer, behind: int) -> dict[str, int]:
    """Return lengths and types of a header with some octets behind it."""
    whole = layer.fields.octets + behind
    return {
        "ether_type": layer.following,
        "protocol": layer.following,
        "next_header": layer.following,
        "total_length": whole,
        "length": whole,
        "payload_length": behind,
    }
