"""Arista EOS, Juniper Junos and Nokia SR OS."""

from __future__ import annotations

from collections.abc import Iterator

from macsec.config.exchange.devices.settings import (
    NAME,
    DeviceLimits,
    PortSettings,
    one_way,
)
from macsec.config.exchange.pieces import ExchangeFormat
from macsec.suites import SUITES

_OWN = {name: name for name in SUITES}
_EOS = {
    "gcm-aes-128": "aes128-gcm",
    "gcm-aes-256": "aes256-gcm",
    "gcm-aes-xpn-128": "aes128-gcm-xpn",
    "gcm-aes-xpn-256": "aes256-gcm-xpn",
}


def eos(port: PortSettings) -> Iterator[str]:
    """Yield the lines for EOS."""
    yield "mac security"
    yield f"   profile {NAME}"
    yield f"      cipher {_EOS[port.secy.cipher]}"
    for key in port.keys:
        yield f"      key {key.ckn} 0 {key.cak}"
    if port.fallback is not None:
        yield f"      key {port.fallback.ckn} 0 {port.fallback.cak} fallback"
    yield f"      mka key-server priority {port.mka.priority}"
    if port.mka.sak_rekey_interval:
        yield f"      mka session rekey-period {port.mka.sak_rekey_interval}"
    if port.secy.send_sci:
        yield "      sci"
    if port.must_secure:
        yield "      traffic unprotected drop"
    yield "interface INTERFACE"
    yield f"   mac security profile {NAME}"


def junos(port: PortSettings) -> Iterator[str]:
    """Yield the set commands for Junos."""
    base = f"set security macsec connectivity-association {NAME}"
    key = port.keys[0]
    yield f"{base} security-mode static-cak"
    yield f"{base} cipher-suite {port.secy.cipher}"
    yield f"{base} pre-shared-key ckn {key.ckn}"
    yield f"{base} pre-shared-key cak {key.cak}"
    if port.fallback is not None:
        yield f"{base} fallback-key ckn {port.fallback.ckn}"
        yield f"{base} fallback-key cak {port.fallback.cak}"
    yield f"{base} mka key-server-priority {port.mka.priority}"
    yield f"{base} mka transmit-interval {1000 * port.mka.hello_time}"
    if port.mka.sak_rekey_interval:
        yield f"{base} mka sak-rekey-interval {port.mka.sak_rekey_interval}"
    if not port.must_secure:
        yield f"{base} mka should-secure"
    if port.window is not None:
        yield f"{base} replay-protect replay-window-size {port.window}"
    if port.secy.offset:
        yield f"{base} offset {port.secy.offset}"
    if port.secy.send_sci:
        yield f"{base} include-sci"
    if not port.secy.encrypt:
        yield f"{base} no-encryption"
    yield f"set security macsec interfaces INTERFACE connectivity-association {NAME}"


def _word(value: bool) -> str:
    return "true" if value else "false"


_TAGS = {0: "none", 1: "single-tag", 2: "dual-tag"}


def sr_os(port: PortSettings) -> Iterator[str]:
    """Yield the lines for the MD-CLI of SR OS."""
    base = f'/configure macsec connectivity-association "{NAME}"'
    yield f"{base} admin-state enable"
    yield f"{base} cipher-suite {port.secy.cipher}"
    yield f"{base} clear-tag-mode {_TAGS[port.secy.clear_tags]}"
    yield f"{base} encryption-offset {port.secy.offset}"
    yield f"{base} macsec-encrypt {_word(port.secy.encrypt)}"
    yield f"{base} delay-protection {_word(port.mka.delay_protection)}"
    yield f"{base} replay-protection {_word(port.secy.replay)}"
    if port.window is not None:
        yield f"{base} replay-window-size {port.window}"
    yield f"{base} static-cak active-psk 1"
    yield f"{base} static-cak mka-key-server-priority {port.mka.priority}"
    for number, key in enumerate(port.keys, 1):
        psk = f"{base} static-cak pre-shared-key {number}"
        yield f"{psk} encryption-type aes-{key.bits}-cmac"
        yield f'{psk} cak-name "{key.ckn}"'
        yield f'{psk} cak "{key.cak}"'
    sub_port = "/configure port PORT ethernet dot1x macsec sub-port 1"
    yield f'{sub_port} ca-name "{NAME}"'
    yield f"{sub_port} admin-state enable"


FORMATS: dict[str, ExchangeFormat] = {
    "eos": one_way(
        DeviceLimits(
            "EOS",
            "eos.txt",
            _EOS,
            frozenset({"send_sci"}),
            frozenset({"priority", "policy", "sak_rekey_interval"}),
            windows=False,
            notes=("commands were not compared with a switch",),
        ),
        eos,
    ),
    "junos": one_way(
        DeviceLimits(
            "Junos",
            "junos.set",
            _OWN,
            frozenset({"offset", "replay", "window", "send_sci", "encrypt"}),
            frozenset({"priority", "policy", "sak_rekey_interval", "hello_time"}),
            keys_most=1,
            windows=False,
            notes=(
                "a CKN of fewer than 64 digits is filled with zeros: the other end needs them too",
            ),
        ),
        junos,
    ),
    "sr-os": one_way(
        DeviceLimits(
            "SR OS",
            "sr-os.txt",
            _OWN,
            frozenset({"offset", "replay", "window", "encrypt", "clear_tags"}),
            frozenset({"priority", "delay_protection"}),
            keys_most=2,
            fallback=False,
            windows=False,
            notes=("active-psk chooses the key that is used: 1",),
        ),
        sr_os,
    ),
}
