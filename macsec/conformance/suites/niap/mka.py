"""FCS_MKA_EXT.1 and FPT_DDP_EXT.1: MKPDUs, peers and their Life Time, capability, delay."""

from __future__ import annotations

from itertools import pairwise

from macsec.conformance.scenes import (
    BROADCAST,
    Actor,
    MkaSegment,
    SegmentMember,
    pair,
    secured,
    server_of,
)
from macsec.conformance.scenes.records import Records
from macsec.conformance.suites.case import CaseRun
from macsec.kay.kay import Kay
from macsec.kay.mkpdu.parameter_sets import DistributedSak, NoSak
from macsec.kay.secy_side.cp import Connect
from macsec.secy import Verdict
from macsec.suites import SUITES

from .plan import SUITE

ICV = 16
HELLO_S, BOUNDED_S = 2.0, 0.5


def _hellos(segment: MkaSegment, name: str) -> list[float]:
    """Return the times between the MKPDUs of a station."""
    times = [time for time, sender, _ in segment.mkpdus if sender == name]
    return [after - before for before, after in pairwise(times)]


@SUITE.case(
    "FCS_MKA_EXT.1 T1 (ICV)",
    "the last 16 octets of each MKPDU are another value",
    clause="802.1X 9.4.1",
    on_data_plane=False,
)
def icvs(run: CaseRun) -> None:
    """Collect the MKPDUs of ten minutes."""
    segment, _, _ = pair(run)
    segment.run(600)
    values = {frame[-ICV:] for _, _, frame in segment.mkpdus}
    run.require(f"{len(segment.mkpdus)} MKPDUs in ten minutes", len(segment.mkpdus) > 600)
    run.expect("different ICVs", len(segment.mkpdus), len(values))


@SUITE.case(
    "FCS_MKA_EXT.1 T2",
    "an MKPDU with one bit changed in flight is dropped",
    clause="802.1X 9.4.1",
    on_data_plane=False,
)
def changed_mkpdus(run: CaseRun) -> None:
    """Change each bit of an MKPDU, that of its header included."""
    segment, a, b = pair(run)
    taken = b.kay.counters["in-mkpdu"]
    frame = next(each for _, name, each in reversed(segment.mkpdus) if name == a.name)
    for bit in range(8 * len(frame)):
        octets = bytearray(frame)
        octets[bit // 8] ^= 1 << bit % 8
        b.kay.receive_mkpdu(segment.engine.now_ns, bytes(octets))
    run.expect("MKPDUs taken", taken, b.kay.counters["in-mkpdu"])
    bad = b.kay.counters["in-mkpdu-icv-verification-errors"]
    run.require(f"{bad} of {8 * len(frame)} fail their ICV", bad > 4 * len(frame))
    run.require("the session goes on", secured(a, b))


@SUITE.case(
    "FCS_MKA_EXT.1 T3",
    "a new peer gets a fresh SAK; MKPDUs leave at least every 2.0 s, or every 0.5 s where delay is "
    "bounded",
    clause="802.1X 9.4, 9.8",
)
def fresh_saks(run: CaseRun) -> None:
    """Let a third station join; measure the hellos with and without delay protection."""
    for bounded, most in ((False, HELLO_S), (True, BOUNDED_S)):
        segment, a, b = pair(run, delay_protection=bounded)
        before = a.kay.cp.slots()[0].ki
        segment.run(20)
        c = segment.add("c", delay_protection=bounded)
        segment.run(30)
        run.require("three are secured", secured(a, b, c))
        run.require("with a fresh SAK", a.kay.cp.slots()[0].ki != before)
        for name in "ab":
            longest = max(_hellos(segment, name))
            run.require(f"hellos of {name} within {most} s", longest <= most, f"{longest:.3f} s")


def _incapable(run: CaseRun, security: str) -> tuple[Kay, Actor]:
    """Return a KaY that serves a peer which has turned to capability 0 for 8 s."""
    kay, actor = server_of(security=security)
    run.require("secured before", kay.secured)
    for _ in range(16):
        actor.later(0.5)
        actor.say(priority=200, capability=0, desired=False)
        actor.drain()
    return kay, actor


@SUITE.case(
    "FCS_MKA_EXT.1 T4 (capability 0)",
    "a peer that begins to report MACsec Capability 0 has no secure connection after a Life Time",
    clause="802.1X 11.11.3, 12.3",
    on_data_plane=False,
)
def capability_zero(run: CaseRun) -> None:
    """Report capability 0 for 8 s to a must-secure Key Server."""
    kay, _ = _incapable(run, "must-secure")
    run.expect("connect", Connect.PENDING, kay.cp.connect)
    run.expect("Controlled Port open", False, kay.cp.controlled)
    run.expect("SAKs in use", [], kay.cp.slots())


@SUITE.case(
    "FCS_MKA_EXT.1 T4 (should-secure)",
    "under should-secure the server turns to plain frames, and its MKPDUs say so",
    clause="802.1X 9.10, 11.11.3",
    on_data_plane=False,
)
def says_plain(run: CaseRun) -> None:
    """Report capability 0 to a should-secure Key Server; read its MKPDUs."""
    kay, actor = _incapable(run, "should-secure")
    run.expect("connect", Connect.AUTHENTICATED, kay.cp.connect)
    run.expect("Controlled Port open", True, kay.cp.controlled)
    actor.later(2)
    actor.say(priority=200, capability=0, desired=False)
    last = actor.heard[-1]
    run.require("a zero-length Distributed SAK", last.first(NoSak) is not None)
    run.require("no SAK beside it", last.first(DistributedSak) is None)


@SUITE.case(
    "FCS_MKA_EXT.1 T4 (from the start)",
    "a peer without MACsec Capability from the start is never secured; must-secure stays closed, "
    "should-secure passes plain frames",
    clause="802.1X 11.11.3",
)
def never_capable(run: CaseRun) -> None:
    """Join a station with capability 0, under each policy of the other."""
    for security, passes in (("must-secure", 0), ("should-secure", 1)):
        segment = MkaSegment(run)
        a = segment.add("a", key_server_priority=10, security=security)
        b = segment.add("b", capability=0, desired=False, security="should-secure")
        segment.run(10)
        a.send()
        segment.run(11)
        run.expect(f"{security}: secured", False, a.kay.secured)
        run.expect(f"{security}: frames that pass", passes, len(b.numbers_from("a")))


def _malformed(actor: Actor) -> dict[str, tuple[bytes, str]]:
    """Return MKPDUs with a fault, and the counter of each."""
    frame = actor.frame()
    individual = bytes.fromhex("025200000041") + frame[6:]
    agility = bytearray(frame)
    agility[18 + 28] ^= 1
    cut = frame[:-1]
    short = frame[:18] + frame[18 : 18 + 28]
    odd = frame[:16] + (len(frame) - 18 - 1).to_bytes(2) + frame[18:-1]
    return {
        "to an individual address": (individual, "in-mkpdu-individual-destination"),
        "shorter than 32 octets": (short, "in-mkpdu-validation-errors"),
        "not a multiple of 4": (odd, "in-mkpdu-validation-errors"),
        "one octet short": (cut, "in-mkpdu-validation-errors"),
        "of an unknown agility": (bytes(agility), "in-mkpdu-unknown-agility"),
    }


@SUITE.case(
    "FCS_MKA_EXT.1 T8",
    "an MKPDU to an individual address, too short, of a wrong length, or of an unknown agility is "
    "dropped and recorded",
    clause="802.1X 11.11.2",
    on_data_plane=False,
)
def malformed_mkpdus(run: CaseRun) -> None:
    """Send each to a secured member of a segment."""
    for name in (
        "to an individual address",
        "shorter than 32 octets",
        "not a multiple of 4",
        "one octet short",
        "of an unknown agility",
    ):
        segment, _, b = pair(run)
        actor = Actor(b.kay, 0x0252_0000_007A_0001)
        records, taken = Records(b), b.kay.counters["in-mkpdu"]
        frame, counter = _malformed(actor)[name]
        b.station.indicate(frame)
        run.expect(f"{name}: taken", taken, b.kay.counters["in-mkpdu"])
        found = [(each["counter"], each["count"]) for each in records.of("mkpdu-refused")]
        run.expect(f"{name}: record", [(counter, 1)], found)
        del segment


def _held(a: SegmentMember) -> bytes:
    """Return a protected frame of a member that is held back."""
    return (
        a.secy.protect_frame(BROADCAST + a.kay.sci.to_bytes(8)[:6] + b"\x88\xb5" + bytes(60)) or b""
    )


@SUITE.case(
    "FPT_DDP_EXT.1",
    "a frame that was held back for more than 2.0 s is refused, whether others were sent or not",
    clause="802.1X 9.10",
)
def held_frames(run: CaseRun) -> None:
    """Hold a frame back for 2.5 s, under each suite, with an idle and a busy sender."""
    for cipher in SUITES:
        for busy in (False, True):
            segment, a, b = pair(
                run, cipher=cipher, delay_protection=True, controls={"window": 4096}
            )
            segment.run(8)
            frame, at = _held(a), segment.now
            if busy:
                segment.every(0.05, a.send, at, at + 2.5)
            segment.run(at + 2.5)
            state = "busy" if busy else "idle"
            verdict, delivered = b.secy.validate_frame(frame)
            run.expect(f"{cipher}, {state}: verdict", (Verdict.LATE, None), (verdict, delivered))
            fresh = b.secy.validate_frame(_held(a))[0]
            run.expect(f"{cipher}, {state}: a frame in time", Verdict.OK, fresh)
