"""Emulated devices: Ethernet interfaces with addresses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Choice, Part
from .field_types import Bits3, Bits12, Ipv4, Ipv6, Mac
from .security import Macsec

TPIDS = {"x8100": 0x8100, "x88A8": 0x88A8, "x9100": 0x9100, "x9200": 0x9200, "x9300": 0x9300}
"""EtherTypes of VLAN tags, by name."""


class GatewayMac(Choice):
    """The address of a gateway: found at the other end of the wire, or given."""

    choice: Literal["auto", "value"] = "auto"
    auto: Mac | None = None
    value: Mac | None = None


class DeviceIpv4(Part):
    """An IPv4 address."""

    name: str
    address: Ipv4
    gateway: Ipv4
    gateway_mac: GatewayMac = GatewayMac()
    prefix: Annotated[int, Field(ge=1, le=32)] = 24


class DeviceIpv6(Part):
    """An IPv6 address."""

    name: str
    address: Ipv6
    gateway: Ipv6
    gateway_mac: GatewayMac = GatewayMac()
    prefix: Annotated[int, Field(ge=1, le=128)] = 64


class DeviceVlan(Part):
    """A VLAN tag of all frames of an interface."""

    name: str
    tpid: Literal["x8100", "x88A8", "x9100", "x9200", "x9300"] = "x8100"
    priority: Bits3 = 0
    id: Bits12 = 1


class Connection(Part):
    """The port of an interface."""

    choice: Literal["port_name"] = "port_name"
    port_name: str


class Ethernet(Part):
    """An Ethernet interface."""

    name: str
    connection: Connection
    mac: Mac
    mtu: Annotated[int, Field(ge=64, le=65535)] = 1500
    ipv4_addresses: list[DeviceIpv4] = Field(default_factory=list)
    ipv6_addresses: list[DeviceIpv6] = Field(default_factory=list)
    vlans: list[DeviceVlan] = Field(default_factory=list)


class EmulatedDevice(Part):
    """A device."""

    name: str
    ethernets: list[Ethernet] = Field(default_factory=list)
    macsec: Macsec | None = None
