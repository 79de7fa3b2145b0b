"""One MKPDU as JSON, parameter set by parameter set. Of wrapped keys only the length is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from macsec.kay.keys.sak import KI, OFFSETS
from macsec.kay.listening.listener import Heard
from macsec.kay.mkpdu.frame import Mkpdu
from macsec.kay.mkpdu.parameter_set import Opaque, ParameterSet
from macsec.kay.mkpdu.parameter_sets import (
    Announcement,
    DistributedCak,
    DistributedSak,
    IcvIndicator,
    KeyManagementDomain,
    KeyUse,
    LivePeerList,
    NoSak,
    PeerId,
    PotentialPeerList,
    SakUse,
    Xpn,
)
from macsec.report.fields import Hex, Integer, Sci
from macsec.terms import sci_text


class KiJson(TypedDict):
    """A Key Identifier."""

    mi: Hex
    kn: int


class PeerJson(TypedDict):
    """A peer in a peer list."""

    mi: Hex
    mn: int


class LivePeersJson(TypedDict):
    """A live peer list."""

    type: int
    name: Literal["live-peer-list"]
    peers: list[PeerJson]
    key_server_ssci: int | None


class PotentialPeersJson(TypedDict):
    """A potential peer list."""

    type: int
    name: Literal["potential-peer-list"]
    peers: list[PeerJson]


class KeyUseJson(TypedDict):
    """The use of one key."""

    ki: KiJson
    an: int
    transmits: bool
    receives: bool
    lowest_pn: Integer


class SakUseJson(TypedDict):
    """A MACsec SAK Use parameter set."""

    type: int
    name: Literal["sak-use"]
    latest: KeyUseJson | None
    old: KeyUseJson | None
    plain_transmits: bool
    plain_receives: bool
    delay_protect: bool


class DistributedSakJson(TypedDict):
    """A Distributed SAK parameter set."""

    type: int
    name: Literal["distributed-sak"]
    an: int
    kn: int
    confidentiality_offset: int | None
    cipher_suite: str | None
    cipher_suite_id: Hex | None
    wrapped_octets: int


class DistributedCakJson(TypedDict):
    """A Distributed CAK parameter set."""

    type: int
    name: Literal["distributed-cak"]
    octets: int


class DomainJson(TypedDict):
    """A KMD parameter set."""

    type: int
    name: Literal["kmd"]
    domain: Hex


class TlvJson(TypedDict):
    """One TLV of an announcement."""

    type: int
    value: Hex


class AnnouncementJson(TypedDict):
    """An Announcement parameter set."""

    type: int
    name: Literal["announcement"]
    tlvs: list[TlvJson]


class XpnJson(TypedDict):
    """An XPN parameter set."""

    type: int
    name: Literal["xpn"]
    latest_upper: int
    old_upper: int
    suspension_s: int


class EmptyJson(TypedDict):
    """A parameter set without members: no SAK is distributed, or an ICV indicator."""

    type: int
    name: Literal["distributed-sak", "icv-indicator"]


class UnreadJson(TypedDict):
    """A parameter set that is not parsed."""

    type: int
    name: Literal["unread"]
    body: Hex


ParameterSetJson = (
    LivePeersJson
    | PotentialPeersJson
    | SakUseJson
    | DistributedSakJson
    | DistributedCakJson
    | DomainJson
    | AnnouncementJson
    | XpnJson
    | EmptyJson
    | UnreadJson
)


class MkpduJson(TypedDict):
    """An MKPDU: its frame, its basic parameter set and the others."""

    destination: str
    ethertype: Hex
    source: str
    eapol_version: int
    version: int
    priority: int
    key_server: bool
    macsec_desired: bool
    macsec_capability: int
    sci: Sci
    mi: Hex
    mn: int
    ckn: Hex
    sets: list[ParameterSetJson]
    icv: Hex
    padding: int


class MessageJson(TypedDict):
    """An EAPOL frame of a capture; `mkpdu` is null where it is none that can be parsed."""

    index: int
    time_ns: Integer
    hearing: str
    refusal: str | None
    vlan_tags: Hex
    distribution: str | None
    key_check_value: str | None
    mkpdu: MkpduJson | None


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """An EAPOL frame of a capture: its number, its time, and the result of parsing it."""

    index: int
    time_ns: int
    heard: Heard


def ki_item(ki: KI) -> KiJson:
    """Return a Key Identifier."""
    return {"mi": ki.mi.hex(), "kn": ki.kn}


def message_item(message: Message) -> MessageJson:
    """Return one entry of `messages` in `macsec/mka-explain/1`."""
    heard = message.heard
    return {
        "index": message.index,
        "time_ns": str(message.time_ns),
        "hearing": heard.hearing.value,
        "refusal": None if heard.refusal is None else heard.refusal.text,
        "vlan_tags": heard.tags.hex(),
        "distribution": None if heard.distribution is None else heard.distribution.value,
        "key_check_value": None if heard.sak is None else heard.sak.key.check_value,
        "mkpdu": None if heard.mkpdu is None else mkpdu_item(heard.mkpdu),
    }


def mkpdu_item(mkpdu: Mkpdu) -> MkpduJson:
    """Return an MKPDU, parameter set by parameter set."""
    basic = mkpdu.basic
    return {
        "destination": mkpdu.destination.hex(":"),
        "ethertype": f"{mkpdu.ethertype:04x}",
        "source": mkpdu.source.hex(":"),
        "eapol_version": mkpdu.eapol_version,
        "version": basic.version,
        "priority": basic.priority,
        "key_server": basic.key_server,
        "macsec_desired": basic.desired,
        "macsec_capability": basic.capability,
        "sci": sci_text(basic.sci),
        "mi": basic.mi.hex(),
        "mn": basic.mn,
        "ckn": basic.ckn.hex(),
        "sets": [_SETS.get(type(found), _unread)(found) for found in mkpdu.sets],
        "icv": mkpdu.icv.hex(),
        "padding": len(mkpdu.trailer),
    }


def _peers(peers: Iterable[PeerId]) -> list[PeerJson]:
    return [{"mi": peer.mi.hex(), "mn": peer.mn} for peer in peers]


def _live(found: LivePeerList) -> LivePeersJson:
    return {
        "type": found.kind,
        "name": "live-peer-list",
        "peers": _peers(found.peers),
        "key_server_ssci": found.server_ssci,
    }


def _potential(found: PotentialPeerList) -> PotentialPeersJson:
    return {"type": found.kind, "name": "potential-peer-list", "peers": _peers(found.peers)}


def _key_use(use: KeyUse | None) -> KeyUseJson | None:
    if use is None:
        return None
    return {
        "ki": ki_item(use.ki),
        "an": use.an,
        "transmits": use.transmits,
        "receives": use.receives,
        "lowest_pn": str(use.lowest_pn),
    }


def _sak_use(found: SakUse) -> SakUseJson:
    return {
        "type": found.kind,
        "name": "sak-use",
        "latest": _key_use(found.latest),
        "old": _key_use(found.old),
        "plain_transmits": found.plain_transmits,
        "plain_receives": found.plain_receives,
        "delay_protect": found.delay_protect,
    }


def _sak(found: DistributedSak) -> DistributedSakJson:
    suite = found.cipher_suite
    return {
        "type": found.kind,
        "name": "distributed-sak",
        "an": found.an,
        "kn": found.kn,
        "confidentiality_offset": OFFSETS[found.code],
        "cipher_suite": None if suite is None else suite.name,
        "cipher_suite_id": None if found.suite is None else f"{found.suite:016x}",
        "wrapped_octets": len(found.wrapped),
    }


def _no_sak(found: NoSak) -> EmptyJson:
    return {"type": found.kind, "name": "distributed-sak"}


def _cak(found: DistributedCak) -> DistributedCakJson:
    return {"type": found.kind, "name": "distributed-cak", "octets": len(found.content)}


def _domain(found: KeyManagementDomain) -> DomainJson:
    return {"type": found.kind, "name": "kmd", "domain": found.name.hex()}


def _announcement(found: Announcement) -> AnnouncementJson:
    tlvs: list[TlvJson] = [{"type": tlv.type, "value": tlv.value.hex()} for tlv in found.tlvs]
    return {"type": found.kind, "name": "announcement", "tlvs": tlvs}


def _xpn(found: Xpn) -> XpnJson:
    return {
        "type": found.kind,
        "name": "xpn",
        "latest_upper": found.latest_upper,
        "old_upper": found.old_upper,
        "suspension_s": found.suspension_s,
    }


def _icv_indicator(found: IcvIndicator) -> EmptyJson:
    return {"type": found.kind, "name": "icv-indicator"}


def _unread(found: Any) -> UnreadJson:
    return {"type": found.kind, "name": "unread", "body": found.octets.hex()}


_SETS: dict[type[ParameterSet], Callable[[Any], ParameterSetJson]] = {
    LivePeerList: _live,
    PotentialPeerList: _potential,
    SakUse: _sak_use,
    DistributedSak: _sak,
    NoSak: _no_sak,
    DistributedCak: _cak,
    KeyManagementDomain: _domain,
    Announcement: _announcement,
    Xpn: _xpn,
    IcvIndicator: _icv_indicator,
    Opaque: _unread,
}
