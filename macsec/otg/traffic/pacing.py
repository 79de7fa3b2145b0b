"""When the frames of a flow are due, in ps from its start: exact sums, no rounding adds up."""

from __future__ import annotations

from fractions import Fraction

from macsec.otg.model.flows import Burst, Duration, LineSpan, Rate, TrafficFlow
from macsec.time_units import PS_PER_NS, PS_PER_S

from .sizes import bounds_of

LINE_OCTETS = 20
"""Preamble and gap: octets of a line beside the frame with its FCS."""
_PREAMBLE = 8
_UNITS = {"bps": 1, "kbps": 10**3, "mbps": 10**6, "gbps": 10**9}


class Pacing:
    """Due times, asked for frame by frame; `speed` of the line in bit/s."""

    def __init__(self, flow: TrafficFlow, speed: int) -> None:
        self._speed = speed
        self._duration = flow.duration
        self._by_frames, time = _rate(flow.rate, speed)
        self._numerator, self._denominator = time.numerator, time.denominator
        part = getattr(flow.duration, flow.duration.choice)
        self._gap = part.gap
        self._delay = span_ps(getattr(part, "delay", None), speed)
        self._burst_gap = span_ps(getattr(part, "inter_burst_gap", None), speed, octets=12)
        self._paused = 0
        self._frames = 0
        self._bits = 0
        self._free = 0
        self._size = self._busy_ps = -1

    @property
    def count(self) -> int | None:
        """The frames of the flow; None without an end by number."""
        if self._duration.choice == "fixed_packets":
            return self._duration.fixed_packets.packets
        burst = self._duration.burst
        if self._duration.choice == "burst" and burst.bursts:
            return burst.bursts * burst.packets
        return None

    @property
    def end_ps(self) -> int | None:
        """The time at which the flow ends; None without one."""
        return end_of(self._duration, self._delay)

    def due(self, size: int) -> int:
        """Return when the next frame leaves; `size` with its FCS."""
        if self._frames and self._is_burst_start(self._duration.burst):
            self._paused += self._burst_gap
        units = self._frames if self._by_frames else self._bits
        rated = units * self._numerator // self._denominator
        due = max(self._delay + self._paused + rated, self._free)
        self._frames += 1
        self._bits += (size + LINE_OCTETS) * 8
        if size != self._size:
            busy = (size + _PREAMBLE + self._gap) * 8
            self._size, self._busy_ps = size, busy * PS_PER_S // self._speed
        self._free = due + self._busy_ps
        return due

    def _is_burst_start(self, burst: Burst) -> bool:
        return self._duration.choice == "burst" and self._frames % burst.packets == 0


def _rate(rate: Rate, speed: int) -> tuple[bool, Fraction]:
    """Return whether frames are counted, or bits, and the time that one takes."""
    if rate.choice == "pps":
        return True, Fraction(PS_PER_S, rate.pps)
    if rate.choice == "percentage":
        return False, Fraction(PS_PER_S * 100) / (Fraction(rate.percentage) * speed)
    return False, Fraction(PS_PER_S, getattr(rate, rate.choice) * _UNITS[rate.choice])


def span_ps(span: LineSpan | None, speed: int, octets: float = 0) -> int:
    """Return a time in ps; by default that of some octets."""
    if span is None:
        return int(Fraction(octets) * 8 * PS_PER_S / speed)
    value = getattr(span, span.choice)
    if value is None or span.choice == "bytes":
        return int(Fraction(octets if value is None else value) * 8 * PS_PER_S / speed)
    unit = PS_PER_NS if span.choice == "nanoseconds" else 1000 * PS_PER_NS
    return int(Fraction(value) * unit)


def end_of(duration: Duration, delay: int) -> int | None:
    """Return the time at which a flow of fixed seconds ends."""
    if duration.choice != "fixed_seconds":
        return None
    return delay + int(Fraction(duration.fixed_seconds.seconds) * PS_PER_S)


def most_pps(flow: TrafficFlow, speed: int) -> float:
    """Return the frames a second of a flow, with its shortest frames."""
    by_frames, time = _rate(flow.rate, speed)
    units = 1 if by_frames else (bounds_of(flow.size)[0] + LINE_OCTETS) * 8
    return float(PS_PER_S / (time * units))
