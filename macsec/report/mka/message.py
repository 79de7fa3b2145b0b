"""One MKPDU in JSON: all that it says, set by set. Wrapped keys are only measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
from macsec.kay.sak import KI, OFFSETS
from macsec.terms import sci_text


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """An EAPOL frame of a capture: which, when, and what was heard."""

    index: int
    time_ns: int
    heard: Heard


def ki_item(ki: KI) -> dict[str, Any]:
    """A Key Identifier."""
    return {"mi": ki.mi.hex(), "kn": ki.kn}


def message_item(message: Message) -> dict[str, Any]:
    """One entry of `messages` in `macsec/mka-explain/1`."""
    heard = message.heard
    return {
        "index": message.index,
        "time_ns": str(message.time_ns),
        "hearing": heard.hearing.value,
        "refusal": None if heard.refusal is None else heard.refusal.text,
        "vlan_tags": heard.tags.hex(),
        "distribution": None if heard.distribution is None else heard.distribution.value,
        "key_check_value": None if heard.sak is None else heard.sak.key.check_value,
        "mkpdu": None if heard.mkpdu is None else _mkpdu(heard.mkpdu),
    }


def _mkpdu(mkpdu: Mkpdu) -> dict[str, Any]:
    basic = mkpdu.basic
    return {
        "destination": mkpdu.destination.hex(":"),
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
        "sets": [_set(each) for each in mkpdu.sets],
        "icv": mkpdu.icv.hex(),
        "padding": len(mkpdu.trailer),
    }


def _set(found: ParameterSet) -> dict[str, Any]:
    name, told = _SETS.get(type(found), ("unread", lambda each: {"body": each.octets.hex()}))
    return {"type": found.kind, "name": name, **told(found)}


def _peers(found: LivePeerList | PotentialPeerList) -> dict[str, Any]:
    return {"peers": [_peer(peer) for peer in found.peers]}


def _peer(peer: PeerId) -> dict[str, Any]:
    return {"mi": peer.mi.hex(), "mn": peer.mn}


def _live(found: LivePeerList) -> dict[str, Any]:
    return {**_peers(found), "key_server_ssci": found.server_ssci}


def _key_use(use: KeyUse | None) -> dict[str, Any] | None:
    if use is None:
        return None
    return {
        "ki": ki_item(use.ki),
        "an": use.an,
        "transmits": use.transmits,
        "receives": use.receives,
        "lowest_pn": str(use.lowest_pn),
    }


def _sak_use(found: SakUse) -> dict[str, Any]:
    return {
        "latest": _key_use(found.latest),
        "old": _key_use(found.old),
        "plain_transmits": found.plain_transmits,
        "plain_receives": found.plain_receives,
        "delay_protect": found.delay_protect,
    }


def _sak(found: DistributedSak) -> dict[str, Any]:
    suite = found.cipher_suite
    return {
        "an": found.an,
        "kn": found.kn,
        "confidentiality_offset": OFFSETS[found.code],
        "cipher_suite": None if suite is None else suite.name,
        "cipher_suite_id": None if found.suite is None else f"{found.suite:016x}",
        "wrapped_octets": len(found.wrapped),
    }


def _announcement(found: Announcement) -> dict[str, Any]:
    return {"tlvs": [{"type": tlv.type, "value": tlv.value.hex()} for tlv in found.tlvs]}


def _xpn(found: Xpn) -> dict[str, Any]:
    return {
        "latest_upper": found.latest_upper,
        "old_upper": found.old_upper,
        "suspension_s": found.suspension_s,
    }


def _nothing(_: ParameterSet) -> dict[str, Any]:
    return {}


_SETS: dict[type[ParameterSet], tuple[str, Callable[[Any], dict[str, Any]]]] = {
    LivePeerList: ("live-peer-list", _live),
    PotentialPeerList: ("potential-peer-list", _peers),
    SakUse: ("sak-use", _sak_use),
    DistributedSak: ("distributed-sak", _sak),
    NoSak: ("distributed-sak", _nothing),
    DistributedCak: ("distributed-cak", lambda found: {"octets": len(found.content)}),
    KeyManagementDomain: ("kmd", lambda found: {"domain": found.name.hex()}),
    Announcement: ("announcement", _announcement),
    Xpn: ("xpn", _xpn),
    IcvIndicator: ("icv-indicator", _nothing),
    Opaque: ("unread", lambda found: {"body": found.octets.hex()}),
}
