"""The four Cipher Suites of clause 14, each with its IV."""

from __future__ import annotations

from dataclasses import dataclass

from macsec.terms import PN_LIMIT_32, PN_LIMIT_64, WINDOW_LIMIT_32, WINDOW_LIMIT_XPN


@dataclass(frozen=True, slots=True)
class CipherSuite:
    """One row of Table 14-1. Lengths in octets; `offsets` are confidentiality offsets.

    >>> import macsec
    >>> suite = macsec.SUITES["gcm-aes-xpn-256"]
    >>> suite.key_length, suite.xpn, suite.offsets
    (32, True, (0,))

    See also: `SUITES`, `Controls` (clause 14).
    """

    name: str
    identifier: int
    key_length: int
    xpn: bool
    offsets: tuple[int, ...]

    @property
    def pn_limit(self) -> int:
        """The first PN that must never be used."""
        return PN_LIMIT_64 if self.xpn else PN_LIMIT_32

    @property
    def window_limit(self) -> int:
        """The largest replayWindow (10.7.8)."""
        return WINDOW_LIMIT_XPN if self.xpn else WINDOW_LIMIT_32

    def iv(self, sci: int, pn: int, ssci: int = 0, salt: bytes = bytes(12)) -> bytes:
        """Return the 12-octet IV (14.5 to 14.8): SCI and PN, or SSCI and PN XOR Salt."""
        if not self.xpn:
            return sci.to_bytes(8) + pn.to_bytes(4)
        return ((ssci << 64 | pn) ^ int.from_bytes(salt)).to_bytes(12)


SUITES: dict[str, CipherSuite] = {
    suite.name: suite
    for suite in (
        CipherSuite("gcm-aes-128", 0x0080C20001000001, 16, False, (0, 30, 50)),
        CipherSuite("gcm-aes-256", 0x0080C20001000002, 32, False, (0, 30, 50)),
        CipherSuite("gcm-aes-xpn-128", 0x0080C20001000003, 16, True, (0,)),
        CipherSuite("gcm-aes-xpn-256", 0x0080C20001000004, 32, True, (0,)),
    )
}
