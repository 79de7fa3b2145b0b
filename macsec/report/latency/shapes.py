"""A measurement of latency as JSON: the shape of each object."""

from __future__ import annotations

from typing import Literal, TypedDict

from macsec.measure.machine import MachineJson


class SubjectJson(TypedDict):
    """The frames that were measured; `frame_octets` count the FCS."""

    suite: str
    mode: str
    frame_octets: int


DistributionJson = TypedDict(
    "DistributionJson",
    {
        "count": int,
        "min_ns": float,
        "mean_ns": float,
        "stdev_ns": float,
        "p50_ns": float,
        "p90_ns": float,
        "p99_ns": float,
        "p99.9_ns": float,
        "p99.99_ns": float,
        "max_ns": float,
        "typical_latency_ns": float,
        "worst_case_latency_ns": float,
        "pdv_ns": float,
    },
)
"""A distribution of times; the last three names are those of RFC 8219."""


class ProcessingJson(SubjectJson, DistributionJson):
    """Frames timed one by one on a path."""

    path: str


class SecyDelayJson(SubjectJson):
    """A direction of a SecY beside the limit of Table 10-3 at one rate; None: busy, not judged."""

    direction: str
    delay_ns: int
    variance_ns: int
    link_gbit_per_s: int
    limit_ps: int
    delay_met: bool | None
    variance_met: bool | None


class RateJson(SubjectJson):
    """The highest rate that meets a goal, and the lowest that does not."""

    goal: str
    loss: float
    frames_per_s: int | None
    first_bad_frames_per_s: int | None
    gbit_per_s: float | None
    wire_gbit_per_s: float | None
    trials: int
    interrupted_trials: int


class LoadJson(SubjectJson, DistributionJson):
    """Frames offered at a share of the no drop rate."""

    percent_of_ndr: int
    frames_per_s: float
    offered: int
    lost: int
    late: int
    slices: int
    interrupted_slices: int


class AddedJson(TypedDict):
    """The serialisation that MACsec adds, exact; `added_share`: numerator and denominator."""

    path: str
    propagation_ps: int
    frame_octets: int
    overhead_octets: int
    link_gbit_per_s: int
    clear_ps: int
    added_ps: int
    added_share: list[int]
    added_percent: float


class TripJson(DistributionJson):
    """Round trips over TAP devices on a path."""

    suite: str
    frame_octets: int
    path: str
    lost: int
    p50_ratio: float


class RealTimeJson(TypedDict):
    """The settings of the measurements in real time, and their ratios of protected to clear."""

    suite: str
    every_ns: int
    p50_ratio: float | None
    iperf3_gbit_per_s: dict[str, list[float]]
    iperf3_ratio: float | None
    iperf3_peers_gbit_per_s: dict[str, list[float]]
    peers_missing: dict[str, str]
    lacking: str | None


class ClockJson(TypedDict):
    """The clock of the intervals."""

    source: str
    ns_per_tick: float
    empty_ns: float
    step_ns: float


class PlanJson(TypedDict):
    """The amount of work."""

    frames: int
    trial_s: float
    slices: int
    ring: int


class LatencyTargetJson(TypedDict):
    """A value and its limit; `met` is null if other programs had too much of the machine to say."""

    name: str
    value: float
    limit: float
    unit: str
    at_least: bool
    exact: bool
    met: bool | None


class LatencyJson(TypedDict):
    """`macsec/latency/1`: a list for each kind of time."""

    schema: Literal["macsec/latency/1"]
    machine: MachineJson
    backend: str
    kernel: str
    clock: ClockJson | None
    plan: PlanJson
    processing: list[ProcessingJson]
    secy_delay: list[SecyDelayJson]
    throughput: list[RateJson]
    load: list[LoadJson]
    serialisation: list[AddedJson]
    round_trips: list[TripJson]
    real_time: RealTimeJson | None
    targets: list[LatencyTargetJson]
