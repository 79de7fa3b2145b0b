"""Table of all verdicts: each way a frame can end, with its counter and clause.

The numbers are shared with the C data plane (`macsec_verdict` in `_native/secy/macsec.h`), which
counts by them: below 3 on SC and SA, below 8 on the receive SC, the rest on the SecY (D-14).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class Verdict(IntEnum):
    """Result of one frame: `label`, `counter` (or None), `delivered` (or sent), `clause`."""

    label: str
    counter: str | None
    delivered: bool
    clause: str

    def __new__(
        cls, code: int, label: str, counter: str | None, delivered: bool, clause: str
    ) -> Self:
        """Build one row of the table."""
        row = int.__new__(cls, code)
        row._value_ = code
        row.label, row.counter, row.delivered, row.clause = label, counter, delivered, clause
        return row

    # counted on the receive SC and the receive SA
    OK = 0, "ok", "InPktsOK", True, "10.6.5"
    INVALID = 1, "invalid", "InPktsInvalid", True, "10.6.5"
    NOT_VALID = 2, "not-valid", "InPktsNotValid", False, "10.6.5"
    # counted on the receive SC
    DELAYED = 3, "delayed", "InPktsDelayed", True, "10.6.5"
    UNCHECKED = 4, "unchecked", "InPktsUnchecked", True, "10.6.5"
    LATE = 5, "late", "InPktsLate", False, "10.6.2, 10.6.4"
    UNUSED_SA = 6, "unused-sa", "InPktsUnusedSA", True, "10.6.1"
    NOT_USING_SA = 7, "not-using-sa", "InPktsNotUsingSA", False, "10.6.1"
    # counted on the SecY
    UNTAGGED = 8, "untagged", "InPktsUntagged", True, "10.6"
    NO_TAG = 9, "no-tag", "InPktsNoTag", False, "10.6"
    BAD_TAG = 10, "bad-tag", "InPktsBadTag", False, "9.12, 10.6"
    UNKNOWN_SCI = 11, "unknown-sci", "InPktsUnknownSCI", True, "10.6.1"
    NO_SCI = 12, "no-sci", "InPktsNoSCI", False, "10.6.1"
    OVERRUN = 13, "overrun", "InPktsOverrun", False, "10.6.3"
    UNCONTROLLED = 14, "uncontrolled", None, False, "10.6"
    BYPASS = 15, "bypass", None, True, "10.6"
    RUNT = 16, "runt", None, False, "9.2"
    TRUNCATED = 17, "truncated", None, False, "none: the capture cut the frame"
    DROPPED = 18, "dropped", None, False, "none: what Linux drops and counts nowhere"
    # transmit
    ENCRYPTED = 19, "encrypted", "OutPktsEncrypted", True, "10.5.4"
    PROTECTED = 20, "protected", "OutPktsProtected", True, "10.5.4"
    UNPROTECTED = 21, "unprotected", "OutPktsUntagged", True, "10.5"
    TOO_LONG = 22, "too-long", "OutPktsTooLong", False, "10.5.5"
    EXHAUSTED = 23, "exhausted", None, False, "10.5.2"
    NOT_OPERATIONAL = 24, "not-operational", None, False, "10.5.1"
    # passed in clear, since the control `clear` names the protocol: received, and sent
    EXCEPTED = 25, "excepted", None, True, "none: clear names its protocol"
    SENT_CLEAR = 26, "sent-clear", None, True, "none: clear names its protocol"

    def __repr__(self) -> str:
        fate = "goes on" if self.delivered else "stops here"
        return f"<Verdict.{self.name}: {self.counter or 'no counter'}, {fate}, {self.clause}>"


SA_VERDICTS = (Verdict.OK, Verdict.INVALID, Verdict.NOT_VALID)
SC_VERDICTS = tuple(Verdict)[:8]
TX_SA_VERDICTS = (Verdict.ENCRYPTED, Verdict.PROTECTED)
