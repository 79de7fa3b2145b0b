"""Cisco IOS XE, IOS XR and NX-OS: key chain, policy and interface."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from macsec.config.exchange.devices.settings import (
    NAME,
    DeviceLimits,
    PortKey,
    PortSettings,
    one_way,
)
from macsec.config.exchange.pieces import ExchangeFormat

_UPPER = {name: name.upper() for name in ("gcm-aes-128", "gcm-aes-256")} | {
    f"gcm-aes-xpn-{bits}": f"GCM-AES-XPN-{bits}" for bits in (128, 256)
}
_SECY = frozenset({"offset", "replay", "window"})
_MKA = frozenset(
    {
        "priority",
        "policy",
        "include_icv_indicator",
        "sak_rekey_interval",
        "delay_protection",
    }
)
_PADDED = "a CKN of fewer than 64 digits is filled with zeros: the other end needs them too"
_TIMES = "times are in UTC: set the clock to UTC, or write local times"
_FIRST = datetime(2020, 1, 1, tzinfo=UTC)


def _span(key: PortKey, form: str) -> str:
    """Return start and end of a key in the words of a CLI; `form`: of strftime."""
    start = (key.start or _FIRST).strftime(form).lower()
    return f"{start} {key.end.strftime(form).lower() if key.end else 'infinite'}"


def _chains(port: PortSettings) -> Iterator[tuple[str, list[PortKey]]]:
    yield NAME, port.keys
    if port.fallback is not None:
        yield f"{NAME}-fallback", [port.fallback]


def ios_xe(port: PortSettings) -> Iterator[str]:
    """Yield the lines for IOS XE."""
    for name, keys in _chains(port):
        yield f"key chain {name} macsec"
        for key in keys:
            yield f" key {key.ckn}"
            yield f"  cryptographic-algorithm aes-{key.bits}-cmac"
            yield f"  key-string {key.cak}"
            if key.start or key.end:
                yield f"  lifetime {_span(key, '%H:%M:%S %b %d %Y')}"
    yield f"mka policy {NAME}"
    yield f" key-server priority {port.mka.priority}"
    yield f" macsec-cipher-suite {port.secy.cipher}"
    if "xpn" in port.secy.cipher:
        yield " ssci-based-on-sci"
    else:
        yield f" confidentiality-offset {port.secy.offset}"
    if port.mka.include_icv_indicator:
        yield " include-icv-indicator"
    if port.mka.delay_protection:
        yield " delay-protection"
    if port.mka.sak_rekey_interval:
        yield f" sak-rekey interval {port.mka.sak_rekey_interval}"
    yield "interface INTERFACE"
    yield f" macsec access-control {port.mka.policy}"
    yield f" mka policy {NAME}"
    fallback = f" fallback-key-chain {NAME}-fallback" if port.fallback else ""
    yield f" mka pre-shared-key key-chain {NAME}{fallback}"
    if port.window is None:
        yield " no macsec replay-protection"
    else:
        yield f" macsec replay-protection window-size {port.window}"
    yield " macsec"


def ios_xr(port: PortSettings) -> Iterator[str]:
    """Yield the lines for IOS XR."""
    for name, keys in _chains(port):
        yield f"key chain {name}"
        yield " macsec"
        for key in keys:
            yield f"  key {key.ckn}"
            algorithm = f"cryptographic-algorithm aes-{key.bits}-cmac"
            yield f"   key-string clear {key.cak} {algorithm}"
            yield f"   lifetime {_span(key, '%H:%M:%S %B %d %Y')}"
    yield f"macsec-policy {NAME}"
    yield f" cipher-suite {_UPPER[port.secy.cipher]}"
    yield f" conf-offset CONF-OFFSET-{port.secy.offset}"
    yield f" key-server-priority {port.mka.priority}"
    yield f" security-policy {port.mka.policy}"
    if port.window is not None:
        yield f" window-size {port.window}"
    if port.mka.include_icv_indicator:
        yield " include-icv-indicator"
    if port.mka.delay_protection:
        yield " delay-protection"
    if port.mka.sak_rekey_interval:
        yield f" sak-rekey-interval seconds {port.mka.sak_rekey_interval}"
    yield "interface INTERFACE"
    fallback = f" fallback-psk-keychain {NAME}-fallback" if port.fallback else ""
    yield f" macsec psk-keychain {NAME}{fallback} policy {NAME}"
    yield "commit"


def nx_os(port: PortSettings) -> Iterator[str]:
    """Yield the lines for NX-OS."""
    yield "feature macsec"
    for name, keys in _chains(port):
        yield f"key chain {name} macsec"
        for key in keys:
            algorithm = f"cryptographic-algorithm AES_{key.bits}_CMAC"
            yield f"  key {key.ckn}"
            yield f"    key-octet-string {key.cak} {algorithm}"
            if key.start or key.end:
                yield f"    send-lifetime {_span(key, '%H:%M:%S %b %d %Y')}"
    yield f"macsec policy {NAME}"
    yield f"  cipher-suite {_UPPER[port.secy.cipher]}"
    yield f"  key-server-priority {port.mka.priority}"
    yield f"  conf-offset CONF-OFFSET-{port.secy.offset}"
    yield f"  security-policy {port.mka.policy}"
    if port.window is not None:
        yield f"  window-size {port.window}"
    if port.mka.sak_rekey_interval:
        yield f"  sak-expiry-time {port.mka.sak_rekey_interval}"
    if port.mka.include_icv_indicator:
        yield "  include-icv-indicator"
    yield "interface INTERFACE"
    fallback = f" fallback-keychain {NAME}-fallback" if port.fallback else ""
    yield f"  macsec keychain {NAME} policy {NAME}{fallback}"


FORMATS: dict[str, ExchangeFormat] = {
    "ios-xe": one_way(
        DeviceLimits(
            "IOS XE",
            "ios-xe.txt",
            _UPPER,
            _SECY,
            _MKA,
            notes=(_PADDED, _TIMES, "suites and commands differ between platforms"),
        ),
        ios_xe,
    ),
    "ios-xr": one_way(
        DeviceLimits(
            "IOS XR",
            "ios-xr.txt",
            _UPPER,
            _SECY,
            _MKA,
            notes=(_PADDED, _TIMES, "without a window-size its own default holds"),
        ),
        ios_xr,
    ),
    "nx-os": one_way(
        DeviceLimits(
            "NX-OS",
            "nx-os.txt",
            _UPPER,
            _SECY,
            _MKA - {"delay_protection"},
            notes=(
                _PADDED,
                _TIMES,
                "other makers' switches are supported with XPN suites only",
                "keys of a chain have to overlap",
            ),
        ),
        nx_os,
    ),
}
