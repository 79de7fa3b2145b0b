"""Files and programs that no other user of this machine can have put there or changed.

This package often runs as root, in any folder and with any environment. It starts programs by
their absolute path, from folders that are trusted, and without the variables of the caller that
make a program load other code.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

from macsec.errors import ConfigError

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

STEERING = (
    *("LD_", "PYTHON", "GLIBC_", "MALLOC_", "OPENSSL_", "BASH_", "GCONV_PATH", "LOCPATH"),
    *("NLSPATH", "ENV", "IFS", "TMPDIR", "HOSTALIASES", "RESOLV_", "RES_OPTIONS", "LOCALDOMAIN"),
)
"""Beginnings of the names of variables that make a program load or read other files."""

_GROUP_OR_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def trusted(path: str | Path) -> bool:
    """Return whether only root, or this user, can change what is at a path or put it elsewhere.

    That is so if no other user owns it or a folder above it, and no folder is writable by all; one
    above it may be, with the sticky bit: /tmp.
    """
    if not os.path.isabs(path):
        return False
    real = Path(os.path.realpath(path))
    try:
        # In a user namespace the owner of / is what it sees of root.
        owners = {0, os.geteuid(), os.stat("/").st_uid}
        own, *above = (each.stat() for each in (real, *real.parents))
    except OSError:
        return False
    return (
        all(each.st_uid in owners for each in (own, *above))
        and not own.st_mode & stat.S_IWOTH
        and not any(
            each.st_mode & stat.S_IWOTH and not each.st_mode & stat.S_ISVTX for each in above
        )
    )


def search_path() -> str:
    """Return the trusted folders of PATH, then the system's."""
    folders = (*os.environ.get("PATH", "").split(os.pathsep), *SYSTEM_PATH.split(os.pathsep))
    return os.pathsep.join(dict.fromkeys(each for each in folders if trusted(each)))


def program(name: str) -> str | None:
    """Return the absolute path of a program that is trusted, or None.

    `name` is looked up in `search_path()`, unless it has a slash.
    """
    folders = search_path().split(os.pathsep)
    where = [name] if os.sep in name else [os.path.join(folder, name) for folder in folders]
    return next((each for each in where if trusted(each) and shutil.which(each)), None)


def environment() -> dict[str, str]:
    """Return the environment of a program of the system: nothing of the caller's but its PATH."""
    return {"PATH": search_path(), "LC_ALL": "C.UTF-8"}


def ourselves(*arguments: str) -> list[str]:
    """Return a command that runs this package: the one that is loaded, in any current folder."""
    paths = [*filter(os.path.isabs, sys.path), str(Path(__file__).parents[1])]
    start = f"import sys; sys.path[:] = {paths!r}; from macsec.__main__ import main; main()"
    return [sys.executable, "-I", "-c", start, *arguments]


def own_environment() -> dict[str, str]:
    """Return the environment of such a command: ours, with no variable that steers a loader."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(STEERING)}
    return {**kept, "PATH": search_path()}


def check_own(folder: str) -> None:
    """Raise ConfigError unless a folder is ours, and others can neither write nor replace it."""
    found = os.stat(folder)
    others = found.st_uid != os.geteuid() or found.st_mode & _GROUP_OR_OTHERS_WRITE
    if others or not trusted(os.path.abspath(folder)):
        raise ConfigError(
            f"{folder}: another user can write there: take a folder of your own (chmod go-w)"
        )
