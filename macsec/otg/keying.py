"""The SecY and the KaY of a secure entity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from macsec.config import Configuration, load
from macsec.config.static_keys import Draw
from macsec.errors import ConfigError
from macsec.kay.holders import Edge
from macsec.kay.kay import Kay
from macsec.lab.keying import EndPlan
from macsec.secy import SecY

from .model import Path, place, refuse
from .model.base import RequestRefused
from .model.security import Encapsulation, KeyServerSettings, MkaEntity, SecureEntity, StaticKey
from .plan import EntityPlan

_OFFSETS = {
    "confidentiality_offset_30_octets": 30,
    "confidentiality_offset_50_octets": 50,
    "thirty": 30,
    "fifty": 50,
}
_CAPABILITIES = (
    "macsec_not_implemented",
    "macsec_integrity_without_confidentiality",
    "macsec_integrity_with_no_confidentiality_offset",
    "macsec_integrity_with_confidentiality_offset",
)
_CAK_LENGTHS = {"aes_cmac_128": 16, "aes_cmac_256": 32}


def cipher_of(name: str) -> str:
    """Return a Cipher Suite as configurations spell it."""
    return name.replace("_", "-")


def secy_and_kay(
    plan: EntityPlan, validate: str, draw: Draw, edge: Edge, backend: str = "auto"
) -> tuple[SecY, Kay | None]:
    """Return the SecY of a secure entity, and its KaY unless its keys are static.

    Raises RequestRefused with the place of what they cannot have.
    """
    entity = plan.entity
    mka, static = entity.key_generation_protocol.mka, entity.key_generation_protocol.static_key
    path: Path = (*plan.path, "key_generation_protocol")
    controls = _controls(plan, validate)
    try:
        if mka is not None:
            _check_caks(mka, (*path, "mka"))
            config = load({"secy": controls | _chosen(mka.key_server), "mka": _mka(mka)})
            end = EndPlan(_sci(mka), config, draw, f"mka {entity.name}", place(plan.path))
            return end.secy(backend), end.kay(edge)
        if static is not None:
            own = _static(static, controls, (*path, "static_key"))
            return SecY.from_config(own, backend), None
    except RequestRefused:
        raise
    except ConfigError as error:
        raise RequestRefused(f"{place(path)}: {error}") from None
    raise refuse(path, "expected mka or static_key")


def encapsulation_of(entity: SecureEntity) -> Encapsulation | None:
    """Return the SecY's part of the model; None if frames of users go without MACsec."""
    plane = entity.data_plane
    return plane.encapsulation if plane.choice == "encapsulation" else None


def _controls(plan: EntityPlan, validate: str) -> dict[str, Any]:
    given = encapsulation_of(plan.entity)
    if given is None:
        if plan.entity.data_plane.choice == "encapsulation":
            raise refuse((*plan.path, "data_plane", "encapsulation"), "is missing")
        return {"validate": validate}
    if given.tx.end_station and given.tx.include_sci:
        raise refuse(
            (*plan.path, "data_plane", "encapsulation", "tx", "include_sci"),
            "an End Station sends no SCI: set include_sci to false, or end_station to false",
        )
    tags = 0 if given.vlan_options.encrypt_interface_vlans else len(plan.ethernet.vlans)
    return {
        "validate": validate,
        "replay": given.rx.replay_protection,
        "window": given.rx.replay_window if given.rx.replay_protection else 0,
        "send_sci": given.tx.include_sci,
        "end_station": given.tx.end_station,
        "clear_tags": tags,
    }


def _chosen(server: KeyServerSettings) -> dict[str, Any]:
    return {
        "cipher": cipher_of(server.cipher_suite),
        "encrypt": server.confidentialty_offset != "no_confidentiality",
        "offset": _OFFSETS.get(server.confidentialty_offset, 0),
    }


def _mka(mka: MkaEntity) -> dict[str, Any]:
    basic = mka.basic
    by_timer = basic.rekey_mode.choice == "timer_based"
    return {
        "keychain": [_cak(psk) for psk in basic.key_source.psks],
        "priority": basic.actor_priority,
        "desired": basic.macsec_desired,
        "capability": _CAPABILITIES.index(basic.macsec_capability),
        "suites": [
            cipher_of(name)
            for name in type(basic.supported_cipher_suites).model_fields
            if getattr(basic.supported_cipher_suites, name)
        ],
        "eapol_ethertype": basic.eapol_ethernet_type,
        "hello_time": basic.mka_hello_time // 1000,
        "life_time": basic.mka_life_time,
        "include_icv_indicator": basic.send_icv_indicatior_in_mkpdu,
        "delay_protection": basic.delay_protect,
        "sak_rekey_interval": basic.rekey_mode.timer_based.interval if by_timer else 0,
        "port": mka.tx.secure_channels[0].port_id,
    }


def _cak(psk: Any) -> Mapping[str, Any]:
    entry = {"cak": psk.cak_value, "ckn": psk.cak_name, "start": psk.start_offset_time.seconds}
    end = psk.end_offset_time.seconds
    return entry | ({"end": end} if end else {})


def _check_caks(mka: MkaEntity, path: Path) -> None:
    basic = mka.basic
    length = _CAK_LENGTHS[basic.key_derivation_function]
    for at, psk in enumerate(basic.key_source.psks):
        if len(psk.cak_value.in_place()) != length:
            raise refuse(
                (*path, "basic", "key_source", "psks", at, "cak_value"),
                f"{basic.key_derivation_function} takes a CAK of {length} octets",
            )


def _sci(mka: MkaEntity) -> int:
    channel = mka.tx.secure_channels[0]
    return channel.system_id << 16 | channel.port_id


def _static(static: StaticKey, controls: dict[str, Any], path: Path) -> Configuration:
    xpn = "xpn" in static.cipher_suite
    length = 32 if "256" in static.cipher_suite else 16
    sent = static.tx.secure_channels[0]

    def channel(system: int, port: int, saks: list[Any], own: Path) -> dict[str, Any]:
        for an, sak in enumerate(saks):
            if len(sak.sak.in_place()) != length:
                raise refuse(
                    (*own, "saks", an, "sak"), f"{static.cipher_suite} takes {length} octets"
                )
        sas = {
            an: {"key": each.sak} | ({"ssci": each.ssci, "salt": each.salt} if xpn else {})
            for an, each in enumerate(saks)
        }
        return {"sci": f"{system << 16 | port:016x}", "sa": sas}

    received = [
        channel(
            each.dut_sci_system_id,
            each.dut_sci_port_id,
            each.saks,
            (*path, "rx", "secure_channels", at),
        )
        for at, each in enumerate(static.rx.secure_channels)
    ]
    own = (*path, "tx", "secure_channels", 0)
    return load(
        {
            "secy": controls
            | {
                "cipher": cipher_of(static.cipher_suite),
                "encrypt": static.confidentiality,
                "offset": _OFFSETS.get(static.confidentiality_offset, 0),
            },
            "tx": channel(sent.system_id, sent.port_id, sent.saks, own),
            "rx": received,
        }
    )
