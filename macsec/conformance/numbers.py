"""`pn-recovery` and `replay` vectors: a receive SA recovers and checks PNs (10.6.2 to 10.6.5).

The vectors have PNs only: frames with these PNs are protected here, under an arbitrary key, SCI,
SSCI and Salt.
"""

from __future__ import annotations

from typing import Any

from macsec.conformance.frames import moved
from macsec.conformance.outcome import Mismatch, expect
from macsec.conformance.schema import PNRecovery, ReplaySequence, ReplayStep
from macsec.conformance.targets import REFERENCE, Target
from macsec.frames import FrameBatch
from macsec.keys import Key
from macsec.secy import Controls, SecY
from macsec.secy.replay_check import ReplayWindow, replay_rule
from macsec.suites import SUITES, CipherSuite
from macsec.terms import ADDRESSES_LENGTH

SCI = "0200000000010001"
AN = 0
FRAME = bytes.fromhex("0200000000020200000000010800") + bytes(range(46))
USER_DATA_LENGTH = len(FRAME) - ADDRESSES_LENGTH

SUITE_BY_PN_BITS = {32: SUITES["gcm-aes-128"], 64: SUITES["gcm-aes-xpn-128"]}
"""Packet numbers do not depend on the length of a key."""

UNVALIDATED = frozenset({"InPktsLate"})
"""Counters of frames that never reached the cipher."""


def suite_of(vector: ReplaySequence) -> CipherSuite:
    """Return the Cipher Suite with PNs of `pn_bits`. Raises Mismatch."""
    suite = SUITE_BY_PN_BITS.get(vector.pn_bits)
    if suite is None:
        raise Mismatch("pn_bits", f"{vector.pn_bits} is neither 32 nor 64", "14.5, 14.7")
    return suite


def sa_of(suite: CipherSuite) -> dict[str, Any]:
    """Key, SSCI and Salt, as the calls that create an SA take them."""
    key: dict[str, Any] = {"key": Key(bytes(range(suite.key_length)))}
    return key | ({"ssci": 1, "salt": bytes(range(12))} if suite.xpn else {})


def sealed(sender: SecY, pn: int) -> bytes:
    """A good frame with that PN."""
    sender.create_tx_sa(AN, next_pn=pn, **sa_of(sender.controls.cipher))
    return sender.protect_frame(FRAME) or b""


def check_recovery(vector: PNRecovery, target: Target) -> None:
    """Run one pn-recovery vector. Raises Mismatch."""
    suite = SUITE_BY_PN_BITS[64]
    # Replay protection off: a PN that wrapped past 2^64 is below lowestPN, and still recovered.
    controls = Controls(cipher=suite, replay=False)
    if target == REFERENCE:
        window = ReplayWindow(vector.lowest_pn, vector.lowest_pn)
        recovered = replay_rule(controls).recover(window, vector.sectag_pn)
        expect("pn", vector.pn, recovered, "10.6.2")
    with target.secy(controls) as sender, target.secy(controls) as receiver:
        sender.create_tx_sc(SCI)
        frame = sealed(sender, vector.pn)
        on_wire = int.from_bytes(frame[ADDRESSES_LENGTH + 4 :][:4])
        expect("sectag_pn", vector.sectag_pn, on_wire, "9.8, 10.6.2")
        receiver.create_rx_sc(SCI)
        receiver.create_rx_sa(SCI, AN, next_pn=vector.lowest_pn, **sa_of(suite))
        outcome = receiver.validate(FrameBatch.from_frames([frame]))
        delayed = vector.pn < vector.lowest_pn
        verdict = "delayed" if delayed else "ok"
        expect("verdict of a frame with that pn", verdict, outcome.verdict[0].label, "10.6.2")
        expect("pn", vector.pn, outcome.sci_an_pn(0)[2], "10.6.2")
        next_pn = max(vector.lowest_pn, vector.pn + 1)
        expect("nextPN after it", next_pn, receiver.rx[SCI].sa[AN].next_pn, "10.6.5")


def check_replay(vector: ReplaySequence, target: Target) -> None:
    """Run one replay vector. Raises Mismatch."""
    suite = suite_of(vector)
    controls = Controls(cipher=suite, window=vector.replay_window, replay=vector.replay_protect)
    with target.secy(controls) as sender, target.secy(controls) as receiver:
        sender.create_tx_sc(SCI)
        receiver.create_rx_sc(SCI)
        next_pn, lowest_pn = vector.start_next_pn, vector.start_lowest_pn
        receiver.create_rx_sa(SCI, AN, next_pn=next_pn, lowest_pn=lowest_pn, **sa_of(suite))
        for number, step in enumerate(vector.steps, 1):
            frame = sealed(sender, step.pn)
            _check_step(f"steps.{number}", step, frame, receiver)
    late = sum(step.counter == "InPktsLate" for step in vector.steps)
    if vector.published_late is not None:
        expect("published_late", vector.published_late, late, "10.6.2, 10.6.4")


def _check_step(name: str, step: ReplayStep, frame: bytes, receiver: SecY) -> None:
    receiver.clear_counters()
    verdict, clear = receiver.validate_frame(frame)
    expect(f"{name}.counter", step.counter, str(verdict.counter), verdict.clause)
    expect(f"{name}: frame", FRAME if verdict.delivered else None, clear, "10.6.5")
    octets = {} if step.counter in UNVALIDATED else {"InOctetsDecrypted": USER_DATA_LENGTH}
    counted = {step.counter: 1} | octets
    expect(f"{name}: counters", counted, moved(receiver.counters), "10.7.9, 10.7.10")
    expect(f"{name}: counters of the SC", counted, moved(receiver.rx[SCI].counters), "10.7.9")
    sa = receiver.rx[SCI].sa[AN]
    expect(f"{name}.next_pn", step.next_pn, sa.next_pn, "10.6.5")
    expect(f"{name}.lowest_pn", step.lowest_pn, sa.lowest_pn, "10.6.5")
