"""Test ports, their wires, captures and options."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from .base import Choice, Part, idle

_NO_PHY = "a virtual wire has no such setting: nothing changes"

SPEEDS = {
    "speed_10_fd_mbps": 10**7,
    "speed_100_fd_mbps": 10**8,
    "speed_1_gbps": 10**9,
    "speed_10_gbps": 10**10,
    "speed_25_gbps": 25 * 10**9,
    "speed_40_gbps": 40 * 10**9,
    "speed_50_gbps": 50 * 10**9,
    "speed_100_gbps": 10**11,
    "speed_200_gbps": 2 * 10**11,
    "speed_400_gbps": 4 * 10**11,
    "speed_800_gbps": 8 * 10**11,
}
"""Speeds in bit/s."""

Speed = Literal[
    "speed_10_fd_mbps",
    "speed_100_fd_mbps",
    "speed_1_gbps",
    "speed_10_gbps",
    "speed_25_gbps",
    "speed_40_gbps",
    "speed_50_gbps",
    "speed_100_gbps",
    "speed_200_gbps",
    "speed_400_gbps",
    "speed_800_gbps",
]


class OtgPort(Part):
    """A test port; its location is an end of a wire: WIRE/a or WIRE/b."""

    name: str
    location: str = ""


class Layer1(Part):
    """Speed and MTU of ports."""

    name: str
    port_names: list[str]
    speed: Speed | None = None
    mtu: Annotated[int, Field(ge=64, le=14_000)] = 1500
    media: str | None = idle(_NO_PHY)
    # Every client sends this default.
    promiscuous: bool = True
    ieee_media_defaults: bool | None = idle(_NO_PHY)
    auto_negotiate: bool | None = idle(_NO_PHY)
    auto_negotiation: dict[str, Any] | None = idle(_NO_PHY)


class Capture(Part):
    """Captures at ports."""

    name: str
    port_names: list[str]
    overwrite: bool = True
    packet_size: Annotated[int, Field(ge=0, le=65535)] | None = None
    format: Literal["pcap", "pcapng"] = "pcap"


class ValidateFrames(Part):
    """The control validateFrames of all SecYs of a port."""

    choice: Literal["check", "strict"] = "check"


class MacsecPort(Part):
    """Settings for all secure entities of a port."""

    validate_frames: ValidateFrames | None = None


class PortProtocol(Choice):
    """Settings of a protocol for a port."""

    choice: Literal["macsec"]
    macsec: MacsecPort = MacsecPort()


class PerPort(Part):
    """Settings of one port."""

    port_name: str
    protocols: list[PortProtocol] = Field(default_factory=list)


class PortOptions(Part):
    """Options of all ports."""

    location_preemption: bool = False


class ProtocolOptions(Part):
    """Options of all protocols."""

    auto_start_all: bool = True


class Options(Part):
    """Options of a configuration."""

    port_options: PortOptions = PortOptions()
    protocol_options: ProtocolOptions | None = None
    per_port_options: list[PerPort] = Field(default_factory=list)
