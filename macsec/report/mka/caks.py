"""A chain of CAKs by name and window, without the CAKs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

from macsec.config import Moment
from macsec.kay.holders import StoredCak
from macsec.kay.keys.keychain import ChainKey
from macsec.report.fields import Hex, Integer


class CakJson(TypedDict):
    """A CAK by its name, and its window in nanoseconds since 1970; `fallback` of a KaY's keys."""

    ckn: Hex
    octets: int
    start_ns: Integer
    end_ns: Integer | None
    in_use: bool
    fallback: NotRequired[bool]


class CaksJson(TypedDict):
    """`macsec/caks/1`: names and times of CAKs, without the CAKs."""

    schema: Literal["macsec/caks/1"]
    keys: list[CakJson]


def caks_lines(chain: Sequence[StoredCak], now_ns: int) -> str:
    """Return a table: CKN, length, from, until, use now."""
    rows = [f"{'CKN':<32}  octets  {'from':<30}  {'until':<30}  now"]
    for cak in chain:
        used = "in use" if _used(cak, now_ns) else ""
        start, end = _time(cak.start_ns), "" if cak.end_ns is None else _time(cak.end_ns)
        rows.append(f"{cak.ckn.hex():<32}  {len(cak.cak):>6}  {start:<30}  {end:<30}  {used}")
    return "\n".join(row.rstrip() for row in rows)


def caks_json(chain: Sequence[StoredCak], now_ns: int) -> str:
    """Return the same as one JSON object."""
    keys: list[CakJson] = [
        {
            "ckn": cak.ckn.hex(),
            "octets": len(cak.cak),
            "start_ns": str(cak.start_ns),
            "end_ns": None if cak.end_ns is None else str(cak.end_ns),
            "in_use": _used(cak, now_ns),
        }
        for cak in chain
    ]
    return _dumped(keys)


def chain_lines(chain: Sequence[tuple[ChainKey, bool]], now_ns: int) -> str:
    """Return a table of the keys of a KaY whose clock began at `now_ns`."""
    rows = [f"{'CKN':<64}  octets  {'from':<30}  {'until':<30}  now"]
    for key, used in chain:
        start, end = _window(key, now_ns)
        state = ("in use" if used else "") + (" as fallback" if key.fallback else "")
        rows.append(f"{key.name:<64}  {key.holder.cak_length:>6}  {start:<30}  {end:<30}  {state}")
    return "\n".join(row.rstrip() for row in rows)


def chain_json(chain: Sequence[tuple[ChainKey, bool]], now_ns: int) -> str:
    """Return the same as one JSON object."""
    keys: list[CakJson] = [
        {
            "ckn": key.name,
            "octets": key.holder.cak_length,
            "start_ns": str(now_ns + key.start_ns),
            "end_ns": None if key.end_ns is None else str(now_ns + key.end_ns),
            "in_use": used,
            "fallback": key.fallback,
        }
        for key, used in chain
    ]
    return _dumped(keys)


def _dumped(keys: list[CakJson]) -> str:
    result: CaksJson = {"schema": "macsec/caks/1", "keys": keys}
    return json.dumps(result)


def _window(key: ChainKey, now_ns: int) -> tuple[str, str]:
    end = "" if key.end_ns is None else _time(now_ns + key.end_ns)
    return _time(now_ns + key.start_ns), end


def _used(cak: StoredCak, now_ns: int) -> bool:
    return cak.start_ns <= now_ns and (cak.end_ns is None or now_ns < cak.end_ns)


def _time(ns: int) -> str:
    return str(Moment(ns, absolute=True))
