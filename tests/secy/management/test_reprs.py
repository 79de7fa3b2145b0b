"""Texts of verdicts, outcomes, SCs and SAs: they say what is there, and never a key."""

from __future__ import annotations

import pytest
from support.planes import Plane, frame_of, pair

from macsec.frames import FrameBatch
from macsec.secy import Verdict


@pytest.mark.parametrize(
    "verdict, text",
    [
        (Verdict.OK, "<Verdict.OK: InPktsOK, goes on, 10.6.5>"),
        (Verdict.LATE, "<Verdict.LATE: InPktsLate, stops here, 10.6.2, 10.6.4>"),
        (Verdict.RUNT, "<Verdict.RUNT: no counter, stops here, 9.2>"),
    ],
)
def test_verdict_shows_counter_delivery_and_clause(verdict: Verdict, text: str) -> None:
    """One line that explains the verdict."""
    assert repr(verdict) == text


def test_channels_and_associations_show_their_state(plane: Plane) -> None:
    """SCI, on or off, ANs, next and lowest PN; also after the SecY was closed."""
    sends, receives = pair(plane)
    wire = sends.protect_frame(frame_of(60))
    receives.validate_frame(wire or b"")
    sci, (an, sa) = sends.tx.sci, next(iter(sends.tx.sa.items()))
    assert repr(sends.tx) == f"<TransmitSC {sci}, on, SAs {an}>"
    assert repr(sa) == f"<TransmitSA {an}, on, next PN {sa.next_pn}, key {sa.check_value}>"
    channel = receives.rx[sci or ""]
    received = channel.sa[an]
    assert repr(receives.rx) == f"<ReceiveSCs {sci}>"
    assert repr(channel) == f"<ReceiveSC {sci}, on, SAs {an}>"
    pns = f"next PN {received.next_pn}, lowest PN {received.lowest_pn}"
    assert repr(received) == f"<ReceiveSA {an}, on, {pns}>"
    sends.close()
    assert repr(sa) == "<TransmitSA of a SecY that is closed>"


def test_outcome_shows_its_verdicts(plane: Plane) -> None:
    """Frames by verdict, and the frames that go on."""
    sends, receives = pair(plane)
    outcome = sends.protect(FrameBatch.from_frames([frame_of(60), b"", frame_of(60)]))
    octets = outcome.batch.octets
    text = "<Outcome of 3 frames: 1 runt, 2 encrypted; <FrameBatch of 2 frames, "
    assert repr(outcome) == f"{text}{octets} octets> goes on>"
    validated = receives.validate(outcome.batch)
    assert repr(validated).startswith("<Outcome of 2 frames: 2 ok; <FrameBatch of 2 frames")
    empty = receives.validate(FrameBatch.from_frames([]))
    assert repr(empty).startswith("<Outcome of 0 frames: none; ")
