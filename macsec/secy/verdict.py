"""Table of all verdicts: each way a frame can end, with its counter and clause.

The numbers are shared with the C data plane (`macsec_verdict` in `_native/secy/macsec.h`), which
counts by them: below 3 on SC and SA, below 8 on the receive SC, the rest on the SecY (D-14).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from macsec.enumerations import NumberEnum


class Verdict(NumberEnum):
    """Result of one frame: `label`, `counter` (or None), `delivered` (or sent), `clause`.

    >>> import macsec
    >>> macsec.Verdict.LATE.counter, macsec.Verdict.LATE.delivered, macsec.Verdict.LATE.clause
    ('InPktsLate', False, '10.6.2, 10.6.4')
    >>> macsec.Verdict(3).label
    'delayed'

    See also: `Outcome`, `SecY.validate_frame`.
    """

    _value_: int
    _label: str
    _counter: str | None
    _delivered: bool
    _clause: str

    if not TYPE_CHECKING:  # for a checker `Verdict(code)` alone is right

        def __new__(cls, code, label, counter, delivered, clause):
            """Build one row of the table; `Verdict(code)` looks one up and never comes here."""
            row = int.__new__(cls, code)
            row._value_ = int(row)
            row._label, row._counter, row._delivered, row._clause = (
                label,
                counter,
                delivered,
                clause,
            )
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
    REFUSED_CLEAR = 27, "refused-clear", None, False, "none: clear has it protected only"

    @property
    def label(self) -> str:
        """Its word in outputs, such as "not-valid"."""
        return self._label

    @property
    def counter(self) -> str | None:
        """The counter that such a frame adds one to, by the standard's name; None without."""
        return self._counter

    @property
    def delivered(self) -> bool:
        """True if the frame goes on: to the user of the Controlled Port, or onto the wire."""
        return self._delivered

    @property
    def clause(self) -> str:
        """The clauses of IEEE 802.1AE with the rule, or "none" and the reason."""
        return self._clause

    @property
    def sending(self) -> bool:
        """True for the end of a frame that was to be sent."""
        return self in SENDING

    @property
    def received(self) -> bool:
        """True for the end of a whole frame that was received."""
        return self not in SENDING and self not in (Verdict.RUNT, Verdict.TRUNCATED)

    def __repr__(self) -> str:
        fate = "goes on" if self.delivered else "stops here"
        return f"<Verdict.{self.name}: {self.counter or 'no counter'}, {fate}, {self.clause}>"


SENDING = (*tuple(Verdict)[19:25], Verdict.SENT_CLEAR)
"""The ends of a frame that was to be sent, a runt apart."""

SA_VERDICTS = (Verdict.OK, Verdict.INVALID, Verdict.NOT_VALID)
SC_VERDICTS = tuple(Verdict)[:8]
TX_SA_VERDICTS = (Verdict.ENCRYPTED, Verdict.PROTECTED)

REASONS: dict[Verdict, str] = {verdict: verdict.label for verdict in Verdict} | {
    Verdict.OK: "the ICV is right and the PN is not below the lowest acceptable",
    Verdict.INVALID: "the ICV is wrong; validate: check delivers frames sent in clear",
    Verdict.NOT_VALID: (
        "the ICV is wrong: another key, SCI or PN than the sender's, or a changed octet"
    ),
    Verdict.DELAYED: "PN {pn} is below lowest PN {lowest}, and replay is off",
    Verdict.UNCHECKED: "validate: disabled: the ICV was not checked",
    Verdict.LATE: "PN {pn} is below lowest PN {lowest}",
    Verdict.UNUSED_SA: "SA {an} of SC {sci} is not in use: {sas}; sent in clear, so delivered",
    Verdict.NOT_USING_SA: "SA {an} of SC {sci} is not in use: {sas}",
    Verdict.UNTAGGED: "no SecTAG, and validate is not strict",
    Verdict.NO_TAG: "no SecTAG, and validate: strict requires one",
    Verdict.BAD_TAG: "the SecTAG is not valid by 9.12: {fault}",
    Verdict.UNKNOWN_SCI: "no receive SC {sci}: {scs}; sent in clear, so delivered",
    Verdict.NO_SCI: "no receive SC {sci}: {scs}",
    Verdict.UNCONTROLLED: "E without C is for the KaY at the Uncontrolled Port",
    Verdict.BYPASS: "validate: null passes every frame untouched",
    Verdict.RUNT: "{length} octets: too short for addresses and EtherType",
    Verdict.TRUNCATED: "the capture cut the frame to {length} of {wire_length} octets: not judged",
    Verdict.DROPPED: "profile linux drops it and counts it nowhere",
    Verdict.ENCRYPTED: "sent with confidentiality",
    Verdict.PROTECTED: "sent with integrity only: encrypt is off",
    Verdict.UNPROTECTED: "protect is off: sent as it is",
    Verdict.TOO_LONG: "protected, it is over the {limit} octets that mtu {mtu} allows",
    Verdict.EXHAUSTED: "the last PN of SA {an} is used: nothing is sent until there is a new key",
    Verdict.NOT_OPERATIONAL: "SA {encodingsa}, which encodingsa names, cannot send",
}
"""Reason of each verdict, with fields in braces."""

NOT_DECRYPTED = "validate: disabled does not decrypt, and changed text cannot be delivered (C=1)"
"""Reason of NOT_VALID where the cipher did not run."""
