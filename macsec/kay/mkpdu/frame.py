"""MKPDUs: frames <-> `Mkpdu` (IEEE 802.1X 11.11). No key, no state; nothing raises on receipt.

    DA SA 88-8E | EAPOL version, type 5, length | Basic set, other sets | ICV

On a WAN the destination may be any address, and the EtherType 87-6F.

`decode` parses a frame of any sender: trust nothing of it before its ICV is verified, over
`Mkpdu.signed`. `signed` is encoded from the parsed fields, so each parsed field is authenticated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeVar

from macsec.errors import ConfigError
from macsec.kay.keys.derivation import CKN_LENGTHS, ICV_LENGTH
from macsec.terms import ADDRESSES_LENGTH, EAPOL_ETHERTYPES, ETHERTYPE_EAPOL

from .parameter_set import HEADER_LENGTH, Opaque, ParameterSet, header_of, padded
from .parameter_sets import (
    ALGORITHM_AGILITY,
    BASIC_LENGTH,
    LOW_32,
    NO_KEY,
    TLV,
    Announcement,
    Basic,
    DistributedCak,
    DistributedSak,
    IcvIndicator,
    KeyManagementDomain,
    LivePeerList,
    NoSak,
    PeerId,
    PotentialPeerList,
    SakUse,
    Xpn,
    read_set,
)

PAE_GROUP_ADDRESS = bytes.fromhex("0180C2000003")
EAPOL_VERSION = 3
EAPOL_MKA = 5
BODY = ADDRESSES_LENGTH + 6
BODY_MINIMUM = 32
BODY_MAXIMUM = 0xFFFC

_GROUP = 1
_LISTS = (LivePeerList.KIND, PotentialPeerList.KIND)


class Refusal(Enum):
    """Reasons why a frame is not an MKPDU, and whether it claimed to be one."""

    NOT_EAPOL = "no EAPOL frame", False
    NOT_MKA = "EAPOL, but of another type than MKA", False
    VERSION = "EAPOL of a version before 3", False
    SHORT = "fewer than 32 octets of body", True
    BEYOND_FRAME = "longer by its own account than the frame is", True
    NOT_WORDS = "the body is no multiple of 4 octets", True
    CKN_LENGTH = "a CKN has 1 to 32 octets", True
    NO_ROOM = "the Basic set leaves no room for an ICV", True
    AGILITY = "unknown algorithm agility", True
    MN_ZERO = "the message number is 0", True
    BEYOND_ICV = "a parameter set runs into the ICV", True
    LIST_LENGTH = "a peer list is no multiple of 16 octets", True
    INDICATOR = "an ICV Indicator that is not the last set, or not for 16 octets", True

    def __init__(self, text: str, was_mka: bool) -> None:
        self.text = text
        self.was_mka = was_mka


_Set = TypeVar("_Set", bound=ParameterSet)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mkpdu:
    """An MKPDU. `sets` follow the Basic set, in their order on the wire.

    The properties apply the rules of a receiver: the first set of a type, each member once.
    `trailer`: octets behind the EAPOL body, Ethernet padding without meaning.
    """

    basic: Basic
    sets: tuple[ParameterSet, ...] = ()
    destination: bytes = PAE_GROUP_ADDRESS
    source: bytes = b""
    ethertype: int = ETHERTYPE_EAPOL
    eapol_version: int = EAPOL_VERSION
    icv: bytes = field(default=b"", repr=False)
    trailer: bytes = field(default=b"", repr=False)

    @property
    def signed(self) -> bytes:
        """The octets under the ICV: all before it, from the destination address on (9.4.1)."""
        body = self.basic.encode() + b"".join(each.encode() for each in self.sets)
        length = len(body) + ICV_LENGTH
        if length > BODY_MAXIMUM:
            raise ConfigError(f"an MKPDU of {length} octets is too long for EAPOL")
        eapol = bytes((self.eapol_version, EAPOL_MKA)) + length.to_bytes(2)
        head = self.destination + self._source + self.ethertype.to_bytes(2)
        return head + eapol + body

    @property
    def individual(self) -> bool:
        """True if it is sent to an individual address."""
        return not self.destination[0] & _GROUP

    def signed_as(self, updated_header: bool) -> bytes:
        """Return the octets under the ICV: with the header as sent, or with the standard one."""
        if updated_header:
            return self.signed
        return replace(self, destination=PAE_GROUP_ADDRESS, ethertype=ETHERTYPE_EAPOL).signed

    @property
    def _source(self) -> bytes:
        return self.source or self.basic.sci.to_bytes(8)[:6]

    def first(self, kind: type[_Set]) -> _Set | None:
        """Return the first set of a type, or None if it is unreadable: later ones do not count."""
        for each in self.sets:
            if each.kind == kind.KIND:
                return each if isinstance(each, kind) else None
        return None

    @property
    def live(self) -> tuple[PeerId, ...]:
        """The Live Peer List, each MI once."""
        found = self.first(LivePeerList)
        return () if found is None else _once(found.peers)

    @property
    def potential(self) -> tuple[PeerId, ...]:
        """The Potential Peer List, each MI once, without live members."""
        found = self.first(PotentialPeerList)
        live = {peer.mi for peer in self.live}
        peers = () if found is None else _once(found.peers)
        return tuple(peer for peer in peers if peer.mi not in live)

    @property
    def use(self) -> SakUse | None:
        """SAK Use, with 64-bit PNs if an XPN set holds the upper halves."""
        use, upper = self.first(SakUse), self.first(Xpn)
        if use is None or upper is None or use.latest is None or use.old is None:
            return use
        pairs = ((use.latest, upper.latest_upper), (use.old, upper.old_upper))
        latest, old = (replace(slot, lowest_pn=high << 32 | slot.lowest_pn) for slot, high in pairs)
        return replace(use, latest=latest, old=old)

    @property
    def distributed(self) -> DistributedSak | None:
        """The Distributed SAK."""
        return self.first(DistributedSak)

    @property
    def plain(self) -> bool:
        """True if the Key Server orders plain frames: a Distributed SAK set without a body."""
        return self.first(NoSak) is not None

    @property
    def suspension_s(self) -> int:
        """The suspension time that an XPN set asks for, reports or orders, in seconds."""
        found = self.first(Xpn)
        return 0 if found is None else found.suspension_s

    @property
    def xpn(self) -> bool:
        """True if there is an XPN set."""
        return self.first(Xpn) is not None


def compose(
    basic: Basic,
    *,
    live: tuple[PeerId, ...] = (),
    server_ssci: int = 0,
    potential: tuple[PeerId, ...] = (),
    use: SakUse | None = None,
    distributed: DistributedSak | None = None,
    plain: bool = False,
    distributed_cak: DistributedCak | None = None,
    kmd: str = "",
    tlvs: tuple[TLV, ...] = (),
    xpn: bool = False,
    suspension_s: int = 0,
    indicator: bool = False,
    destination: bytes = PAE_GROUP_ADDRESS,
    ethertype: int = ETHERTYPE_EAPOL,
) -> Mkpdu:
    """Return an MKPDU to send, its sets in the order of their types (11.11.3).

    `xpn` adds a set with the upper halves of the lowest PNs of `use`. Empty lists are left out, and
    an Announcement without `tlvs`, a KMD without a name.

    >>> from macsec.kay import Basic, PeerId, compose
    >>> basic = Basic(sci=0x5254001301560001, mi=bytes(12), mn=1, ckn=b"name")
    >>> mkpdu = compose(basic, live=(PeerId(bytes(11) + b"1", 7),))
    >>> [type(found).__name__ for found in mkpdu.sets]
    ['LivePeerList']

    See also: `seal`, `decode`.
    """
    sets: list[ParameterSet] = []
    if live:
        sets.append(LivePeerList(live, server_ssci))
    if potential:
        sets.append(PotentialPeerList(potential))
    if use is not None:
        sets.append(_with_low_halves(use))
    if plain or distributed is not None:
        sets.append(distributed or NoSak())
    if distributed_cak is not None:
        sets.append(distributed_cak)
    if kmd:
        sets.append(KeyManagementDomain(kmd.encode()))
    if tlvs:
        sets.append(Announcement(tlvs))
    if xpn or suspension_s:
        slots = (None, None) if use is None else (use.latest, use.old)
        latest, old = ((slot or NO_KEY).lowest_pn >> 32 for slot in slots)
        sets.append(Xpn(latest_upper=latest, old_upper=old, suspension_s=suspension_s))
    if indicator:
        sets.append(IcvIndicator())
    return Mkpdu(basic=basic, sets=tuple(sets), destination=destination, ethertype=ethertype)


def seal(mkpdu: Mkpdu, icv: Callable[[bytes], bytes], updated_header: bool = True) -> bytes:
    """Return the frame, with the ICV that `icv` computes. Raises ConfigError.

    >>> from macsec.kay import Basic, MemoryHolder, compose, seal
    >>> from macsec.keys import Key
    >>> mkpdu = compose(Basic(sci=0x5254001301560001, mi=bytes(12), mn=1, ckn=b"name"))
    >>> frame = seal(mkpdu, MemoryHolder(Key(bytes(16)), b"name").icv)
    >>> frame[12:14].hex(), frame[6:12].hex()
    ('888e', '525400130156')

    See also: `compose`, `decode` (802.1X 11.11).
    """
    signed = mkpdu.signed
    return signed + icv(signed if updated_header else mkpdu.signed_as(False)) + mkpdu.trailer


def decode(frame: bytes, ethertypes: Collection[int] = EAPOL_ETHERTYPES) -> Mkpdu | Refusal:
    """Return the MKPDU in a frame, or the refusal: the checks of 11.11.2 that need no key.

    >>> from macsec.kay import Basic, MemoryHolder, compose, decode, seal
    >>> from macsec.keys import Key
    >>> mkpdu = compose(Basic(sci=0x5254001301560001, mi=bytes(12), mn=1, ckn=b"name"))
    >>> frame = seal(mkpdu, MemoryHolder(Key(bytes(16)), b"name").icv)
    >>> decode(frame).basic.mn, type(decode(frame[:20])).__name__
    (1, 'Refusal')

    See also: `compose`, `seal`.
    """
    refusal = _framing_fault(frame, ethertypes)
    if refusal is not None:
        return refusal
    end = BODY + int.from_bytes(frame[16:18])
    signed = frame[: end - ICV_LENGTH]
    basic = _basic(signed[BODY:])
    if isinstance(basic, Refusal):
        return basic
    sets: list[ParameterSet] = []
    for found in _walk(signed, BODY + len(basic.encode())):
        if isinstance(found, Refusal):
            return found
        sets.append(found)
    return Mkpdu(
        basic=basic,
        sets=tuple(sets),
        destination=frame[:6],
        source=frame[6:12],
        ethertype=int.from_bytes(frame[12:14]),
        eapol_version=frame[14],
        icv=frame[end - ICV_LENGTH : end],
        trailer=frame[end:],
    )


def _framing_fault(frame: bytes, ethertypes: Collection[int]) -> Refusal | None:
    if len(frame) < BODY or int.from_bytes(frame[12:14]) not in ethertypes:
        return Refusal.NOT_EAPOL
    if frame[15] != EAPOL_MKA:
        return Refusal.NOT_MKA
    if frame[14] < EAPOL_VERSION:
        return Refusal.VERSION
    length = int.from_bytes(frame[16:18])
    if length < BODY_MINIMUM:
        return Refusal.SHORT
    if length > len(frame) - BODY:
        return Refusal.BEYOND_FRAME
    return Refusal.NOT_WORDS if length % 4 else None


def _basic(body: bytes) -> Basic | Refusal:
    version, bits, length = header_of(body)
    if length - BASIC_LENGTH not in CKN_LENGTHS:
        return Refusal.CKN_LENGTH
    end = HEADER_LENGTH + length
    if end > len(body):
        return Refusal.NO_ROOM
    if body[28:32] != ALGORITHM_AGILITY:
        return Refusal.AGILITY
    mn = int.from_bytes(body[24:28])
    if not mn:
        return Refusal.MN_ZERO
    padding = body[end : padded(end)]
    return Basic(
        version=version,
        priority=bits >> 4,
        key_server=bool(bits & 8),
        desired=bool(bits & 4),
        capability=bits & 3,
        sci=int.from_bytes(body[4:12]),
        mi=body[12:24],
        mn=mn,
        ckn=body[32:end],
        padding=padding if any(padding) else b"",
    )


def _walk(signed: bytes, at: int) -> Iterator[ParameterSet | Refusal]:
    """Yield the sets behind the Basic set; all lengths are multiples of 4: headers are whole."""
    while at < len(signed):
        kind, bits, length = header_of(signed[at:])
        at += HEADER_LENGTH
        if kind == IcvIndicator.KIND:
            last = at == len(signed) and length == ICV_LENGTH
            yield _indicator(bits) if last else Refusal.INDICATOR
            return
        end = at + length
        if end > len(signed):
            yield Refusal.BEYOND_ICV
            return
        found = read_set(kind, bits, signed[at:end], signed[end : padded(end - BODY) + BODY])
        unreadable = kind in _LISTS and isinstance(found, Opaque)
        yield Refusal.LIST_LENGTH if unreadable else found
        at = padded(end - BODY) + BODY


def _indicator(bits: int) -> IcvIndicator:
    found = IcvIndicator()
    return replace(found, spare=found.spare._replace(bits=bits)) if bits else found


def _once(peers: tuple[PeerId, ...]) -> tuple[PeerId, ...]:
    seen: dict[bytes, PeerId] = {}
    for peer in peers:
        seen.setdefault(peer.mi, peer)
    return tuple(seen.values())


def _with_low_halves(use: SakUse) -> SakUse:
    """Return SAK Use as its own set encodes it: 32 bits of each PN."""
    if use.latest is None and use.old is None:
        return use
    latest, old = (
        replace(slot, lowest_pn=slot.lowest_pn & LOW_32)
        for slot in (use.latest or NO_KEY, use.old or NO_KEY)
    )
    return replace(use, latest=latest, old=old)
