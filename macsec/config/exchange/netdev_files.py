"""The MACsec device of a .netdev file, as systemd-networkd and Linux make it, with their defaults.

Each setting of the sections of MACsec is a row of `SETTINGS`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from macsec.config.exchange.pieces import Import, imported, text_of
from macsec.errors import ConfigError
from macsec.terms import mac_of, sci_text

CIPHER = "gcm-aes-128"
DEVICE, MACSEC = "NetDev", "MACsec"
CHANNEL, TRANSMIT, RECEIVE = (
    "MACsecReceiveChannel",
    "MACsecTransmitAssociation",
    "MACsecReceiveAssociation",
)
MOST_ASSOCIATIONS = 4

_TRUE = frozenset(["1", "yes", "y", "true", "t", "on"])
_FALSE = frozenset(["0", "no", "n", "false", "f", "off"])
_SECTION = re.compile(r"\[([^\]]+)\]")


def _switch(text: str) -> str | None:
    """A boolean as systemd reads it; empty is unset."""
    word = text.lower()
    if word and word not in _TRUE | _FALSE:
        raise ValueError("expected yes or no")
    return ("on" if word in _TRUE else "off") if word else None


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        plain = re.fullmatch(r"0[xX][0-9A-Fa-f]+|0|[1-9][0-9]*", text)
        if plain is None or not least <= int(text, 0) <= most:
            raise ValueError(f"expected a number of {least} to {most}")
        return int(text, 0)

    return read


def _address(text: str) -> int | None:
    return None if text in ("", "none") else int.from_bytes(mac_of(text))


def _key(text: str) -> str:
    bare = "".join(text.split())
    if not re.fullmatch("[0-9A-Fa-f]{32}", bare):
        raise ValueError("expected a key of 32 hex digits")
    return bare


def _key_file(text: str) -> str | None:
    if text and not text.startswith("/"):
        raise ValueError("expected an absolute path")
    return text or None


def _key_id(text: str) -> str:
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2}){0,16}", text):
        raise ValueError("expected at most 32 hex digits")
    return text


_SCI = {"Port": _number(1, 0xFFFF), "MACAddress": _address}
_SA = {
    "PacketNumber": _number(0, (1 << 32) - 1),
    "KeyId": _key_id,
    "Key": _key,
    "KeyFile": _key_file,
    "Activate": _switch,
}
SETTINGS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    DEVICE: {"Name": str, "Kind": str, "MACAddress": _address},
    MACSEC: {"Port": _number(1, 0xFFFF), "Encrypt": _switch},
    CHANNEL: _SCI,
    TRANSMIT: {**_SA, "UseForEncoding": _switch},
    RECEIVE: {**_SCI, **_SA},
}
"""Settings by section, each with its reader."""


@dataclass(slots=True)
class NetdevSection:
    """A section: its line, and the value of each setting that was given."""

    name: str
    line: int
    values: dict[str, Any] = field(default_factory=dict)

    def take(self, name: str, text: str) -> None:
        """Perform one assignment. Raises ValueError."""
        value = SETTINGS[self.name][name](text)
        self.values[name] = value
        if name == "UseForEncoding" and value == "on":
            self.values["Activate"] = "on"


@dataclass(slots=True)
class Netdev:
    """A .netdev file, read."""

    path: Path
    notes: list[str] = field(default_factory=list)
    device: dict[str, Any] = field(default_factory=dict)
    sections: list[NetdevSection] = field(default_factory=list)

    def fail(self, section: NetdevSection, reason: str) -> ConfigError:
        """The refusal of a section."""
        return ConfigError(f"{self.path}:{section.line}: [{section.name}] {reason}")

    def tree(self) -> dict[str, Any]:
        """The device as a configuration. Raises ConfigError."""
        secy = {
            "profile": "linux",
            "cipher": CIPHER,
            # Where nothing is said, Linux has both off.
            "encrypt": self.device.get("Encrypt") or "off",
            "replay": "off",
        }
        transmit, encoding = self._transmit()
        tree: dict[str, Any] = {"secy": {**secy, "encodingsa": str(encoding)}}
        address = self.device.get("MACAddress")
        if address is not None:
            sci = address << 16 | self.device.get("Port", 1)
            tree["tx"] = {"sci": sci_text(sci), "sa": transmit}
        elif transmit:
            raise ConfigError(
                f"{self.path}:1: the SCI is missing: expected MACAddress= under [NetDev], "
                "the address of the device"
            )
        else:
            self.notes.append("tx is left out: without MACAddress= the address is not known")
        receive = self._receive()
        return tree | ({"rx": receive} if receive else {})

    def _transmit(self) -> tuple[dict[str, Any], int]:
        sas: dict[str, Any] = {}
        encoding: int | None = None
        for section in self._of(TRANSMIT):
            if not section.values.get("PacketNumber"):
                raise self.fail(section, "without PacketNumber=")
            if len(sas) == MOST_ASSOCIATIONS:
                raise self.fail(section, "more than 4: systemd leaves it out")
            if section.values.get("UseForEncoding") == "on":
                if encoding is None:
                    encoding = len(sas)
                else:
                    self.notes.append(f"line {section.line}: UseForEncoding=: the first has it")
            sas[str(len(sas))] = self._association(section)
        return sas, encoding or 0

    def _receive(self) -> list[dict[str, Any]]:
        channels: dict[int, dict[str, Any]] = {}
        for section in self._of(CHANNEL):
            sci = self._sci(section)
            if sci in channels:
                raise self.fail(section, "another one has this SCI")
            channels[sci] = {"sci": sci_text(sci), "sa": {}}
        for section in self._of(RECEIVE):
            sci = self._sci(section)
            sas = channels.setdefault(sci, {"sci": sci_text(sci), "sa": {}})["sa"]
            if len(sas) == MOST_ASSOCIATIONS:
                raise self.fail(section, "more than 4 of a channel: systemd leaves it out")
            sas[str(len(sas))] = self._association(section)
        return list(channels.values())

    def _of(self, name: str) -> list[NetdevSection]:
        return [section for section in self.sections if section.name == name]

    def _sci(self, section: NetdevSection) -> int:
        address, port = section.values.get("MACAddress"), section.values.get("Port")
        if not address or not port:
            raise self.fail(section, "expected MACAddress= and Port=")
        return int(address << 16 | port)

    def _association(self, section: NetdevSection) -> dict[str, Any]:
        values = section.values
        file = values.get("KeyFile")  # stronger than Key=
        key = f"file:{file}" if file else values.get("Key")
        if key is None:
            raise self.fail(section, "without Key= or KeyFile=")
        if "KeyId" in values:
            self.notes.append(f"line {section.line}: KeyId= is not in a configuration")
        # A PN that is not given is 1, and an SA that is not activated is off.
        enabled = values.get("Activate") or "off"
        return {"pn": str(values.get("PacketNumber") or 1), "enabled": enabled, "key": key}


def read(path: Path, device: str | None = None) -> Import:
    """The device of a .netdev file, or of one in a folder. Raises ConfigError, naming the line."""
    netdev = _netdev(_file(path, device) if os.path.isdir(path) else path)
    if netdev.device.get("Kind") != "macsec":
        raise ConfigError(f"{netdev.path}:1: [NetDev] has no Kind=macsec")
    if device is not None and netdev.device.get("Name") != device:
        raise ConfigError(f"{netdev.path}:1: [NetDev] has no Name={device}")
    drop_ins = netdev.path.with_name(netdev.path.name + ".d")
    if os.path.isdir(drop_ins):
        netdev.notes.append(f"{drop_ins}: systemd reads these files too; here they are left out")
    return imported(netdev.tree(), netdev.path, netdev.notes)


def _file(folder: Path, device: str | None) -> Path:
    found = {
        file: netdev
        for file in sorted(folder.glob("*.netdev"))
        if (netdev := _netdev(file)).device.get("Kind") == "macsec"
    }
    if device is not None:
        found = {file: it for file, it in found.items() if it.device.get("Name") == device}
    if len(found) != 1:
        names = ", ".join(str(it.device.get("Name")) for it in found.values())
        hint = f"choose one with --device: {names}" if found else "expected one"
        raise ConfigError(f"{folder}: {len(found)} .netdev files of Kind=macsec: {hint}")
    return next(iter(found))


def _netdev(path: Path) -> Netdev:
    netdev = Netdev(path)
    section: NetdevSection | None = None
    for number, line in _lines(text_of(path)):
        if match := _SECTION.fullmatch(line):
            section = NetdevSection(match[1], number)
            if section.name in SETTINGS:
                netdev.sections.append(section)
            else:
                netdev.notes.append(f"line {number}: [{section.name}] is not in a configuration")
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if section is None or not equals:
            raise ConfigError(f"{path}:{number}: neither a section nor a setting")
        if section.name in SETTINGS:
            _assign(netdev, section, number, name, value)
    for part in netdev.sections:
        if part.name in (DEVICE, MACSEC):
            netdev.device |= part.values
    return netdev


def _assign(netdev: Netdev, section: NetdevSection, number: int, name: str, value: str) -> None:
    if name not in SETTINGS[section.name]:
        netdev.notes.append(f"line {number}: {name}= of [{section.name}] is not in a configuration")
        return
    try:
        section.take(name, value)
        return
    except ValueError as error:
        reason = str(error)
    raise ConfigError(f"{netdev.path}:{number}: {name}=: {reason}")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments; a backslash at the end continues one, under its first number."""
    held, first = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line[:1] in ("#", ";"):
            continue
        first = first or number
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        if (held + line).strip():
            yield first, (held + line).strip()
        held, first = "", 0
    if held.strip():
        yield first, held.strip()
