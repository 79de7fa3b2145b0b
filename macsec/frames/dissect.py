"""Dissector: the parts of a frame that are visible without a key (clauses 9.2 to 9.12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from macsec.terms import (
    ADDRESSES_LENGTH,
    PORT_END_STATION,
    PORT_SCB,
    VLAN_TAG_LENGTH,
    VLAN_TPIDS,
)

from . import sectag
from .sectag import TCI, SecTAG, TagRules

_SCB, _ES = int(TCI.SCB), int(TCI.ES)


class VlanTag(NamedTuple):
    """A VLAN tag in clear."""

    tpid: int
    pcp: int
    dei: int
    vid: int


class Span(NamedTuple):
    """Octets `start` to `stop` (not included) of a frame, with the name of the part."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Sight:
    """A dissected frame.

    `tags`: VLAN tags in clear before the EtherType or SecTAG, which is at `at`. `ethertype`: the
    one at `at`; None if the frame ends before. `tag`: the SecTAG; None if there is none or it is
    cut short. `sci`: explicit or implied by the tag, with `sci_from` (tag, scb, es; None if only
    key agreement knows it). `secure`, `icv`: Secure Data and ICV, both None if the lengths do not
    fit. `fault`: the reason why the frame fails 9.12; None if it does not. `is_macsec`: it has a
    SecTAG, whole or not.
    """

    destination: bytes
    source: bytes
    tags: tuple[VlanTag, ...]
    at: int
    ethertype: int | None
    is_macsec: bool = False
    tag: SecTAG | None = None
    sci: int | None = None
    sci_from: str | None = None
    secure: Span | None = None
    icv: Span | None = None
    padding: int = 0
    fault: str | None = None


def observe(octets: bytes, rules: TagRules, most_tags: int = 2) -> Sight:
    """Dissect a frame with at most `most_tags` VLAN tags before its SecTAG.

    >>> from macsec.frames import TagRules, observe
    >>> frame = bytes(12) + bytes.fromhex("88e52c00000000015254001301560001") + bytes(64)
    >>> observe(frame, TagRules()).tag.pn
    1

    See also: `SecTAG`, `TagRules` (clause 9.12).
    """
    at = vlan_tags_end(octets, most_tags)
    starts = range(ADDRESSES_LENGTH, at, VLAN_TAG_LENGTH)
    tags = tuple(_vlan_tag(octets[start : start + VLAN_TAG_LENGTH]) for start in starts)
    addresses = octets[:6], octets[6:ADDRESSES_LENGTH]
    ethertype = int.from_bytes(octets[at : at + 2]) if len(octets) >= at + 2 else None
    if ethertype != rules.ethertype:
        return Sight(*addresses, tags, at, ethertype)
    mpdu = octets[at:]
    tag, fault = sectag.decode(mpdu, rules.ethertype), sectag.fault(mpdu, rules)
    if tag is None:
        return Sight(*addresses, tags, at, ethertype, True, fault=fault)
    sci, sci_from = _sci(tag, octets[6:ADDRESSES_LENGTH])
    secure, icv = _spans(len(mpdu), tag, at, rules.icv_length)
    padding = 0 if icv is None else len(octets) - icv.stop
    place = *addresses, tags, at, ethertype
    return Sight(*place, True, tag, sci, sci_from, secure, icv, padding, fault)


def spans(octets: bytes, sight: Sight, offset: int = 0) -> list[Span]:
    """Return the frame in spans without gaps: DA, SA, VLAN, SecTAG, clear, secure, ICV, padding.

    The first `offset` octets of Secure Data are in clear; without E, all of them.
    """
    found = [Span("DA", 0, 6), Span("SA", 6, ADDRESSES_LENGTH)]
    found.append(Span("VLAN", ADDRESSES_LENGTH, sight.at))
    rest = sight.at
    if sight.tag is not None:
        rest += sight.tag.length
        found.append(Span("SecTAG", sight.at, rest))
    if sight.secure is not None and sight.icv is not None and sight.tag is not None:
        length = sight.secure.stop - sight.secure.start
        clear = min(offset, length) if sight.tag.tci & TCI.E else length
        found.append(Span("clear", rest, rest + clear))
        found.append(Span("secure", rest + clear, sight.secure.stop))
        found.append(sight.icv)
        found.append(Span("padding", sight.icv.stop, len(octets)))
    else:
        found.append(Span("rest", rest, len(octets)))
    ends = [span._replace(stop=min(span.stop, len(octets))) for span in found]
    return [span for span in ends if span.start < span.stop]


def vlan_tags_end(octets: bytes, most: int) -> int:
    """Return the offset behind at most `most` VLAN tags, whole ones, that follow the addresses."""
    at = ADDRESSES_LENGTH
    for _ in range(most):
        if len(octets) < at + VLAN_TAG_LENGTH:
            break
        if int.from_bytes(octets[at : at + 2]) not in VLAN_TPIDS:
            break
        at += VLAN_TAG_LENGTH
    return at


def priority_tag_end(octets: bytes) -> int:
    """Return the offset behind the addresses and a priority tag, if the frame has one.

    A priority tag is a VLAN tag of VLAN 0: it has a priority, and belongs to no VLAN.
    """
    at = vlan_tags_end(octets, 1)
    tagged = at > ADDRESSES_LENGTH and not int.from_bytes(octets[at - 2 : at]) & 0xFFF
    return at if tagged else ADDRESSES_LENGTH


def user_priority(octets: bytes) -> int:
    """Return the PCP of the first VLAN tag of a frame at the Controlled Port; without one, 0."""
    if vlan_tags_end(octets, 1) == ADDRESSES_LENGTH:
        return 0
    return octets[ADDRESSES_LENGTH + 2] >> 5


def _vlan_tag(octets: bytes) -> VlanTag:
    tpid, tci = int.from_bytes(octets[:2]), int.from_bytes(octets[2:])
    return VlanTag(tpid, tci >> 13, tci >> 12 & 1, tci & 0xFFF)


def _sci(tag: SecTAG, source: bytes) -> tuple[int | None, str | None]:
    """9.9: return the SCI in the tag, or the one that the source address implies."""
    system = int.from_bytes(source) << 16
    if tag.sci is not None:
        return tag.sci, "tag"
    tci = int(tag.tci)  # an enum takes ten times as long
    if tci & _SCB:
        return system | PORT_SCB, "scb"
    if tci & _ES:
        return system | PORT_END_STATION, "es"
    return None, None


def _spans(
    mpdu_length: int, tag: SecTAG, at: int, icv_length: int
) -> tuple[Span | None, Span | None]:
    length = sectag.secure_data_length(mpdu_length, tag, icv_length)
    start = at + tag.length
    if length < 1 or tag.length + length + icv_length > mpdu_length:
        return None, None
    stop = start + length
    return Span("secure", start, stop), Span("ICV", stop, stop + icv_length)
