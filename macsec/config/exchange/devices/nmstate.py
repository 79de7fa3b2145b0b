"""A desired state of nmstate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from macsec.config.exchange.devices.network_manager import DEVICE, LOWER, NOTES, VALIDATION
from macsec.config.exchange.devices.settings import DeviceLimits, PortSettings, exporter
from macsec.config.exchange.pieces import ExchangeFormat, Import, imported, text_of
from macsec.config.reading import read_text
from macsec.errors import ConfigError


def write(port: PortSettings) -> Iterator[str]:
    """Yield the lines of the state."""
    key, secy = port.keys[0], port.secy
    mode = secy.validate_frames if secy.validate_frames in VALIDATION else "strict"
    yield "interfaces:"
    yield f"- name: {DEVICE}"
    yield "  type: macsec"
    yield "  state: up"
    yield "  macsec:"
    yield f"    base-iface: {LOWER}"
    yield f"    encrypt: {str(secy.encrypt).lower()}"
    yield f'    mka-cak: "{key.cak}"'
    yield f'    mka-ckn: "{key.ckn}"'
    yield f"    port: {port.mka.port}"
    yield f"    validation: {'disable' if mode == 'disabled' else mode}"
    yield f"    send-sci: {str(secy.send_sci).lower()}"


def read(path: Path, device: str | None = None) -> Import:
    """Read the only MACsec interface of a state, or the one that is named. Raises ConfigError."""
    tree, _ = read_text(str(path), text_of(path).encode(), "interfaces")
    interfaces = tree.get("interfaces")
    found = [
        each
        for each in (interfaces if isinstance(interfaces, list) else ())
        if isinstance(each, dict)
        and isinstance(each.get("macsec"), dict)
        and device in (None, each.get("name"))
    ]
    if len(found) != 1:
        raise ConfigError(f"{path}: {len(found)} MACsec interfaces, expected one")
    given = found[0]["macsec"]
    if missing := [name for name in ("mka-cak", "mka-ckn") if not given.get(name)]:
        raise ConfigError(f"{path}: macsec has no {missing[0]}")
    mode = given.get("validation", "strict")
    section = {
        "secy": {
            "encrypt": given.get("encrypt", "true"),
            "send_sci": given.get("send-sci", "true"),
            "validate": "disabled" if mode == "disable" else mode,
            "replay": "off",
        },
        "mka": {
            "cak": given["mka-cak"],
            "ckn": given["mka-ckn"],
            "port": given.get("port", "1"),
            "priority": "255",
        },
    }
    return imported(section, path, [])


_LIMITS = DeviceLimits(
    "nmstate",
    "macsec.yml",
    {"gcm-aes-128": ""},
    frozenset({"encrypt", "send_sci", "validate_frames"}),
    frozenset({"port"}),
    keys_most=1,
    fallback=False,
    cak_octets=(16,),
    windows=False,
    notes=NOTES,
)
FORMAT = ExchangeFormat(exporter(_LIMITS, write), read)
