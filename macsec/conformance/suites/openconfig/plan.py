"""The plan, to which the modules of this folder add their cases; steps that they share."""

from __future__ import annotations

from typing import Any

from macsec.conformance.scenes import CKN, MkaSegment, SegmentMember, pair, secured
from macsec.conformance.scenes.traffic import (
    change_cak,
    check_nothing_lost,
    lost,
    send_throughout,
)
from macsec.conformance.suites.case import CaseRun, Suite
from macsec.terms import ETHERTYPE_EAPOL, ETHERTYPE_MACSEC

SUITE = Suite("openconfig", "OpenConfig feature profiles", "openconfig/featureprofiles 598f5a7")
ROUTER = "the encapsulation itself is policy forwarding, a router's: its frames are made here"
OTHER_CAK = bytes(range(16, 32))
BROKEN_FROM, RESTORED, END = 10, 30, 50
QUIET = 8
"""Seconds after which a changed CAK has taken effect at both ends: a Life Time and a hello."""


def ethertypes(segment: MkaSegment) -> set[int]:
    """Return the EtherTypes on the wire so far, and begin anew."""
    found = {int.from_bytes(frame[12:14]) for frame in segment.wire}
    segment.wire.clear()
    return found


def check_key_broken(run: CaseRun, security: str, **policy: Any) -> None:
    """Break the CAK of one side and restore it, under traffic before, between and after."""
    segment, a, b = pair(run, security=security, **policy)
    send_throughout(segment, a, b, start=2, end=BROKEN_FROM)
    segment.run(BROKEN_FROM)
    run.require("nothing is lost under MACsec", check_nothing_lost(a, b) > 0)
    wanted = {ETHERTYPE_MACSEC, ETHERTYPE_EAPOL}
    run.expect("EtherTypes on the wire", wanted, ethertypes(segment))
    change_cak(segment, b, CKN, OTHER_CAK)
    segment.run(BROKEN_FROM + QUIET)
    _check_between(run, segment, a, b, in_clear=security == "should-secure")
    change_cak(segment, b, CKN, bytes(range(16)))
    segment.run(RESTORED + QUIET)
    run.require("both are secured again", secured(a, b))
    segment.wire.clear()
    before = lost(a, b), lost(b, a)
    send_throughout(segment, a, b, start=RESTORED + QUIET, end=END)
    segment.run(END + 1)
    run.expect("frames lost since then", before, (lost(a, b), lost(b, a)))
    run.expect("EtherTypes on the wire", wanted, ethertypes(segment))


def _check_between(
    run: CaseRun, segment: MkaSegment, a: SegmentMember, b: SegmentMember, in_clear: bool
) -> None:
    """Check the port while the CAKs differ."""
    run.expect("secured with CAKs that differ", (False, False), (a.kay.secured, b.kay.secured))
    segment.wire.clear()
    had = len(a.received), len(b.received)
    untagged = b.secy.counters["InPktsUntagged"]
    send_throughout(segment, a, b, start=segment.now, end=segment.now + 5)
    segment.run(segment.now + 6)
    passed = len(a.received) - had[0], len(b.received) - had[1]
    if in_clear:
        run.expect("frames that pass, of 100 each way", (100, 100), passed)
        run.expect("they are untagged", 100, b.secy.counters["InPktsUntagged"] - untagged)
        run.require("none has a SecTAG", ETHERTYPE_MACSEC not in ethertypes(segment))
    else:
        run.expect("frames that pass, of 100 each way", (0, 0), passed)
        run.expect("EtherTypes on the wire", {ETHERTYPE_EAPOL}, ethertypes(segment))
