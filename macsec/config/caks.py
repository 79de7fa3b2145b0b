"""A file of CAKs: a YAML mapping of CKN hex to CAK hex, or to where the CAK is."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from macsec.config.reading import Origin, read_file
from macsec.config.sources import KeyRing, KeySource
from macsec.errors import ConfigError
from macsec.keys import Key
from macsec.terms import octets_of

LOG = logging.getLogger("macsec")

CKN_LENGTHS = range(1, 33)
CAK_LENGTHS = (16, 32)


def load_caks(path: str | Path) -> dict[bytes, Key]:
    """The CAKs of a file by CKN; a CAK may be hex, `file:PATH`, `env:NAME` or `fd:N`.

    Both have to be exact: nothing is filled up. Raises ConfigError, which names file and line.
    """
    tree, origin = read_file(Path(path), "CKN and CAK")
    caks: dict[bytes, Key] = {}
    try:
        with KeyRing(origin.folder) as ring:
            for name, value in tree.items():
                ckn = _ckn(name, origin)
                if ckn in caks:
                    raise ConfigError(f"{origin.where((name,))}: this CKN is given twice")
                caks[ckn] = _cak(value, origin.where((name,)), ring)
    except BaseException:
        for cak in caks.values():
            cak.wipe()
        raise
    _warn_of_exposed_keys(tree, origin)
    return caks


def _ckn(name: str, origin: Origin) -> bytes:
    try:
        ckn = octets_of(name)
    except ValueError as error:
        raise ConfigError(f"{origin.where((name,))}: a CKN is hex digits: {error}") from None
    if len(ckn) not in CKN_LENGTHS:
        raise ConfigError(f"{origin.where((name,))}: a CKN has 1 to 32 octets, {len(ckn)} given")
    return ckn


def _cak(value: Any, place: str, ring: KeyRing) -> Key:
    try:
        cak = ring.key(KeySource.of(value))
    except (ValueError, ConfigError) as error:
        raise ConfigError(f"{place}: {error}") from None
    if len(cak) not in CAK_LENGTHS:
        raise ConfigError(f"{place}: a CAK has 16 or 32 octets, {len(cak)} given")
    return Key(cak.expose())  # the ring wipes its own


def _warn_of_exposed_keys(tree: Mapping[str, Any], origin: Origin) -> None:
    if origin.exposed and any(KeySource.of(value).inline for value in tree.values()):
        LOG.warning("%s holds a key and others can read it: chmod 600", origin.name)
