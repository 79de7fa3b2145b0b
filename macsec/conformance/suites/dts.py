"""DPDK's test suite DTS for MACsec of a NIC: settings, counters, faults, rates."""

from __future__ import annotations

from functools import partial

from macsec.conformance.scenes.statics import (
    SAK,
    SCI_A,
    numbered,
    pass_frames,
    receiving,
    refused,
    sending,
)
from macsec.conformance.scenes.traffic import check_line, line_pace
from macsec.keys import Key
from macsec.secy import Verdict
from macsec.terms import ETHERTYPE_MACSEC

from .case import CaseRun, Suite

SUITE = Suite("dts", "DPDK DTS MACsec", "akihikodaki/dts 1413f9a")
FRAMES = 20
INDEX = "an index is a register of the 82599: a SecY has an SA for each of four ANs instead"
OCTETS = "the plan expects octets decrypted without a key: 10.6.3 counts where the cipher ran"
TAG = ETHERTYPE_MACSEC.to_bytes(2)
MPPS_10G = 10.776
"""Millions of frames of 116 octets, SecTAG, ICV and framing among them, a second."""


def _check_passes(run: CaseRun, what: str, an: int = 0, key: bytes = SAK, sci: str = SCI_A) -> None:
    """Check that frames pass between two SecYs with these parameters."""
    sender = sending(run, an=an, key=key, sci=sci)
    receiver = receiving(run, an=an, key=key, sci=sci)
    passage = pass_frames(sender, receiver, numbered(FRAMES))
    run.expect(f"{what}: frames delivered", passage.sent, passage.delivered)


@SUITE.case(
    "TC1",
    "frames one way: received as sent; OutPktsEncrypted is InPktsOK, octets are equal",
    clause="10.7.9, 10.7.18",
)
def one_way(run: CaseRun) -> None:
    """Send frames and compare content and counters."""
    sender, receiver = sending(run), receiving(run)
    passage = pass_frames(sender, receiver, numbered(FRAMES))
    run.expect("frames delivered", passage.sent, passage.delivered)
    run.require("each has a SecTAG", all(frame[12:14] == TAG for frame in passage.wire))
    run.expect("OutPktsEncrypted", FRAMES, sender.counters["OutPktsEncrypted"])
    run.expect("InPktsOK", FRAMES, receiver.counters["InPktsOK"])
    sent, got = sender.counters["OutOctetsEncrypted"], receiver.counters["InOctetsDecrypted"]
    run.expect("octets", FRAMES * 52, sent)
    run.expect("octets decrypted", sent, got)


@SUITE.case("TC2.1 idx", "two SAs of a NIC are usable, a third is refused", part=INDEX)
def indexes(run: CaseRun) -> None:
    """Hold all four SAs at once, and use each."""
    sender, receiver = sending(run), receiving(run)
    for an in range(1, 4):
        sender.create_tx_sa(an, Key(bytes([an]) * 16))
        receiver.create_rx_sa(SCI_A, an, Key(bytes([an]) * 16))
    for an in range(4):
        sender.set_controls(encodingsa=an)
        passage = pass_frames(sender, receiver, numbered(2))
        run.expect(f"SA {an} of four", passage.sent, passage.delivered)
    run.require("a fifth is refused", refused(lambda: sender.create_tx_sa(4, Key(bytes(16)))))


@SUITE.case("TC2.2 AN", "ANs 1, 2 and 3 work, 4 is refused", clause="9.6")
def association_numbers(run: CaseRun) -> None:
    """Use each AN, and two that do not exist."""
    for an in (1, 2, 3):
        _check_passes(run, f"AN {an}", an=an)
    for an in (4, -1):
        sends, receives = partial(sending, run, an=an), partial(receiving, run, an=an)
        run.require(f"AN {an} is refused to send", refused(sends))
        run.require(f"AN {an} is refused to receive", refused(receives))


@SUITE.case(
    "TC2.3 PN",
    "from PN ffffffff-n on as many frames leave as there are PNs, then none; 2^32 is refused",
    clause="10.5.2",
)
def packet_numbers(run: CaseRun) -> None:
    """Use the last PNs of an SA."""
    for left in (1, 2, 6):
        pn = (1 << 32) - left
        sender, receiver = sending(run, pn=pn), receiving(run, pn=pn)
        passage = pass_frames(sender, receiver, numbered(left + 3))
        run.expect(f"frames from PN {pn:x}", passage.sent[:left], passage.delivered)
        run.expect("frames on the wire", left, len(passage.wire))
    run.require("PN 2^32 is refused", refused(lambda: sending(run, pn=1 << 32)))
    run.require("PN 0 is refused", refused(lambda: sending(run, pn=0)))


@SUITE.case("TC2.4 key", "keys of all zeros and of all ones work", clause="14.5")
def keys(run: CaseRun) -> None:
    """Use both keys."""
    for octet in (b"\0", b"\xff"):
        _check_passes(run, f"key of {octet.hex()}", key=octet * 32)
    run.require("a short key is refused", refused(lambda: sending(run, key=bytes(15))))


@SUITE.case(
    "TC2.5 port",
    "ports 1 and ffff of an SCI work, 10000 is refused",
    clause="9.9",
    part="the plan expects that equal ports at both ends fail, as on the 82599; they are allowed",
)
def ports(run: CaseRun) -> None:
    """Use the least and the greatest port, both ends alike."""
    for port in (1, 0xFFFF):
        _check_passes(run, f"port {port:x}", sci=f"{SCI_A[:12]}{port:04x}")
    run.require(
        "port 10000 is refused", refused(lambda: sending(run, sci="02:52:00:00:00:61@65536"))
    )


@SUITE.case(
    "TC3",
    "protected frames to a receiver without MACsec: it sees 88e5, and decrypts nothing",
    clause="10.6",
)
def to_a_plain_receiver(run: CaseRun) -> None:
    """Receive with validateFrames Null."""
    sender, receiver = sending(run), receiving(run, validate="null")
    passage = pass_frames(sender, receiver, numbered(FRAMES))
    run.expect("frames as on the wire", passage.wire, passage.delivered)
    run.require("each is 88e5", all(frame[12:14] == TAG for frame in passage.delivered))
    counted = receiver.counters["InPktsOK"], receiver.counters["InOctetsDecrypted"]
    run.expect("InPktsOK, InOctetsDecrypted", (0, 0), counted)


@SUITE.case(
    "TC4",
    "plain frames to a receiver that is not strict: delivered as they are",
    clause="10.6",
)
def from_a_plain_sender(run: CaseRun) -> None:
    """Receive frames without SecTAG under Check; strict refuses them."""
    plain = numbered(FRAMES)
    receiver, strict = receiving(run, validate="check"), receiving(run)
    results = [receiver.validate_frame(frame) for frame in plain]
    run.expect("frames delivered", plain, [clear for _, clear in results])
    run.expect("InPktsUntagged", FRAMES, receiver.counters["InPktsUntagged"])
    run.expect("InOctetsDecrypted", 0, receiver.counters["InOctetsDecrypted"])
    run.expect("delivered by a strict one", None, strict.validate_frame(plain[0])[1])


@SUITE.case("TC5.1", "MACsec is not turned on: plain frames leave", clause="10.7.17")
def turned_off(run: CaseRun) -> None:
    """Send with protectFrames off."""
    sender = sending(run, protect=False)
    plain = numbered(FRAMES)
    run.expect("frames sent", plain, [sender.protect_frame(frame) for frame in plain])
    run.expect("OutPktsUntagged", FRAMES, sender.counters["OutPktsUntagged"])
    run.expect("nextPN", 1, sender.tx.sa[0].next_pn)


@SUITE.case(
    "TC5.2 wrong PN",
    "the sender starts again at PN 1: OutPktsEncrypted is InPktsLate and InPktsOK together",
    clause="10.6.2",
)
def wrong_pn(run: CaseRun) -> None:
    """Start a sender again at its first PN."""
    receiver = receiving(run)
    first = pass_frames(sending(run), receiver, numbered(FRAMES))
    again = pass_frames(sending(run), receiver, numbered(FRAMES + 4))
    run.expect("delivered at first", FRAMES, len(first.delivered))
    run.expect("delivered again", 4, len(again.delivered))
    counted = receiver.counters["InPktsLate"], receiver.counters["InPktsOK"]
    run.expect("InPktsLate, InPktsOK", (FRAMES, FRAMES + 4), counted)


def _check_wrong(run: CaseRun, verdict: Verdict, octets: bool, **wrong: object) -> None:
    """Check that all frames of a sender are refused where the receiver has another parameter."""
    sender = sending(run)
    receiver = receiving(run, **wrong)  # type: ignore[arg-type]
    passage = pass_frames(sender, receiver, numbered(FRAMES))
    run.expect("verdicts", {verdict.label}, {each.label for each in passage.verdicts})
    run.expect("frames delivered", [], passage.delivered)
    sent = sender.counters
    run.expect(
        str(verdict.counter), sent["OutPktsEncrypted"], receiver.counters[verdict.counter or ""]
    )
    run.expect("InPktsOK", 0, receiver.counters["InPktsOK"])
    wanted = sent["OutOctetsEncrypted"] if octets else 0
    run.expect("InOctetsDecrypted", wanted, receiver.counters["InOctetsDecrypted"])


@SUITE.case(
    "TC5.3 wrong key",
    "another key: InPktsNotValid is OutPktsEncrypted, and octets decrypted are octets encrypted",
    clause="10.6.5",
)
def wrong_key(run: CaseRun) -> None:
    """Receive with another SAK."""
    _check_wrong(run, Verdict.NOT_VALID, True, key=bytes(32))


@SUITE.case(
    "TC5.4 wrong port",
    "another port of the SCI: InPktsNoSCI is OutPktsEncrypted, nothing is delivered",
    clause="10.6.1",
    part=OCTETS,
)
def wrong_port(run: CaseRun) -> None:
    """Receive with another SCI."""
    _check_wrong(run, Verdict.NO_SCI, False, sci=f"{SCI_A[:12]}0002")


@SUITE.case(
    "TC5.5 wrong AN",
    "another AN: InPktsNotUsingSA is OutPktsEncrypted, nothing is delivered",
    clause="10.6.1",
    part=OCTETS,
)
def wrong_an(run: CaseRun) -> None:
    """Receive with another AN."""
    _check_wrong(run, Verdict.NOT_USING_SA, False, an=1)


@SUITE.case("TC5.6 other index", "another index of the SA at the receiver: frames pass", part=INDEX)
def other_index(run: CaseRun) -> None:
    """Receive by an SA that was made after others, with the AN of the sender."""
    sender = sending(run, an=2)
    receiver = receiving(run, an=0, key=bytes(32))
    receiver.create_rx_sa(SCI_A, 2, Key(SAK[:16]))
    passage = pass_frames(sender, receiver, numbered(FRAMES))
    run.expect("frames delivered", passage.sent, passage.delivered)


@SUITE.case(
    "TC6.1 Tx line rate",
    "64 octets: 96 on the wire, 10.78 million a second, all of 10 Gbit/s",
    clause="9.3",
)
def transmit_rate(run: CaseRun) -> None:
    """Measure the pace of frames on a line of 10 Gbit/s in virtual time."""
    octets, pace = line_pace(run, "10gbit", numbered(1, 60)[0], 500)
    run.expect("octets of a frame with FCS", 96, octets + 4)
    run.expect("million frames a second", MPPS_10G, round(pace / 1e6, 3))


@SUITE.case(
    "TC6.2 Rx line rate",
    "10.78 million frames of 64 octets a second are received: InPktsOK is OutPktsEncrypted",
    part="in virtual time: the rate of a real NIC is measured by `macsec bench`",
)
def receive_rate(run: CaseRun) -> None:
    """Receive the smallest frames at 99.9 % of the line."""
    sent = check_line(run, "10gbit", 0.7235, numbered(8, 60))
    run.require(f"{sent} frames received", sent > 0)
