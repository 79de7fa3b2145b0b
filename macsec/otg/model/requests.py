"""Requests of control and monitoring."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Choice, Part

_Names = list[str]


class LinkRequest(Part):
    """The link of ports: both ends of a wire go down with one."""

    port_names: _Names | None = None
    state: Literal["up", "down"]


class CaptureStateRequest(Part):
    """Start or stop captures."""

    port_names: _Names | None = None
    state: Literal["start", "stop"]


class PortRequest(Choice):
    """The state of ports."""

    choice: Literal["link", "capture"]
    link: LinkRequest | None = None
    capture: CaptureStateRequest | None = None


class AllProtocols(Part):
    """All protocols: key agreement of every secure entity."""

    state: Literal["start", "stop"]


class ProtocolRequest(Choice):
    """The state of protocols."""

    choice: Literal["all"]
    all: AllProtocols


class FlowTransmit(Part):
    """The state of flows."""

    flow_names: _Names | None = None
    state: Literal["start", "stop", "pause", "resume"]


class TrafficRequest(Choice):
    """The state of traffic."""

    choice: Literal["flow_transmit"]
    flow_transmit: FlowTransmit


class ControlState(Choice):
    """POST /control/state."""

    choice: Literal["port", "protocol", "traffic"]
    port: PortRequest | None = None
    protocol: ProtocolRequest | None = None
    traffic: TrafficRequest | None = None


class PortMetricsRequest(Part):
    """Metrics of ports."""

    port_names: _Names = Field(default_factory=list)
    column_names: _Names = Field(default_factory=list)


class TaggedMetrics(Part):
    """Metrics by tag; flows have none here."""

    include: bool = True
    include_empty_metrics: bool = False


class FlowMetricsRequest(Part):
    """Metrics of flows."""

    flow_names: _Names = Field(default_factory=list)
    metric_names: _Names = Field(default_factory=list)
    tagged_metrics: TaggedMetrics | None = None


class MacsecMetricsRequest(Part):
    """Metrics of SecYs."""

    secure_entity_names: _Names = Field(default_factory=list)
    column_names: _Names = Field(default_factory=list)


class MkaMetricsRequest(Part):
    """Metrics of KaYs."""

    peer_names: _Names = Field(default_factory=list)
    column_names: _Names = Field(default_factory=list)


class MetricsRequest(Choice):
    """POST /monitor/metrics."""

    choice: Literal["port", "flow", "macsec", "mka"] = "port"
    port: PortMetricsRequest = PortMetricsRequest()
    flow: FlowMetricsRequest = FlowMetricsRequest()
    macsec: MacsecMetricsRequest = MacsecMetricsRequest()
    mka: MkaMetricsRequest = MkaMetricsRequest()


class NeighborsRequest(Part):
    """Neighbours of interfaces."""

    ethernet_names: _Names = Field(default_factory=list)


class StatesRequest(Choice):
    """POST /monitor/states."""

    choice: Literal["ipv4_neighbors", "ipv6_neighbors"] = "ipv4_neighbors"
    ipv4_neighbors: NeighborsRequest = NeighborsRequest()
    ipv6_neighbors: NeighborsRequest = NeighborsRequest()


class CaptureRequest(Part):
    """POST /monitor/capture."""

    port_name: str
