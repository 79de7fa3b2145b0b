"""EAPOL-Announcement and EAPOL-Announcement-Req frames (IEEE 802.1X 11.3.2, 11.12).

    DA SA 88-8E | EAPOL version, type 6, 7 or 8, length | TLVs

Nothing protects them: what they say is a hint, and changes no state of key agreement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from macsec.kay.mkpdu.frame import BODY, EAPOL_VERSION
from macsec.kay.mkpdu.parameter_sets import TLV, Announcement
from macsec.terms import EAPOL_ETHERTYPES, ETHERTYPE_EAPOL

GENERIC = 6
SPECIFIC = 7
REQUEST = 8
KINDS = (GENERIC, SPECIFIC, REQUEST)

_GROUP = 1


@dataclass(frozen=True, slots=True)
class AnnouncementFrame:
    """A frame of `kind` GENERIC, SPECIFIC or REQUEST, from a MAC address."""

    kind: int
    source: bytes
    tlvs: tuple[TLV, ...]


def encode(
    kind: int,
    source: bytes,
    destination: bytes,
    tlvs: Iterable[TLV],
    ethertype: int = ETHERTYPE_EAPOL,
) -> bytes:
    """Return a frame. Raises ConfigError for a TLV of more than 511 octets."""
    body = Announcement(tuple(tlvs))._body
    eapol = bytes((EAPOL_VERSION, kind)) + len(body).to_bytes(2)
    return destination + source + ethertype.to_bytes(2) + eapol + body


def decode(frame: bytes) -> AnnouncementFrame | None:
    """Return the announcement or request in a frame; None for any other, or a malformed one."""
    if len(frame) < BODY or int.from_bytes(frame[12:14]) not in EAPOL_ETHERTYPES:
        return None
    version, kind, end = frame[14], frame[15], BODY + int.from_bytes(frame[16:18])
    if version < EAPOL_VERSION or kind not in KINDS or end > len(frame) or frame[6] & _GROUP:
        return None
    found = Announcement._read(0, frame[BODY:end])
    return None if found is None else AnnouncementFrame(kind, frame[6:12], found.tlvs)
