"""Keys and settings of one port with key agreement, as formats of devices need them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from macsec.config.exchange.pieces import (
    ExchangeFormat,
    Export,
    File,
    agreement,
    caks,
    mka_notes,
    only_written,
    secy_notes,
)
from macsec.config.model import Configuration, MkaSection, SecYSection
from macsec.config.sources import KeyRing
from macsec.errors import ConfigError

NAME = "macsec"
"""Name of key chains, policies and profiles in exports."""
NS_PER_S = 10**9


@dataclass(frozen=True, slots=True)
class PortKey:
    """A CAK as text: hex digits, and its window; None: no start, no end."""

    ckn: str
    cak: str
    start: datetime | None = None
    end: datetime | None = None

    @property
    def bits(self) -> int:
        """The length of the CAK, which names its CMAC."""
        return 4 * len(self.cak)

    def __repr__(self) -> str:
        """Return the name of the key alone."""
        return f"<PortKey {self.ckn}>"


@dataclass(frozen=True, slots=True)
class PortSettings:
    """The settings of one port."""

    secy: SecYSection
    mka: MkaSection
    keys: list[PortKey]
    fallback: PortKey | None

    @property
    def must_secure(self) -> bool:
        """True if no frame passes in clear."""
        return self.mka.policy == "must-secure"

    @property
    def window(self) -> int | None:
        """The replay window, None without replay protection."""
        return self.secy.window if self.secy.replay else None


@dataclass(frozen=True, slots=True)
class DeviceLimits:
    """The limits of a format. `secy` and `mka`: fields that it expresses, all others are noted.

    `suites`: the suites and their spelling. `keys_most`: None for a key chain of any length.
    `windows`: whether it has the start and end of a key.
    """

    title: str
    file: str
    suites: dict[str, str]
    secy: frozenset[str]
    mka: frozenset[str]
    keys_most: int | None = None
    fallback: bool = True
    cak_octets: tuple[int, ...] = (16, 32)
    windows: bool = True
    notes: tuple[str, ...] = ()


_NO_WINDOWS = "start and end of keys are left out: enter each key when it is due"

Writer = Callable[[PortSettings], Iterator[str]]


def exporter(
    limits: DeviceLimits, write: Writer
) -> Callable[[Configuration, KeyRing, Path], Export]:
    """Return the export of a format that writes lines."""

    def export(config: Configuration, ring: KeyRing, folder: Path) -> Export:
        notes: list[str] = []
        settings = settings_of(config, ring, limits, notes)
        text = "".join(f"{line}\n" for line in write(settings))
        return Export([File(limits.file, text)], notes)

    return export


def one_way(limits: DeviceLimits, write: Writer) -> ExchangeFormat:
    """Return a format that is written and not read."""
    return ExchangeFormat(exporter(limits, write), only_written)


def settings_of(
    config: Configuration, ring: KeyRing, limits: DeviceLimits, notes: list[str]
) -> PortSettings:
    """Return the settings of a port; add a note on each that gets lost. Raises ConfigError."""
    mka, secy = agreement(config, limits.title), config.secy
    if secy.cipher not in limits.suites:
        raise ConfigError(f"{limits.title} has no {secy.cipher}: {' or '.join(limits.suites)}")
    keys, fallback = _keys(mka, ring, notes)
    if not keys:
        raise ConfigError("; ".join(notes) or "there is no CAK to export")
    wrong = [key.ckn for key in keys if len(key.cak) // 2 not in limits.cak_octets]
    if wrong:
        octets = " or ".join(map(str, limits.cak_octets))
        raise ConfigError(f"{limits.title} takes a CAK of {octets} octets: see CKN {wrong[0]}")
    if limits.keys_most is not None and len(keys) > limits.keys_most:
        notes.append(f"{limits.keys_most} CAK a port: {len(keys) - limits.keys_most} left out")
        keys = keys[: limits.keys_most]
    if fallback is not None and not limits.fallback:
        notes.append("the fallback CAK cannot be expressed in this format")
        fallback = None
    notes += secy_notes(secy, {*limits.secy, "cipher"})
    notes += mka_notes(mka, {*limits.mka})
    kept = keys if fallback is None else [*keys, fallback]
    timed = not limits.windows and any(key.start or key.end for key in kept)
    own = (_NO_WINDOWS, *limits.notes) if timed else limits.notes
    notes += [f"{limits.title}: {note}" for note in own]
    return PortSettings(secy, mka, keys, fallback)


def _keys(mka: MkaSection, ring: KeyRing, notes: list[str]) -> tuple[list[PortKey], PortKey | None]:
    windows = {key.ckn: key for key in mka.keychain}
    keys, fallback = [], None
    for ckn, cak in caks(mka, ring, notes):
        section = windows.get(ckn)
        if section is None:
            keys.append(PortKey(ckn.hex(), cak.hex()))
            continue
        start = _moment(section.start.ns) if section.start.ns else None
        end = None if section.end is None else _moment(section.end.ns)
        key = PortKey(ckn.hex(), cak.hex(), start, end)
        if section.fallback:
            fallback = key
        else:
            keys.append(key)
    return keys, fallback


def _moment(ns: int) -> datetime:
    return datetime.fromtimestamp(ns // NS_PER_S, UTC)
