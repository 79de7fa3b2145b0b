"""Sources of keys: inline hex, a file, the environment, a file descriptor."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeAlias

from macsec.config.reading import Text, open_regular, unmarked
from macsec.errors import ConfigError
from macsec.keys import Key, Uncopyable
from macsec.terms import octets_of

LOG = logging.getLogger("macsec")

SIZE_LIMIT = 4096
FORMS = "hex digits, file:PATH, env:NAME or fd:N"

_REFERENCES = {
    "file": re.compile(r"file:([^\0]+)", re.DOTALL),
    "env": re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)"),
    "fd": re.compile(r"fd:([0-9]{1,7})"),
}
_SCHEME = re.compile(r"(?:file|env|fd):")
_COULD_BE_A_KEY = re.compile(r"[0-9A-Fa-f]{16}")


Parse: TypeAlias = Callable[[str], "Key | str"]
"""Parse text to a key, or to the reason why it is none."""


class KeySource(Uncopyable):
    """A `key:` entry: an inline key, or a reference that is followed when a SecY is assembled."""

    __slots__ = ("form", "inline", "target")

    def __init__(self, form: str, target: str = "", inline: Key | None = None) -> None:
        self.form = form
        self.target = target
        self.inline = inline

    @classmethod
    def of(cls, value: Any) -> KeySource:
        """From text, octets or a Key. Raises ValueError, which never repeats the value."""
        if isinstance(value, KeySource):
            return value
        if isinstance(value, Key):
            return cls("inline", inline=Key(value.in_place()))
        if isinstance(value, bytes | bytearray) and value:
            return cls("inline", inline=Key(bytes(value)))
        if not isinstance(value, str) or not value:
            raise ValueError(f"expected a key: {FORMS}; from Python also bytes")
        for form, pattern in _REFERENCES.items():
            if match := pattern.fullmatch(value):
                return cls(form, match[1])
        if _SCHEME.match(value) and not re.match(r"fd:[0-9A-Fa-f]{2}(?:[:\-.]|$)", value):
            raise ValueError(f"not a key reference: {FORMS}")
        try:
            return cls("inline", inline=Key.taking(octets_of(value)))
        except ValueError as error:
            raise ValueError(f"a key is {FORMS}: {error}") from None

    @classmethod
    def reference_of(cls, value: Any) -> KeySource:
        """A reference; a value written inline is refused. Raises ValueError."""
        if isinstance(value, str) and not any(p.fullmatch(value) for p in _REFERENCES.values()):
            raise ValueError("expected a reference: file:PATH, env:NAME or fd:N")
        return cls.of(value)

    @property
    def reference(self) -> str | None:
        """The text of a reference; None for an inline key."""
        return None if self.form == "inline" else f"{self.form}:{self.target}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KeySource):
            return NotImplemented
        return (self.form, self.target, self.inline) == (other.form, other.target, other.inline)

    def __hash__(self) -> int:
        return hash((self.form, self.target))

    def __repr__(self) -> str:
        if self.inline is not None:
            return repr(self.inline)
        return f"<Key from {self.form}:{_safe(self.target)}>"


class KeyRing(Uncopyable):
    """Keys of one assembly. References are followed once each, and wiped when it is left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[KeySource, Key] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for key in self._keys.values():
            key.wipe()
        self._keys.clear()

    def key(self, source: KeySource) -> Key:
        """The key of a source. Raises ConfigError."""
        if source.inline is not None:
            if not len(source.inline):
                raise ConfigError("this key was wiped when a SecY took it: load it again")
            return source.inline
        if source not in self._keys:
            self._keys[source] = self._follow(source)
        return self._keys[source]

    def text(self, source: KeySource) -> Key:
        """Return the text behind a reference, such as a PIN, without its last line end."""
        return self._follow(source, _plain)

    def path(self, name: str) -> Path:
        """A file that the configuration names."""
        return self._folder / name

    def _follow(self, source: KeySource, parse: Parse | None = None) -> Key:
        read = {"file": self._from_file, "env": _from_environment, "fd": _from_descriptor}
        result = read[source.form](source.target, parse or _key)
        if isinstance(result, str):
            raise ConfigError(f"key {source.form}:{_safe(source.target)}: {result}")
        return result

    def _from_file(self, target: str, parse: Parse) -> Key | str:
        path = self._folder / target
        try:
            descriptor, found = open_regular(path)
        except OSError as error:
            return f"cannot read it: {error.strerror}"
        try:
            for exposure in exposures(found):
                LOG.warning("%s holds a key and %s", _safe(str(path)), exposure)
            return _from_descriptor(str(descriptor), parse)
        finally:
            os.close(descriptor)


def exposures(found: os.stat_result) -> list[str]:
    """List faults in the owner and mode of a key file, each with its remedy.

    The caller warns and does not refuse, since files for tests may be shared on purpose; files of
    the package itself (CAKs, packet numbers) are refused.
    """
    lines = {
        0o044: "others can read it: chmod 600",
        0o022: "others can change it: chmod 600",
    }
    faults = [line for bits, line in lines.items() if found.st_mode & bits]
    if found.st_uid not in (os.geteuid(), 0):
        faults.append("belongs to another user: chown it")
    return faults


def _from_environment(name: str, parse: Parse) -> Key | str:
    octets = os.environb.get(name.encode())
    return "not set" if octets is None else parse(Text(octets.decode("latin-1")))


def _from_descriptor(target: str, parse: Parse) -> Key | str:
    octets = bytearray()
    try:
        while len(octets) <= SIZE_LIMIT and (piece := os.read(int(target), SIZE_LIMIT)):
            octets += piece
    except OSError as error:
        return f"cannot read it: {error.strerror}"
    if len(octets) > SIZE_LIMIT:
        return f"longer than {SIZE_LIMIT} octets: not a key"
    return parse(Text(unmarked(bytes(octets)).decode("latin-1")))


def _key(text: str) -> Key | str:
    """A key from hex with white space; or why it is none."""
    bare = "".join(text.split())
    if not bare:
        return "empty"
    try:
        return Key.taking(octets_of(bare))
    except ValueError as error:
        return str(error)


def _plain(text: str) -> Key | str:
    """Return text unchanged but for its line end."""
    bare = text.removesuffix("\n").removesuffix("\r")
    return Key.taking(bare.encode("latin-1")) if bare else "empty"


def _safe(target: str) -> str:
    """A reference for a message, unless a key was written where its name should be."""
    hidden = _COULD_BE_A_KEY.search(target) or not target.isprintable()
    return repr(Text(target)) if hidden else target
