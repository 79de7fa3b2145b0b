"""Files of a corpus in stores of fsspec: list them, read them, write results that appear whole."""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from macsec import extras
from macsec.errors import ConfigError, MACsecError
from macsec.whole_file import WholeFile, make_folder

CAPTURE_ENDINGS = (".pcapng", ".pcap", ".cap")
COMPRESSED = (".gz", ".zst")
OWN_FOLDER = "_macsec"
"""The folder of DEST with plan and manifest."""

BLOCK = 8 << 20
"""Octets that are read ahead of a store, and parts in which an object is written."""

_MAGIC = re.compile(r"[*?\[]")
_STAMPS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified")


class StoreFailed(MACsecError):
    """A store that did not answer, or broke off: the same call may succeed later."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A capture of the corpus. `name`: relative to its SOURCE; `stamp`: changes with its octets."""

    name: str
    url: str
    size: int
    stamp: str


def listed(sources: Sequence[str], endings: Sequence[str]) -> list[SourceFile]:
    """Return the files of folders, globs and URLs, sorted by name. Raises ConfigError."""
    found: dict[str, SourceFile] = {}
    for source in sources:
        files = list(_files(source, endings))
        if not files:
            raise ConfigError(f"{shown(source)}: no file that ends in {', '.join(endings)}")
        for file in files:
            other = found.setdefault(file.name, file)
            if other.url != file.url:
                raise ConfigError(
                    f"{shown(file.url)} and {shown(other.url)} would have one result, {file.name}"
                )
    return [found[name] for name in sorted(found)]


def _files(source: str, endings: Sequence[str]) -> Iterator[SourceFile]:
    system, path = file_system(source)
    try:
        if _MAGIC.search(path):
            base = path[: _MAGIC.search(path).start()].rpartition("/")[0]  # type: ignore[union-attr]
            details = system.glob(path, detail=True)
        elif system.isfile(path):
            base, details = posixpath.dirname(path), {path: system.info(path)}
            endings = ("",)
        else:
            base, details = path.rstrip("/"), system.find(path, detail=True)
    except OSError as error:
        raise _failed("list", source, error) from error
    for each, info in details.items():
        if info.get("type") == "file" and _wanted(each, base, endings):
            name = each[len(base) :].lstrip("/")
            yield SourceFile(name, _url(system, each), int(info.get("size") or 0), _stamp(info))


def _wanted(path: str, base: str, endings: Sequence[str]) -> bool:
    inside = path[len(base) :].split("/")
    return without_compression(path).lower().endswith(tuple(endings)) and OWN_FOLDER not in inside


def without_compression(name: str) -> str:
    """Return a name without the ending of a compression."""
    return next((name[: -len(end)] for end in COMPRESSED if name.endswith(end)), name)


def _stamp(info: dict[str, Any]) -> str:
    values = [info[name] for name in _STAMPS if info.get(name)]
    texts = (v.isoformat() if isinstance(v, datetime) else str(v) for v in values[:2])
    return "/".join((str(info.get("size")), *texts))


def _url(system: Any, path: str) -> str:
    return path if is_local(system) else str(system.unstrip_protocol(path))


def is_local(system: Any) -> bool:
    """Return whether a file system of fsspec is that of this machine."""
    return "file" in ((system.protocol,) if isinstance(system.protocol, str) else system.protocol)


def file_system(url: str) -> tuple[Any, str]:
    """Return the file system of fsspec for a path or URL, and the path in it. Raises ConfigError.

    Credentials and endpoints come from the environment of the process, never from a URL.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise extras.lacks("corpus") from None
    if "@" in urlsplit(url).netloc and urlsplit(url).scheme in ("http", "https", "s3", "gs"):
        raise ConfigError(f"{shown(url)}: credentials belong into the environment, not into a URL")
    try:
        system, path = url_to_fs(url)
    except ImportError as error:
        raise ConfigError(f"{shown(url)}: {error}: pip install 'macsec[corpus]'") from None
    except (ValueError, OSError) as error:
        raise ConfigError(f"{shown(url)}: {error}") from None
    return system, path


def shown(url: str) -> str:
    """Return a URL for a message: without credentials and query."""
    parts = urlsplit(url)
    if not parts.netloc or "://" not in url:
        return url
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def joined(folder: str, name: str) -> str:
    """Return the path or URL of a file in a folder."""
    return f"{folder.rstrip('/')}/{name}"


def _failed(verb: str, url: str, error: Exception) -> MACsecError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    kind = ConfigError if isinstance(error, FileNotFoundError | PermissionError) else StoreFailed
    return kind(f"cannot {verb} {shown(url)}: {reason}")


class Input(io.RawIOBase):
    """Octets of a file in a store: all of it, or a head that is given and a range behind it.

    With `hashed`, `digest` is the SHA-256 of all octets that were read.
    """

    def __init__(
        self,
        url: str,
        head: bytes = b"",
        start: int = 0,
        end: int | None = None,
        hashed: bool = False,
    ) -> None:
        super().__init__()
        self.name = shown(url)
        system, path = file_system(url)
        self._url, self._head, self._left = (
            url,
            memoryview(head),
            None if end is None else end - start,
        )
        self._hash = hashlib.sha256() if hashed else None
        try:
            if is_local(system):
                self._file: Any = open(path, "rb", buffering=0)  # noqa: SIM115 closed below
            else:
                self._file = system.open(path, "rb", block_size=BLOCK, cache_type="readahead")
            if start:
                self._file.seek(start)
        except OSError as error:
            raise _failed("read", url, error) from error

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the front of a buffer; return the number of octets, 0 at the end."""
        view = memoryview(buffer).cast("B")
        if self._head:
            count = min(len(view), len(self._head))
            view[:count] = self._head[:count]
            self._head = self._head[count:]
            return count
        if self._left is not None:
            view = view[: self._left]
        if not view:
            return 0
        try:
            count = int(self._file.readinto(view))
        except Exception as error:  # each store has its own
            raise _failed("read", self._url, error) from error
        if self._left is not None:
            self._left -= count
        if self._hash is not None:
            self._hash.update(view[:count])
        return count

    @property
    def digest(self) -> str:
        """SHA-256 of what was read."""
        return "" if self._hash is None else self._hash.hexdigest()

    def close(self) -> None:
        """Close the file."""
        if not self.closed and hasattr(self, "_file"):
            self._file.close()
        super().close()


def unchanged(url: str, stamp: str) -> bool:
    """Return whether the file still has the stamp of the plan."""
    system, path = file_system(url)
    try:
        if not is_local(system):
            system.invalidate_cache(posixpath.dirname(path))
        return _stamp(system.info(path)) == stamp
    except OSError as error:
        raise _failed("read", url, error) from error


class Output(io.RawIOBase):
    """A file that appears whole with `commit`, and not at all otherwise.

    `digest`: SHA-256 of its octets. `skip`: octets at the start that are left out.
    """

    def __init__(self, url: str, skip: int = 0) -> None:
        super().__init__()
        self.name, self._url = shown(url), url
        self.octets, self._skip = 0, skip
        self._ended = False
        self._hash = hashlib.sha256()
        system, path = file_system(url)
        self._whole: WholeFile | None = None
        try:
            if is_local(system):
                make_folder(posixpath.dirname(path) or ".")
                self._whole = WholeFile(path)
                self._file: Any = self._whole
            else:
                self._file = system.open(path, "wb", block_size=BLOCK)
        except OSError as error:
            raise _failed("write", url, error) from error

    def write(self, octets: Any) -> int:
        """Write all octets."""
        view = memoryview(octets).cast("B")
        length = len(view)
        left_out = min(self._skip, length)
        self._skip -= left_out
        view = view[left_out:]
        self._hash.update(view)
        self.octets += len(view)
        try:
            self._file.write(view)
        except OSError as error:
            raise _failed("write", self._url, error) from error
        return length

    def writable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Return the place, the number of octets so far, which is all that Parquet asks for."""
        if (offset, whence) != (0, io.SEEK_CUR):
            raise io.UnsupportedOperation(
                "an object of a store is written from its start to its end"
            )
        return self.octets

    def flush(self) -> None:
        """Do nothing: the store has parts of its own."""

    @property
    def digest(self) -> str:
        """SHA-256 of what was written."""
        return self._hash.hexdigest()

    def commit(self) -> None:
        """Make the file appear."""
        self._ended = True
        try:
            if self._whole is not None:
                self._whole.commit()
            else:
                self._file.close()
        except OSError as error:
            raise _failed("write", self._url, error) from error

    def discard(self) -> None:
        """Leave no trace; does nothing after `commit`."""
        if self._ended:
            return
        self._ended = True
        if self._whole is not None:
            self._whole.discard()
            return
        file, file_discard = self._file, getattr(self._file, "discard", None)
        file.closed = True  # without this, the end of the object would publish what is there
        if file_discard is not None:
            file_discard()

    def __enter__(self) -> Output:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.commit()
        else:
            self.discard()


def put(url: str, octets: bytes) -> None:
    """Write a small file."""
    with Output(url) as file:
        file.write(octets)


def fetched(url: str) -> bytes | None:
    """Return a small file; None if there is none."""
    system, path = file_system(url)
    try:
        return bytes(system.cat_file(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failed("read", url, error) from error


def names_in(folder: str) -> list[str]:
    """Return the names of the files right in a folder, sorted; none if there is no such folder."""
    system, path = file_system(folder)
    try:
        system.invalidate_cache()
        return sorted(posixpath.basename(each) for each in system.ls(path, detail=False))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _failed("list", folder, error) from error


def removed(url: str) -> None:
    """Remove a file; none is no fault."""
    system, path = file_system(url)
    try:
        system.rm_file(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _failed("remove", url, error) from error
