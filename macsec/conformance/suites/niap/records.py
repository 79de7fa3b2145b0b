"""FAU_GEN.1 and FPT_FLS.1: audit records of events, and self-tests that fail."""

from __future__ import annotations

from macsec.conformance.scenes import pair
from macsec.conformance.scenes.records import Records
from macsec.conformance.suites.case import CaseRun
from macsec.conformance.targets import available
from macsec.errors import MACsecError
from macsec.secy import Controls, SecY

from .plan import SUITE


@SUITE.case(
    "FAU_GEN.1",
    "sessions, new and lost peers, SAKs, refused MKPDUs and dropped frames each leave a record",
    clause="",
)
def audit_records(run: CaseRun) -> None:
    """Cause each event once, and read the records as `--events` writes them."""
    segment, a, b = pair(run)
    records = Records(b)
    b.station.indicate(bytes(12) + b"\x88\xe5" + bytes(60))
    mkpdu = next(frame for _, name, frame in segment.mkpdus if name == a.name)
    b.station.indicate(mkpdu)
    run.expect("dropped frames", 1, len(records.of("frames-dropped", counter="InPktsBadTag")))
    run.expect("refused MKPDUs", 1, len(records.of("mkpdu-refused")))
    a.station.stop()
    segment.run(12)
    run.expect("lost peers", 1, len(records.of("peer-lost")))
    run.expect("sessions that ended", 1, len(records.of("session", secured=False)))
    run.require("SAKs that were deleted", bool(records.of("sak", change="deleted")))
    segment.add("a", key_server_priority=10)
    segment.run(16)
    run.expect("live peers", 1, len(records.of("peer-live")))
    run.expect("sessions that began", 1, len(records.of("session", secured=True)))
    run.require("SAKs that were installed", bool(records.of("sak", change="installed")))


@SUITE.case(
    "FPT_FLS.1",
    "a kernel whose self-test fails does not run: the product ends in a secure state",
    clause="14.5",
    part="a known answer is not spoiled here, but in the tests of the kernels (tests/native)",
    on_data_plane=False,
)
def self_tests(run: CaseRun) -> None:
    """Ask for a kernel that did not pass, or that this CPU lacks; list the others."""
    targets, not_run = available()
    run.require(f"{len(targets)} data planes passed their known answers", bool(targets))
    run.expect("kernels that failed", [], [each.kernel for each in not_run if each.broken])
    for kernel in [each.kernel for each in not_run] or ["none"]:
        try:
            SecY(Controls(), "native", kernel).close()
            refused = False
        except MACsecError:
            refused = True
        run.expect(f"{kernel} is refused", True, refused)
