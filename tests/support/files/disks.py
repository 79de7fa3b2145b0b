"""Disk in memory that forgets unsynced data, and fails on request.

Octets last once their file was synced, and names once their folder was synced. Each unsynced piece
may survive a power cut or not: `survivors` yields every possible result.
"""

from __future__ import annotations

import errno
import itertools
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from macsec.custody.system import System


class PowerCut(BaseException):
    """The power is off: no call has an effect any more."""


@dataclass(eq=False)
class Node:
    """A file: its octets now, and its octets after a power cut."""

    mode: int
    octets: bytes = b""
    lasting: bytes = b""
    locked_by: int | None = None


@dataclass(eq=False)
class Names:
    """A folder: names now, names after a power cut, and the changes in between."""

    now: dict[str, Any] = field(default_factory=dict)
    lasting: dict[str, Any] = field(default_factory=dict)
    pending: list[tuple[str, Any]] = field(default_factory=list)  # None: the name goes

    def change(self, name: str, node: Any) -> None:
        """Bind a name to a node; None removes the name."""
        self.now.pop(name, None)
        if node is not None:
            self.now[name] = node
        self.pending.append((name, node))


MOVING = ("open", "write", "fsync", "rename", "unlink", "mkdir", "close")
"""Calls that are counted; calls that only read are not."""


class Disk:
    """The disk. `cut_at`, `fail_at`: number of the call at which power fails, or `error` is raised.

    `short`: a write takes at most this number of octets.
    """

    def __init__(
        self,
        root: Names | None = None,
        *,
        cut_at: int | None = None,
        fail_at: int | None = None,
        error: int = errno.EIO,
        short: int | None = None,
    ) -> None:
        self.root = root or Names()
        self.calls: list[str] = []
        self._cut_at, self._fail_at, self._error, self._short = cut_at, fail_at, error, short
        self._files: dict[int, Any] = {}
        self._next = itertools.count(3)
        self._dead = False

    def system(self) -> System:
        """Return the system calls, for the code under test."""
        calls = {name: getattr(self, f"_{name}") for name in System.__dataclass_fields__}
        return System(**calls)

    def _count(self, name: str) -> None:
        if self._dead or len(self.calls) == self._cut_at:
            self._dead = True
            raise PowerCut
        self.calls.append(name)
        if len(self.calls) - 1 == self._fail_at:
            raise OSError(self._error, os.strerror(self._error))

    def _folder(self, dir_fd: int | None) -> Names:
        return self.root if dir_fd is None else self._files[dir_fd]

    # ---------------------------------------------------------------- calls

    def _open(self, path: Any, flags: int, mode: int = 0o777, dir_fd: int | None = None) -> int:
        self._count("open")
        if flags & os.O_DIRECTORY:
            return self._opened(self._directory(path))
        folder = self._folder(dir_fd)
        node = folder.now.get(path)
        if node is None and not flags & os.O_CREAT:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        if node is not None and flags & os.O_EXCL:
            raise FileExistsError(errno.EEXIST, "File exists")
        if node is None:
            node = Node(mode)
            folder.change(path, node)
        return self._opened(node)

    def _directory(self, path: Path) -> Names:
        if len(path.parts) == 1:
            return self.root
        found: Names | None = self.root.now.get(path.name)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return found

    def _opened(self, what: Any) -> int:
        file = next(self._next)
        self._files[file] = what
        return file

    def _close(self, file: int) -> None:
        node = self._files[file]
        if isinstance(node, Node) and node.locked_by == file:
            node.locked_by = None
        self._count("close")
        del self._files[file]

    def _read(self, file: int, octets: int) -> bytes:
        # One reader, who reads once more until nothing comes.
        node, at = self._files[file], f"at {file}"
        begun = self.__dict__.get(at, 0)
        piece = bytes(node.octets[begun : begun + octets])
        self.__dict__[at] = begun + len(piece)
        return piece

    def _write(self, file: int, octets: bytes) -> int:
        self._count("write")
        octets = octets[: self._short]
        self._files[file].octets += octets
        return len(octets)

    def _fsync(self, file: int) -> None:
        self._count("fsync")
        what = self._files[file]
        if isinstance(what, Names):
            what.lasting, what.pending = dict(what.now), []
        else:
            what.lasting = what.octets

    def _fstat(self, file: int) -> Any:
        what = self._files[file]
        kind = stat.S_IFDIR | 0o700 if isinstance(what, Names) else stat.S_IFREG | what.mode
        return SimpleNamespace(st_mode=kind, st_uid=os.geteuid())

    def _rename(self, old: str, new: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        self._count("rename")
        folder = self._files[src_dir_fd]
        node = folder.now[old]
        folder.change(old, None)
        folder.change(new, node)

    def _unlink(self, name: str, *, dir_fd: int) -> None:
        self._count("unlink")
        folder = self._files[dir_fd]
        if name not in folder.now:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        folder.change(name, None)

    def _mkdir(self, path: Path, mode: int) -> None:
        self._count("mkdir")
        if path.name in self.root.now:
            raise FileExistsError(errno.EEXIST, "File exists")
        self.root.change(path.name, Names())

    def _listdir(self, file: int) -> list[str]:
        return list(self._files[file].now)

    def _lock(self, file: int) -> None:
        node = self._files[file]
        if node.locked_by is not None:
            raise BlockingIOError(errno.EWOULDBLOCK, "Resource temporarily unavailable")
        node.locked_by = file

    # ---------------------------------------------------------------- after the cut

    def survivors(self) -> Iterator[Names]:
        """Yield every state in which the disk can be found afterwards."""
        for names in _chosen(self.root):
            folders = {name: what for name, what in names.items() if isinstance(what, Names)}
            for inner in itertools.product(*(list(_chosen(f)) for f in folders.values())):
                for keep in (lambda n: n.lasting, lambda n: n.octets, _half):
                    found = {
                        folder: _settled({name: _copied(n, keep) for name, n in entries.items()})
                        for folder, entries in zip(folders, inner, strict=True)
                    }
                    yield _settled(found)


def _half(node: Node) -> bytes:
    """Return a file of whose unsynced octets the first half survived."""
    unsure = len(node.octets) - len(node.lasting)
    return node.octets[: len(node.lasting) + unsure // 2]


def _copied(node: Node, keep: Any) -> Node:
    octets = keep(node)
    return Node(node.mode, octets, octets)


def _settled(entries: dict[str, Any]) -> Names:
    return Names(dict(entries), dict(entries))


def _chosen(folder: Names) -> Iterator[dict[str, Any]]:
    """Yield the names, with any of the unsynced changes."""
    for came in itertools.product((False, True), repeat=len(folder.pending)):
        names = dict(folder.lasting)
        for (name, node), there in zip(folder.pending, came, strict=True):
            if there:
                names.pop(name, None)
                if node is not None:
                    names[name] = node
        yield names
