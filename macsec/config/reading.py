"""YAML text to a tree of mappings, lists and text, with the line of every entry.

Plain YAML guesses types: it reads a MAC address as a number to the base 60, drops the zeros in
front of a key and keeps the last of two equal keys. So nothing is guessed here: every scalar stays
text, only a null is marked as one, and what the model cannot need (aliases, tags, duplicate keys)
is refused with its line.

A configuration may hold keys. No exception leaves this module from a frame that holds its text;
`Text`, `Octets` and `Entries` hide what they have in every `repr`.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import yaml

from macsec.errors import ConfigError
from macsec.keys import Entries

SIZE_LIMIT = 1 << 20
DEPTH_LIMIT = 16
SECY = "secy, tx and rx"

PARSER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml where PyYAML was built with it; both give the same events."""

T = TypeVar("T")
PathInTree: TypeAlias = tuple[str | int, ...]
_STRAY = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""Characters that YAML does not allow, and line ends that no editor counts."""
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


class Text(str):
    """A scalar of a configuration: may be a key, so its repr hides it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<text of {len(self)} characters>"


class Null(Text):
    """A null of YAML as it was written: an entry that has it is not given."""

    __slots__ = ()


class Octets(bytes):
    """Octets of a file or of an entry: may be a key, so their repr hides them."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} octets>"


def concealed(config: T) -> T:
    """Return a configuration that a caller gave, with a repr that hides its entries.

    A call that takes one replaces its argument by it first: an error may be shown with the locals
    of each frame. A path and a loaded configuration are returned as they are.
    """
    if isinstance(config, Mapping):
        return cast(T, Entries(config))
    if isinstance(config, str) and _is_content(config):
        return cast(T, Text(config))
    return config


def _is_content(text: str) -> bool:
    """Return whether text is a document in place of the path of one: it may hold keys."""
    return "\n" in text or text.lstrip().startswith("{")


_NULLS = ("~", "null", "Null", "NULL")
"""An entry with nothing behind it is none: it may be a value that was forgotten."""


def is_null(value: object) -> bool:
    """True for a null of YAML, and for None of a dict."""
    return value is None or isinstance(value, Null)


def shown(text: str) -> str:
    """A piece of a configuration for a message, unless it is long enough to be a key."""
    return f"'{text}'" if _is_short(text) else f"{Text(text)!r}"


def _is_short(text: str) -> bool:
    return len(text) < 24 and text.isprintable()


@dataclass(frozen=True)
class Origin:
    """The origin of a configuration: names a place in it as `file:line: dotted.path`."""

    name: str = ""
    folder: Path = field(default_factory=Path)
    lines: Mapping[PathInTree, int] = field(default_factory=dict)
    exposed: bool = False
    """True if it is a file that others can read."""

    def where(self, path: PathInTree) -> str:
        """The place of an entry, or of what should hold it."""
        dotted = ".".join(part if _is_short(part) else "…" for part in map(str, path))
        place = f"{self.name}:{self.line(path)}" if self.lines else self.name
        return ": ".join(filter(None, (place, dotted)))

    def line(self, path: PathInTree) -> int:
        """The line of an entry, or of the nearest entry that would hold it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class Fault(NamedTuple):
    """The reason for a refusal, and the line, if known."""

    reason: str
    line: int | None = None


class Tree(NamedTuple):
    """A document: mappings with text keys, lists, scalars; and the line of each entry."""

    value: Any
    lines: Mapping[PathInTree, int]


def read_file(path: Path, wanted: str = SECY) -> tuple[Any, Origin]:
    """The tree of a configuration file. Raises ConfigError, naming file and line.

    `wanted`: the keys of a mapping that the file should be.
    """
    if _is_content(str(path)):
        del path
        raise ConfigError("expected the path of a file, not its text")
    exposed, read = _contents(path)
    result = read if isinstance(read, Fault) else parse(read, wanted)
    del read
    tree = _checked(str(path), result)
    return tree.value, Origin(str(path), path.parent, tree.lines, exposed)


def read_text(name: str, contents: bytes, wanted: str = SECY) -> tuple[Any, Origin]:
    """The tree of a configuration that is no file of the caller's. Raises ConfigError."""
    tree = _checked(name, parse(contents, wanted))
    return tree.value, Origin(name, lines=tree.lines)


def _checked(name: str, result: Tree | Fault) -> Tree:
    if isinstance(result, Fault):
        place = name if result.line is None else f"{name}:{result.line}"
        raise ConfigError(f"{place}: {result.reason}")
    return result


def read_mapping(config: Mapping[Any, Any]) -> tuple[Any, Origin]:
    """The tree of a configuration given as a dict. Raises ConfigError."""
    config = concealed(config)
    result = _plain(config, ())
    if isinstance(result, Fault):
        raise ConfigError(result.reason)
    return result, Origin()


def open_regular(path: Path | str) -> tuple[int, os.stat_result]:
    """Open a file of a user for reading. Raises OSError, also for a pipe, device or folder."""
    try:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
        descriptor = os.open(path, flags)
    except ValueError:
        raise OSError(errno.EINVAL, "no file can have this name") from None
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode):
        return descriptor, found
    os.close(descriptor)
    kind = next((kind for test, kind in _KINDS if test(found.st_mode)), "no regular file")
    raise OSError(errno.EINVAL, f"it is {kind}")


_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _contents(path: Path) -> tuple[bool, Octets | Fault]:
    try:
        descriptor, found = open_regular(path)
        with open(descriptor, "rb") as file:
            contents = Octets(unmarked(file.read(SIZE_LIMIT + 1)))
    except OSError as error:
        return False, Fault(f"cannot read it: {error.strerror}")
    if len(contents) > SIZE_LIMIT:
        return False, Fault(f"longer than {SIZE_LIMIT} octets: not a configuration")
    return bool(found.st_mode & 0o044), contents


def unmarked(octets: bytes) -> bytes:
    """Return text in UTF-8 without the byte order mark that editors on Windows write.

    Text that the mark says to be UTF-16 becomes UTF-8, if it can.
    """
    if octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        with contextlib.suppress(UnicodeDecodeError):
            return octets.decode("utf-16").encode()
    return octets.removeprefix(codecs.BOM_UTF8)


def parse(contents: bytes, wanted: str = SECY) -> Tree | Fault:
    """Read one YAML document in UTF-8."""
    try:
        text = unmarked(contents).decode()
    except UnicodeDecodeError as error:
        return Fault("not UTF-8 text", contents.count(b"\n", 0, error.start) + 1)
    if stray := _STRAY.search(text):
        return Fault("a character that YAML does not allow", text.count("\n", 0, stray.start()) + 1)
    try:
        builder = _Builder(iter(yaml.parse(text, Loader=PARSER)), wanted)
        return Tree(builder.document(), builder.lines)
    except _RefusedError as error:
        return Fault(error.reason, error.line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = _QUOTED.sub(_short, error.problem or "cannot be read")
        return Fault(f"not YAML: {reason}", mark.line + 1 if mark else None)


def _short(quoted: re.Match[str]) -> str:
    return quoted[0] if len(quoted[0]) <= 6 else "…"


class _RefusedError(Exception):
    def __init__(self, reason: str, event: Any) -> None:
        super().__init__()
        self.reason = reason
        self.line = _line(event)


class _Builder:
    """Builds the tree from the parser's events."""

    def __init__(self, events: Iterator[Any], wanted: str) -> None:
        self._events = events
        self._wanted = f"expected a mapping with {wanted}"
        self.lines: dict[PathInTree, int] = {}

    def document(self) -> Any:
        next(self._events)  # the start of the stream
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise _RefusedError(f"empty: {self._wanted}", event)
        if event.tags:
            raise _RefusedError("tags (!) are not allowed", event)
        event = next(self._events)
        if not isinstance(event, yaml.MappingStartEvent | yaml.AliasEvent):
            raise _RefusedError(self._wanted, event)
        value = self._node(event, ())
        next(self._events)  # the end of the document
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise _RefusedError("a second document: one file holds one configuration", event)
        return value

    def _node(self, event: Any, path: PathInTree) -> Any:
        _check(event)
        if len(path) > DEPTH_LIMIT:
            raise _RefusedError("nested too deeply", event)
        self.lines.setdefault(path, _line(event))
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        plain = event.implicit[0] and event.value in _NULLS  # no quotes around it
        return Null(event.value) if plain else Text(event.value)

    def _mapping(self, path: PathInTree) -> Entries:
        values = Entries()
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            _check(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _RefusedError("a mapping or list cannot be a key here", event)
            key = Text(event.value)
            if key in values:
                raise _RefusedError(f"{shown(key)} is given twice", event)
            inner = (*path, key)
            self.lines[inner] = _line(event)
            values[key] = self._node(next(self._events), inner)
        return values

    def _sequence(self, path: PathInTree) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            values.append(self._node(event, (*path, len(values))))
        return values


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def _check(event: Any) -> None:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _RefusedError("anchors and aliases (& and *) are not allowed", event)
    if event.tag is not None:
        raise _RefusedError("tags (!) are not allowed", event)


def _plain(value: Any, path: PathInTree) -> Any:
    """A tree of dicts with text keys, and lists, from native ones; or a Fault."""
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, bytes | bytearray):
        return Octets(value)
    if not isinstance(value, Mapping | Sequence):
        return value
    if len(path) > DEPTH_LIMIT:
        return Fault("nested too deeply")
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    entries = Entries()
    for key, item in items:
        if isinstance(key, bool) or not isinstance(key, str | int):
            return Fault(f"{Origin().where(path)}: a key that is no text".lstrip(": "))
        name = Text(key)
        if name in entries:
            return Fault(f"{Origin().where((*path, name))}: given twice")
        entries[name] = inner = _plain(item, (*path, name))
        if isinstance(inner, Fault):
            return inner
    return entries if isinstance(value, Mapping) else list(entries.values())
