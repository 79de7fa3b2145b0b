"""MSEC-1.1: a session, and sessions whose keys or names do not match."""

from __future__ import annotations

from macsec.conformance.scenes import (
    CAK,
    CKN,
    MkaSegment,
    SegmentMember,
    chain_key,
    check_connectivity,
    pair,
)
from macsec.conformance.suites.case import CaseRun

from .plan import SUITE
from .telemetry import telemetry

PINGS = 15


@SUITE.case(
    "MSEC-1.1.1",
    "nothing is reported before; then GCM-AES-256 under must-secure is secured with the configured "
    "CKN, and both sides count MKPDUs sent and received",
    clause="802.1X 9.4, 9.16",
)
def a_session(run: CaseRun) -> None:
    """Secure two members with GCM-AES-256."""
    segment = MkaSegment(run)
    a, b = (segment.add(name, cipher="gcm-aes-256", start=False) for name in "ab")
    for member in (a, b):
        before = telemetry(run, member)
        counted = {name for name, count in before.counters.items() if count}
        run.expect(f"{member.name}: counters before", set(), counted)
        run.require(f"{member.name}: not secured before", not before.secured)
        member.station.start()
    segment.run(2)
    for member in (a, b):
        found = telemetry(run, member)
        run.expect(f"{member.name}: CKN in use", CKN, found.ckn)
        run.require(f"{member.name} is secured", found.secured)
        run.expect(f"{member.name}: suite", "gcm-aes-256", found.cipher)
        sent, received = (found.counters[name] for name in ("tx-pkts-ctrl", "rx-pkts-ctrl"))
        run.require(f"{member.name} counts MKPDUs both ways", sent > 0 and received > 0)
    check_connectivity(segment, a, b)


def _mismatched(
    run: CaseRun, key_of_a: tuple[bytes, bytes], key_of_b: tuple[bytes, bytes]
) -> tuple[SegmentMember, SegmentMember]:
    """Return two members with keys that differ, after pings that did not pass."""
    segment = MkaSegment(run)
    a = segment.add("a", [chain_key(*key_of_a)])
    b = segment.add("b", [chain_key(*key_of_b)])
    segment.every(1, a.send, 2, 2 + PINGS)
    segment.run(20)
    for member in (a, b):
        run.require(f"{member.name} is not secured", not telemetry(run, member).secured)
    run.expect("pings that passed", 0, len(b.received))
    return a, b


@SUITE.case(
    "MSEC-1.1.2",
    "CKNs that differ under one CAK: rx-unrecognized-ckn rises on both sides",
    clause="802.1X 9.3.1",
)
def other_ckn(run: CaseRun) -> None:
    """Give the CAK another name at one end."""
    for member in _mismatched(run, (CAK, CKN), (CAK, CKN[::-1])):
        counters = telemetry(run, member).counters
        unknown = counters["rx-unrecognized-ckn"]
        run.require(f"{member.name}: {unknown} unknown CKNs: one a hello", unknown >= 10)
        run.expect(f"{member.name}: MKPDUs taken", 0, counters["rx-pkts-ctrl"])


@SUITE.case(
    "MSEC-1.1.3",
    "CAKs that differ under one CKN, with 15 pings: the counter of bad ICVs rises",
    clause="802.1X 9.4.1",
)
def other_cak(run: CaseRun) -> None:
    """Give the CKN another CAK at one end."""
    for member in _mismatched(run, (CAK, CKN), (CAK[::-1], CKN)):
        counters = telemetry(run, member).counters
        bad = counters["rx-badicv-pkts"]
        run.require(f"{member.name}: {bad} bad ICVs: one a hello", bad >= 10)
        run.expect(f"{member.name}: MKPDUs taken", 0, counters["rx-pkts-ctrl"])


@SUITE.case(
    "MSEC-1.1.4",
    "a good session reports its frames that were dropped or in error: none, sent and received",
    clause="10.7.6",
)
def errors_of_a_session(run: CaseRun) -> None:
    """Look at all counters of errors after traffic, then provoke each."""
    segment, a, b = pair(run)
    check_connectivity(segment, a, b)
    for member in (a, b):
        found = telemetry(run, member).counters
        errors = [found[name] for name in ("tx-pkts-err-in", "rx-pkts-err-in")]
        run.expect(f"{member.name}: errors", [0, 0], errors)
        dropped = found["tx-pkts-dropped"], found["rx-pkts-dropped"]
        run.expect(f"{member.name}: dropped, closed ports included", (0, 0), dropped)
    b.station.indicate(bytes(12) + b"\x88\xe5" + bytes(60))
    run.expect("errors after a bad tag", 1, telemetry(run, b).counters["rx-pkts-err-in"])
    a.kay.remove_key(segment.engine.now_ns, CKN)
    a.station.settle()
    a.send()
    found = telemetry(run, a).counters
    dropped = found["tx-pkts-dropped"], found["rx-pkts-dropped"]
    run.expect("dropped by a port without a key", (1, 0), dropped)
