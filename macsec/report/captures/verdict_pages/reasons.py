"""The usual reason for each verdict that refuses; `macsec explain` has that of one frame."""

from __future__ import annotations

from macsec.secy import Verdict

REASONS = {
    Verdict.NOT_VALID: "The ICV is wrong: another key, suite or offset, or a changed octet.",
    Verdict.LATE: "The PN is below the lowest acceptable one: a replay, or late beyond the window.",
    Verdict.NOT_USING_SA: "No SA is in use for the AN of the frame.",
    Verdict.NO_TAG: "The frame has no SecTAG, and validateFrames is Strict.",
    Verdict.BAD_TAG: "The SecTAG breaks a rule of 9.12, or the frame is too short for it.",
    Verdict.NO_SCI: "No receive SC has the SCI of the frame.",
    Verdict.OVERRUN: "The receiver was not fast enough.",
    Verdict.UNCONTROLLED: "The frame is for the Uncontrolled Port alone.",
    Verdict.RUNT: "12 octets or fewer: not a frame.",
    Verdict.TRUNCATED: "The snap length of the capture cut the frame.",
    Verdict.DROPPED: "Linux drops such a frame, and counts it nowhere.",
    Verdict.TOO_LONG: "The protected frame is longer than the Common Port carries.",
    Verdict.EXHAUSTED: "The transmit SA has used its last PN.",
    Verdict.NOT_OPERATIONAL: "No transmit SA is in use.",
    Verdict.REFUSED_CLEAR: "Clear frames of this protocol are not accepted here.",
}
