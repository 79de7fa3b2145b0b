"""A keyfile of NetworkManager, and the same as a passthrough of netplan."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

from macsec.config.exchange.devices.settings import (
    DeviceLimits,
    PortSettings,
    exporter,
    one_way,
)
from macsec.config.exchange.pieces import ExchangeFormat, Import, imported, text_of
from macsec.errors import ConfigError

DEVICE, LOWER = "macsec0", "eth0"
VALIDATION = {"disabled": 0, "check": 1, "strict": 2}
_KEYS = ("mka-cak", "mka-ckn")
NOTES = (
    "replay protection, window and priority are those of its wpa_supplicant: off, 0 and 255",
    f"{LOWER} is the wire, {DEVICE} the interface: change both names",
)


def _connection(port: PortSettings) -> dict[str, dict[str, str]]:
    """Return the sections of a connection."""
    key = port.keys[0]
    mode = port.secy.validate_frames
    return {
        "connection": {
            "id": DEVICE,
            "uuid": str(uuid5(NAMESPACE_OID, f"macsec {key.ckn}")),
            "type": "macsec",
            "interface-name": DEVICE,
        },
        "macsec": {
            "parent": LOWER,
            "mode": "0",
            "encrypt": "true" if port.secy.encrypt else "false",
            "mka-cak": key.cak,
            "mka-ckn": key.ckn,
            "port": str(port.mka.port),
            "validation": str(VALIDATION.get(mode, 2)),
            "send-sci": "true" if port.secy.send_sci else "false",
        },
        "ipv4": {"method": "auto"},
        "ipv6": {"method": "auto"},
    }


def keyfile(port: PortSettings) -> Iterator[str]:
    """Yield the lines of a keyfile."""
    for section, fields in _connection(port).items():
        yield f"[{section}]"
        yield from (f"{name}={value}" for name, value in fields.items())
        yield ""


def netplan(port: PortSettings) -> Iterator[str]:
    """Yield the lines of a netplan file, whose renderer is NetworkManager."""
    connection = _connection(port)
    uuid = connection["connection"]["uuid"]
    yield "network:"
    yield "  version: 2"
    yield "  renderer: NetworkManager"
    yield "  nm-devices:"
    yield f"    NM-{uuid}:"
    yield "      renderer: NetworkManager"
    yield "      networkmanager:"
    yield f'        uuid: "{uuid}"'
    yield f'        name: "{DEVICE}"'
    yield "        passthrough:"
    yield '          connection.type: "macsec"'
    yield f'          connection.interface-name: "{DEVICE}"'
    for section in ("macsec", "ipv4", "ipv6"):
        for name, value in connection[section].items():
            yield f'          {section}.{name}: "{value}"'


def read(path: Path, device: str | None = None) -> Import:
    """Read a keyfile, with the defaults of NetworkManager. Raises ConfigError."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=False)
    broken = ""
    try:
        parser.read_string(text_of(path))
    except configparser.Error as error:
        broken = type(error).__name__
    if broken:
        raise ConfigError(f"{path}: not a keyfile: {broken}")
    if not parser.has_section("macsec"):
        raise ConfigError(f"{path}: it has no section [macsec]")
    given = parser["macsec"]
    if missing := [name for name in _KEYS if not given.get(name)]:
        raise ConfigError(f"{path}: [macsec] has no {missing[0]}")
    if given.get("mode", "0") not in ("0", "psk"):
        raise ConfigError(f"{path}: [macsec] mode: expected 0, a CAK that is given")
    words = {str(number): word for word, number in VALIDATION.items()}
    if (mode := given.get("validation", "2")) not in words:
        raise ConfigError(f"{path}: [macsec] validation: expected 0, 1 or 2")
    tree = {
        "secy": {
            "encrypt": given.get("encrypt", "true"),
            "send_sci": given.get("send-sci", "true"),
            "validate": words[mode],
            "replay": "off",
        },
        "mka": {
            "cak": given["mka-cak"],
            "ckn": given["mka-ckn"],
            "port": given.get("port", "1"),
            "priority": "255",
        },
    }
    known = {"parent", "mode", "encrypt", "port", "validation", "send-sci", *_KEYS}
    notes = [f"[macsec] {name} is not in a configuration" for name in given if name not in known]
    return imported(tree, path, notes)


def _limits(title: str, file: str, *notes: str) -> DeviceLimits:
    return DeviceLimits(
        title,
        file,
        {"gcm-aes-128": ""},
        frozenset({"encrypt", "send_sci", "validate_frames"}),
        frozenset({"port"}),
        keys_most=1,
        fallback=False,
        cak_octets=(16,),
        windows=False,
        notes=(*NOTES, *notes),
    )


_KEYFILE = _limits("NetworkManager", f"{DEVICE}.nmconnection")
KEYFILE = ExchangeFormat(exporter(_KEYFILE, keyfile), read)
NETPLAN = one_way(
    _limits("netplan", "90-macsec.yaml", "it has no type for MACsec: NetworkManager renders it"),
    netplan,
)
