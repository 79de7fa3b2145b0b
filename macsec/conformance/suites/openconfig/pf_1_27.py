"""PF-1.27: traffic through a MACsec link at the rates of its line, keys that break and change."""

from __future__ import annotations

from macsec.conformance.scenes import MkaSegment, pair, secured
from macsec.conformance.scenes.routed import (
    label,
    mpls_gre_frames,
    mpls_udp_frames,
    plain_frames,
)
from macsec.conformance.scenes.traffic import (
    IMIX,
    change_cak,
    check_line,
    check_nothing_lost,
    flood,
    lost,
    rolled_keys,
    send_throughout,
)
from macsec.conformance.suites.case import CaseRun

from .plan import OTHER_CAK, ROUTER, SUITE, check_key_broken

WORK_DAY = 28_800
SLOW_HELLO = 60
SMALLEST, JUMBO = 60, 9014
RATES = (("10gbit", 0.724), ("100gbit", 0.724), ("400gbit", 0.70))
KEY_STEP, KEY_LIFE, KEYS = 600, 1200, 5


@SUITE.case(
    "PF-1.27.1", "MPLSoGRE, IMIX at 92.1 % of 10G and of 100G: nothing is lost", part=ROUTER
)
def mpls_over_gre(run: CaseRun) -> None:
    """Send MPLSoGRE frames over both lines."""
    for rate in ("10gbit", "100gbit"):
        sent = check_line(run, rate, 0.921, mpls_gre_frames(IMIX))
        run.require(f"{sent} frames at {rate} arrive", sent > 0)


@SUITE.case(
    "PF-1.27.2",
    "must-secure: no loss; with the key of one side changed the session goes down and nothing "
    "passes; with the key restored it comes up and nothing is lost",
    clause="802.1X 12.4",
)
def must_secure(run: CaseRun) -> None:
    """Break and restore the CAK of one side."""
    check_key_broken(run, "must-secure")


@SUITE.case(
    "PF-1.27.3",
    "should-secure: all frames are encrypted; with the key of one side changed the session goes "
    "down, traffic goes on in clear and untagged frames are counted; restored: encrypted again",
    clause="802.1X 12.4",
)
def should_secure(run: CaseRun) -> None:
    """Break and restore the CAK of one side."""
    check_key_broken(run, "should-secure")


@SUITE.case(
    "PF-1.27.3 (transition)",
    "should-secure, with traffic throughout: frames lost while the session that was up dies are "
    "those of one Life Time at most",
    clause="802.1X 9.4",
    part="an end cannot know before the Life Time that the other one has no key any more; the plan "
    "stops its traffic meanwhile",
)
def transition(run: CaseRun) -> None:
    """Change the CAK of one side under traffic."""
    segment, a, b = pair(run, security="should-secure")
    send_throughout(segment, a, b, start=2, end=40)
    segment.at(10, lambda: change_cak(segment, b, bytes(range(32)), OTHER_CAK))
    segment.run(41)
    for sender, receiver in ((a, b), (b, a)):
        gone = lost(sender, receiver)
        run.require(f"{gone} frames of {sender.name} lost: within 6 s", 0 < gone <= 6 / 0.05)
        numbers = receiver.numbers_from(sender.name)
        run.require("the last 20 s arrive whole", numbers[-400:] == sender.sent[-400:])


@SUITE.case(
    "PF-1.27.4",
    "a SAK rekey interval of 28800 s: the session stays up, a new SAK comes, nothing is lost",
    clause="802.1X 9.8",
)
def rekey_of_a_day(run: CaseRun) -> None:
    """Run eight hours, with traffic at the start and around the new SAK."""
    policy = {"sak_rekey_interval": WORK_DAY, "hello_time": SLOW_HELLO}
    segment, a, b = pair(run, **policy)
    send_throughout(segment, a, b, start=2, end=5)
    segment.run(WORK_DAY - 60)
    run.expect("SAKs before", 1, a.kay.counters["keys-distributed"])
    run.require("secured before", secured(a, b))
    send_throughout(segment, a, b, start=WORK_DAY - 2, end=WORK_DAY + 6)
    segment.run(WORK_DAY + 10)
    run.expect("SAKs after 28800 s", 2, a.kay.counters["keys-distributed"])
    run.require("secured with the new one", secured(a, b))
    run.require(f"{check_nothing_lost(a, b)} frames arrive", True)


@SUITE.case("PF-1.27.5", "MPLSoUDP, IMIX at 91.2 % of 400G: nothing is lost", part=ROUTER)
def mpls_over_udp(run: CaseRun) -> None:
    """Send MPLSoUDP frames."""
    sent = check_line(run, "400gbit", 0.912, mpls_udp_frames(IMIX))
    run.require(f"{sent} frames arrive", sent > 0)


@SUITE.case(
    "PF-1.27.6",
    "64 octets at 72.4 % of 10G and 100G and at 70.0 % of 400G: nothing is lost, and the line is "
    "full: 116 octets on it for 84",
    clause="9.3",
)
def smallest_frames(run: CaseRun) -> None:
    """Send the smallest frames at the highest rates, and once faster than the line can."""
    frames = plain_frames((SMALLEST,) * 8)
    for rate, share in RATES:
        sent = check_line(run, rate, share, frames)
        run.require(f"{sent} frames at {rate} arrive", sent > 0)
    sent, delivered = flood(run, "10gbit", 2.0, frames, 2000)
    run.require("of twice the rate some are lost", delivered < sent, f"{delivered} of {sent} came")


@SUITE.case("PF-1.27.7", "IMIX at the rate without loss: nothing is lost")
def imix(run: CaseRun) -> None:
    """Send IMIX at 92 % of three lines."""
    for rate in ("10gbit", "100gbit", "400gbit"):
        sent = check_line(run, rate, 0.92, plain_frames(IMIX), 1200)
        run.require(f"{sent} frames at {rate} arrive", sent > 0)


@SUITE.case("PF-1.27.8", "9000 octets at the rate without loss: nothing is lost")
def jumbo_frames(run: CaseRun) -> None:
    """Send packets of 9000 octets at 99.6 % of the line."""
    for rate in ("10gbit", "100gbit"):
        sent = check_line(run, rate, 0.996, plain_frames((JUMBO,) * 4), 400)
        run.require(f"{sent} frames at {rate} arrive", sent > 0)


@SUITE.case(
    "PF-1.27.9",
    "MPLSoGRE is decapsulated, its label popped, and the packet goes out of a MACsec port, IMIX: "
    "nothing is lost",
    part="decapsulation is policy forwarding, a router's: the packets that it leaves are made here",
)
def gre_decapsulated(run: CaseRun) -> None:
    """Send the packets inside of MPLSoGRE, as they leave a router."""
    _check_popped(run, mpls_gre_frames(IMIX), outer=28)


@SUITE.case(
    "PF-1.27.10",
    "MPLSoUDP is decapsulated, its label popped, and the packet goes out of a MACsec port, IMIX: "
    "nothing is lost",
    part="decapsulation is policy forwarding, a router's: the packets that it leaves are made here",
)
def udp_decapsulated(run: CaseRun) -> None:
    """Send the packets inside of MPLSoUDP, as they leave a router."""
    _check_popped(run, mpls_udp_frames(IMIX), outer=32)


def _check_popped(run: CaseRun, tunnelled: list[bytes], outer: int) -> None:
    """Check that the inner packets cross; `outer`: octets before them, without Ethernet's."""
    inner = [frame[:14] + frame[14 + outer :] for frame in tunnelled]
    sizes = [len(frame) for frame in plain_frames(IMIX)]
    run.expect("sizes of the packets inside", sizes, [len(frame) for frame in inner])
    run.require("they are IPv4", all(frame[14] == 0x45 for frame in inner))
    run.expect("octets of a label", 4, len(label(b"")))
    sent = check_line(run, "100gbit", 0.92, inner, 1500)
    run.require(f"{sent} frames arrive", sent > 0)


@SUITE.case(
    "PF-1.27.11",
    "a chain of five keys, each ten minutes after the last: no loss at the four changes, and the "
    "key in use is shown",
    clause="802.1X 9.16",
)
def chain_of_keys(run: CaseRun) -> None:
    """Run fifty minutes, with traffic around each change."""
    segment = MkaSegment(run)
    a, b = (
        segment.add(
            name,
            rolled_keys(KEY_STEP, KEY_LIFE, KEYS),
            key_server_priority=priority,
            hello_time=20,
        )
        for name, priority in (("a", 10), ("b", 20))
    )
    for change in range(1, KEYS):
        at = change * KEY_STEP
        send_throughout(segment, a, b, start=at - 2, end=at + 45, period=0.25)
        segment.run(at - 3)
        shown = [member.principal.key.ckn for member in (a, b)]
        run.expect(f"key in use before change {change}", [bytes([change]) * 8] * 2, shown)
        segment.run(at + 50)
        run.require("secured", secured(a, b))
    shown = [member.principal.key.ckn for member in (a, b)]
    run.expect("key in use at the end", [bytes([KEYS]) * 8] * 2, shown)
    run.require(f"{check_nothing_lost(a, b)} frames arrive", True)
