"""EAPOL frames that carry EAP (IEEE 802.1X 11), and the header of EAP (RFC 3748 4)."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from macsec.kay.mkpdu.frame import EAPOL_VERSION, PAE_GROUP_ADDRESS
from macsec.terms import ADDRESSES_LENGTH, ETHERTYPE_EAPOL

HEADER = ADDRESSES_LENGTH + 2
BODY = HEADER + 4
EAP_HEADER = 4


class EapolType(IntEnum):
    """Packet types of EAPOL for EAP (11.3.2)."""

    EAP = 0
    START = 1
    LOGOFF = 2


class Code(IntEnum):
    """Codes of EAP."""

    REQUEST = 1
    RESPONSE = 2
    SUCCESS = 3
    FAILURE = 4


IDENTITY = 1
"""The type of EAP that asks for an identity."""


class EapolFrame(NamedTuple):
    """A frame of EAP's types: its source, packet type and body."""

    source: bytes
    packet: EapolType
    body: bytes


class EapHeader(NamedTuple):
    """The parts of an EAP packet that a relay reads; `type` and `data` of a request or response.

    Octets behind `length` are padding of the frame (RFC 3748 4.1).
    """

    code: int
    identifier: int
    length: int
    type: int | None
    data: bytes


def decoded(frame: bytes) -> EapolFrame | None:
    """Return an EAPOL frame with EAP, EAPOL-Start or EAPOL-Logoff; None for any other octets."""
    if len(frame) < BODY or int.from_bytes(frame[12:14]) != ETHERTYPE_EAPOL:
        return None
    packet, length = frame[15], int.from_bytes(frame[16:18])
    if packet not in (EapolType.EAP, EapolType.START, EapolType.LOGOFF) or BODY + length > len(
        frame
    ):
        return None
    return EapolFrame(frame[6:12], EapolType(packet), frame[BODY : BODY + length])


def encoded(source: bytes, eap: bytes) -> bytes:
    """Return the frame that carries an EAP packet to the station at the other end."""
    header = ETHERTYPE_EAPOL.to_bytes(2) + bytes((EAPOL_VERSION, EapolType.EAP))
    return PAE_GROUP_ADDRESS + source + header + len(eap).to_bytes(2) + eap


def header_of(eap: bytes) -> EapHeader | None:
    """Return the header of an EAP packet; None if its length is not that of the octets."""
    if len(eap) < EAP_HEADER or int.from_bytes(eap[2:4]) not in range(EAP_HEADER, len(eap) + 1):
        return None
    end = int.from_bytes(eap[2:4])
    kind = eap[4] if end > EAP_HEADER else None
    return EapHeader(eap[0], eap[1], end, kind, eap[5:end])


def identity_request(identifier: int) -> bytes:
    """Return the EAP packet that asks a supplicant for its identity."""
    return bytes((Code.REQUEST, identifier, 0, 5, IDENTITY))


def failure(identifier: int) -> bytes:
    """Return EAP-Failure."""
    return bytes((Code.FAILURE, identifier, 0, 4))
