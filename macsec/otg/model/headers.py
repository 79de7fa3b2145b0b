"""Headers of the frames of a flow."""

from __future__ import annotations

from typing import Annotated, Literal

from .base import Choice, Part
from .field_types import (
    Bits1,
    Bits2,
    Bits3,
    Bits4,
    Bits6,
    Bits8,
    Bits12,
    Bits13,
    Bits16,
    Bits20,
    Bits32,
    Ipv4,
    Ipv6,
    Mac,
    PartedHex,
    only,
)
from .patterns import Checksum, Pattern


class EthernetHeader(Part):
    """DA, SA, EtherType."""

    dst: Pattern[Mac] | None = None
    src: Pattern[Mac] | None = None
    ether_type: Pattern[Bits16] | None = None


class VlanHeader(Part):
    """A VLAN tag."""

    priority: Pattern[Bits3] | None = None
    cfi: Pattern[Bits1] | None = None
    id: Pattern[Bits12] | None = None
    tpid: Pattern[Bits16] | None = None


class Dscp(Part):
    """DSCP and ECN."""

    phb: Pattern[Bits6] | None = None
    ecn: Pattern[Bits2] | None = None


class Priority(Choice):
    """The octet of DSCP and ECN."""

    choice: Literal["raw", "dscp"] = "dscp"
    raw: Pattern[Bits8] | None = None
    dscp: Dscp | None = None


class Ipv4Header(Part):
    """IPv4 without options."""

    version: Pattern[Bits4] | None = None
    header_length: Pattern[Bits4] | None = None
    priority: Priority | None = None
    total_length: Pattern[Bits16] | None = None
    identification: Pattern[Bits16] | None = None
    reserved: Pattern[Bits1] | None = None
    dont_fragment: Pattern[Bits1] | None = None
    more_fragments: Pattern[Bits1] | None = None
    fragment_offset: Pattern[Bits13] | None = None
    time_to_live: Pattern[Bits8] | None = None
    protocol: Pattern[Bits8] | None = None
    header_checksum: Checksum = Checksum()
    src: Pattern[Ipv4] | None = None
    dst: Pattern[Ipv4] | None = None


class Ipv6Header(Part):
    """IPv6 without extension headers."""

    version: Pattern[Bits4] | None = None
    traffic_class: Pattern[Bits8] | None = None
    flow_label: Pattern[Bits20] | None = None
    payload_length: Pattern[Bits16] | None = None
    next_header: Pattern[Bits8] | None = None
    hop_limit: Pattern[Bits8] | None = None
    src: Pattern[Ipv6] | None = None
    dst: Pattern[Ipv6] | None = None


class UdpHeader(Part):
    """UDP."""

    src_port: Pattern[Bits16] | None = None
    dst_port: Pattern[Bits16] | None = None
    length: Pattern[Bits16] | None = None
    checksum: Checksum = Checksum()


class TcpHeader(Part):
    """TCP without options."""

    src_port: Pattern[Bits16] | None = None
    dst_port: Pattern[Bits16] | None = None
    seq_num: Pattern[Bits32] | None = None
    ack_num: Pattern[Bits32] | None = None
    data_offset: Pattern[Bits4] | None = None
    ecn_ns: Pattern[Bits1] | None = None
    ecn_cwr: Pattern[Bits1] | None = None
    ecn_echo: Pattern[Bits1] | None = None
    ctl_urg: Pattern[Bits1] | None = None
    ctl_ack: Pattern[Bits1] | None = None
    ctl_psh: Pattern[Bits1] | None = None
    ctl_rst: Pattern[Bits1] | None = None
    ctl_syn: Pattern[Bits1] | None = None
    ctl_fin: Pattern[Bits1] | None = None
    window: Pattern[Bits16] | None = None
    checksum: Checksum = Checksum()


class MacsecHeader(Part):
    """The place of the SecTAG, which the SecY makes."""

    choice: Annotated[str, only("auto", "the SecY makes the SecTAG")] = "auto"


class CustomHeader(Part):
    """Octets."""

    bytes: PartedHex


class Header(Choice):
    """One header."""

    choice: Literal["ethernet", "vlan", "macsec", "ipv4", "ipv6", "udp", "tcp", "custom"] = (
        "ethernet"
    )
    ethernet: EthernetHeader | None = None
    vlan: VlanHeader | None = None
    macsec: MacsecHeader | None = None
    ipv4: Ipv4Header | None = None
    ipv6: Ipv6Header | None = None
    udp: UdpHeader | None = None
    tcp: TcpHeader | None = None
    custom: CustomHeader | None = None
