"""Record of one key and SCI: the first PN that is certainly unused.

    macsec-pn/1
    key 6a1f0c3e9b2d4857
    sci 5254001301560001
    cipher gcm-aes-128
    iv 525400130156000100000000
    next_pn 65537
    sha256 OF THE LINES ABOVE

`key` is `Key.check_value`: 64 bits of a SHA-256 with its own label. It reveals no octet of the key
and no value that AES-GCM computes from it. (The usual check value, AES of zeros, is the hash key.)
`iv`, the IV with a PN of zero, identifies the nonces that these PNs form.

Each record has exactly one text; any other text is damaged.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from macsec.suites import SUITES

FORMAT = "macsec-pn/1"
SIZE_LIMIT = 512
"""Octets; every record is shorter."""

_TEXT = re.compile(
    rf"{FORMAT}\n"
    r"key (?P<key>[0-9a-f]{16})\n"
    r"sci (?P<sci>[0-9a-f]{16})\n"
    r"cipher (?P<cipher>[a-z0-9-]{1,32})\n"
    r"iv (?P<iv>[0-9a-f]{24})\n"
    r"next_pn (?P<next_pn>[1-9][0-9]{0,19})\n"
    r"sha256 (?P<sha256>[0-9a-f]{64})\n",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Nonces:
    """Nonces of a transmit SA: key, SCI, suite, and the IV with a PN of zero."""

    key: str
    sci: str
    cipher: str
    iv: str

    @property
    def name(self) -> str:
        """Name of its file, without the ending."""
        return f"{self.key}-{self.sci}"

    def meets(self, other: Nonces) -> bool:
        """Return whether some PNs of the two could form one nonce under one key.

        The PN is XORed into the last 8 octets of the IV under XPN, else into the last 4 (14.5 to
        14.8). IVs of two suites under one key cannot be compared, so they count as meeting.
        """
        if self.key != other.key:
            return False
        fixed = 8 if SUITES[self.cipher].xpn else 16
        return self.cipher != other.cipher or self.iv[:fixed] == other.iv[:fixed]


@dataclass(frozen=True, slots=True)
class Record:
    """Nonces, and the first PN of them that is certainly unused."""

    nonces: Nonces
    next_pn: int

    def encode(self) -> bytes:
        """Return the text, in ASCII."""
        of = self.nonces
        lines = (
            f"{FORMAT}\nkey {of.key}\nsci {of.sci}\ncipher {of.cipher}\niv {of.iv}\n"
            f"next_pn {self.next_pn}\n"
        )
        return f"{lines}sha256 {hashlib.sha256(lines.encode()).hexdigest()}\n".encode()

    @classmethod
    def decode(cls, octets: bytes) -> Record:
        """Return the record of a text. Raises ValueError with the reason."""
        found = _TEXT.fullmatch(octets.decode("latin-1"))
        if found is None:
            raise ValueError(f"damaged, or no file of format {FORMAT}")
        of = Nonces(found["key"], found["sci"], found["cipher"], found["iv"])
        record = cls(of, int(found["next_pn"]))
        if record.encode() != octets:
            raise ValueError("damaged: wrong check sum")
        suite = SUITES.get(of.cipher)
        if suite is None or record.next_pn > suite.pn_limit:
            raise ValueError("the PN or its cipher suite is unknown")
        return record
