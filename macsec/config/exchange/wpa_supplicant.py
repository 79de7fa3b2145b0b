"""A configuration file of wpa_supplicant for a MACsec port with a pre-shared CAK."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from macsec.config.exchange.pieces import (
    ExchangeFormat,
    Export,
    File,
    Import,
    agreement,
    caks,
    imported,
    mka_notes,
    secy_notes,
    text_of,
)
from macsec.config.model import Configuration
from macsec.config.sources import KeyRing
from macsec.errors import ConfigError

NAME = "wpa_supplicant.conf"
SUITES = {"gcm-aes-128": 0, "gcm-aes-256": 1}
"""macsec_csindex, which 2.11 and later know."""

_BLOCK = re.compile(r"network\s*=\s*\{(.*?)\n\s*\}", re.DOTALL)
_FIELD = re.compile(r"\s*([a-z_]+)\s*=\s*(.*?)\s*")
_USUAL = {"key_mgmt": "NONE", "eapol_flags": "0", "disabled": "0"}


def export(config: Configuration, ring: KeyRing, folder: Path) -> Export:
    """One file with one network block. Raises ConfigError."""
    mka, secy = agreement(config, "wpa_supplicant"), config.secy
    if secy.cipher not in SUITES:
        raise ConfigError(f"wpa_supplicant has no {secy.cipher}: {' or '.join(SUITES)}")
    notes: list[str] = []
    keys = list(caks(mka, ring, notes))
    if not keys:
        raise ConfigError("; ".join(notes))
    ckn, cak = keys[0]
    fields = {
        "key_mgmt": "NONE",
        "eapol_flags": 0,
        "macsec_policy": 1,
        "macsec_integ_only": int(not secy.encrypt),
        "macsec_replay_protect": int(secy.replay),
        "macsec_replay_window": secy.window,
        "macsec_port": mka.port,
        "mka_cak": cak.hex(),
        "mka_ckn": ckn.hex(),
        "mka_priority": mka.priority,
    }
    if SUITES[secy.cipher]:
        fields["macsec_csindex"] = SUITES[secy.cipher]
        notes.append("macsec_csindex is known to wpa_supplicant 2.11 and later; 2.10 refuses it")
    if mka.include_icv_indicator:
        fields["macsec_icv_indicator"] = 1
        notes.append("macsec_icv_indicator is known to versions after 2.11 only")
    if len(keys) > 1:
        notes.append(f"one CAK a port: {len(keys) - 1} of the key chain left out")
    if mka.policy == "must-secure":
        notes.append(
            "must-secure cannot be expressed in this format: the key server decides, "
            "as macsec_policy=1"
        )
    if len(mka.keychain) == len(mka.caks) and mka.keychain[0].start.ns:
        notes.append("the CAK's start cannot be expressed in this format: it is used at once")
    carried = {"cipher", "encrypt", "replay", "window"}
    notes += secy_notes(secy, carried)
    notes += mka_notes(mka, {"priority", "port", "policy", "include_icv_indicator"})
    block = "".join(f"    {name}={value}\n" for name, value in fields.items())
    head = "# wpa_supplicant -D macsec_linux -i IFACE -c FILE\neapol_version=3\nap_scan=0\n"
    return Export([File(NAME, f"{head}network={{\n{block}}}\n")], notes)


def read(path: Path, device: str | None = None) -> Import:
    """The first network block that has a CAK. Raises ConfigError."""
    text = "\n".join(line for line in text_of(path).splitlines() if not _is_comment(line))
    blocks = [_fields(match[1]) for match in _BLOCK.finditer(text)]
    chosen = [block for block in blocks if "mka_cak" in block]
    if not chosen:
        raise ConfigError(f"{path}: no network block with mka_cak and mka_ckn")
    notes = [f"{len(chosen) - 1} more blocks with a CAK are left out"] if chosen[1:] else []
    block = chosen[0]
    take = block.pop
    suite = {str(index): name for name, index in SUITES.items()}
    csindex = take("macsec_csindex", "0")
    if csindex not in suite:
        raise ConfigError(f"{path}: macsec_csindex is 0 or 1")
    secy: dict[str, Any] = {
        "cipher": suite[csindex],
        "encrypt": "off" if take("macsec_integ_only", "0") == "1" else "on",
        "replay": "on" if take("macsec_replay_protect", "0") == "1" else "off",
        "window": take("macsec_replay_window", "0"),
    }
    mka: dict[str, Any] = {
        "cak": take("mka_cak"),
        "ckn": take("mka_ckn", ""),
        "priority": take("mka_priority", "255"),
        "port": take("macsec_port", "1"),
        "include_icv_indicator": "on" if take("macsec_icv_indicator", "0") == "1" else "off",
    }
    if take("macsec_policy", "0") != "1":
        notes.append("macsec_policy is not 1: MACsec was off in that block")
    notes.append("policy: must-secure is assumed; wpa_supplicant has no such setting")
    notes += [f"{name} is left out" for name, value in block.items() if _USUAL.get(name) != value]
    return imported({"secy": secy, "mka": mka}, path, notes)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _fields(block: str) -> dict[str, str]:
    matches = (_FIELD.fullmatch(line) for line in block.splitlines())
    return {match[1]: match[2].strip('"') for match in matches if match}


FORMAT = ExchangeFormat(export, read)
