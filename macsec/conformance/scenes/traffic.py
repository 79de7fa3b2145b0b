"""Traffic between stations of a segment: throughout, at a rate of the line, of other protocols."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import cycle, islice
from typing import Any

from macsec.conformance.outcome import expect, require
from macsec.kay.keys.keychain import ChainKey
from macsec.time_units import PS_PER_S
from macsec.wire.units import rate_bits

from .segment import MkaSegment, SecYMaker, SegmentMember, chain_key, secured

PERIOD = 0.05
FRAMING = 24
"""Octets of preamble, FCS and gap around each frame on a line."""
QUEUE = 1000
"""Frames that a port can hold: more than a line that is not overloaded ever needs."""
IMIX = (60,) * 7 + (590,) * 4 + (1514,)
"""Octets without FCS, 7:4:1."""


def send_throughout(
    segment: MkaSegment,
    *members: SegmentMember,
    start: float,
    end: float,
    period: float = PERIOD,
) -> None:
    """Have every member send a numbered frame at regular times."""
    for member in members:
        segment.every(period, member.send, start, end)


def lost(sender: SegmentMember, receiver: SegmentMember) -> int:
    """Return how many of a sender's frames were not delivered at a receiver."""
    return len(sender.sent) - len(receiver.numbers_from(sender.name))


def check_nothing_lost(*members: SegmentMember) -> int:
    """Check that each frame reached each other member once, in order; return how many were sent."""
    for member in members:
        for other in members:
            if other is not member:
                got = member.numbers_from(other.name)
                missing = f"{len(other.sent) - len(got)} of {len(other.sent)} are not there"
                require(got == other.sent, f"frames from {other.name} at {member.name}", missing)
    count = sum(len(member.sent) for member in members)
    require(count > 0, "traffic", "no frame was sent")
    return count


def rolled_keys(step: float, life: float, count: int, octets: int = 16) -> list[ChainKey]:
    """Return keys that start `step` seconds apart and last `life`; new holders at each call."""
    return [
        chain_key(bytes([n + 1]) * octets, bytes([n + 1]) * 8, start=n * step, end=n * step + life)
        for n in range(count)
    ]


def change_cak(segment: MkaSegment, member: SegmentMember, ckn: bytes, cak: bytes) -> None:
    """Give a member another CAK by the same name, now."""
    now_ns = segment.engine.now_ns
    member.kay.remove_key(now_ns, ckn)
    member.kay.add_key(now_ns, chain_key(cak, ckn))
    member.station.settle()


def bypass(segment: MkaSegment, bypassed: bool, *members: SegmentMember) -> None:
    """Turn MACsec off or on at members, now."""
    for member in members:
        agreement = member.station.agreement
        require(agreement is not None, "key agreement", f"{member.name} has none")
        if agreement is not None:
            agreement.bypass(member.station.now_ns, bypassed)
        member.station.settle()


def flood(
    plane: SecYMaker,
    rate: str,
    share: float,
    frames: Sequence[bytes],
    count: int,
    **policy: Any,
) -> tuple[int, int]:
    """Send frames at a share of a line's rate from one station to another; return sent, delivered.

    The share is of the unprotected frames: SecTAG and ICV come on top, on that line. `delivered`
    is what arrived in order, as it was sent.
    """
    segment = MkaSegment(plane, rate=rate, overhead=FRAMING, limit=QUEUE)
    a = segment.add("a", key_server_priority=10, **policy)
    b = segment.add("b", key_server_priority=20, **policy)
    segment.run(1)
    require(secured(a, b), "secured", "a and b are not, after a second")
    got: list[bytes] = []
    b.station.controlled.receiver = got.append
    sent = list(islice(cycle(frames), count))
    due_ps = segment.engine.now_ps
    bits = rate_bits("rate", rate)
    spent = 0
    for frame in sent:
        at = due_ps + round(spent * 8 * PS_PER_S / (bits * share))
        segment.engine.at(at, partial(_request, a, frame))
        spent += len(frame) + FRAMING
    segment.run(segment.now + spent * 8 / (bits * share) + 0.5)
    return len(sent), len(sent) if got == sent else _common(sent, got)


def _request(member: SegmentMember, frame: bytes) -> None:
    member.station.request(frame)


def _common(sent: Iterable[bytes], got: Iterable[bytes]) -> int:
    return sum(one == other for one, other in zip(sent, got, strict=False))


def check_line(
    plane: SecYMaker, rate: str, share: float, frames: Sequence[bytes], count: int = 2000
) -> int:
    """Check that a line loses nothing at a share of its rate; return the frames sent."""
    sent, delivered = flood(plane, rate, share, frames, count, cipher="gcm-aes-256")
    expect(f"delivered at {share:.1%} of {rate}", sent, delivered)
    return sent


def line_pace(plane: SecYMaker, rate: str, frame: bytes, count: int) -> tuple[int, float]:
    """Send frames at once over a full line; return the octets of one on it, and frames a second."""
    segment = MkaSegment(plane, rate=rate, overhead=FRAMING, limit=QUEUE)
    a, b = (segment.add(name) for name in "ab")
    segment.run(1)
    require(secured(a, b), "secured", "a and b are not, after a second")
    times: list[int] = []
    b.station.controlled.receiver = lambda _: times.append(segment.engine.now_ps)
    segment.wire.clear()
    for _ in range(count):
        a.station.request(frame)
    segment.run(1.5)
    expect("frames received", count, len(times))
    octets = next(len(each) for each in segment.wire if each[12:14] == b"\x88\xe5")
    return octets, (count - 1) * PS_PER_S / (times[-1] - times[0])
