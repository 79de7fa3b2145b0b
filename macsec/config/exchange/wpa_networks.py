"""The network block that wpa_supplicant uses, with its defaults.

Each field of MACsec is a row of `FIELDS`. SONiC's wpa_supplicant has some more: `SONIC`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from macsec.config.exchange.pieces import Import, imported, text_of
from macsec.errors import ConfigError

SUITES = {"gcm-aes-128": 0, "gcm-aes-256": 1}
"""macsec_csindex, which 2.11 and later know."""

_SONIC_SUITES = ("gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128", "gcm-aes-xpn-256")
_NUMBER = re.compile(r"[ \t]*[+]?(0[xX][0-9A-Fa-f]+|[0-9]+)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WITHOUT_PSK = frozenset(["NONE", "IEEE8021X"])
_POLICY = (
    "policy: must-secure is taken; wpa_supplicant also lets plain frames pass where the Key Server "
    "asks for no MACsec"
)


def _number(least: int, most: int) -> Callable[[str], int]:
    """Make a reader of C's numbers: 0x hex, 0 in front octal, nothing is 0."""

    def read(text: str) -> int:
        match = _NUMBER.fullmatch(text) if text else None
        digits = match[1] if match else "0"
        octal = len(digits) > 1 and digits.isdecimal() and digits[0] == "0"
        try:
            value = int(digits, 8 if octal else 0)
        except ValueError:
            match = None
        if (text and match is None) or not least <= value <= most:
            raise ValueError(f"expected a number of {least} to {most}")
        return value

    return read


def _hex(lengths: range | tuple[int, ...], what: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", text) or len(text) not in lengths:
            raise ValueError(f"expected {what}")
        return text

    return read


def _switch(text: str) -> str:
    return "on" if _number(0, 1)(text) else "off"


def _reversed(text: str) -> str:
    return "off" if _number(0, 1)(text) else "on"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a network block, with the default of wpa_supplicant.

    `section` and `entry` hold it; an empty entry where nothing does.
    """

    read: Callable[[str], Any]
    default: str | None
    section: str
    entry: str


FIELDS: Mapping[str, Field] = {
    "macsec_policy": Field(_number(0, 1), "0", "mka", ""),
    "macsec_integ_only": Field(_reversed, "0", "secy", "encrypt"),
    "macsec_replay_protect": Field(_switch, "0", "secy", "replay"),
    "macsec_replay_window": Field(_number(0, (1 << 32) - 1), "0", "secy", "window"),
    "macsec_offload": Field(_number(0, 2), "0", "secy", ""),
    "macsec_port": Field(lambda text: _number(0, 65534)(text) or 1, "1", "mka", "port"),
    "macsec_csindex": Field(lambda text: [*SUITES][_number(0, 1)(text)], "0", "secy", "cipher"),
    "macsec_icv_indicator": Field(_switch, "0", "mka", "include_icv_indicator"),
    "mka_priority": Field(_number(0, 255), "255", "mka", "priority"),
    "mka_cak": Field(_hex((32, 64), "a CAK of 32 or 64 hex digits"), None, "mka", "cak"),
    "mka_ckn": Field(_hex(range(2, 65), "a CKN of 2 to 64 hex digits"), None, "mka", "ckn"),
}
SONIC: Mapping[str, Field] = {
    "macsec_ciphersuite": Field(
        lambda text: _SONIC_SUITES[_number(0, 3)(text)], "0", "secy", "cipher"
    ),
    "macsec_conf_offset": Field(
        lambda text: (0, 0, 30, 50)[_number(0, 3)(text)], "0", "secy", "offset"
    ),
    "macsec_include_sci": Field(_switch, "0", "secy", "send_sci"),
    "mka_rekey_period": Field(_number(0, (1 << 31) - 1), "0", "mka", "sak_rekey_interval"),
}
"""Fields of SONiC's wpa_supplicant; where a file has one, the defaults of the others hold too."""
_IN_USE: Mapping[str, Callable[[str], Any]] = {
    "disabled": _number(0, 2),
    "key_mgmt": str.split,
    "eapol_flags": _number(0, 3),
}
"""Fields that decide if a block is used, or that a wired port has."""


@dataclass(slots=True)
class Block:
    """A network block: the line where it begins, and the text and line of each field."""

    line: int
    fields: dict[str, tuple[str, int]] = field(default_factory=dict)

    def text(self, name: str, default: str) -> str:
        """The text of a field."""
        return self.fields.get(name, (default, 0))[0]

    @property
    def unused(self) -> str:
        """The reason why wpa_supplicant does not use the block; empty if it does."""
        if _number(0, 2)(self.text("disabled", "0")):
            return "disabled"
        if not set(self.text("key_mgmt", "WPA-PSK WPA-EAP").split()) <= _WITHOUT_PSK:
            return "without key_mgmt=NONE"
        return ""


def read(path: Path, device: str | None = None) -> Import:
    """The first network block that wpa_supplicant uses. Raises ConfigError, naming the line."""
    notes: list[str] = []
    blocks = [*_blocks(path, notes)]
    used = [block for block in blocks if not block.unused]
    notes += [
        f"line {block.line}: this block is not used: {block.unused}"
        for block in blocks
        if block.unused
    ]
    if not used:
        line = blocks[0].line if blocks else 1
        raise ConfigError(f"{path}:{line}: no network block that wpa_supplicant uses for MACsec")
    notes += [
        f"line {block.line}: this block is not used: that of line {used[0].line} comes first"
        for block in used[1:]
    ]
    return imported(_tree(used[0], path, notes), path, notes)


def _tree(block: Block, path: Path, notes: list[str]) -> dict[str, Any]:
    for name in ("mka_cak", "mka_ckn"):
        if name not in block.fields:
            raise ConfigError(
                f"{path}:{block.line}: wpa_supplicant uses this block, and it has no {name}"
            )
    if not FIELDS["macsec_policy"].read(block.text("macsec_policy", "0")):
        raise ConfigError(f"{path}:{block.line}: macsec_policy is not 1: MACsec is off here")
    known = dict(FIELDS)
    if block.fields.keys() & SONIC.keys():
        notes.append("fields of SONiC's wpa_supplicant: others refuse the file")
        known |= SONIC
        if "macsec_csindex" not in block.fields:
            del known["macsec_csindex"]
    tree: dict[str, Any] = {"secy": {}, "mka": {}}
    for name, row in known.items():
        value = row.read(block.text(name, row.default or ""))
        if row.entry:
            tree[row.section][row.entry] = str(value)
    if FIELDS["macsec_offload"].read(block.text("macsec_offload", "0")):
        notes.append("macsec_offload is not in a configuration: there is no hardware")
    notes.append(_POLICY)
    notes += [
        f"line {line}: {name} is not in a configuration"
        for name, (_, line) in block.fields.items()
        if name not in known and name not in ("key_mgmt", "disabled", "eapol_flags")
    ]
    return tree


def _blocks(path: Path, notes: list[str]) -> Iterator[Block]:
    lines = _lines(text_of(path))
    for number, line in lines:
        if line == "network={":
            yield _block(lines, Block(number), path)
        elif line == "cred={" or line.startswith("blob-base64-"):
            for _, inner in lines:
                if inner == "}":
                    break
            notes.append(f"line {number}: {line.rstrip('={')} has no part in MACsec")
        else:
            name, equals, _ = line.partition("=")
            if not equals or not _NAME.fullmatch(name) or name in (FIELDS.keys() | SONIC.keys()):
                raise ConfigError(f"{path}:{number}: not a line that wpa_supplicant reads here")
            notes.append(f"line {number}: {name} has no part in MACsec")


def _block(lines: Iterator[tuple[int, str]], block: Block, path: Path) -> Block:
    for number, line in lines:
        if line == "}":
            return block
        name, equals, value = line.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise ConfigError(f"{path}:{number}: expected name=value, or the }} of the block")
        if value.startswith('"') and '"' not in value[1:]:
            raise ConfigError(f"{path}:{number}: a quotation that does not end")
        _check(name, value, f"{path}:{number}")
        block.fields[name] = (value, number)
    raise ConfigError(f"{path}:{block.line}: a network block that does not end")


def _check(name: str, value: str, place: str) -> None:
    row = FIELDS.get(name) or SONIC.get(name)
    read = row.read if row else _IN_USE.get(name)
    if read is None and name.startswith(("macsec_", "mka_")):
        raise ConfigError(f"{place}: wpa_supplicant has no field {name}")
    reason = ""
    try:
        if read is not None:
            read(value)
    except ValueError as error:
        reason = str(error)
    if reason:
        raise ConfigError(f"{place}: {name}: {reason}")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, which a # outside of quotation marks begins."""
    for number, line in enumerate(re.split(r"\r?\n", text), 1):
        body = line.lstrip(" \t\r")
        quote = body.find('"')
        start = body.rfind('"', quote + 1) if quote >= 0 else 0
        comment = body.find("#", max(start, 0))
        body = (body if comment < 0 else body[:comment]).rstrip(" \t\r")
        if body:
            yield number, body
