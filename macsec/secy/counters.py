"""Counters by the standard's names (10.7, both editions' names), made from tallies."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import NamedTuple

from .management.uncontrolled import PacketCount
from .plane import Course, Tally
from .verdict import SA_VERDICTS, SC_VERDICTS, TX_SA_VERDICTS, Verdict

Counters = MappingProxyType[str, int]


class Excepted(NamedTuple):
    """Frames that passed in clear by policy; the standard has no counter for them."""

    received: int
    sent: int


class ClearCounts(NamedTuple):
    """Frames without a SecTAG of one rule of `clear`: accepted, sent, and refused."""

    received: int
    sent: int
    refused: int


SUMS_2018 = {
    "InPktsNoSA": (Verdict.UNKNOWN_SCI, Verdict.UNUSED_SA),
    "InPktsNoSAError": (Verdict.NO_SCI, Verdict.NOT_USING_SA),
}
"""The 2018 edition merged the counters of frames without a usable SC or SA."""

OCTETS_IN = {"InOctetsValidated": "validated", "InOctetsDecrypted": "decrypted"}
OCTETS_OUT = {"OutOctetsProtected": "protected", "OutOctetsEncrypted": "encrypted"}


def _named(tally: Tally, verdicts: Iterable[Verdict]) -> dict[str, int]:
    return {
        verdict.counter: frames
        for verdict, frames in zip(verdicts, tally.frames, strict=True)
        if verdict.counter is not None
    }


def _octets(tally: Tally, names: dict[str, str]) -> dict[str, int]:
    return {counter: getattr(tally, field) for counter, field in names.items()}


def secy_counters(tally: Tally) -> Counters:
    """Return all counters of a SecY, those of its SCs summed, zeros included."""
    counters = _named(tally, Verdict)
    for name, parts in SUMS_2018.items():
        counters[name] = sum(tally.frames[part] for part in parts)
    return MappingProxyType(counters | _octets(tally, OCTETS_IN | OCTETS_OUT))


def tx_sc_counters(tally: Tally) -> Counters:
    """Return the counters of the transmit SC."""
    frames = {str(v.counter): tally.frames[v] for v in TX_SA_VERDICTS}
    return MappingProxyType(frames | _octets(tally, OCTETS_OUT))


def tx_sa_counters(tally: Tally) -> Counters:
    """Return the counters of a transmit SA."""
    return MappingProxyType(_named(tally, TX_SA_VERDICTS))


def rx_sc_counters(tally: Tally) -> Counters:
    """Return the counters of a receive SC."""
    return MappingProxyType(_named(tally, SC_VERDICTS) | _octets(tally, OCTETS_IN))


def rx_sa_counters(tally: Tally) -> Counters:
    """Return the counters of a receive SA."""
    return MappingProxyType(_named(tally, SA_VERDICTS))


_SENT = tuple(v for v in Verdict if v.sending)
_RECEIVED = tuple(v for v in Verdict if v.received)
_BY_COURSE = {
    Course.DELIVERED: tuple(v for v in _RECEIVED if v.delivered),
    Course.REFUSED: tuple(v for v in _RECEIVED if not v.delivered),
    Course.SENT: _SENT,
    Course.ALONE: (),
}


def _packets(tally: Tally, prefix: str, *courses: Course) -> dict[str, int]:
    """10.7.6: frames to one station, to a group, and to all."""
    total = sum(tally.frames[verdict] for course in courses for verdict in _BY_COURSE[course])
    total += tally.alone if Course.ALONE in courses else 0
    multicast = sum(tally.multicast[course] for course in courses)
    broadcast = sum(tally.broadcast[course] for course in courses)
    return {
        f"{prefix}UcastPkts": total - multicast - broadcast,
        f"{prefix}MulticastPkts": multicast,
        f"{prefix}BroadcastPkts": broadcast,
    }


def interface_counters(tally: Tally) -> Counters:
    """Return the RFC 2863 counters of the Controlled Port, by Annex G.1 (10.7.6 differs: D-07).

    Packets out are all that were to be sent, also those discarded, as RFC 2863 has it.
    """
    frames = tally.frames
    errors = ("NO_TAG", "BAD_TAG", "NO_SCI", "NOT_USING_SA", "LATE", "NOT_VALID")
    return MappingProxyType(
        {
            "ifInOctets": tally.octets_in,
            **_packets(tally, "ifIn", Course.DELIVERED),
            "ifInDiscards": frames[Verdict.OVERRUN],
            "ifInErrors": sum(frames[Verdict[name]] for name in errors),
            "ifOutOctets": tally.octets_out,
            **_packets(tally, "ifOut", Course.SENT),
            "ifOutErrors": frames[Verdict.TOO_LONG],
        }
    )


def uncontrolled_counters(tally: Tally, sent: PacketCount) -> Counters:
    """Return the RFC 2863 counters of the Uncontrolled Port (10.7.3).

    In: every frame of the Common Port. Out: what a user sent at the Uncontrolled Port.
    """
    return MappingProxyType(
        {
            "ifInOctets": tally.octets_common,
            **_packets(tally, "ifIn", Course.DELIVERED, Course.REFUSED, Course.ALONE),
            "ifInDiscards": 0,
            "ifInErrors": 0,
            "ifOutOctets": sent.octets,
            **sent.packets("ifOut"),
            "ifOutErrors": 0,
        }
    )
