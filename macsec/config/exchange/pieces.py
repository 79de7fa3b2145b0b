"""Parts common to all formats: files to write, a configuration that was read, notes on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from macsec.config.caks import CAK_LENGTHS
from macsec.config.loading import load
from macsec.config.model import Configuration, MkaSection, SecYSection, TransmitSCSection
from macsec.config.reading import open_regular, unmarked
from macsec.config.sources import KeyRing, KeySource
from macsec.errors import ConfigError
from macsec.suites import SUITES


@dataclass(frozen=True, slots=True)
class File:
    """A file of an export. `secret`: it holds a key."""

    name: str
    text: str = field(repr=False)
    secret: bool = True


@dataclass(frozen=True, slots=True)
class Export:
    """Files, and what they do not say although the configuration does."""

    files: list[File]
    notes: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """A configuration, and notes on what it cannot express."""

    config: Configuration
    notes: list[str]


class ReadFile(Protocol):
    """Read a file of another program."""

    def __call__(self, path: Path, device: str | None = None) -> Import:
        """Return the configuration of a device, the only one by default. Raises ConfigError."""


@dataclass(frozen=True, slots=True)
class ExchangeFormat:
    """One format. `folder`: an export has several files, and so is a folder.

    `export(config, ring, folder)`: `folder` is where the files are going to be. `read(path,
    device)`: a file or such a folder, and one of several devices in it. Both raise ConfigError.
    `read` is `only_written` for a format that cannot be read.
    """

    export: Callable[[Configuration, KeyRing, Path], Export]
    read: ReadFile
    folder: bool = False


def only_written(path: Path, device: str | None = None) -> Import:
    """Refuse to read a format that is written only. Raises ConfigError."""
    raise ConfigError(f"{path}: files of this format are written and not read")


def sak(config: Configuration, ring: KeyRing, source: KeySource) -> bytes:
    """The octets of a SAK, as many as the suite wants. Raises ConfigError."""
    cipher = config.secy.cipher
    return _octets(ring, source, (SUITES[cipher].key_length,), f"a SAK of {cipher}")


def _octets(ring: KeyRing, source: KeySource, lengths: tuple[int, ...], what: str) -> bytes:
    key = ring.key(source)
    if len(key) not in lengths:
        wanted = " or ".join(map(str, lengths))
        raise ConfigError(f"{what} has {wanted} octets, {len(key)} given")
    return key.expose()


def agreement(config: Configuration, whose: str) -> MkaSection:
    """The section mka, for a format that has nothing else. Raises ConfigError."""
    if config.mka is None:
        raise ConfigError(
            f"static SAKs are not exported to {whose}: expected a configuration with mka"
        )
    return config.mka


def static(config: Configuration, whose: str) -> None:
    """Refuse key agreement, for a format that has static SAKs only. Raises ConfigError."""
    if config.mka is not None:
        raise ConfigError(f"{whose} has static SAKs only: expected a configuration with tx or rx")
    if config.tx is None and not config.rx:
        raise ConfigError(f"there is no key to export: neither tx nor rx is configured for {whose}")


def caks(mka: MkaSection, ring: KeyRing, notes: list[str]) -> Iterator[tuple[bytes, bytes]]:
    """CKN and CAK of each key whose octets are there; the others are noted."""
    if mka.generated is not None:
        notes.append("generated CAKs are not exported")
    for key in mka.caks:
        if key.cak is not None and key.ckn is not None:
            yield key.ckn, _octets(ring, key.cak, CAK_LENGTHS, f"CAK {key.ckn.hex()}")
        elif key.pkcs11 is not None:
            notes.append(f"CAK {key.ckn.hex() if key.ckn else ''} is on a token and stays there")
        else:
            notes.append("a CAK is in a Key Vault: this command does not fetch it")


def secy_notes(secy: SecYSection, carried: set[str]) -> list[str]:
    """Return notes on settings of the SecY that differ from the default and that a format lacks."""
    usual = SecYSection()
    return [
        f"secy.{entry.alias or name} cannot be expressed in this format"
        for name, entry in SecYSection.model_fields.items()
        if name not in carried and getattr(secy, name) != getattr(usual, name)
    ]


def class_notes(tx: TransmitSCSection) -> list[str]:
    """Return a note on the transmit SCs of other traffic classes, which Linux lacks."""
    if not tx.classes:
        return []
    classes = ", ".join(map(str, sorted(tx.classes)))
    return [
        f"tx.classes cannot be expressed in this format: a device has one transmit SC, so frames "
        f"of traffic classes {classes} go there too"
    ]


def mka_notes(mka: MkaSection, carried: set[str]) -> list[str]:
    """Return notes on settings of the key agreement that differ from the default and are lost."""
    skipped = {"cak", "ckn", "pkcs11", "mac_sec_config", "generated", "audit", "keychain", *carried}
    return [
        f"mka.{name} cannot be expressed in this format"
        for name, entry in MkaSection.model_fields.items()
        if name not in skipped
        and getattr(mka, name) != entry.get_default(call_default_factory=True)
    ]


def imported(tree: Mapping[str, Any], place: Path, notes: list[str]) -> Import:
    """The configuration of a tree. Raises ConfigError, naming what was read."""
    try:
        return Import(load(tree), notes)
    except ConfigError as error:
        reason = str(error)
    raise ConfigError(f"{place}: {reason}")


def text_of(path: Path) -> str:
    """A text file of at most 1 MiB, without its byte order mark. Raises ConfigError."""
    try:
        descriptor, _ = open_regular(path)
        with open(descriptor, "rb") as file:
            read = unmarked(file.read((1 << 20) + 1))
    except OSError as error:
        raise ConfigError(f"{path}: cannot read it: {error.strerror}") from None
    if len(read) > 1 << 20:
        raise ConfigError(f"{path}: larger than 1 MiB: no such file")
    if b"\0" in read:
        raise ConfigError(f"{path}: not text")
    return read.decode("utf-8", "replace")


def on_off(value: bool) -> str:
    """`on` or `off`."""
    return "on" if value else "off"
