"""Wireshark's tables of keys, as they lie in a profile folder.

    psk_config_data     static SAKs: key, name                  from 4.6 on, 16 and 32 octets
    mka_ckn_info        CAKs: CKN, name, CAK                    from 4.6 on
    preferences         macsec.psk, one SAK of 16 octets        4.4, which has no table

A later Wireshark skips the old preference, and an older one the table that it does not know.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from macsec.config.exchange.pieces import (
    ExchangeFormat,
    Export,
    File,
    Import,
    caks,
    imported,
    sak,
    secy_notes,
    text_of,
)
from macsec.config.model import Configuration
from macsec.config.sources import KeyRing
from macsec.errors import ConfigError
from macsec.suites import SUITES
from macsec.terms import sci_text

SAKS, CAKS, PREFERENCES = "psk_config_data", "mka_ckn_info", "preferences"

_NAME = re.compile(r"(tx|rx) SCI ([0-9a-f]{16}) AN ([0-3])")
_OLD_LENGTH = 16


def export(config: Configuration, ring: KeyRing, folder: Path) -> Export:
    """A profile folder: the tables that have rows. Raises ConfigError."""
    notes: list[str] = []
    if config.mka is not None:
        rows = [f'{ckn.hex()},"CAK",{cak.hex()}' for ckn, cak in caks(config.mka, ring, notes)]
        if not rows:
            raise ConfigError("; ".join(notes))
        return Export([File(CAKS, _lines(rows))], notes)
    saks = list(_saks(config, ring))
    if not saks:
        raise ConfigError("there is no key to export: neither tx nor rx has an SA")
    if SUITES[config.secy.cipher].xpn:
        notes.append(
            "Wireshark has no place for SSCI and Salt: frames of an XPN suite are not decrypted "
            "with a static SAK"
        )
    files = [File(SAKS, _lines([f'{key.hex()},"{name}"' for name, key in saks]))]
    old = list(dict.fromkeys(key for _, key in saks if len(key) == _OLD_LENGTH))
    if old:
        files.append(File(PREFERENCES, f"macsec.psk: {old[0].hex()}\n"))
    if len({key for _, key in saks}) > 1 or not old:
        exported = "only the first" if old else "no"
        notes.append(f"Wireshark 4.4 takes one SAK of 16 octets: {exported} SAK is exported")
    return Export(files, notes + secy_notes(config.secy, {"cipher"}))


def _saks(config: Configuration, ring: KeyRing) -> Iterator[tuple[str, bytes]]:
    for way, sci, sas in config.channels():
        for an, sa in sorted(sas.items()):
            yield f"{way} SCI {sci_text(sci)} AN {an}", sak(config, ring, sa.key)


def _lines(rows: list[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


def read(path: Path, device: str | None = None) -> Import:
    """A profile folder, or one of its tables. Raises ConfigError."""
    tables = [path / SAKS, path / CAKS] if os.path.isdir(path) else [path]
    found = [table for table in tables if os.path.exists(table)]
    if not found:
        raise ConfigError(f"{path}: neither {SAKS} nor {CAKS} is there")
    tree: dict[str, Any] = {}
    notes: list[str] = []
    for table in found:
        for number, row in _rows(table):
            _take(tree, row, f"{table}:{number}", notes)
    if "mka" in tree and ("tx" in tree or "rx" in tree):
        raise ConfigError(f"{path}: SAKs and CAKs in one folder: name one of the two tables")
    if not tree:
        raise ConfigError(f"{path}: no key whose use is known")
    if "mka" in tree and len(tree["mka"]["keychain"]) == 1:
        tree["mka"] = tree["mka"]["keychain"][0]
    lengths = {len(sa["key"]) // 2 for channel in _channels(tree) for sa in channel["sa"].values()}
    tree["secy"] = {"cipher": "gcm-aes-256" if 32 in lengths else "gcm-aes-128"}
    notes.append("PNs, cipher suite and policy are not in these tables: the usual ones are taken")
    return imported(tree, path, notes)


def _channels(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [*([tree["tx"]] if "tx" in tree else []), *tree.get("rx", [])]


def _rows(table: Path) -> Iterator[tuple[int, list[str]]]:
    lines = text_of(table).splitlines()
    kept = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    for number, line in kept:
        yield number, next(csv.reader([line]))


def _take(tree: dict[str, Any], row: list[str], place: str, notes: list[str]) -> None:
    if len(row) == 3:
        if not row[2]:
            notes.append(f"{place}: a CKN without its CAK is left out")
            return
        chain = tree.setdefault("mka", {"keychain": []})["keychain"]
        chain.append({"ckn": row[0], "cak": row[2]})
        return
    if len(row) != 2:
        raise ConfigError(f"{place}: expected 2 fields (a SAK) or 3 (a CKN with its CAK)")
    if (named := _NAME.fullmatch(row[1])) is None:
        notes.append(f"{place}: a SAK without SCI and AN in its name is left out")
        return
    way, sci, an = named.groups()
    if way == "tx":
        channel = tree.setdefault("tx", {"sci": sci, "sa": {}})
    else:
        receive: list[dict[str, Any]] = tree.setdefault("rx", [])
        known = [channel for channel in receive if channel["sci"] == sci]
        channel = known[0] if known else {"sci": sci, "sa": {}}
        if not known:
            receive.append(channel)
    channel["sa"][an] = {"key": row[0]}


FORMAT = ExchangeFormat(export, read, folder=True)
