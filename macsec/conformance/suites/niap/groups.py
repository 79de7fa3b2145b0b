"""Group CAs: three stations under one CAK, and a group CAK that is distributed."""

from __future__ import annotations

from itertools import pairwise

from macsec.conformance.scenes import (
    MkaSegment,
    SegmentMember,
    chain_key,
    check_connectivity,
    secured,
)
from macsec.conformance.scenes.records import Records
from macsec.conformance.suites.case import CaseRun

from .plan import SUITE

PAIRWISE = {name: (name.encode() * 16, b"a and " + name.encode()) for name in "bc"}
LIFE_S = 6.0


def _pairwise(run: CaseRun) -> tuple[MkaSegment, list[SegmentMember]]:
    """Return `a`, the Key Server of a pairwise CA with each of b and c."""
    segment = MkaSegment(run)
    keys = {name: [chain_key(*PAIRWISE[name])] for name in "bc"}
    a = segment.add("a", [chain_key(*PAIRWISE[name]) for name in "bc"], key_server_priority=1)
    members = [a, *(segment.add(name, keys[name], key_server_priority=20) for name in "bc")]
    segment.run(2)
    return segment, members


def _order(segment: MkaSegment, server: SegmentMember) -> None:
    server.kay.new_group(segment.engine.now_ns)
    server.station.settle()


def _enable(segment: MkaSegment, server: SegmentMember, name: str, enabled: bool) -> None:
    server.kay.enable_key(segment.engine.now_ns, PAIRWISE[name][1], enabled)
    server.station.settle()


def _passes(segment: MkaSegment, sender: SegmentMember, receiver: SegmentMember) -> bool:
    before = len(receiver.numbers_from(sender.name))
    sender.send()
    segment.run(segment.now + 0.1)
    return len(receiver.numbers_from(sender.name)) > before


@SUITE.case(
    "FCS_MKA_EXT.1 T5 (group)",
    "in a group of three the Key Server sends one fresh SAK to both peers, and hellos in time",
    clause="802.1X 9.3.3, 9.8",
)
def one_sak_for_two(run: CaseRun) -> None:
    """Form a group over pairwise CAs; compare the SAKs, and measure the hellos."""
    segment, (a, b, c) = _pairwise(run)
    before = a.kay.cp.slots()[0].ki
    _order(segment, a)
    segment.run(20)
    run.require("three are secured with one SAK", secured(a, b, c))
    run.require("it is fresh", a.kay.cp.slots()[0].ki != before)
    check_connectivity(segment, a, b, c)
    times = [time for time, name, _ in segment.mkpdus if name == "a"]
    longest = max(after - at for at, after in pairwise(times))
    run.require("hellos of the Key Server within 2.0 s", longest <= 2, f"{longest:.3f} s")


@SUITE.case(
    "FCS_MKA_EXT.1 T6 (group)",
    "a peer leaves and the fresh SAK does not arrive: after a Life Time of 6.0 s the other is not "
    "secured any more",
    clause="802.1X 9.4",
)
def delayed_sak(run: CaseRun) -> None:
    """Stop c, and drop each MKPDU for b from then on."""
    segment, (a, b, c) = _pairwise(run)
    _order(segment, a)
    segment.run(20)
    run.require("three are secured", secured(a, b, c))
    c.station.stop()
    left = segment.now
    segment.drop = lambda _time, name, frame: name == "b" and frame[12:14] == b"\x88\x8e"
    last = max(time for time, name, _ in segment.mkpdus if name == "a")
    segment.run(last + LIFE_S - 0.1)
    run.expect("b is secured until 6.0 s after the last MKPDU", True, b.kay.secured)
    segment.run(last + LIFE_S + 0.5)
    b.station.settle()
    run.expect(f"b is secured {segment.now - left:.1f} s after c left", False, b.kay.secured)


def _group(run: CaseRun) -> tuple[MkaSegment, list[SegmentMember]]:
    segment, members = _pairwise(run)
    run.require("b does not reach c over pairwise CAs", not _passes(segment, *members[1:]))
    _order(segment, members[0])
    segment.run(segment.now + 8)
    run.require("b reaches c with a group CAK", _passes(segment, *members[1:]))
    return segment, members


@SUITE.case(
    "FCS_MKA_EXT.1 T7 (group CAK)",
    "a group CAK is made and distributed over the pairwise CAs with B and C; C is disabled: "
    "another group CAK, and B does not reach C; C is back: B does",
    clause="802.1X 9.12.2",
)
def group_cak(run: CaseRun) -> None:
    """Disable the participant of C at the Key Server, and enable it again."""
    segment, (a, b, c) = _group(run)
    records = Records(b)
    _enable(segment, a, "c", False)
    segment.run(segment.now + 20)
    run.require("b does not reach c", not _passes(segment, b, c))
    run.require("a reaches b", _passes(segment, a, b))
    run.require("b has another group CAK", bool(records.of("cak", change="added")))
    _enable(segment, a, "c", True)
    segment.run(segment.now + 20)
    run.require("b reaches c again", _passes(segment, b, c))
    run.require("one SAK for all", secured(a, b, c))


@SUITE.case(
    "FMT_SMF.1 T5 (group CAK)",
    "management makes a new group CAK, and it is distributed",
    clause="802.1X 9.16",
)
def new_group(run: CaseRun) -> None:
    """Order another group CAK while one is in use."""
    segment, (a, b, c) = _group(run)
    records = {member.name: Records(member) for member in (b, c)}
    _order(segment, a)
    segment.run(segment.now + 20)
    for name, found in records.items():
        run.expect(f"{name}: group CAKs added", 1, len(found.of("cak", change="added")))
        run.expect(f"{name}: group CAKs removed", 1, len(found.of("cak", change="removed")))
    run.require("all are secured with one SAK", secured(a, b, c))
    check_connectivity(segment, a, b, c)
