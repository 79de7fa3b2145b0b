"""FCS_MACSEC_EXT.1, .2, .4 and FPT_RPL: frames that are refused, and what the wire shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from macsec.conformance.scenes import BROADCAST, MkaSegment, SegmentMember, pair, secured, watch
from macsec.conformance.scenes.records import Records
from macsec.conformance.suites.case import CaseRun
from macsec.kay.mkpdu.frame import Mkpdu, decode
from macsec.kay.mkpdu.parameter_sets import DistributedSak
from macsec.kay.secy_side.actions import Action, CreateTransmitSA
from macsec.secy import SecY, Verdict
from macsec.suites import SUITES
from macsec.terms import ETHERTYPE_EAPOL, ETHERTYPE_MACSEC

from .plan import SUITE

TAG, TCI, SL, PN, SCI = 12, 14, 15, 16, 20
"""Offsets in a protected frame: the EtherType, TCI and AN, SL, PN, SCI."""
SC_BIT, V_BIT = 0x20, 0x80
MAC_CONTROL = 0x8808
EQUAL_FRAMES = 64
PAYLOAD = 1000
CHI_SQUARE_MOST = 400
"""255 degrees of freedom: a random text is above this once in 10^8 runs."""


def _between(run: CaseRun, sender: SegmentMember, receiver: SegmentMember) -> bytes:
    """Return a frame that left the sender for the receiver, not delivered yet."""
    source = sender.kay.sci.to_bytes(8)[:6]
    octets = sender.secy.protect_frame(BROADCAST + source + b"\x88\xb5" + bytes(60))
    run.require(f"a frame of {sender.name} for {receiver.name} leaves", octets is not None)
    return octets or b""


@SUITE.case(
    "FCS_MACSEC_EXT.1 T1",
    "a frame with another SCI, or under XPN another SSCI, is not answered; it is dropped, recorded",
    clause="10.6.1",
)
def other_sci(run: CaseRun) -> None:
    """Change the SCI in flight, under each suite."""
    for cipher in SUITES:
        segment, a, b = pair(run, cipher=cipher)
        records, heard = Records(b), len(segment.wire)
        frame = bytearray(_between(run, a, b))
        frame[SCI + 5] ^= 1
        b.station.indicate(bytes(frame))
        segment.run(segment.now + 0.1)
        run.expect(f"{cipher}: delivered", 0, b.station.delivered)
        found = [(each["counter"], each["count"]) for each in records.of("frames-dropped")]
        run.expect(f"{cipher}: records of drops", [("InPktsNoSCI", 1)], found)
        answers = [each for each in segment.wire[heard:] if each[TAG:TCI] != b"\x88\x8e"]
        run.expect(f"{cipher}: answers", [], answers)


@SUITE.case(
    "FCS_MACSEC_EXT.1 T2",
    "of all 65,536 EtherTypes a secured port takes 88-8E and 88-E5 alone, and 88-08 below it",
    clause="10.6, 802.1X 11.1",
)
def all_ethertypes(run: CaseRun) -> None:
    """Send a clear frame with each EtherType."""
    segment, a, b = pair(run)
    del segment
    source = a.kay.sci.to_bytes(8)[:6]
    heard = b.kay.counters["in-not-mka"] + b.kay.counters["in-mkpdu-validation-errors"]
    for ethertype in range(1 << 16):
        b.station.indicate(BROADCAST + source + ethertype.to_bytes(2) + bytes(46))
    run.expect("delivered", 0, b.station.delivered)
    counters = b.secy.counters
    refused = counters["InPktsNoTag"] + counters["InPktsBadTag"]
    taken = b.kay.counters["in-not-mka"] + b.kay.counters["in-mkpdu-validation-errors"] - heard
    run.expect("EtherTypes that went to the KaY", 1, taken)
    run.expect("refused by the SecY", (1 << 16) - 1, refused)
    run.expect("with a SecTAG that is none", 1, counters["InPktsBadTag"])


def _invalid(frame: bytes, xpn: bool) -> Iterator[tuple[str, bytes]]:
    """Yield a valid frame with one fault for each check of a SecTAG (9.12).

    Under XPN a PN field of 0 is none: only the lower half of the PN is sent.
    """

    def changed(at: int, mask: int) -> bytes:
        octets = bytearray(frame)
        octets[at] ^= mask
        return bytes(octets)

    yield "version 1", changed(TCI, V_BIT)
    yield "SC with ES", changed(TCI, 0x40)
    yield "SC with SCB", changed(TCI, 0x10)
    yield "SL of 48 or more", changed(SL, 0x30)
    yield "SL with a reserved bit", changed(SL, 0x40)
    if not xpn:
        yield "PN 0", frame[:PN] + bytes(4) + frame[PN + 4 :]
    yield "16 octets after the addresses", frame[: TAG + 16]
    yield "no room for an ICV", frame[: SCI + 8 + 10]
    yield "no room for the SCI", frame[: SCI + 4]


@SUITE.case(
    "FCS_MACSEC_EXT.1 T3",
    "an invalid frame for each check of a SecTAG is rejected, under each validateFrames",
    clause="9.12, 10.6.1",
)
def invalid_tags(run: CaseRun) -> None:
    """Break each rule, under each suite, with strict, check and disabled."""
    for cipher in SUITES:
        for validate in ("strict", "check", "disabled"):
            _, a, b = pair(run, cipher=cipher, controls={"validate": validate})
            before = b.secy.counters["InPktsBadTag"]
            faults = list(_invalid(_between(run, a, b), SUITES[cipher].xpn))
            got = [fault for fault, octets in faults if b.secy.validate_frame(octets)[1]]
            run.expect(f"{cipher}, {validate}: delivered", [], got)
            bad = b.secy.counters["InPktsBadTag"] - before
            run.expect(f"{cipher}, {validate}: counted as bad tags", len(faults), bad)


def _sealed(run: CaseRun, secy: SecY, payload: bytes) -> bytes:
    octets = secy.protect_frame(bytes(12) + b"\x08\x00" + payload)
    run.require("a frame leaves", octets is not None)
    return (octets or b"")[SCI + 8 : -16]


@SUITE.case(
    "FCS_MACSEC_EXT.2 T1",
    "protected data differs from frame to frame, also for equal payloads, and looks random",
    clause="14.5",
)
def random_looks(run: CaseRun) -> None:
    """Send equal payloads of zeros; compare the frames, and test their octets by chi-square."""
    for cipher in SUITES:
        _, a, _ = pair(run, cipher=cipher)
        texts = [_sealed(run, a.secy, bytes(PAYLOAD)) for _ in range(EQUAL_FRAMES)]
        run.expect(f"{cipher}: different frames", EQUAL_FRAMES, len(set(texts)))
        octets = Counter(b"".join(texts))
        mean = sum(octets.values()) / 256
        chi_square = sum((octets[value] - mean) ** 2 / mean for value in range(256))
        run.require(
            f"{cipher}: octets are evenly spread", chi_square < CHI_SQUARE_MOST, f"{chi_square:.0f}"
        )


@SUITE.case(
    "FCS_MACSEC_EXT.2 T2",
    "a frame with one bit of its data changed is dropped for its integrity",
    clause="10.6.2",
)
def changed_data(run: CaseRun) -> None:
    """Change each bit of an octet of the data, then one of the ICV."""
    for cipher in SUITES:
        _, a, b = pair(run, cipher=cipher)
        records = Records(b)
        frame = _between(run, a, b)
        for at, bit in [(SCI + 10, bit) for bit in range(8)] + [(len(frame) - 1, 0)]:
            octets = bytearray(frame)
            octets[at] ^= 1 << bit
            verdict, delivered = b.secy.validate_frame(bytes(octets))
            run.expect(
                f"{cipher}: bit {bit} of octet {at}",
                (Verdict.NOT_VALID, None),
                (verdict, delivered),
            )
        (record,) = records.of("frames-dropped")
        run.expect(f"{cipher}: record", ("InPktsNotValid", 9), (record["counter"], record["count"]))
        run.expect(f"{cipher}: the frame itself", Verdict.OK, b.secy.validate_frame(frame)[0])


@SUITE.case(
    "FCS_MACSEC_EXT.4 T1",
    "the first frame of data after authentication has the EtherType of MACsec",
    clause="802.1X 12.3",
)
def first_frame(run: CaseRun) -> None:
    """Send frames from the start on; look at the wire."""
    segment = MkaSegment(run)
    a, b = segment.add("a"), segment.add("b")
    segment.every(0.01, a.send, 0, 1)
    segment.run(2)
    kinds = [int.from_bytes(frame[TAG:TCI]) for frame in segment.wire]
    run.expect("EtherTypes on the wire", {ETHERTYPE_EAPOL, ETHERTYPE_MACSEC}, set(kinds))
    run.require("frames were sent before the port opened", a.station.blocked[0] > 0)
    run.require("frames arrive", bool(b.received))


@SUITE.case("FCS_MACSEC_EXT.4 T2", "the SAK in MKPDUs is wrapped", clause="802.1X 9.8")
def wrapped_sak(run: CaseRun) -> None:
    """Look for the SAK of the Key Server in every MKPDU."""
    for cipher in ("gcm-aes-128", "gcm-aes-256"):
        segment, done = MkaSegment(run), list[Action]()
        a = segment.add("a", cipher=cipher, key_server_priority=1, start=False)
        b = segment.add("b", cipher=cipher)
        watch(a, done)
        a.station.start()
        segment.run(2)
        saks = [each.key.expose() for each in done if isinstance(each, CreateTransmitSA)]
        run.require(f"{cipher}: both are secured", bool(saks) and secured(a, b))
        mkpdus = [frame for _, _, frame in segment.mkpdus]
        halves = [half for sak in saks for half in (sak[:8], sak[8:16])]
        found = [frame for frame in mkpdus if any(half in frame for half in halves)]
        run.expect(f"{cipher}: MKPDUs with the SAK in clear", [], found)
        sets = [_distributed(frame) for frame in mkpdus]
        lengths = {len(each.wrapped) for each in sets if each is not None}
        wrapped = SUITES[cipher].key_length + 8
        run.expect(f"{cipher}: octets of the wrapped SAK", {wrapped}, lengths)


def _distributed(frame: bytes) -> DistributedSak | None:
    mkpdu = decode(frame)
    return mkpdu.first(DistributedSak) if isinstance(mkpdu, Mkpdu) else None


@SUITE.case(
    "FPT_RPL.1 T1",
    "frames with a PN below the lowest acceptable one have no effect, and are recorded",
    clause="10.6.2, 10.6.4",
)
def replayed_frames(run: CaseRun) -> None:
    """Replay frames, with window 0 and with window 4."""
    for window in (0, 4):
        _, a, b = pair(run, controls={"window": window})
        records = Records(b)
        frames = [_between(run, a, b) for _ in range(10)]
        for frame in frames:
            b.station.indicate(frame)
        run.expect(f"window {window}: delivered", 10, b.station.delivered)
        for frame in frames[: 10 - window]:
            b.station.indicate(frame)
        run.expect(f"window {window}: delivered after the replay", 10, b.station.delivered)
        (record,) = records.of("frames-dropped")
        found = (record["counter"], record["count"])
        run.expect(f"window {window}: record", ("InPktsLate", 10 - window), found)


@SUITE.case(
    "FPT_RPL.1 T2",
    "an MKPDU whose MN is not above the last one is dropped and recorded",
    clause="802.1X 9.4.2",
    on_data_plane=False,
)
def replayed_mkpdus(run: CaseRun) -> None:
    """Replay every MKPDU of the other end."""
    segment, a, b = pair(run)
    records = Records(b)
    sent = [frame for _, name, frame in segment.mkpdus if name == a.name]
    before = b.kay.counters["in-mkpdu"]
    for frame in sent:
        b.station.indicate(frame)
    run.expect("MKPDUs taken", before, b.kay.counters["in-mkpdu"])
    (record,) = records.of("mkpdu-refused")
    found = (record["counter"], record["count"])
    run.expect("record", ("in-mkpdu-bad-peer-errors", len(sent)), found)


@SUITE.case(
    "FPT_RPL_EXT.1 T1/T2",
    "under XPN frame 1 and frame 2^32 + 1, of one payload, have one low PN: they are encrypted "
    "differently, and both are accepted",
    clause="10.6.2, 14.7",
)
def equal_low_pns(run: CaseRun) -> None:
    """Raise the PN by 2^32 in three steps, each within the reach of PN recovery."""
    for cipher in ("gcm-aes-xpn-128", "gcm-aes-xpn-256"):
        _, a, b = pair(run, cipher=cipher)
        an = a.secy.controls.encodingsa
        first = _between(run, a, b)
        run.expect(f"{cipher}: frame 1", Verdict.OK, b.secy.validate_frame(first)[0])
        start = a.secy.tx.sa[an].next_pn
        for pn in (1 << 31, 3 << 30):
            a.secy.raise_tx_pn(an, pn)
            verdict = b.secy.validate_frame(_between(run, a, b))[0]
            run.expect(f"{cipher}: frame {pn}", Verdict.OK, verdict)
        a.secy.raise_tx_pn(an, (1 << 32) + start - 1)
        last = _between(run, a, b)
        run.expect(f"{cipher}: low PNs", first[PN:SCI], last[PN:SCI])
        run.require(f"{cipher}: they differ on the wire", first[SCI + 8 :] != last[SCI + 8 :])
        run.expect(f"{cipher}: frame 2^32 + 1", Verdict.OK, b.secy.validate_frame(last)[0])
