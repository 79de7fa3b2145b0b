"""The parameter sets of an MKPDU, one class each: octets <-> data (IEEE 802.1X 11.11.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from macsec.errors import ConfigError
from macsec.kay.keys.derivation import CKN_LENGTHS, ICV_LENGTH, KN_LENGTH, MI_LENGTH
from macsec.kay.keys.sak import KI
from macsec.suites import SUITES, CipherSuite

from .parameter_set import (
    NOTHING,
    Opaque,
    ParameterSet,
    Spare,
    exactly,
    fits,
    framed,
    header,
)

PEER_LENGTH = MI_LENGTH + 4
BASIC_LENGTH = 28
"""Octets of a Basic set that its length counts, without the CKN."""

ALGORITHM_AGILITY = bytes.fromhex("0080C201")
"""AES-CMAC, AES Key Wrap and the KDF of 6.2.1; there is no other yet."""

LOW_32 = 0xFFFFFFFF

DEFAULT_SUITE = SUITES["gcm-aes-128"]
MISPRINTED_SUITE = 0x0080020001000001
"""GCM-AES-128 as the first print of 802.1AE had it: still what hostap calls it."""

SUITE_BY_IDENTIFIER: dict[int | None, CipherSuite] = {
    None: DEFAULT_SUITE,
    MISPRINTED_SUITE: DEFAULT_SUITE,
    **{suite.identifier: suite for suite in SUITES.values()},
}


class PeerId(NamedTuple):
    """An entry of a peer list: a member, and the last MN that the sender accepted from it."""

    mi: bytes
    mn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """The Basic Parameter Set: the sender and the CA. `capability`: 0 to 3 (11.11.3).

    `ckn` has 1 to 32 octets; `sci` is a number; `mn` is never 0.
    """

    sci: int
    mi: bytes
    mn: int
    ckn: bytes
    version: int = 1
    priority: int = 16
    key_server: bool = False
    desired: bool = True
    capability: int = 3
    padding: bytes = b""

    def encode(self) -> bytes:
        """Return the octets as sent. Raises ConfigError for a field that does not fit."""
        if len(self.ckn) not in CKN_LENGTHS:
            raise ConfigError(f"a CKN has 1 to 32 octets, {len(self.ckn)} given (9.3.1)")
        flags = self.key_server << 3 | self.desired << 2 | fits(self.capability, 2, "capability")
        body = (
            fits(self.sci, 64, "SCI").to_bytes(8)
            + exactly(self.mi, MI_LENGTH, "MI")
            + fits(self.mn, 32, "MN").to_bytes(4)
            + ALGORITHM_AGILITY
            + self.ckn
        )
        bits = fits(self.priority, 8, "priority") << 4 | flags
        return framed(fits(self.version, 8, "version"), bits, body, self.padding)


@dataclass(frozen=True, slots=True)
class LivePeerList(ParameterSet):
    """Members that the sender knows to be live.

    `server_ssci`: the low octet of the Key Server's SSCI; MKA version 3, beside an XPN SAK.
    """

    KIND = 1
    peers: tuple[PeerId, ...]
    server_ssci: int = 0

    @property
    def _bits(self) -> int:
        return fits(self.server_ssci, 8, "SSCI octet") << 4

    @property
    def _body(self) -> bytes:
        return _peer_octets(self.peers)

    @classmethod
    def _read(cls, bits: int, body: bytes) -> LivePeerList | None:
        peers = _peers_in(body)
        return None if peers is None else cls(peers, bits >> 4)


@dataclass(frozen=True, slots=True)
class PotentialPeerList(ParameterSet):
    """Members that were heard, or listed by a live member, and may not hear the sender."""

    KIND = 2
    peers: tuple[PeerId, ...]

    @property
    def _body(self) -> bytes:
        return _peer_octets(self.peers)

    @classmethod
    def _read(cls, bits: int, body: bytes) -> PotentialPeerList | None:
        peers = _peers_in(body)
        return None if peers is None else cls(peers)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One key of a SAK Use set: its KI, AN, whether the sender transmits and receives with it.

    `lowest_pn`: 32 bits in the set itself, 64 with an XPN set.
    """

    ki: KI
    an: int
    transmits: bool
    receives: bool
    lowest_pn: int


NO_KEY = KeyUse(KI(bytes(MI_LENGTH), 0), 0, False, False, 1)
"""An empty place of a SAK Use set. Some products refuse a lowest PN of 0 even there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SakUse(ParameterSet):
    """The keys that the sender uses. Without both: a set without a body, as there is no SAK."""

    KIND = 3
    latest: KeyUse | None = None
    old: KeyUse | None = None
    plain_transmits: bool = False
    plain_receives: bool = False
    delay_protect: bool = False

    @property
    def _slots(self) -> tuple[KeyUse, ...]:
        if self.latest is None and self.old is None:
            return ()
        return self.latest or NO_KEY, self.old or NO_KEY

    @property
    def _bits(self) -> int:
        flags = 0
        for slot in self._slots:
            flags = flags << 4 | fits(slot.an, 2, "AN") << 2 | slot.transmits << 1 | slot.receives
        plain = self.plain_transmits << 3 | self.plain_receives << 2 | self.delay_protect
        return flags << 4 | plain

    @property
    def _body(self) -> bytes:
        return b"".join(
            _ki_octets(slot.ki) + (slot.lowest_pn & LOW_32).to_bytes(4) for slot in self._slots
        )

    @classmethod
    def _read(cls, bits: int, body: bytes) -> SakUse | None:
        if 0 < len(body) < 2 * _SLOT_LENGTH:
            return None
        slots = [_slot(body[:_SLOT_LENGTH], bits >> 8), _slot(body[_SLOT_LENGTH:], bits >> 4)]
        latest, old = slots if body else (None, None)
        return cls(
            latest=latest,
            old=old,
            plain_transmits=bool(bits & 8),
            plain_receives=bool(bits & 4),
            delay_protect=bool(bits & 1),
        )


@dataclass(frozen=True, slots=True)
class DistributedSak(ParameterSet):
    """A SAK from the Key Server. `code`: confidentiality offset, 0 none, 1 to 3: 0, 30, 50 octets.

    `suite`: the identifier; None, with a body of 28 octets, is GCM-AES-128.
    """

    KIND = 4
    an: int
    code: int
    kn: int
    suite: int | None
    wrapped: bytes

    @property
    def cipher_suite(self) -> CipherSuite | None:
        """The suite, None if it is unknown."""
        return SUITE_BY_IDENTIFIER.get(self.suite)

    @property
    def _bits(self) -> int:
        return fits(self.an, 2, "AN") << 10 | fits(self.code, 2, "offset code") << 8

    @property
    def _body(self) -> bytes:
        suite = b"" if self.suite is None else fits(self.suite, 64, "suite").to_bytes(8)
        return fits(self.kn, 32, "KN").to_bytes(KN_LENGTH) + suite + self.wrapped

    @classmethod
    def _read(cls, bits: int, body: bytes) -> DistributedSak | NoSak | None:
        if not body:
            return NoSak()
        if len(body) not in (28, 36, 52):
            return None
        suite = None if len(body) == 28 else int.from_bytes(body[4:12])
        wrapped = body[4:] if suite is None else body[12:]
        return cls(bits >> 10, bits >> 8 & 3, int.from_bytes(body[:4]), suite, wrapped)


@dataclass(frozen=True, slots=True)
class NoSak(ParameterSet):
    """A Distributed SAK set without a body: the Key Server orders plain frames."""

    KIND = 4


@dataclass(frozen=True, slots=True)
class DistributedCak(ParameterSet):
    """A CAK of a group, wrapped, and its CKN behind it.

    The set does not say where one ends and the other begins.
    """

    KIND = 5
    content: bytes

    @property
    def _body(self) -> bytes:
        return self.content

    @classmethod
    def _read(cls, bits: int, body: bytes) -> DistributedCak | None:
        return cls(body) if 24 + 1 <= len(body) <= 40 + 32 else None


@dataclass(frozen=True, slots=True)
class KeyManagementDomain(ParameterSet):
    """The KMD: a string that names the domain that manages the sender's keys."""

    KIND = 6
    name: bytes

    @property
    def _body(self) -> bytes:
        return self.name

    @classmethod
    def _read(cls, bits: int, body: bytes) -> KeyManagementDomain:
        return cls(body)


class TLV(NamedTuple):
    """One item of an Announcement: 7 bits of type, 9 bits of length, a value."""

    type: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Announcement(ParameterSet):
    """Other information on the sender, as TLVs (11.12). Type 112 lists its cipher suites."""

    KIND = 7
    tlvs: tuple[TLV, ...]

    @property
    def _body(self) -> bytes:
        return b"".join(
            (fits(tlv.type, 7, "TLV type") << 9 | fits(len(tlv.value), 9, "TLV length")).to_bytes(2)
            + tlv.value
            for tlv in self.tlvs
        )

    @classmethod
    def _read(cls, bits: int, body: bytes) -> Announcement | None:
        tlvs, at = [], 0
        while at + 2 <= len(body):
            head = int.from_bytes(body[at : at + 2])
            end = at + 2 + (head & 0x1FF)
            if end > len(body):
                return None
            tlvs.append(TLV(head >> 9, body[at + 2 : end]))
            at = end
        return cls(tuple(tlvs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Xpn(ParameterSet):
    """The upper halves of the lowest PNs of SAK Use, and the suspension time that is requested."""

    KIND = 8
    latest_upper: int = 0
    old_upper: int = 0
    suspension_s: int = 0

    @property
    def _bits(self) -> int:
        return fits(self.suspension_s, 8, "suspension time") << 4

    @property
    def _body(self) -> bytes:
        return b"".join(
            fits(upper, 32, "upper half of a PN").to_bytes(4)
            for upper in (self.latest_upper, self.old_upper)
        )

    @classmethod
    def _read(cls, bits: int, body: bytes) -> Xpn | None:
        if len(body) < 8:
            return None
        return cls(
            latest_upper=int.from_bytes(body[:4]),
            old_upper=int.from_bytes(body[4:8]),
            suspension_s=bits >> 4,
        )


@dataclass(frozen=True, slots=True)
class IcvIndicator(ParameterSet):
    """The length of the ICV that follows: 16 octets. A header only, always the last set."""

    KIND = 255

    def encode(self) -> bytes:
        """Return the octets as sent; the length is the ICV's."""
        return header(self.KIND, self.spare.bits, ICV_LENGTH)


_SLOT_LENGTH = MI_LENGTH + KN_LENGTH + 4

_Reader = Callable[[int, bytes], ParameterSet | None]
READERS: dict[int, _Reader] = {
    1: LivePeerList._read,
    2: PotentialPeerList._read,
    3: SakUse._read,
    4: DistributedSak._read,
    5: DistributedCak._read,
    6: KeyManagementDomain._read,
    7: Announcement._read,
    8: Xpn._read,
}
"""Reader of each type. The ICV Indicator has no body: `frame` parses it."""


def read_set(kind: int, bits: int, body: bytes, padding: bytes) -> ParameterSet:
    """Return a set from its header and body; bits and octets without meaning go to `spare`."""
    reader = READERS.get(kind)
    found = None if reader is None else reader(bits, body)
    padding = padding if any(padding) else b""
    if found is None:
        return Opaque(kind, bits, body, spare=Spare(padding=padding))
    spare = Spare(bits ^ found._bits, body[len(found._body) :], padding)
    return found if spare == NOTHING else replace(found, spare=spare)


def _peer_octets(peers: tuple[PeerId, ...]) -> bytes:
    return b"".join(
        exactly(mi, MI_LENGTH, "MI") + fits(mn, 32, "MN").to_bytes(4) for mi, mn in peers
    )


def _peers_in(body: bytes) -> tuple[PeerId, ...] | None:
    if len(body) % PEER_LENGTH:
        return None
    entries = (body[at : at + PEER_LENGTH] for at in range(0, len(body), PEER_LENGTH))
    return tuple(PeerId(entry[:MI_LENGTH], int.from_bytes(entry[MI_LENGTH:])) for entry in entries)


def _ki_octets(ki: KI) -> bytes:
    return exactly(ki.mi, MI_LENGTH, "MI") + fits(ki.kn, 32, "KN").to_bytes(KN_LENGTH)


def _slot(octets: bytes, flags: int) -> KeyUse:
    ki = KI(octets[:MI_LENGTH], int.from_bytes(octets[MI_LENGTH : MI_LENGTH + KN_LENGTH]))
    pn = int.from_bytes(octets[MI_LENGTH + KN_LENGTH : _SLOT_LENGTH])
    return KeyUse(ki, flags >> 2 & 3, bool(flags & 2), bool(flags & 1), pn)
