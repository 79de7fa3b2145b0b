"""Listener with CAKs that learns members and SAKs from MKPDUs (IEEE 802.1X 9.4, 9.8).

It takes no part, and has no timers. A SAK counts from the first MKPDU that distributes it, from any
member of the CA: the ICV of a frame shows which Key Server its sender followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from macsec.frames.dissect import vlan_tags_end
from macsec.kay.keys import derivation
from macsec.kay.keys.cak_holder import CakHolder
from macsec.kay.keys.keychain import padded
from macsec.kay.keys.sak import KI, OFFSETS, ranked
from macsec.kay.mkpdu.frame import Mkpdu, Refusal, decode
from macsec.keys import Key, Uncopyable
from macsec.suites import CipherSuite
from macsec.terms import ADDRESSES_LENGTH

SAKS_REMEMBERED = 256
"""SAKs of a CA, the newest; an AN returns after four."""

MEMBERS_REMEMBERED = 4096
SSCI_GUESSES = 16


class Hearing(Enum):
    """The result of an EAPOL frame for a listener."""

    AUTHENTIC = "authentic"
    NO_MKPDU = "no MKPDU"
    UNKNOWN_CKN = "unknown CKN"
    WRONG_ICV = "wrong ICV"


class Distribution(Enum):
    """The result of a Distributed SAK."""

    NEW = "new SAK"
    REPEATED = "known SAK"
    PLAIN = "no SAK: unprotected"
    UNKNOWN_SUITE = "unknown cipher suite"
    OFFSET = "an offset that the cipher suite does not have"
    NOT_UNWRAPPED = "the CAK does not unwrap it"
    KEY_LENGTH = "of a length that the cipher suite does not have"


@dataclass(slots=True, eq=False)
class HeardSak(Uncopyable):
    """A SAK as it was distributed. `members`: the MIs of the Key Server and its live peers then.

    `members_now`: the same at the last distribution.
    """

    ckn: bytes
    ki: KI
    an: int
    code: int
    suite: CipherSuite
    key: Key
    members: tuple[bytes, ...]
    members_now: tuple[bytes, ...]
    forgotten: bool = False
    """True once its key is wiped, since too many SAKs came after it."""

    @property
    def offset(self) -> int:
        """The confidentiality offset in octets; 0 also without encryption."""
        return OFFSETS[self.code] or 0

    @property
    def salt(self) -> bytes | None:
        """The Salt under an XPN suite (802.1AE 10.7.28)."""
        return derivation.salt(*self.ki) if self.suite.xpn else None


@dataclass(slots=True, eq=False)
class HeardCA:
    """A CA that was heard: the SCI of each MI, and the SAKs, the oldest first.

    `lowest_pn`: the 64-bit PNs that members reported for their use of a KI, by KI and SCI.
    `unheard`: SCIs of senders whose frames opened under a SAK, though no MKPDU of theirs was heard.
    """

    ckn: bytes
    scis: dict[bytes, int] = field(default_factory=dict)
    saks: list[HeardSak] = field(default_factory=list)
    lowest_pn: dict[tuple[KI, int], int] = field(default_factory=dict)
    unheard: dict[int, None] = field(default_factory=dict)

    @property
    def senders(self) -> list[int]:
        """The SCIs of all members, heard or not."""
        return list(dict.fromkeys([*self.scis.values(), *self.unheard]))

    def sscis(self, sak: HeardSak, sci: int) -> list[int]:
        """Return the SSCIs that a member may have under a SAK, the likeliest first.

        By rank among the members (802.1AE 10.7.13). If one of them was never heard, or a member
        does not use ranks, each number up to the number of members is possible.
        """
        guesses = [self._rank(members, sci) for members in (sak.members, sak.members_now)]
        most = min(len(set(sak.members) | set(sak.members_now)), SSCI_GUESSES)
        possible = [*(rank for rank in guesses if rank is not None), *range(1, most + 1)]
        return list(dict.fromkeys(possible))

    def _rank(self, members: tuple[bytes, ...], sci: int) -> int | None:
        known = {self.scis[mi] for mi in members if mi in self.scis}
        if len(known) < len(members):
            known |= {sci, *self.unheard}
        return ranked(known).get(sci)

    def is_member(self, sak: HeardSak, sci: int) -> bool:
        """True if a SAK was for the sender with this SCI."""
        return any(self.scis.get(mi) == sci for mi in sak.members_now)


@dataclass(frozen=True, slots=True, eq=False)
class Heard(Uncopyable):
    """An EAPOL frame, and its result. `tags`: its VLAN tags.

    `padded`: for an unknown CKN, a known one that differs in zeros at the end only.
    """

    hearing: Hearing
    tags: bytes
    mkpdu: Mkpdu | None = None
    refusal: Refusal | None = None
    distribution: Distribution | None = None
    sak: HeardSak | None = None
    padded: bytes | None = None


class Listener(Uncopyable):
    """Listener with the CAKs of some holders. Give it every EAPOL frame in order."""

    def __init__(self, holders: Iterable[CakHolder]) -> None:
        self._holders: dict[bytes, list[CakHolder]] = {}
        for holder in holders:
            self._holders.setdefault(holder.ckn, []).append(holder)
        self._associations: dict[bytes, HeardCA] = {}

    @property
    def known(self) -> list[bytes]:
        """The CKNs of the CAKs."""
        return [*self._holders]

    @property
    def associations(self) -> Mapping[bytes, HeardCA]:
        """The CAs that were heard, by CKN."""
        return MappingProxyType(self._associations)

    def hear(self, frame: bytes) -> Heard:
        """Read an EAPOL frame, with VLAN tags if any; never raises.

        The ICV of a tagged frame is verified without the tags: a station above a VLAN device
        does not see them.
        """
        tags, bare = untagged(frame)
        mkpdu = decode(bare)
        if isinstance(mkpdu, Refusal):
            return Heard(Hearing.NO_MKPDU, tags, refusal=mkpdu)
        named = self._holders.get(mkpdu.basic.ckn)
        if named is None:
            like = padded(mkpdu.basic.ckn, self._holders)
            return Heard(Hearing.UNKNOWN_CKN, tags, mkpdu, padded=like)
        holder = next((each for each in named if _is_authentic(each, mkpdu)), None)
        if holder is None:
            return Heard(Hearing.WRONG_ICV, tags, mkpdu)
        association = self._associations.setdefault(holder.ckn, HeardCA(holder.ckn))
        _meet(association, mkpdu)
        distribution, sak = _take(association, mkpdu, holder)
        return Heard(Hearing.AUTHENTIC, tags, mkpdu, None, distribution, sak)

    def wipe(self) -> None:
        """Overwrite all SAKs; they are unusable after this."""
        for association in self._associations.values():
            for sak in association.saks:
                sak.key.wipe()


def _is_authentic(holder: CakHolder, mkpdu: Mkpdu) -> bool:
    """Return whether the ICV is right over the header as sent, or over the standard one."""
    headers = dict.fromkeys(mkpdu.signed_as(updated) for updated in (True, False))
    return any(holder.icv_valid(signed, mkpdu.icv) for signed in headers)


def untagged(frame: bytes) -> tuple[bytes, bytes]:
    """Return up to two VLAN tags of a frame, and the frame without them."""
    at = vlan_tags_end(frame, most=2)
    tags = frame[ADDRESSES_LENGTH:at]
    return (tags, frame[:ADDRESSES_LENGTH] + frame[at:]) if tags else (b"", frame)


def _meet(association: HeardCA, mkpdu: Mkpdu) -> None:
    """Record the sender's SCI, and the lowest PNs that it reports."""
    basic = mkpdu.basic
    scis = association.scis
    scis.pop(basic.mi, None)
    scis[basic.mi] = basic.sci
    if len(scis) > MEMBERS_REMEMBERED:
        del scis[next(iter(scis))]
    if mkpdu.xpn and mkpdu.use is not None:
        wanted = {sak.ki for sak in association.saks}
        for slot in (mkpdu.use.latest, mkpdu.use.old):
            if slot is not None and slot.ki in wanted:
                association.lowest_pn[slot.ki, basic.sci] = slot.lowest_pn


def _take(
    association: HeardCA, mkpdu: Mkpdu, holder: CakHolder
) -> tuple[Distribution | None, HeardSak | None]:
    given = mkpdu.distributed
    if given is None:
        return (Distribution.PLAIN if mkpdu.plain else None), None
    suite = given.cipher_suite
    if suite is None:
        return Distribution.UNKNOWN_SUITE, None
    if (OFFSETS[given.code] or 0) not in suite.offsets:
        return Distribution.OFFSET, None
    key = holder.unwrap(given.wrapped)
    if key is None:
        return Distribution.NOT_UNWRAPPED, None
    if len(key) != suite.key_length:
        key.wipe()
        return Distribution.KEY_LENGTH, None
    ki = KI(mkpdu.basic.mi, given.kn)
    members = (ki.mi, *(peer.mi for peer in mkpdu.live))
    for known in association.saks:
        if (known.ki, known.an) == (ki, given.an) and known.key == key:
            key.wipe()
            known.members_now = members
            return Distribution.REPEATED, known
    sak = HeardSak(association.ckn, ki, given.an, given.code, suite, key, members, members)
    association.saks.append(sak)
    if len(association.saks) > SAKS_REMEMBERED:
        _forget(association, association.saks.pop(0))
    return Distribution.NEW, sak


def _forget(association: HeardCA, sak: HeardSak) -> None:
    sak.key.wipe()
    sak.forgotten = True
    for place in [place for place in association.lowest_pn if place[0] == sak.ki]:
        del association.lowest_pn[place]
