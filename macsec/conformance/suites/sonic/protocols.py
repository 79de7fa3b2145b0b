"""SONiC: protocols of daemons over a port whose MACsec is turned off and on, and PFC."""

from __future__ import annotations

import itertools

from macsec.conformance.scenes import SegmentMember, pair, secured
from macsec.conformance.scenes.protocols import (
    BGP,
    ISIS,
    LACP,
    LACP_FAST,
    LLDP,
    Protocol,
    run_protocol,
)
from macsec.conformance.scenes.traffic import bypass
from macsec.conformance.suites.case import CaseRun
from macsec.secy import Verdict
from macsec.terms import ETHERTYPE_MACSEC

from .plan import SUITE

OFF, ON = 0.33, 0.66
"""When MACsec is turned off and on, as shares of a run."""
INTERVALS = 15
DAEMON = (
    "the daemon itself is not run: its frames are sent at its intervals, and its hold timer kept"
)
PFC_FRAME = bytes.fromhex("0180c2000001 025200000061 8808 0101 00ff".replace(" ", "")) + bytes(44)


def _check_kept(run: CaseRun, *protocols: Protocol) -> None:
    """Check that no hold timer runs out while MACsec is turned off and on again."""
    for protocol in protocols:
        segment, a, b = pair(run)
        segment.wire.clear()
        length = INTERVALS * protocol.interval
        changes = [(2 + OFF * length, False), (2 + ON * length, True)]
        sides = run_protocol(segment, a, b, protocol, changes, 2 + length)
        for side in sides:
            name = f"{protocol.name} at {side.member.name}"
            longest = side.longest
            wanted = f"{name}: {longest:.1f} s without a frame, of {protocol.hold} s allowed"
            run.require(wanted, longest < protocol.hold)
        clear = sum(protocol.frame == frame for frame in segment.wire)
        tagged = sum(frame[12:14] == ETHERTYPE_MACSEC.to_bytes(2) for frame in segment.wire)
        run.require(f"{clear} frames in clear, {tagged} with a SecTAG", clear > 0 and tagged > 0)
        run.require("secured at the end", secured(a, b))


@SUITE.case(
    "interop::port_channel (LACP ≤ 90 s)",
    "a port channel stays up while MACsec of its port is turned off and on",
    part=DAEMON,
)
def lacp(run: CaseRun) -> None:
    """Run LACP with both of its rates."""
    _check_kept(run, LACP_FAST, LACP)


@SUITE.case(
    "interop::lldp (≤ 120 s)",
    "LLDP keeps its neighbour while MACsec of the port is turned off and on",
    part=DAEMON,
)
def lldp(run: CaseRun) -> None:
    """Run LLDP with its interval of 30 s and its TTL of 120 s."""
    _check_kept(run, LLDP)


@SUITE.case(
    "interop::bgp (hold time)",
    "a BGP session stays up while MACsec of the port is turned off and on",
    part=DAEMON,
)
def bgp(run: CaseRun) -> None:
    """Run BGP with a keepalive of 3 s and a hold time of 10 s."""
    _check_kept(run, BGP)


@SUITE.case(
    "interop_wan_isis::isis_over_macsec",
    "IS-IS adjacencies come up over MACsec",
    part=DAEMON,
)
def isis(run: CaseRun) -> None:
    """Run hellos of IS-IS, which have a length in place of an EtherType."""
    segment, a, b = pair(run)
    segment.wire.clear()
    sides = run_protocol(segment, a, b, ISIS, [], 2 + INTERVALS * ISIS.interval)
    for side in sides:
        run.require(f"{side.member.name}: the adjacency stays", side.longest <= ISIS.interval + 0.1)
        run.expect(f"{side.member.name}: hellos heard", side.sent, len(side.heard) - 2)
    run.expect("hellos in clear on the wire", 0, segment.wire.count(ISIS.frame))
    _check_kept(run, ISIS)


@SUITE.case(
    "interop::snmp",
    "polls of SNMP are answered while MACsec of the port is turned off and on",
    part=DAEMON,
)
def snmp(run: CaseRun) -> None:
    """Poll once a second; a poll is repeated after a second, five times at most."""
    segment, a, b = pair(run)
    poll, answer = (bytes(12) + b"\x08\x00" + name.ljust(80, b"\0") for name in (b"get", b"value"))
    answered: list[float] = []

    def serve(frame: bytes) -> None:
        if frame == poll:
            b.station.request(answer)

    def take(frame: bytes) -> None:
        if frame == answer:
            answered.append(segment.now)

    b.station.controlled.receiver, a.station.controlled.receiver = serve, take
    segment.every(1, lambda: a.station.request(poll), 3, 60)
    for at, off in ((20.0, True), (40.0, False)):
        segment.at(at, lambda off=off: bypass(segment, off, a))  # type: ignore[misc]
        segment.at(at + 0.4, lambda off=off: bypass(segment, off, b))  # type: ignore[misc]
    segment.run(61)
    gaps = [later - before for before, later in itertools.pairwise(answered)]
    run.require(f"{len(answered)} of 57 polls are answered", len(answered) >= 53)
    run.require(f"{max(gaps):.1f} s between answers: within five retries", max(gaps) < 5)
    run.require("secured at the end", secured(a, b))


def _sent_as(member: SegmentMember) -> bytes | None:
    return member.station.port.request(PFC_FRAME)


def _check_pfc(run: CaseRun, mode: str, in_clear: bool, clear_accepted: bool) -> None:
    """Check how PFC frames are sent and received under a mode."""
    controls = {"clear": (f"pfc={mode}",), "validate": "strict"}
    segment, a, b = pair(run, controls=controls)
    octets = _sent_as(a)
    run.require("a PFC frame is sent", octets is not None)
    clear = octets == PFC_FRAME
    run.expect("it is in clear", in_clear, clear)
    got: list[bytes] = []
    b.station.controlled.receiver = got.append
    b.station.indicate(octets or b"")
    run.expect("the peer takes it", [PFC_FRAME], got)
    b.station.indicate(PFC_FRAME)
    run.expect("a clear one is taken", clear_accepted, len(got) == 2)
    counts = b.secy.clear_counts[f"pfc={mode}" if mode != "bypass" else b.secy.controls.clear[0]]
    accepted = (1 + in_clear) if clear_accepted else 0
    run.expect("clear ones counted", accepted, counts.received)
    run.expect("clear ones refused", 0 if clear_accepted else 1, counts.refused)
    verdict, _ = b.secy.validate_frame(PFC_FRAME)
    run.expect("verdict", clear_accepted, verdict is Verdict.EXCEPTED)
    segment.run(3)


@SUITE.case(
    "pfc::pfc_pause_on_macsec_link",
    "PFC frames are received and counted on a MACsec port",
    clause="10.4",
)
def pfc_counted(run: CaseRun) -> None:
    """Receive PFC frames that bypass MACsec beside traffic under it."""
    segment, a, b = pair(run, controls={"clear": ("pfc",)})
    for _ in range(5):
        a.station.request(PFC_FRAME)
        a.send()
    segment.run(3)
    run.expect("PFC frames counted", 5, b.secy.clear_counts["pfc"].received)
    run.expect("frames under MACsec", 5, b.secy.counters["InPktsOK"])
    run.expect("PFC frames on the wire in clear", 5, segment.wire.count(PFC_FRAME))


@SUITE.case(
    "plan: PFC bypass mode",
    "PFC frames are sent in clear, and clear ones are accepted",
    clause="10.4",
)
def pfc_bypass(run: CaseRun) -> None:
    """Use the mode bypass."""
    _check_pfc(run, "bypass", in_clear=True, clear_accepted=True)


@SUITE.case(
    "plan: PFC encrypt mode",
    "PFC frames are sent encrypted; clear ones are accepted all the same",
    clause="10.4",
)
def pfc_encrypt(run: CaseRun) -> None:
    """Use the mode encrypt."""
    _check_pfc(run, "encrypt", in_clear=False, clear_accepted=True)


@SUITE.case(
    "plan: PFC strict mode",
    "PFC frames are sent encrypted, and clear ones are dropped",
    clause="10.4",
)
def pfc_strict(run: CaseRun) -> None:
    """Use the mode strict."""
    _check_pfc(run, "strict", in_clear=False, clear_accepted=False)
