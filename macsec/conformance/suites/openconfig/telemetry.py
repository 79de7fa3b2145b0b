"""The telemetry that MSEC-1.1 reads of a port, by the names of its plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from macsec.conformance.scenes import SegmentMember
from macsec.conformance.suites.case import CaseRun


class PortTelemetry(NamedTuple):
    """A port at one moment: secured or not, the CKN in use if so, its suite, its counters."""

    secured: bool
    ckn: bytes | None
    cipher: str
    counters: Mapping[str, int]


Fetch = Callable[[SegmentMember], PortTelemetry]


def telemetry(run: CaseRun, member: SegmentMember) -> PortTelemetry:
    """Return the telemetry of a member: from its objects, or as the run fetches it."""
    fetch: Fetch = run.fetch or _of_objects
    return fetch(member)


def _of_objects(member: SegmentMember) -> PortTelemetry:
    kay, found = member.kay, member.secy.interface_counters
    sent, received = member.station.blocked
    return PortTelemetry(
        kay.secured,
        kay.principal.key.ckn if kay.secured and kay.principal is not None else None,
        member.secy.controls.cipher.name,
        {
            "tx-pkts-ctrl": kay.counters["out-mkpdu"],
            "rx-pkts-ctrl": kay.counters["in-mkpdu"],
            "rx-unrecognized-ckn": kay.counters["rx-unrecognized-ckn"],
            "rx-badicv-pkts": kay.counters["in-mkpdu-icv-verification-errors"],
            "tx-pkts-err-in": found["ifOutErrors"],
            "rx-pkts-err-in": found["ifInErrors"],
            "tx-pkts-dropped": sent,
            "rx-pkts-dropped": found["ifInDiscards"] + received,
        },
    )
