"""SONiC: frames and counters of the data plane, faults, self-tests."""

from __future__ import annotations

from typing import Any

from macsec.conformance.scenes import (
    MkaSegment,
    chain_key,
    check_connectivity,
    pair,
    secured,
)
from macsec.conformance.scenes.labs import build_lab
from macsec.conformance.suites.case import CaseRun
from macsec.conformance.targets import available
from macsec.frames.sectag import decode
from macsec.terms import ADDRESSES_LENGTH, ETHERTYPE_MACSEC, ICV_LENGTH

from .plan import SUITE, newest

PINGS = 20
NEIGHBOURS = ("n1", "n2", "n3")
GCM_ZERO = bytes.fromhex("58e2fccefa7e3061367f1d57a4e7455a")
"""The tag of GCM with a key of 16 zeros, an IV of 12, and nothing else (NIST, test case 1)."""


@SUITE.case(
    "dataplane::server_to_neighbor",
    "frames of a host across a protected link have a SecTAG on the wire, and are the same once "
    "they are decrypted with the SAK",
    clause="9.3, 14.5",
)
def decrypted_on_the_wire(run: CaseRun) -> None:
    """Decrypt the wire with the cipher alone."""
    segment, a, b = pair(run)
    segment.wire.clear()
    for _ in range(PINGS):
        a.send()
    segment.run(3)
    wire = [frame for frame in segment.wire if frame[12:14] == ETHERTYPE_MACSEC.to_bytes(2)]
    run.expect("frames with a SecTAG", PINGS, len(wire))
    sak = a.kay.saks()[0].key.expose()
    numbers = []
    for frame in wire:
        tag = decode(frame[ADDRESSES_LENGTH:])
        if tag is None or tag.sci is None:
            run.require("a SecTAG with an SCI", False)
            continue
        at = ADDRESSES_LENGTH + tag.length
        iv = tag.sci.to_bytes(8) + tag.pn.to_bytes(4)
        clear = run.target.cipher().open(
            sak, iv, frame[:at], frame[at:-ICV_LENGTH], frame[-ICV_LENGTH:]
        )
        numbers.append(int.from_bytes((clear or b"")[2:6]))
    run.expect("numbers of the frames inside", a.sent, numbers)
    run.expect("frames delivered", a.sent, b.numbers_from("a"))


@SUITE.case("dataplane::dut_to_neighbor", "pings to every neighbour over MACsec, and their answers")
def every_neighbour(run: CaseRun) -> None:
    """Send pings both ways over three links of one site."""
    flows = [
        {"from": source, "to": to, "pps": 100, "count": PINGS, "size": 98}
        for n in NEIGHBOURS
        for source, to in (("dut-h1", f"{n}-h1"), (f"{n}-h1", "dut-h1"))
    ]
    topology: dict[str, Any] = {
        "sites": {key: {"hosts": 1} for key in ("dut", *NEIGHBOURS)},
        "links": [{"name": n, "between": ["dut", n]} for n in NEIGHBOURS],
        "traffic": flows,
    }
    _check_lab(run, topology, hops=1)


@SUITE.case("dataplane::neighbor_to_neighbor", "pings through the device: two MACsec hops")
def through_the_device(run: CaseRun) -> None:
    """Send pings over three sites in a row."""
    topology: dict[str, Any] = {
        "sites": {key: {"hosts": 1} for key in ("n1", "dut", "n2")},
        "links": [{"name": n, "between": ["dut", n]} for n in ("n1", "n2")],
        "traffic": [
            {"from": source, "to": to, "pps": 100, "count": PINGS, "size": 98}
            for source, to in (("n1-h1", "n2-h1"), ("n2-h1", "n1-h1"))
        ],
    }
    _check_lab(run, topology, hops=2)


def _check_lab(run: CaseRun, topology: dict[str, Any], hops: int) -> None:
    """Check that all traffic of a lab arrives, encrypted on each hop."""
    with build_lab(run.target, topology) as lab:
        lab.run()
        sent = [tally.sent for tally in lab.tallies]
        run.expect("frames sent a flow", [PINGS] * len(sent), sent)
        run.expect("frames delivered", sent, [tally.delivered for tally in lab.tallies])
        ends = [end for link in lab.links for end in link.ends or ()]
        protected = sum(end.secy.counters["OutPktsEncrypted"] for end in ends)
        run.expect("frames encrypted on all hops", hops * sum(sent), protected)
        run.expect("and decrypted", protected, sum(end.secy.counters["InPktsOK"] for end in ends))


@SUITE.case(
    "dataplane::counters",
    "packet and octet counters of egress and ingress SAs rise by at least what was sent",
    clause="10.7.9, 10.7.18, 10.7.23",
)
def counters(run: CaseRun) -> None:
    """Compare counters of SC and SA before and after traffic."""
    segment, a, b = pair(run)
    for _ in range(PINGS):
        a.send()
    segment.run(3)
    sa = a.secy.tx.sa[a.secy.controls.encodingsa]
    run.expect("egress SA, OutPktsEncrypted", PINGS, sa.counters["OutPktsEncrypted"])
    octets = PINGS * (2 + 4 + 1400)
    run.expect("egress SC, OutOctetsEncrypted", octets, a.secy.tx.counters["OutOctetsEncrypted"])
    sc = b.secy.rx[f"{a.kay.sci:016x}"]
    run.expect("ingress SA, InPktsOK", PINGS, sc.sa[sa.an].counters["InPktsOK"])
    run.expect("ingress SC, InOctetsDecrypted", octets, sc.counters["InOctetsDecrypted"])


@SUITE.case(
    "dataplane::clear_counters",
    "clearing sets packet counters to zero, and leaves PNs and the session",
    clause="10.7.9",
)
def cleared(run: CaseRun) -> None:
    """Clear the counters of both ends after traffic."""
    segment, a, b = pair(run)
    check_connectivity(segment, a, b)
    an, sak = a.secy.controls.encodingsa, newest(a)
    pns = a.secy.tx.sa[an].next_pn, b.secy.rx[f"{a.kay.sci:016x}"].sa[an].next_pn
    for member in (a, b):
        member.secy.clear_counters()
        left = {name for name, count in member.secy.counters.items() if count}
        run.expect(f"{member.name}: counters that are not zero", set(), left)
    kept = a.secy.tx.sa[an].next_pn, b.secy.rx[f"{a.kay.sci:016x}"].sa[an].next_pn
    run.expect("nextPN at both ends", pns, kept)
    segment.run(10)
    run.expect("the SAK", sak, newest(a))
    check_connectivity(segment, a, b)
    run.expect("frames counted since", 1, a.secy.counters["OutPktsEncrypted"])


@SUITE.case(
    "fault::link_flap",
    "a link down for less than the Life Time keeps its SAs; down for longer, a new session has "
    "others; members of a bundle too",
    clause="802.1X 9.4",
)
def link_flap(run: CaseRun) -> None:
    """Cut a link for 3 s and for 9 s; cut one of a bundle of four."""
    for outage, kept in ((3, True), (9, False)):
        _check_outage(run, outage, kept)
    links = [
        {
            "name": f"p{n}",
            "lag": "po",
            "between": ["w", "e"],
            **({"down": [["8s", "17s"]]} if n == 3 else {}),
        }
        for n in range(4)
    ]
    topology: dict[str, Any] = {"sites": {"w": {}, "e": {}}, "links": links}
    with build_lab(run.target, topology) as lab:
        lab.start()
        lab.engine.run(25 * 10**9)
        saks = [{len(end.saks) for end in link.agreed} for link in lab.links]
        run.expect("SAKs of the members of a bundle", [{1}, {1}, {1}, {2}], saks)
        run.require(
            "all are secured", all(e.kay.secured for link in lab.links for e in link.agreed)
        )


def _check_outage(run: CaseRun, outage: float, kept: bool) -> None:
    """Check whether a SAK is kept over an outage."""
    segment, a, b = pair(run)
    segment.run(10.5)
    before = newest(a)
    segment.drop = lambda time, _name, _frame: 10.5 <= time < 10.5 + outage
    segment.run(25)
    run.require(f"secured after an outage of {outage} s", secured(a, b))
    run.expect("the SAK is the same", kept, newest(a) == before)
    run.expect("both ends have one", newest(a), newest(b))
    check_connectivity(segment, a, b)


@SUITE.case(
    "fault::link_flap (two hellos)",
    "an outage of 3.5 s, in which two hellos a way are lost: the SAs are kept",
    clause="802.1X 9.4",
)
def two_hellos(run: CaseRun) -> None:
    """Lose two hellos of each end, at several moments."""
    _check_outage(run, 3.5, True)
    for start in (10.1, 10.9, 11.7):
        segment, a, b = pair(run)
        segment.run(10)
        before, hellos = newest(a), len(segment.mkpdus)
        segment.drop = lambda time, _name, _frame, start=start: start <= time < start + 3.5  # type: ignore[misc]
        segment.run(start + 3.5)
        run.require("hellos were sent meanwhile", len(segment.mkpdus) - hellos >= 2)
        segment.run(30)
        run.expect(f"the SAK after an outage from {start} s on", before, newest(a))
        run.require("secured", secured(a, b))


@SUITE.case(
    "fault::mismatch_macsec_configuration",
    "another CAK at one end: no session within 90 s",
    clause="802.1X 9.4.1",
)
def mismatch(run: CaseRun) -> None:
    """Wait ninety seconds for a session that cannot be."""
    segment = MkaSegment(run)
    a, b = segment.add("a"), segment.add("b", [chain_key(bytes(16))])
    segment.run(90)
    for member in (a, b):
        run.require(f"{member.name} is not secured", not member.kay.secured)
        run.require(f"{member.name} sends nothing", not member.send())
        live = sum(len(each.peers.live) for each in member.kay.participants.values())
        run.expect(f"{member.name}: live peers", 0, live)


@SUITE.case(
    "fips::macsec_fips_post_status",
    "the status of the self-test at power-on is shown: it passed",
    clause="14.5",
)
def self_test(run: CaseRun) -> None:
    """Look at the self-test of the kernel, and repeat a known answer."""
    kernels = (run.target.kernel or "",) if run.target.backend == "native" else ()
    usable, not_run = available((run.target.backend,), kernels)
    run.expect("data planes whose known answers are right", (run.target,), usable)
    run.require("none is broken", not any(each.broken for each in not_run))
    cipher = run.target.cipher()
    run.expect("a known tag", (b"", GCM_ZERO), cipher.seal(bytes(16), bytes(12), b"", b""))
    wrong = GCM_ZERO[:-1] + b"\0"
    run.expect("a wrong tag", None, cipher.open(bytes(16), bytes(12), b"", b"", wrong))
