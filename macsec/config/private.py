"""Write files with secrets: complete, readable by their owner only, never over another file."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from macsec.errors import ConfigError, MACsecError


def write_private(path: Path, octets: bytes, mode: int = 0o600, replace: bool = False) -> None:
    """Write a file completely and flush it to the disk, or leave no file.

    Raises ConfigError if the file exists and `replace` is False, or if it cannot be created;
    MACsecError if it cannot be written.
    """
    whole = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        if not replace and os.path.lexists(path):
            raise FileExistsError
        descriptor = os.open(whole, flags, mode)
    except FileExistsError:
        raise ConfigError(f"{path}: exists; a file with keys is never overwritten") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot create it: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        _put(whole, path, replace)
    except OSError as error:
        if isinstance(error, FileExistsError):
            raise ConfigError(f"{path}: exists; a file with keys is never overwritten") from None
        raise MACsecError(f"{path}: cannot write it: {error.strerror}") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(whole)


def _put(whole: Path, path: Path, replace: bool) -> None:
    if replace:
        os.replace(whole, path)
    else:
        os.link(whole, path)  # unlike a rename, this fails where the name is taken
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
