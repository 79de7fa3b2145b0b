"""A file of CAKs: a YAML mapping of CKN hex to CAK hex, or to where the CAK is.

A CKN that names several CAKs has a list of them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from macsec.config.reading import Origin, PathInTree, read_file
from macsec.config.sources import KeyRing, KeySource
from macsec.errors import ConfigError
from macsec.keys import Key
from macsec.terms import octets_of

LOG = logging.getLogger("macsec")

CKN_LENGTHS = range(1, 33)
CAK_LENGTHS = (16, 32)


def load_caks(path: str | Path) -> dict[bytes, list[Key]]:
    """The CAKs of a file by CKN; a CAK may be hex, `file:PATH`, `env:NAME` or `fd:N`.

    Both have to be exact: nothing is filled up. Raises ConfigError, which names file and line.
    """
    tree, origin = read_file(Path(path), "CKN and CAK")
    caks: dict[bytes, list[Key]] = {}
    try:
        with KeyRing(origin.folder) as ring:
            for name, value in tree.items():
                ckn = _ckn(name, origin)
                if ckn in caks:
                    reason = "this CKN is given twice; several CAKs are a list"
                    raise ConfigError(f"{origin.where((name,))}: {reason}")
                found = caks[ckn] = []
                for at, entry in _entries(value):
                    found.append(_cak(entry, origin.where((name, *at)), ring))
    except BaseException:
        for cak in chain.from_iterable(caks.values()):
            cak.wipe()
        raise
    _warn_of_exposed_keys(tree, origin)
    return caks


def _entries(value: Any) -> Iterator[tuple[PathInTree, Any]]:
    """Yield the CAKs of an entry, each with its place in it."""
    if isinstance(value, list) and value:
        yield from (((at,), entry) for at, entry in enumerate(value))
    else:
        yield (), value


def _ckn(name: str, origin: Origin) -> bytes:
    try:
        ckn = octets_of(name)
    except ValueError as error:
        hint = "; 1 is written 01" if len(name) % 2 else ""
        reason = f"a CKN is an even number of hex digits: {error}{hint}"
        raise ConfigError(f"{origin.where((name,))}: {reason}") from None
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
    return Key(cak.in_place())  # the ring wipes its own


def _warn_of_exposed_keys(tree: Mapping[str, Any], origin: Origin) -> None:
    if origin.exposed and any(
        KeySource.of(entry).inline for value in tree.values() for _, entry in _entries(value)
    ):
        LOG.warning("%s holds a key and others can read it: chmod 600", origin.name)
