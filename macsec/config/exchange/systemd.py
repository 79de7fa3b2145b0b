"""systemd.netdev: a MACsec device with static SAKs, each key in a file of its own (KeyFile=).

systemd counts the SAs of a channel from AN 0 on in the order of the file, and has GCM-AES-128 only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from macsec.config.exchange.pieces import (
    ExchangeFormat,
    Export,
    File,
    Import,
    imported,
    sak,
    secy_notes,
    static,
    text_of,
)
from macsec.config.model import (
    Configuration,
    ReceiveSCSection,
    TransmitSASection,
    TransmitSCSection,
)
from macsec.config.sources import KeyRing
from macsec.errors import ConfigError
from macsec.terms import sci_text

DEVICE = "macsec0"
NAME = f"{DEVICE}.netdev"
CIPHER = "gcm-aes-128"

_SWITCH = {
    **dict.fromkeys(("1", "yes", "y", "true", "t", "on"), "on"),
    **dict.fromkeys(("0", "no", "n", "false", "f", "off"), "off"),
}
_SECTION = re.compile(r"\[([A-Za-z]+)\]")
_CHANNEL, _TRANSMIT, _RECEIVE = (
    "MACsecReceiveChannel",
    "MACsecTransmitAssociation",
    "MACsecReceiveAssociation",
)


def export(config: Configuration, ring: KeyRing, folder: Path) -> Export:
    """The .netdev file and the key files. Raises ConfigError."""
    static(config, "systemd.netdev")
    if config.tx is None:
        raise ConfigError("tx: is missing: a macsec device has a transmit SC")
    if config.secy.cipher != CIPHER:
        raise ConfigError(f"systemd.netdev has {CIPHER} only, not {config.secy.cipher}")
    keys: list[File] = []
    tx, secy = config.tx, config.secy
    text = [
        "# A .network file for the wire names it: [Network] MACsec=" + DEVICE,
        *_section("NetDev", Name=DEVICE, Kind="macsec", MACAddress=_mac(tx.sci)),
        *_section("MACsec", Port=tx.sci & 0xFFFF, Encrypt=_yes(secy.encrypt)),
    ]
    for an, sa in _in_order(tx):
        key = sak(config, ring, sa.key)
        fields = _association(sa, key, f"{DEVICE}-tx-{an}.key", folder, keys)
        fields["UseForEncoding"] = _yes(an == secy.encodingsa)
        text += _section(_TRANSMIT, **fields)
    for channel in config.rx:
        peer = {"Port": channel.sci & 0xFFFF, "MACAddress": _mac(channel.sci)}
        text += _section(_CHANNEL, **peer)
        for an, sa in _in_order(channel):
            name = f"{DEVICE}-rx-{sci_text(channel.sci)}-{an}.key"
            key = sak(config, ring, sa.key)
            text += _section(_RECEIVE, **peer, **_association(sa, key, name, folder, keys))
    notes = secy_notes(secy, {"cipher", "encrypt", "encodingsa", "replay"})
    if secy.replay:
        notes.append("secy.replay cannot be expressed in this format: such a device has it off")
    if not (tx.enabled and all(channel.enabled for channel in config.rx)):
        notes.append("an SC that is off cannot be expressed in this format: its SAs are")
    notes.append("systemd-networkd has to be able to read the keys: chgrp systemd-network, 0640")
    return Export([File(NAME, "\n".join(text) + "\n", secret=False), *keys], notes)


def _in_order(
    channel: TransmitSCSection | ReceiveSCSection,
) -> Iterator[tuple[int, TransmitSASection]]:
    for place, (an, sa) in enumerate(sorted(channel.sa.items())):
        if an != place:
            raise ConfigError(
                f"SCI {sci_text(channel.sci)}: systemd counts ANs from 0 on without a gap; "
                f"there is no SA {place}"
            )
        yield an, sa


def _association(
    sa: TransmitSASection, key: bytes, name: str, folder: Path, keys: list[File]
) -> dict[str, Any]:
    keys.append(File(name, key.hex() + "\n"))
    path = folder.absolute() / name
    return {
        "PacketNumber": sa.pn,
        "KeyId": f"{len(keys):032x}",
        "KeyFile": path,
        "Activate": _yes(sa.enabled),
    }


def _section(section: str, **fields: Any) -> list[str]:
    return ["", f"[{section}]", *(f"{name}={value}" for name, value in fields.items())]


def _mac(sci: int) -> str:
    return (sci >> 16).to_bytes(6).hex(":")


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def read(path: Path, device: str | None = None) -> Import:
    """A .netdev file, or a folder with one. Raises ConfigError."""
    if path.is_dir():
        found = [file for file in sorted(path.glob("*.netdev")) if "[MACsec]" in text_of(file)]
        if len(found) != 1:
            raise ConfigError(f"{path}: {len(found)} .netdev files with a section MACsec, not one")
        path = found[0]
    notes: list[str] = []
    own: dict[str, str] = {}
    secy: dict[str, Any] = {"cipher": CIPHER, "replay": "off"}
    transmit: dict[str, Any] = {}
    receive: dict[str, dict[str, Any]] = {}
    for name, fields in _sections(path):
        if name in ("NetDev", "MACsec"):
            own |= fields
        elif name == _TRANSMIT:
            if _SWITCH.get(fields.pop("UseForEncoding", "no").lower()) == "on":
                secy["encodingsa"] = len(transmit)
            transmit[str(len(transmit))] = _read_association(fields, path, notes)
        elif name in (_CHANNEL, _RECEIVE):
            sci = _read_sci(fields, path)
            channel = receive.setdefault(sci, {"sci": sci, "sa": {}})
            if name == _RECEIVE:
                sas = channel["sa"]
                sas[str(len(sas))] = _read_association(fields, path, notes)
    if own.get("Kind") != "macsec":
        raise ConfigError(f"{path}: [NetDev] has no Kind=macsec")
    secy["encrypt"] = _SWITCH.get(own.get("Encrypt", "no").lower(), "off")
    tree: dict[str, Any] = {"secy": secy, "rx": list(receive.values())}
    if "MACAddress" in own:
        tree["tx"] = {"sci": _read_sci({"Port": "1", **own}, path), "sa": transmit}
    elif transmit:
        raise ConfigError(
            f"{path}: the SCI is missing: expected MACAddress= under [NetDev], "
            "the address of the wire"
        )
    return imported({key: value for key, value in tree.items() if value}, path, notes)


def _sections(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    name, fields = "", dict[str, str]()
    lines = map(str.strip, text_of(path).splitlines())
    for number, line in enumerate(lines, 1):
        if not line or line[0] in "#;":
            continue
        if match := _SECTION.fullmatch(line):
            if name:
                yield name, fields
            name, fields = match[1], {}
        elif "=" in line and name:
            key, _, value = line.partition("=")
            fields[key.strip()] = value.strip()
        else:
            raise ConfigError(f"{path}:{number}: neither a section nor a setting")
    if name:
        yield name, fields


def _read_sci(fields: dict[str, str], path: Path) -> str:
    mac, port = fields.pop("MACAddress", ""), fields.pop("Port", "")
    bare = re.sub(r"[:.-]", "", mac)
    if not re.fullmatch(r"[0-9A-Fa-f]{12}", bare) or not port.isdecimal():
        raise ConfigError(f"{path}: expected MACAddress= and Port= of a channel")
    return f"{bare.lower()}{int(port):04x}"


def _read_association(fields: dict[str, str], path: Path, notes: list[str]) -> dict[str, Any]:
    fields.pop("KeyId", None)
    sa: dict[str, Any] = {"pn": fields.pop("PacketNumber", "1")}
    sa["enabled"] = _SWITCH.get(fields.pop("Activate", "yes").lower(), "on")
    key, file = fields.pop("Key", None), fields.pop("KeyFile", None)
    if key:
        sa["key"] = key
    elif file:
        # The configuration refers to the same file; a relative one lies beside the .netdev.
        sa["key"] = f"file:{(path.parent / file).absolute()}"
    notes += [f"{name}= is left out" for name in fields]
    return sa


FORMAT = ExchangeFormat(export, read, folder=True)
