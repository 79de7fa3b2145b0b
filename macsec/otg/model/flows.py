"""Flows: end points, headers, sizes, rates, durations, metrics."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .base import Choice, Part
from .field_types import Count, Hex, Positive
from .headers import Header

SIZE_MOST = 14_018
_Size = Annotated[int, Field(ge=64, le=SIZE_MOST)]
_Ratio = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_ONE = "a flow has one end point on each side: make a flow for each pair"


def _one(names: list[str]) -> list[str]:
    if len(names) != 1:
        raise ValueError(_ONE)
    return names


_One = Annotated[list[str], AfterValidator(_one)]


class PortPair(Part):
    """Frames from a test port, as they are."""

    tx_name: str
    rx_name: str | None = None
    rx_names: Annotated[list[str], AfterValidator(_one)] | None = None


class DevicePair(Part):
    """Frames from a device, through its SecY if it has one."""

    mode: Literal["mesh", "one_to_one"] = "mesh"
    tx_names: _One
    rx_names: _One
    bidirectional: bool = False


class TxRx(Choice):
    """Sender and receiver."""

    choice: Literal["port", "device"] = "port"
    port: PortPair | None = None
    device: DevicePair | None = None


class SizeIncrement(Part):
    """Sizes in steps."""

    start: _Size = 64
    end: _Size = 1518
    step: Annotated[int, Field(ge=1)] = 1


class SizeRandom(Part):
    """Random sizes."""

    min: _Size = 64
    max: _Size = 1518


class WeightedSize(Part):
    """A size and its share."""

    size: _Size = 64
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1


IMIX = (WeightedSize(size=64, weight=7), WeightedSize(size=570, weight=4), WeightedSize(size=1518))


class WeightPairs(Choice):
    """A mix of sizes."""

    choice: Literal["predefined", "custom"] = "predefined"
    predefined: Literal["imix"] = "imix"
    custom: Annotated[list[WeightedSize], Field(min_length=1)] | None = None

    @property
    def pairs(self) -> list[WeightedSize]:
        """The sizes with their shares."""
        return list(IMIX if self.choice == "predefined" else self.custom or [WeightedSize()])


class Size(Choice):
    """Octets of a frame with its FCS, before protection."""

    choice: Literal["fixed", "increment", "random", "weight_pairs"] = "fixed"
    fixed: _Size = 64
    increment: SizeIncrement = SizeIncrement()
    random: SizeRandom = SizeRandom()
    weight_pairs: WeightPairs = WeightPairs()


class Rate(Choice):
    """Frames a second, or bits a second on the line: preamble and gap are 20 octets a frame."""

    choice: Literal["pps", "bps", "kbps", "mbps", "gbps", "percentage"] = "pps"
    pps: Positive = 1000
    bps: Annotated[int, Field(ge=672)] = 10**9
    kbps: Positive = 10**6
    mbps: Positive = 1000
    gbps: Positive = 1
    percentage: Annotated[float, Field(gt=0, le=100)] = 100


class LineSpan(Choice):
    """A time, or octets at the speed of the port."""

    choice: Literal["bytes", "nanoseconds", "microseconds"] = "bytes"
    bytes: _Ratio | None = None
    nanoseconds: _Ratio | None = None
    microseconds: _Ratio | None = None


class FixedPackets(Part):
    """A number of frames."""

    packets: Annotated[int, Field(ge=1, lt=1 << 32)] = 1
    gap: Count = 12
    delay: LineSpan | None = None


class FixedSeconds(Part):
    """A time."""

    seconds: _Ratio = 1
    gap: Count = 12
    delay: LineSpan | None = None


class Burst(Part):
    """Bursts, and gaps between them."""

    bursts: Count = 0
    packets: Annotated[int, Field(ge=1, lt=1 << 32)] = 1
    gap: Count = 12
    inter_burst_gap: LineSpan | None = None


class Continuous(Part):
    """Until it is stopped."""

    gap: Count = 12
    delay: LineSpan | None = None


class Duration(Choice):
    """When a flow ends."""

    choice: Literal["fixed_packets", "fixed_seconds", "burst", "continuous"] = "continuous"
    fixed_packets: FixedPackets = FixedPackets()
    fixed_seconds: FixedSeconds = FixedSeconds()
    burst: Burst = Burst()
    continuous: Continuous = Continuous()


class LatencyMetrics(Part):
    """Latencies."""

    enable: bool = False
    mode: Literal["store_forward", "cut_through"] = "store_forward"


class FlowMetrics(Part):
    """The metrics that a flow has; without them its frames carry no signature."""

    enable: bool = False
    loss: bool = False
    timestamps: bool = False
    latency: LatencyMetrics = LatencyMetrics()


class FixedPayload(Part):
    """Octets that repeat."""

    pattern: Hex = b"\0"
    repeat: bool = True


class Payload(Choice):
    """The octets behind the headers."""

    choice: Literal[
        "fixed", "increment_byte", "decrement_byte", "increment_word", "decrement_word"
    ] = "fixed"
    fixed: FixedPayload = FixedPayload()


class TrafficFlow(Part):
    """A flow."""

    name: str
    tx_rx: TxRx
    packet: list[Header] = Field(default_factory=list)
    size: Size = Size()
    rate: Rate = Rate()
    duration: Duration = Duration()
    metrics: FlowMetrics = FlowMetrics()
    payload: Payload = Payload()
