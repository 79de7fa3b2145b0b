"""MACsec in vehicles: the goals of OPEN Alliance TC17, and AUTOSAR's parameters."""

from __future__ import annotations

from itertools import product

from macsec.conformance.scenes import (
    MkaSegment,
    SegmentMember,
    check_connectivity,
    pair,
    secured,
)
from macsec.conformance.scenes.statics import (
    numbered,
    pass_frames,
    receiving,
    refused,
    sending,
    user_frame,
)
from macsec.terms import ETHERTYPE_EAPOL, ETHERTYPE_MACSEC

from .case import CaseRun, Suite

SUITE = Suite("tc17", "TC17 and AUTOSAR", "opensig.org, goals of TC17; AUTOSAR parameter names")
SUITES_OF_PLAN = ("gcm-aes-xpn-256", "gcm-aes-xpn-128", "gcm-aes-128", "gcm-aes-256")
GPTP, AVTP = 0x88F7, 0x22F0
BYPASS_VLAN = 100
BUS = "abcd"
RAMP = (100, 200, 400, 800)
LINK_UP = 0.25
"""Seconds after which the link passes frames."""


@SUITE.case(
    "static SAK", "both ends have static SAKs, with published parameters", clause="10.7.13, 10.7.22"
)
def static(run: CaseRun) -> None:
    """Send frames both ways under static SAKs, for each suite."""
    for cipher in SUITES_OF_PLAN:
        passage = pass_frames(
            sending(run, cipher=cipher), receiving(run, cipher=cipher), numbered(10)
        )
        run.expect(f"{cipher}: frames", passage.sent, passage.delivered)
        other = pass_frames(
            sending(run, cipher=cipher), receiving(run, cipher=cipher, key=bytes(32)), numbered(2)
        )
        run.expect(f"{cipher}: under another SAK", [], other.delivered)


def _check_role(run: CaseRun, server: bool) -> None:
    """Check a station as Key Server, or as a client, for each suite."""
    for cipher in SUITES_OF_PLAN:
        segment = MkaSegment(run)
        us = segment.add("a", cipher=cipher, key_server_priority=10 if server else 200)
        them = segment.add("b", cipher=cipher, key_server_priority=100)
        segment.run(2)
        run.require(f"{cipher}: secured", secured(us, them))
        run.expect("Key Server", server, us.principal.is_server)
        counted = "keys-distributed" if server else "keys-received"
        run.expect(counted, 1, us.kay.counters[counted])
        check_connectivity(segment, us, them)


@SUITE.case("MKA as Key Server", "the station serves: it makes the SAK", clause="802.1X 9.5, 9.8")
def as_server(run: CaseRun) -> None:
    """Serve with each suite."""
    _check_role(run, server=True)


@SUITE.case("MKA as client", "the station follows a Key Server", clause="802.1X 9.5, 9.8")
def as_client(run: CaseRun) -> None:
    """Follow with each suite."""
    _check_role(run, server=False)


@SUITE.case(
    "XPN-256, -128, 128, 256",
    "all four suites, with encryption and without",
    clause="14.5 to 14.8",
)
def all_suites(run: CaseRun) -> None:
    """Secure a link with each, and look at the wire."""
    for cipher, encrypt in product(SUITES_OF_PLAN, (True, False)):
        segment, a, b = pair(run, cipher=cipher, encrypt=encrypt)
        segment.wire.clear()
        check_connectivity(segment, a, b)
        readable = any(bytes(64) in frame for frame in segment.wire)
        run.expect(f"{cipher}: readable on the wire", not encrypt, readable)
        names = {member.secy.controls.cipher.name for member in (a, b)}
        run.expect("suite of both", {cipher}, names)


@SUITE.case(
    "quick start",
    "the link comes up late: a hello ramp of 100 ms steps secures it within some 100 ms of then",
    clause="802.1X 9.4",
)
def quick_start(run: CaseRun) -> None:
    """Lose all frames of the first 250 ms, with a ramp and without."""
    took = {ramp: _time_after_link_up(run, ramp) for ramp in (RAMP, ())}
    shown = f"{took[RAMP]:.3f} s with the ramp"
    run.require(f"{shown}: within 200 ms", took[RAMP] <= 0.2)
    run.require(f"{took[()]:.3f} s without it: up to a hello", 1 < took[()] <= 2)


def _time_after_link_up(run: CaseRun, ramp: tuple[int, ...]) -> float:
    segment = MkaSegment(run, delay="10us")
    segment.drop = lambda time, _name, _frame: time < LINK_UP
    a, b = (
        segment.add(name, key_server_priority=priority, hello_ramp=ramp)
        for name, priority in (("a", 10), ("b", 20))
    )
    segment.run(LINK_UP)
    took = _time_to(segment, a, b)
    check_connectivity(segment, a, b)
    return took


@SUITE.case(
    "quick start, measured",
    "the time to a secured link, of two that start at once and of one that joins: below 100 ms",
    clause="802.1X 9.4",
    part="the start of a controller and of its PHY is not in it",
)
def quick_start_measured(run: CaseRun) -> None:
    """Measure both in virtual time on a link of 10 us."""
    segment = MkaSegment(run, delay="10us")
    a, b = segment.add("a", key_server_priority=10), segment.add("b", key_server_priority=20)
    took = _time_to(segment, a, b)
    run.require(f"{took:.3f} s for two", took < 0.1)
    segment.run(10.3)
    c = segment.add("c", key_server_priority=30)
    took = _time_to(segment, a, b, c)
    run.require(f"{took:.3f} s for one that joins", took < 0.1)
    check_connectivity(segment, a, b, c)


def _time_to(segment: MkaSegment, *members: SegmentMember) -> float:
    """Return after how many seconds from now all members send and receive under one SAK."""
    start = segment.now
    for step in range(1, 3000):
        newest = [member.kay.cp.slots()[:1] for member in members]
        used = [slot for of in newest for slot in of if slot.transmits and slot.receives]
        if len(used) == len(members) and len({slot.ki for slot in used}) == 1:
            break
        segment.run(start + step / 1000)
    return segment.now - start


@SUITE.case(
    "bypass rules",
    "VLANs and EtherTypes (gPTP, AVTP, a VLAN of SOME/IP) are left out of MACsec by rule",
    clause="10.4",
)
def bypass_rules(run: CaseRun) -> None:
    """Send frames by three rules and one by none."""
    rules = ("ptp", f"{AVTP:04x}", f"vlan:{BYPASS_VLAN}")
    segment, a, b = pair(run, controls={"clear": rules})
    plain = user_frame(98)
    bypassing = [
        user_frame(98, ethertype=GPTP),
        user_frame(98, ethertype=AVTP),
        plain[:12] + b"\x81\x00" + BYPASS_VLAN.to_bytes(2) + plain[12:],
    ]
    others = [plain, plain[:12] + b"\x81\x00" + (BYPASS_VLAN + 1).to_bytes(2) + plain[12:]]
    got: list[bytes] = []
    b.station.controlled.receiver = got.append
    segment.wire.clear()
    for frame in (*bypassing, *others):
        a.station.request(frame)
    segment.run(2.1)
    run.expect("frames delivered", bypassing + others, got)
    wire = [frame for frame in segment.wire if frame[12:14] != ETHERTYPE_EAPOL.to_bytes(2)]
    run.expect("in clear on the wire", bypassing, wire[:3])
    tags = [frame[12:14] for frame in wire[3:]]
    run.expect("with a SecTAG", [ETHERTYPE_MACSEC.to_bytes(2)] * 2, tags)
    counts = b.secy.clear_counts
    run.expect("counted by rule", [1, 1, 1], [counts[rule].received for rule in rules])
    b.station.indicate(plain)
    run.expect("a clear frame of no rule", len(bypassing + others), len(got))


@SUITE.case(
    "10BASE-T1S multidrop",
    "stations on a multidrop bus are one group CA: each hears all others",
    clause="802.1X 9.12",
    part="collision avoidance on the bus is the PHY's",
)
def multidrop(run: CaseRun) -> None:
    """Secure four on one bus; one restarts."""
    segment = MkaSegment(run, rate="10mbit", overhead=24)
    members = [segment.add(name, key_server_priority=10 + at) for at, name in enumerate(BUS)]
    segment.run(10)
    run.require("all four are secured under one SAK", secured(*members))
    check_connectivity(segment, *members)
    members[-1] = segment.add(BUS[-1], key_server_priority=13)
    segment.run(22)
    run.require("secured after one started again", secured(*members))
    check_connectivity(segment, *members)
    run.expect("receive SCs of each", [3] * 4, [len(member.secy.rx) for member in members])


def _transit_ps(run: CaseRun, clear: bool, forward: bool) -> int:
    """Return how long a Sync of PTP takes over a link of 100 Mbit/s."""
    segment = MkaSegment(run, rate="100mbit", overhead=24, delay="500ns")
    controls = {"clear": ("ptp",) if clear else ()}
    a, b = (segment.add(name, controls=controls) for name in "ab")
    segment.run(2.5)
    sender, receiver = (a, b) if forward else (b, a)
    times: list[int] = []
    receiver.station.controlled.receiver = lambda _: times.append(segment.engine.now_ps)
    start = segment.engine.now_ps
    sender.station.request(user_frame(60, ethertype=GPTP))
    segment.run(3)
    run.expect("Sync received", 1, len(times))
    return times[0] - start


@SUITE.case(
    "PTP over or beside MACsec",
    "time stamps with protection and without: MACsec adds 32 octets to the delay, the same both "
    "ways, so that the offset of the clocks is right",
    clause="9.3",
)
def time_stamps(run: CaseRun) -> None:
    """Compare the transit of a Sync both ways, protected and in clear."""
    over, beside = (
        [_transit_ps(run, clear, forward) for forward in (True, False)] for clear in (False, True)
    )
    run.expect("protected: difference of both ways", 0, over[0] - over[1])
    run.expect("in clear: difference of both ways", 0, beside[0] - beside[1])
    two_lines = 2 * 32 * 8 * 10_000
    run.expect("added by MACsec, ps on two lines", two_lines, over[0] - beside[0])


@SUITE.case("offset 0/30/50", "confidentiality offsets 0, 30 and 50", clause="10.7.25, 14.5")
def offsets(run: CaseRun) -> None:
    """Look at how much of a frame is readable on the wire."""
    for cipher, offset in product(("gcm-aes-128", "gcm-aes-256"), (0, 30, 50)):
        segment, a, b = pair(run, cipher=cipher, offset=offset)
        run.expect("offset of both", {offset}, {m.secy.controls.offset for m in (a, b)})
        segment.wire.clear()
        check_connectivity(segment, a, b)
        frame = next(f for f in segment.wire if f[12:14] == ETHERTYPE_MACSEC.to_bytes(2))
        clear = frame[28 : 28 + 60]
        wanted = (b"\x88\xb5" + bytes(60))[:offset]
        run.expect(f"{cipher}, offset {offset}: octets in clear", wanted, clear[:offset])
        run.require("the rest is not", clear[offset : offset + 10] != bytes(10))
    run.require(
        "offset 30 with XPN is refused",
        refused(lambda: sending(run, cipher="gcm-aes-xpn-128", offset=30)),
    )
