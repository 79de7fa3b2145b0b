"""The 24 named cases of DPDK's inline MACsec suite, by behaviour, on a software SecY.

Their names, and the frames of `dpdk_secy.json` and `annex_c.json`. Where an oracle there is weak
(any error passes, counters fetched and not compared), the verdict, every counter that moved and
the state of the SA are asserted here. Events of their hardware become verdicts: a bad tag with
its reason, a PN that reaches a threshold, an exhausted SA, an SA that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from macsec.conformance import frames
from macsec.conformance.frames import moved, receiver, sa_of, sender
from macsec.conformance.outcome import expect
from macsec.conformance.schema import ReplaySequence, SecYFrame, builtin
from macsec.conformance.targets import Target
from macsec.frames import FrameBatch, sectag
from macsec.frames.sectag import TagRules
from macsec.secy import SecY, Validate, Verdict
from macsec.terms import ADDRESSES_LENGTH

REPEATS = 3
PN_SOFT_LIMITS = {32: 0xC000_0000, 64: 0xC000_0000_0000_0000}
"""The PN from which a Key Server plans a new SAK."""


@dataclass(frozen=True, slots=True)
class Case:
    """One named case; `check` raises Mismatch."""

    number: int
    name: str
    check: Callable[[Target], None]
    clause: str


# -------------------------------------------------------------------- frames


@cache
def _published() -> dict[str, SecYFrame]:
    files = ("dpdk_secy.json", "annex_c.json")
    vectors = (vector for file in builtin() if file.name in files for vector in file.vectors)
    return {vector.id: vector for vector in vectors if isinstance(vector, SecYFrame)}


def _frame(identity: str) -> SecYFrame:
    return _published()[identity]


def _annex_c(protection: str) -> list[SecYFrame]:
    return [
        vector
        for vector in _published().values()
        if vector.source == "ieee-annex-c" and vector.protection == protection
    ]


def _cipher() -> list[SecYFrame]:
    return [_frame("dpdk-cipher-64"), *_annex_c("confidentiality")]


def _integrity() -> list[SecYFrame]:
    return _annex_c("integrity")


def _octets(vector: SecYFrame) -> int:
    """User Data: the frame without its addresses."""
    return len(vector.frame_in) - ADDRESSES_LENGTH


def _damaged(frame: bytes) -> bytes:
    """One bit of the ICV flipped."""
    return frame[:-1] + bytes((frame[-1] ^ 1,))


# -------------------------------------------------------------------- assertions


def _sends(secy: SecY, vector: SecYFrame) -> None:
    expect(f"{vector.id}: sent", vector.frame_out, secy.protect_frame(vector.frame_in), "10.5")


def _judges(secy: SecY, octets: bytes, wanted: Verdict, clear: bytes | None = None) -> None:
    verdict, delivered = secy.validate_frame(octets)
    expect("verdict", wanted.label, verdict.label, wanted.clause)
    expect("delivered", clear, delivered, wanted.clause)


def _counts_in(secy: SecY, vector: SecYFrame, packets: dict[str, int], octets: int) -> None:
    """The same on the SecY, the receive SC and the receive SA, and nothing else."""
    name = "InOctetsDecrypted" if vector.protection == "confidentiality" else "InOctetsValidated"
    counted = packets | ({name: octets} if octets else {})
    sc = secy.rx[vector.sci.hex()]
    expect("counters", counted, moved(secy.counters), "10.7.9, 10.7.10")
    expect("counters of the SC", counted, moved(sc.counters), "10.7.9, 10.7.10")
    expect("counters of the SA", packets, moved(sc.sa[vector.an].counters), "10.7.14")


def _counts_out(secy: SecY, vector: SecYFrame, packets: int) -> None:
    """The same on the SecY, the transmit SC and the transmit SA, and nothing else."""
    service = "Encrypted" if vector.protection == "confidentiality" else "Protected"
    sent = {f"OutPkts{service}": packets}
    counted = sent | {f"OutOctets{service}": packets * _octets(vector)}
    expect("counters", counted, moved(secy.counters), "10.7.18, 10.7.19")
    expect("counters of the SC", counted, moved(secy.tx.counters), "10.7.18, 10.7.19")
    sa = secy.tx.sa[vector.an]
    expect("counters of the SA", sent, moved(sa.counters), "10.7.23")
    expect("nextPN", vector.pn + packets, sa.next_pn, "10.5.2")


def _state(secy: SecY, vector: SecYFrame, next_pn: int, lowest_pn: int) -> None:
    sa = secy.rx[vector.sci.hex()].sa[vector.an]
    expect("nextPN, lowestPN", (next_pn, lowest_pn), (sa.next_pn, sa.lowest_pn), "10.6.5")


# -------------------------------------------------------------------- known frames: 1 to 8


def multi_flow(target: Target) -> None:
    """Four SCs of one suite, interleaved in one batch, at one receiver."""
    for suite in sorted({vector.suite for vector in _annex_c("confidentiality")}):
        flows = [v for v in _annex_c("confidentiality") if v.suite == suite]
        with receiver(target, flows[0]) as secy:
            for flow in flows[1:]:
                secy.create_rx_sc(flow.sci.hex())
                secy.create_rx_sa(flow.sci.hex(), flow.an, next_pn=flow.pn, **sa_of(flow))
            outcome = secy.validate(_interleaved(target, flows))
            expect("verdicts", ["ok"] * len(outcome.codes), [v.label for v in outcome.verdict])
            expect("frames", [v.frame_in for v in flows] * REPEATS, outcome.batch.frames())
            for flow in flows:
                sc = secy.rx[flow.sci.hex()]
                counted = {"InPktsOK": REPEATS, "InOctetsDecrypted": REPEATS * _octets(flow)}
                expect("counters of the SC", counted, moved(sc.counters), "10.7.9")
                _state(secy, flow, flow.pn + REPEATS, flow.pn + REPEATS)


def _interleaved(target: Target, flows: list[SecYFrame]) -> FrameBatch:
    senders = [sender(target, flow) for flow in flows]
    sent = [
        secy.protect_frame(flow.frame_in) or b""
        for _ in range(REPEATS)
        for secy, flow in zip(senders, flows, strict=True)
    ]
    for secy in senders:
        secy.close()
    return FrameBatch.from_frames(sent)


def _encaps(target: Target, vectors: Iterable[SecYFrame]) -> None:
    for vector in vectors:
        with sender(target, vector) as secy:
            _sends(secy, vector)
            _counts_out(secy, vector, 1)


def _decaps(target: Target, vectors: Iterable[SecYFrame]) -> None:
    for vector in vectors:
        with receiver(target, vector) as secy:
            _judges(secy, vector.frame_out, Verdict.OK, vector.frame_in)
            _counts_in(secy, vector, {"InPktsOK": 1}, _octets(vector))


def _both_ways(target: Target, vectors: Iterable[SecYFrame]) -> None:
    """Send twice and validate both; the second frame is published nowhere."""
    for vector in vectors:
        with sender(target, vector) as near, receiver(target, vector) as far:
            _sends(near, vector)
            _judges(far, vector.frame_out, Verdict.OK, vector.frame_in)
            second = near.protect_frame(vector.frame_in) or b""
            _judges(far, second, Verdict.OK, vector.frame_in)
            _counts_out(near, vector, 2)
            _counts_in(far, vector, {"InPktsOK": 2}, 2 * _octets(vector))


def vlan(target: Target) -> None:
    """A tag inside the protection, one outside, two outside."""
    for identity in ("dpdk-vlan-inside", "dpdk-vlan-clear-1", "dpdk-vlan-clear-2"):
        vector = _frame(identity)
        frames.check(vector, target)
        clear = len(vector.clear_tags)
        at = vector.frame_out.index(bytes.fromhex("88e5"), ADDRESSES_LENGTH)
        expect(f"{identity}: SecTAG at", ADDRESSES_LENGTH + clear, at, "11.4")
        with receiver(target, vector, clear_tags=0) as secy:
            # A receiver that leaves no tag in clear takes an outer tag for an untagged frame.
            wanted = Verdict.NO_TAG if clear else Verdict.OK
            _judges(secy, vector.frame_out, wanted, None if clear else vector.frame_in)


# -------------------------------------------------------------------- refused: 9 to 12


def packet_drop(target: Target) -> None:
    """A flipped bit of ciphertext: not-valid and nothing else; the good frame still passes."""
    bad, good = _frame("dpdk-neg-ciphertext-flip"), _frame("dpdk-cipher-64")
    with receiver(target, bad) as secy:
        _judges(secy, bad.frame_out, Verdict.NOT_VALID)
        _counts_in(secy, bad, {"InPktsNotValid": 1}, _octets(bad))
        _state(secy, bad, bad.pn, bad.pn)
        _judges(secy, good.frame_out, Verdict.OK, good.frame_in)


def untagged_rx(target: Target) -> None:
    """No SecTAG: no-tag under Strict, delivered untouched and untagged under Check, Disabled."""
    vector = _frame("dpdk-neg-ethertype-88d7")
    for mode in (Validate.STRICT, Validate.CHECK, Validate.DISABLED):
        strict = mode is Validate.STRICT
        wanted = Verdict.NO_TAG if strict else Verdict.UNTAGGED
        with receiver(target, vector, validate=mode) as secy:
            _judges(secy, vector.frame_out, wanted, None if strict else vector.frame_out)
            expect("counters", {str(wanted.counter): 1}, moved(secy.counters), wanted.clause)
            _state(secy, vector, vector.pn, vector.pn)


BAD_TAGS = ("v1", "es-sc", "scb-sc", "pn0", "sl-bit8", "sl49")


def bad_tag_rx(target: Target) -> None:
    """Six bad tags, each for its own reason; E=0 C=1 is well formed here, and fails its ICV."""
    for name in (*BAD_TAGS, "e0c1"):
        frames.check(_frame(f"dpdk-neg-{name}"), target)
    good = _frame("dpdk-cipher-64")
    with receiver(target, good) as secy:
        for name in BAD_TAGS:
            _judges(secy, _frame(f"dpdk-neg-{name}").frame_out, Verdict.BAD_TAG)
        expect("counters", {"InPktsBadTag": len(BAD_TAGS)}, moved(secy.counters), "10.6")
        _judges(secy, good.frame_out, Verdict.OK, good.frame_in)


def sa_not_in_use(target: Target) -> None:
    """An SA that is off, then one that is not there; on again, the same frame passes."""
    vector = _frame("dpdk-cipher-64")
    sci = vector.sci.hex()
    refused = {"InPktsNotUsingSA": 1}
    with receiver(target, vector) as secy:
        secy.enable_rx_sa(sci, vector.an, False)
        _judges(secy, vector.frame_out, Verdict.NOT_USING_SA)
        expect("counters", refused | {"InPktsNoSAError": 1}, moved(secy.counters), "10.6.1")
        expect("counters of the SC", refused, moved(secy.rx[sci].counters), "10.6.1")
        expect("counters of the SA", {}, moved(secy.rx[sci].sa[vector.an].counters), "10.6.1")
        _state(secy, vector, vector.pn, vector.pn)
        secy.enable_rx_sa(sci, vector.an)
        _judges(secy, vector.frame_out, Verdict.OK, vector.frame_in)
    with receiver(target, vector, an=vector.an + 1) as secy:
        _judges(secy, vector.frame_out, Verdict.NOT_USING_SA)


# -------------------------------------------------------------------- counters: 13 to 20


def _stats_in(target: Target, vectors: Iterable[SecYFrame]) -> None:
    for vector in vectors:
        with sender(target, vector) as near, receiver(target, vector) as far:
            for _ in range(REPEATS):
                sent = near.protect_frame(vector.frame_in) or b""
                _judges(far, sent, Verdict.OK, vector.frame_in)
            _counts_in(far, vector, {"InPktsOK": REPEATS}, REPEATS * _octets(vector))
            _state(far, vector, vector.pn + REPEATS, vector.pn + REPEATS)


def _stats_out(target: Target, vectors: Iterable[SecYFrame]) -> None:
    for vector in vectors:
        with sender(target, vector) as secy:
            sent = secy.protect(FrameBatch.from_frames([vector.frame_in] * REPEATS))
            expect("frames sent", REPEATS, len(sent.batch), "10.5")
            _counts_out(secy, vector, REPEATS)


def pkts_invalid_stats(target: Target) -> None:
    """Check delivers a wrong ICV only where the text was never changed (C=0)."""
    for vector in _integrity():
        damaged = _damaged(vector.frame_out)
        with receiver(target, vector, validate=Validate.CHECK) as secy:
            _judges(secy, damaged, Verdict.INVALID, vector.frame_in)
            _counts_in(secy, vector, {"InPktsInvalid": 1}, _octets(vector))
            _state(secy, vector, vector.pn, vector.pn)
        with receiver(target, vector, validate=Validate.STRICT) as secy:
            _judges(secy, damaged, Verdict.NOT_VALID)
            _counts_in(secy, vector, {"InPktsNotValid": 1}, _octets(vector))
    changed = _frame("dpdk-neg-ciphertext-flip")
    with receiver(target, changed, validate=Validate.CHECK) as secy:
        _judges(secy, changed.frame_out, Verdict.NOT_VALID)
        _counts_in(secy, changed, {"InPktsNotValid": 1}, _octets(changed))


def pkts_unchecked_stats(target: Target) -> None:
    """Disabled runs no cipher: C=0 is delivered without its ICV, C=1 cannot be."""
    for vector in _integrity():
        with receiver(target, vector, validate=Validate.DISABLED) as secy:
            _judges(secy, _damaged(vector.frame_out), Verdict.UNCHECKED, vector.frame_in)
            expect("counters", {"InPktsUnchecked": 1}, moved(secy.counters), "10.6.5")
            _state(secy, vector, vector.pn, vector.pn)
    changed = _frame("dpdk-cipher-64")
    with receiver(target, changed, validate=Validate.DISABLED) as secy:
        _judges(secy, changed.frame_out, Verdict.NOT_VALID)
        _counts_in(secy, changed, {"InPktsNotValid": 1}, 0)


def out_pkts_untagged(target: Target) -> None:
    """ProtectFrames off: the frame is sent unchanged, and no PN is used."""
    vector = _frame("dpdk-cipher-64")
    with sender(target, vector, protect=False) as secy:
        expect("sent", vector.frame_in, secy.protect_frame(vector.frame_in), "10.5")
        expect("counters", {"OutPktsUntagged": 1}, moved(secy.counters), "10.7.18")
        expect("nextPN", vector.pn, secy.tx.sa[vector.an].next_pn, "10.5")


def out_pkts_too_long(target: Target) -> None:
    """One octet over the limit: nothing is sent and the PN is used up; at the limit it is sent."""
    vector = _frame("dpdk-cipher-64")
    limit = len(vector.frame_out) - ADDRESSES_LENGTH - 2
    with sender(target, vector, mtu=limit - 1) as secy:
        expect("sent", None, secy.protect_frame(vector.frame_in), "10.5.5")
        counted = {"OutPktsTooLong": 1, "OutOctetsEncrypted": _octets(vector)}
        expect("counters", counted, moved(secy.counters), "10.5.4, 10.5.5")
        expect("counters of the SA", {}, moved(secy.tx.sa[vector.an].counters), "10.7.23")
        expect("nextPN", vector.pn + 1, secy.tx.sa[vector.an].next_pn, "10.5.2")
    with sender(target, vector, mtu=limit) as secy:
        _sends(secy, vector)
        _counts_out(secy, vector, 1)


# -------------------------------------------------------------------- events: 21

TAG_EVENTS: dict[str, tuple[str, Verdict, str | None]] = {
    "V_EQ1": ("dpdk-neg-v1", Verdict.BAD_TAG, "V is set"),
    "E_EQ0_C_EQ1": ("dpdk-neg-e0c1", Verdict.NOT_VALID, None),
    "SL_GTE48": ("dpdk-neg-sl49", Verdict.BAD_TAG, "SL is 48 or more"),
    "ES_EQ1_SC_EQ1": ("dpdk-neg-es-sc", Verdict.BAD_TAG, "ES or SCB is set with SC"),
    "SC_EQ1_SCB_EQ1": ("dpdk-neg-scb-sc", Verdict.BAD_TAG, "ES or SCB is set with SC"),
}
"""Their event: our frame, its verdict, and what `sectag.fault` says (9.12)."""


def interrupts_all(target: Target) -> None:
    """Every event: five of the tag, the PN soft and hard limits both ways, no SA both ways."""
    for event, (identity, wanted, reason) in TAG_EVENTS.items():
        vector = _frame(identity)
        fault = sectag.fault(vector.frame_out[ADDRESSES_LENGTH:], TagRules())
        expect(f"{event}: fault", reason, fault, "9.12")
        with receiver(target, vector) as secy:
            _judges(secy, vector.frame_out, wanted)
    for vector in (_frame("dpdk-cipher-64"), _frame("dpdk-replay-xpn128-pn-fffffffe")):
        _pn_soft_limit(target, vector)
        _pn_hard_limit(target, vector)
        _no_sa(target, vector)


def _at(vector: SecYFrame, pn: int) -> SecYFrame:
    return vector.model_copy(update={"pn": pn})


def _pn_soft_limit(target: Target, vector: SecYFrame) -> None:
    """Crossing the threshold shows in nextPN at both ends, and stops neither."""
    limit = PN_SOFT_LIMITS[vector.pn_bits]
    before = _at(vector, limit - 1)
    with sender(target, before) as near, receiver(target, before) as far:
        for pn in (limit, limit + 1):
            sent = near.protect_frame(vector.frame_in) or b""
            _judges(far, sent, Verdict.OK, vector.frame_in)
            expect("nextPN to send", pn, near.tx.sa[vector.an].next_pn, "10.5.2")
            _state(far, vector, pn, pn)


def _pn_hard_limit(target: Target, vector: SecYFrame) -> None:
    """The last PN is sent and accepted; then the SA is exhausted, and a repeated frame is late."""
    limit = 1 << vector.pn_bits
    last = _at(vector, limit - 1)
    with sender(target, last) as near, receiver(target, last) as far:
        near.create_rx_sc(vector.sci.hex())
        near.create_rx_sa(vector.sci.hex(), vector.an, **sa_of(vector))
        expect("MAC_Operational", True, near.mac_operational, "10.7.4")
        sent = near.protect_frame(vector.frame_in) or b""
        _judges(far, sent, Verdict.OK, vector.frame_in)
        _state(far, vector, limit, limit)
        _judges(far, sent, Verdict.LATE)
        outcome = near.protect(FrameBatch.from_frames([vector.frame_in]))
        expect("verdict", "exhausted", outcome.verdict[0].label, "10.5.2")
        expect("frames sent", 0, len(outcome.batch), "10.5.2")
        _counts_out(near, last, 1)
        expect("MAC_Operational", False, near.mac_operational, "10.5.2, 10.7.4")


def _no_sa(target: Target, vector: SecYFrame) -> None:
    """No SA: nothing leaves, least of all in clear, and nothing is delivered."""
    with sender(target, vector) as secy:
        secy.delete_tx_sa(vector.an)
        outcome = secy.protect(FrameBatch.from_frames([vector.frame_in]))
        expect("verdict", "not-operational", outcome.verdict[0].label, "10.5.1")
        expect("frames sent", 0, len(outcome.batch), "10.5.1")
        expect("counters", {}, moved(secy.counters), "10.5.1")
    with receiver(target, vector) as secy:
        secy.delete_rx_sa(vector.sci.hex(), vector.an)
        _judges(secy, vector.frame_out, Verdict.NOT_USING_SA)


# -------------------------------------------------------------------- rekey, replay: 22 to 24

REKEYS = (
    ("dpdk-cipher-64", "dpdk-rekey-an1"),
    ("dpdk-replay-xpn128-pn-fffffffe", "dpdk-rekey-xpn-an1"),
)


def rekey_tx(target: Target) -> None:
    """From AN 0 to AN 1 with another SAK: the next frame is the published one, its PN anew."""
    for old, new in ((_frame(a), _frame(b)) for a, b in REKEYS):
        with sender(target, old) as secy:
            _sends(secy, old)
            secy.create_tx_sa(new.an, next_pn=new.pn, **sa_of(new))
            secy.set_controls(encodingsa=new.an)
            _sends(secy, new)
            for vector in (old, new):
                sa = secy.tx.sa[vector.an]
                expect("counters of the SA", {"OutPktsEncrypted": 1}, moved(sa.counters), "10.7.23")
                expect("nextPN", vector.pn + 1, sa.next_pn, "10.5.2")


def rekey_rx(target: Target) -> None:
    """Both SAs at once, each with its own PNs; the old one gone, its frames are refused."""
    for old, new in ((_frame(a), _frame(b)) for a, b in REKEYS):
        sci = old.sci.hex()
        with receiver(target, old) as secy:
            _judges(secy, new.frame_out, Verdict.NOT_USING_SA)
            secy.create_rx_sa(sci, new.an, next_pn=new.pn, **sa_of(new))
            _judges(secy, old.frame_out, Verdict.OK, old.frame_in)
            _judges(secy, new.frame_out, Verdict.OK, new.frame_in)
            _judges(secy, old.frame_out, Verdict.LATE)
            for vector in (old, new):
                sa = secy.rx[sci].sa[vector.an]
                expect("counters of the SA", {"InPktsOK": 1}, moved(sa.counters), "10.7.14")
                _state(secy, vector, vector.pn + 1, vector.pn + 1)
            secy.delete_rx_sa(sci, old.an)
            _judges(secy, old.frame_out, Verdict.NOT_USING_SA)


def _sequences() -> list[ReplaySequence]:
    vectors = next(file.vectors for file in builtin() if file.name == "replay_sequences.json")
    return [v for v in vectors if isinstance(v, ReplaySequence) and v.source == "dpdk"]


def anti_replay(target: Target) -> None:
    """Their published frames in their order: 1 late in a window of 32, 2 in none, XPN alike."""
    for sequence in _sequences():
        by_pn = {
            vector.pn: vector
            for vector in _published().values()
            if (vector.source, vector.verdict, vector.an) == ("dpdk", "valid", 0)
            and (vector.pn_bits, vector.protection) == (sequence.pn_bits, "confidentiality")
        }
        first = by_pn[sequence.steps[0].pn]
        window = sequence.replay_window
        with receiver(target, first, first_pn=sequence.start_next_pn, window=window) as secy:
            for step in sequence.steps:
                verdict, _ = secy.validate_frame(by_pn[step.pn].frame_out)
                expect(f"PN {step.pn:#x}", step.counter, verdict.counter, verdict.clause)
                _state(secy, first, step.next_pn, step.lowest_pn)
            late = secy.counters["InPktsLate"]
            expect("InPktsLate", sequence.published_late, late, "10.6.2, 10.6.4")
            good = len(sequence.steps) - late
            _counts_in_replay(secy, first, good, late)


def _counts_in_replay(secy: SecY, vector: SecYFrame, good: int, late: int) -> None:
    sc = secy.rx[vector.sci.hex()]
    octets = {"InOctetsDecrypted": good * _octets(vector)}
    counted = {"InPktsOK": good, "InPktsLate": late} | octets
    expect("counters of the SC", counted, moved(sc.counters), "10.7.9, 10.7.10")
    expect("counters of the SA", {"InPktsOK": good}, moved(sc.sa[vector.an].counters), "10.7.14")


CASES = tuple(
    Case(number, name, check, clause)
    for number, (name, check, clause) in enumerate(
        (
            ("Encap + decap Multi flow", multi_flow, "10.6.1"),
            ("encap(Cipher+Auth) known vector", lambda t: _encaps(t, _cipher()), "10.5"),
            ("decap(De-cipher+verify) known vector", lambda t: _decaps(t, _cipher()), "10.6"),
            ("auth only known vector", lambda t: _encaps(t, _integrity()), "10.5"),
            ("verify only known vector", lambda t: _decaps(t, _integrity()), "10.6"),
            ("encap + decap known vector", lambda t: _both_ways(t, _cipher()), "10.5, 10.6"),
            ("auth + verify known vector", lambda t: _both_ways(t, _integrity()), "10.5, 10.6"),
            ("Encap and decap with VLAN", vlan, "11.4"),
            ("packet drop", packet_drop, "10.6.5"),
            ("untagged Rx", untagged_rx, "10.6"),
            ("bad tag Rx", bad_tag_rx, "9.12"),
            ("SA not in use", sa_not_in_use, "10.6.1"),
            ("decap stats", lambda t: _stats_in(t, _cipher()), "10.7.9, 10.7.10"),
            ("verify only stats", lambda t: _stats_in(t, _integrity()), "10.7.9, 10.7.10"),
            ("pkts invalid stats", pkts_invalid_stats, "10.6.5"),
            ("pkts unchecked stats", pkts_unchecked_stats, "10.6.5"),
            ("out pkts untagged", out_pkts_untagged, "10.5"),
            ("out pkts too long", out_pkts_too_long, "10.5.5"),
            ("Encap stats", lambda t: _stats_out(t, _cipher()), "10.7.18, 10.7.19"),
            ("auth only stats", lambda t: _stats_out(t, _integrity()), "10.7.18, 10.7.19"),
            ("interrupts all", interrupts_all, "9.12, 10.5.2, 10.6.1"),
            ("re-key Tx", rekey_tx, "10.7.22"),
            ("re-key Rx", rekey_rx, "10.7.13"),
            ("anti-replay", anti_replay, "10.6.2, 10.6.4, 10.6.5"),
        ),
        1,
    )
)
