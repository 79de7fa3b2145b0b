"""CAKs at rest: a file in which each is wrapped by a key-encryption key.

    {"format": "macsec-caks/1", "kek": CHECK VALUE, "keys": [...], "sha256": OF THE REST}

Each CAK is AES-256-GCM under the key-encryption key with a nonce of its own; its CKN, window and
the format are associated data (D-25): none can be changed, nor two CAKs change places. The
checksum separates damage from a wrong key. The file is written whole, to the disk, with mode 0600.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from macsec.config.private import write_private
from macsec.errors import ConfigError
from macsec.kay.keys import derivation
from macsec.keys import Key, Uncopyable

Random: TypeAlias = Callable[[int], bytes]
Change: TypeAlias = "Callable[[list[StoredCak]], list[StoredCak]]"

FORMAT = "macsec-caks/1"
KEK_LENGTH, NONCE_LENGTH = 32, 12
SIZE_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class StoredCak(Uncopyable):
    """A CAK with its name and window, in nanoseconds since 1970; `end_ns` None is for ever."""

    ckn: bytes
    cak: Key
    start_ns: int
    end_ns: int | None = None

    def __post_init__(self) -> None:
        if (
            len(self.cak) not in derivation.KEY_LENGTHS
            or len(self.ckn) not in derivation.CKN_LENGTHS
        ):
            raise ConfigError("a CAK has 16 or 32 octets, a CKN 1 to 32")


class CakStore(Uncopyable):
    """The file at `path`, under a key-encryption key of 32 octets. Raises ConfigError."""

    __slots__ = ("_kek", "path")

    def __init__(self, path: str | Path, kek: Key) -> None:
        if len(kek) != KEK_LENGTH:
            raise ConfigError(f"a key-encryption key has {KEK_LENGTH} octets, {len(kek)} given")
        self.path = Path(path)
        self._kek = kek

    def read(self) -> list[StoredCak]:
        """Return all CAKs. Refuses a file readable by others, damaged, or of another key."""
        body = self._checked(_private(self.path))
        return [self._unwrapped(entry) for entry in body["keys"]]

    def write(self, caks: Sequence[StoredCak], random: Random, new: bool = False) -> None:
        """Replace the file by one with these CAKs. `new`: the file must not exist."""
        entries = [self._wrapped(cak, random(NONCE_LENGTH)) for cak in caks]
        body = {"format": FORMAT, "kek": self._kek.check_value, "keys": entries}
        text = json.dumps({**body, "sha256": _sum(body)}, indent=1) + "\n"
        write_private(self.path, text.encode(), replace=not new)

    def update(self, change: Change, random: Random) -> list[StoredCak]:
        """Replace the CAKs by the result of `change`, or make the file with it.

        Read, changed and written under a lock: processes that do so at once lose nothing.
        """
        with _locked(self.path.parent):
            new = not os.path.lexists(self.path)
            caks = change([] if new else self.read())
            self.write(caks, random, new=new)
        return caks

    def _wrapped(self, cak: StoredCak, nonce: bytes) -> dict[str, Any]:
        named = _named(cak.ckn, cak.start_ns, cak.end_ns)
        wrapped = AESGCM(self._kek.in_place()).encrypt(
            nonce, cak.cak.in_place(), _associated(named)
        )
        return {**named, "nonce": nonce.hex(), "wrapped": wrapped.hex()}

    def _unwrapped(self, entry: dict[str, Any]) -> StoredCak:
        named = {name: entry[name] for name in ("ckn", "start_ns", "end_ns")}
        cipher = AESGCM(self._kek.in_place())
        nonce, wrapped = bytes.fromhex(entry["nonce"]), bytes.fromhex(entry["wrapped"])
        try:
            cak = Key.taking(cipher.decrypt(nonce, wrapped, _associated(named)))
        except InvalidTag:
            cak = None
        if cak is None:
            raise ConfigError(f"{self.path}: CAK {named['ckn']} was changed: it does not unwrap")
        return StoredCak(
            bytes.fromhex(named["ckn"]),
            cak,
            int(named["start_ns"]),
            None if named["end_ns"] is None else int(named["end_ns"]),
        )

    def _checked(self, octets: bytes) -> dict[str, Any]:
        try:
            body: dict[str, Any] = json.loads(octets)
            checksum = body.pop("sha256")
            form, kek, entries = body["format"], body["kek"], body["keys"]
            whole = checksum == _sum(body) and isinstance(entries, list)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ConfigError(f"{self.path}: damaged, or not a file of CAKs") from None
        if form != FORMAT:
            raise ConfigError(f"{self.path}: not of format {FORMAT}")
        if not whole:
            raise ConfigError(f"{self.path}: damaged: its checksum does not match")
        if kek != self._kek.check_value:
            raise ConfigError(f"{self.path}: wrapped by another key-encryption key")
        return body

    def __repr__(self) -> str:
        return f"<CakStore {self.path}>"


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder: a lock on a file would not outlive the file's replacement."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot open it: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _named(ckn: bytes, start_ns: int, end_ns: int | None) -> dict[str, Any]:
    end = None if end_ns is None else str(end_ns)
    return {"ckn": ckn.hex(), "start_ns": str(start_ns), "end_ns": end}


def _associated(named: dict[str, Any]) -> bytes:
    return json.dumps([FORMAT, named], sort_keys=True).encode()


def _sum(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _private(path: Path) -> bytes:
    """Return the octets of a file that only its owner can read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ConfigError(f"{path}: cannot read it: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ConfigError(f"{path}: not a regular file")
        if found.st_mode & 0o077 or found.st_uid != os.geteuid():
            raise ConfigError(f"{path}: other users can read it: chmod 600, and run as its owner")
        octets = file.read(SIZE_LIMIT + 1)
    if len(octets) > SIZE_LIMIT:
        raise ConfigError(f"{path}: larger than {SIZE_LIMIT} octets: not a file of CAKs")
    return octets
