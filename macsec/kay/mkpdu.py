"""MKPDUs: octets <-> parameter sets (IEEE 802.1X 11.11). No keys, no state, nothing raises on receipt.

`open_frame` checks what can be checked without a key and says what the ICV is over; `read` walks
the sets once the ICV is known to be good. `build` is the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from macsec.kay.keys import CKN_LENGTHS, ICV_LENGTH, MI_LENGTH
from macsec.kay.sak import KI
from macsec.terms import ADDRESSES_LENGTH, ETHERTYPE_EAPOL

EAPOL_VERSION = 3
EAPOL_MKA = 5
BODY = ADDRESSES_LENGTH + 6
BODY_MINIMUM = 32
BASIC_LENGTH = 28
AGILITY = bytes.fromhex("0080C201")

LIVE, POTENTIAL, SAK_USE, DISTRIBUTED_SAK, XPN, ICV_INDICATOR = 1, 2, 3, 4, 8, 255
PEER_LENGTH = MI_LENGTH + 4
USE_LENGTH = 40
HALF = 0xFFFFFFFF


class Refusal(Enum):
    """Why a frame is no MKPDU for this port."""

    NOT_MKA = auto()
    INDIVIDUAL = auto()
    MALFORMED = auto()
    AGILITY = auto()


class PeerId(NamedTuple):
    """An entry of a peer list."""

    mi: bytes
    mn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """The Basic Parameter Set."""

    sci: int
    mi: bytes
    mn: int
    ckn: bytes
    version: int = 1
    priority: int = 16
    key_server: bool = False
    desired: bool = True
    capability: int = 3


@dataclass(frozen=True, slots=True)
class KeyUse:
    """Latest or Old of a SAK Use set; `lowest_pn` has 32 bits, or 64 with the XPN set."""

    ki: KI
    an: int
    transmits: bool
    receives: bool
    lowest_pn: int


NO_KEY = KeyUse(KI(bytes(MI_LENGTH), 0), 0, False, False, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SakUse:
    """The SAK Use Parameter Set; without keys it has no body."""

    latest: KeyUse | None = None
    old: KeyUse | None = None
    plain_transmits: bool = False
    plain_receives: bool = False
    delay_protect: bool = False


@dataclass(frozen=True, slots=True)
class DistributedSak:
    """The Distributed SAK Parameter Set. `suite`: its identifier, None for the default suite."""

    an: int
    code: int
    kn: int
    suite: int | None
    wrapped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mkpdu:
    """The sets of an MKPDU. `plain`: a Distributed SAK set without a SAK. `server_ssci`: 8 bits."""

    basic: Basic
    live: tuple[PeerId, ...] = ()
    potential: tuple[PeerId, ...] = ()
    server_ssci: int = 0
    use: SakUse | None = None
    distributed: DistributedSak | None = None
    plain: bool = False
    xpn: bool = False


class Opened(NamedTuple):
    """A frame that may be an MKPDU: what the ICV is over, and the ICV."""

    basic: Basic
    signed: bytes
    icv: bytes


def open_frame(frame: bytes) -> Opened | Refusal:
    """Check framing and the Basic set (11.11.2)."""
    if len(frame) < BODY or frame[12:14] != ETHERTYPE_EAPOL.to_bytes(2):
        return Refusal.NOT_MKA
    if frame[14] < EAPOL_VERSION or frame[15] != EAPOL_MKA:
        return Refusal.NOT_MKA
    if not frame[0] & 1:
        return Refusal.INDIVIDUAL
    length = int.from_bytes(frame[16:18])
    if length < BODY_MINIMUM or length % 4 or BODY + length > len(frame):
        return Refusal.MALFORMED
    end = BODY + length - ICV_LENGTH
    signed, icv = frame[:end], frame[end : end + ICV_LENGTH]
    body = signed[BODY:]
    size = _length(body) if len(body) >= 4 else 0
    if size - BASIC_LENGTH not in CKN_LENGTHS or 4 + size > len(body):
        return Refusal.MALFORMED
    if body[28:32] != AGILITY:
        return Refusal.AGILITY
    return Opened(_basic(body, size), signed, icv)


def read(opened: Opened) -> Mkpdu | None:
    """The sets of an authentic MKPDU; None where a length goes beyond the end."""
    body = opened.signed[BODY:]
    sets: dict[int, bytes] = {}
    at = _padded(4 + _length(body))
    while at < len(body):
        if at + 4 > len(body):
            return None
        kind, length = body[at], _length(body[at:])
        if kind == ICV_INDICATOR:
            break
        if at + 4 + length > len(body):
            return None
        sets.setdefault(kind, body[at : at + 4 + length])
        at += _padded(4 + length)
    return _mkpdu(opened.basic, sets)


def _mkpdu(basic: Basic, sets: dict[int, bytes]) -> Mkpdu | None:
    lists = [_peers(sets.get(kind, bytes(4))) for kind in (LIVE, POTENTIAL)]
    if None in lists:
        return None
    given = sets.get(DISTRIBUTED_SAK)
    return Mkpdu(
        basic=basic,
        live=lists[0] or (),
        potential=lists[1] or (),
        server_ssci=sets.get(LIVE, bytes(2))[1],
        use=_use(sets.get(SAK_USE), sets.get(XPN)),
        distributed=_distributed(given),
        plain=given is not None and len(given) == 4,
        xpn=XPN in sets,
    )


def _length(header: bytes) -> int:
    return int.from_bytes(header[2:4]) & 0xFFF


def _padded(length: int) -> int:
    return -(-length // 4) * 4


def _basic(body: bytes, size: int) -> Basic:
    return Basic(
        version=body[0],
        priority=body[1],
        key_server=bool(body[2] & 0x80),
        desired=bool(body[2] & 0x40),
        capability=body[2] >> 4 & 3,
        sci=int.from_bytes(body[4:12]),
        mi=body[12:24],
        mn=int.from_bytes(body[24:28]),
        ckn=body[32 : 4 + size],
    )


def _peers(octets: bytes) -> tuple[PeerId, ...] | None:
    if len(octets) % PEER_LENGTH != 4:
        return None
    return tuple(
        PeerId(
            octets[at : at + MI_LENGTH], int.from_bytes(octets[at + MI_LENGTH : at + PEER_LENGTH])
        )
        for at in range(4, len(octets), PEER_LENGTH)
    )


def _use(octets: bytes | None, xpn: bytes | None) -> SakUse | None:
    """None also for a body that is too short: the set is ignored."""
    if octets is None or 4 < len(octets) < 4 + USE_LENGTH:
        return None
    upper = [0, 0]
    if xpn is not None and len(xpn) >= 12:
        upper = [int.from_bytes(xpn[4:8]), int.from_bytes(xpn[8:12])]
    flags = octets[1]
    slots = (
        [_slot(octets[4:24], flags >> 4, upper[0]), _slot(octets[24:44], flags, upper[1])]
        if len(octets) > 4
        else [None, None]
    )
    return SakUse(
        latest=slots[0],
        old=slots[1],
        plain_transmits=bool(octets[2] & 0x80),
        plain_receives=bool(octets[2] & 0x40),
        delay_protect=bool(octets[2] & 0x10),
    )


def _slot(octets: bytes, flags: int, upper: int) -> KeyUse:
    return KeyUse(
        KI(octets[:MI_LENGTH], int.from_bytes(octets[12:16])),
        flags >> 2 & 3,
        bool(flags & 2),
        bool(flags & 1),
        upper << 32 | int.from_bytes(octets[16:20]),
    )


def _distributed(octets: bytes | None) -> DistributedSak | None:
    if octets is None or len(octets) - 4 not in (28, 36, 52):
        return None
    suite = None if len(octets) == 32 else int.from_bytes(octets[8:16])
    wrapped = octets[8:] if suite is None else octets[16:]
    return DistributedSak(
        octets[1] >> 6, octets[1] >> 4 & 3, int.from_bytes(octets[4:8]), suite, wrapped
    )


# -------------------------------------------------------------------- sending


def build(mkpdu: Mkpdu, destination: bytes, indicator: bool = False) -> bytes:
    """The frame of an MKPDU up to its ICV, which is to be put behind."""
    basic = mkpdu.basic
    body = b"".join(_sets(mkpdu))
    if indicator:
        body += _header(ICV_INDICATOR, 0, 0, ICV_LENGTH)
    eapol = bytes((EAPOL_VERSION, EAPOL_MKA)) + (len(body) + ICV_LENGTH).to_bytes(2)
    source = basic.sci.to_bytes(8)[:6]
    return destination + source + ETHERTYPE_EAPOL.to_bytes(2) + eapol + body


def _sets(mkpdu: Mkpdu) -> Iterator[bytes]:
    yield _pad(_basic_octets(mkpdu.basic))
    for kind, octet, peers in (
        (LIVE, mkpdu.server_ssci, mkpdu.live),
        (POTENTIAL, 0, mkpdu.potential),
    ):
        if peers:
            body = b"".join(peer.mi + peer.mn.to_bytes(4) for peer in peers)
            yield _header(kind, octet, 0, len(body)) + body
    if mkpdu.use is not None:
        yield _use_octets(mkpdu.use)
    if mkpdu.plain:
        yield _header(DISTRIBUTED_SAK, 0, 0, 0)
    if mkpdu.distributed is not None:
        yield _pad(_distributed_octets(mkpdu.distributed))
    if mkpdu.xpn:
        use = mkpdu.use or SakUse()
        pns = [(slot or NO_KEY).lowest_pn >> 32 for slot in (use.latest, use.old)]
        yield _header(XPN, 0, 0, 8) + b"".join(pn.to_bytes(4) for pn in pns)


def _header(kind: int, second: int, third: int, length: int) -> bytes:
    return bytes((kind, second)) + (third << 8 | length).to_bytes(2)


def _pad(octets: bytes) -> bytes:
    return octets.ljust(_padded(len(octets)), b"\0")


def _basic_octets(basic: Basic) -> bytes:
    flags = basic.key_server << 7 | basic.desired << 6 | basic.capability << 4
    return (
        _header(basic.version, basic.priority, flags, BASIC_LENGTH + len(basic.ckn))
        + basic.sci.to_bytes(8)
        + basic.mi
        + basic.mn.to_bytes(4)
        + AGILITY
        + basic.ckn
    )


def _use_octets(use: SakUse) -> bytes:
    third = use.plain_transmits << 7 | use.plain_receives << 6 | use.delay_protect << 4
    if use.latest is None and use.old is None:
        return _header(SAK_USE, 0, third, 0)
    flags, body = 0, b""
    for slot in (use.latest or NO_KEY, use.old or NO_KEY):
        flags = flags << 4 | slot.an << 2 | slot.transmits << 1 | slot.receives
        body += slot.ki.mi + slot.ki.kn.to_bytes(4) + (slot.lowest_pn & HALF).to_bytes(4)
    return _header(SAK_USE, flags, third, len(body)) + body


def _distributed_octets(given: DistributedSak) -> bytes:
    suite = b"" if given.suite is None else given.suite.to_bytes(8)
    body = given.kn.to_bytes(4) + suite + given.wrapped
    return _header(DISTRIBUTED_SAK, given.an << 6 | given.code << 4, 0, len(body)) + body
