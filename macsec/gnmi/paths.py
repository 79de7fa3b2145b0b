"""Paths of gNMI: elements with keys, their text, and patterns with wildcards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from macsec.errors import ConfigError

ANY, ANY_DEPTH = "*", "..."
_ELEMENT = re.compile(r"(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[])+")
_SPECIAL = re.compile(r"[]\\]")
_KEY = re.compile(r"\[([^=\[\]]+)=((?:\\.|[^\]\\])*)\]")


class PathElem(NamedTuple):
    """An element of a path: a name, and the keys of an entry of a list."""

    name: str
    keys: tuple[tuple[str, str], ...] = ()

    def admits(self, other: PathElem) -> bool:
        """Return whether this element, as a pattern, matches that of a node."""
        if self.name not in (ANY, other.name):
            return False
        known = dict(other.keys)
        return all(key in known and value in (ANY, known[key]) for key, value in self.keys)

    @property
    def text(self) -> str:
        """The element as text, with escapes."""
        escaped = ((key, _SPECIAL.sub(r"\\\g<0>", value)) for key, value in self.keys)
        keys = (f"[{key}={value}]" for key, value in escaped)
        return self.name + "".join(keys)


Path = tuple[PathElem, ...]


def element(name: str, keys: Mapping[str, str] | None = None) -> PathElem:
    """Return an element; the name of a module before the name is left out."""
    bare = name.rpartition(":")[2]
    return PathElem(bare, tuple(sorted((keys or {}).items())))


def parse(text: str) -> Path:
    """Return the path of a text such as /a/b[name=x]/c. Raises ConfigError."""
    return of_elements(_ELEMENT.findall(text.strip("/")))


def of_elements(texts: Iterable[str]) -> Path:
    """Return the path of elements as text, keys in brackets. Raises ConfigError."""
    return tuple(_parsed(text) for text in texts)


def _parsed(text: str) -> PathElem:
    name, bracket, _ = text.partition("[")
    rest = text[len(name) :]
    keys = _KEY.findall(rest)
    if not name or (bracket and _KEY.sub("", rest)):
        raise ConfigError(f"path element {text!r}: expected NAME or NAME[KEY=VALUE]")
    return element(name, {key: re.sub(r"\\(.)", r"\1", value) for key, value in keys})


def text_of(path: Sequence[PathElem]) -> str:
    """Return the text of a path."""
    return "/" + "/".join(each.text for each in path)


def admitted(pattern: Sequence[PathElem], path: Sequence[PathElem]) -> int | None:
    """Return how many elements of a path a pattern matches; None if it does not match.

    A pattern matches a node and all below it: the number is the depth of that node.
    """
    if not pattern:
        return 0
    first, rest = pattern[0], pattern[1:]
    if first.name == ANY_DEPTH:
        if not rest:
            return len(path)
        for skipped in range(len(path)):
            found = admitted(rest, path[skipped:])
            if found is not None:
                return skipped + found
        return None
    if not path or not first.admits(path[0]):
        return None
    found = admitted(rest, path[1:])
    return None if found is None else found + 1


def has_wildcard(path: Iterable[PathElem]) -> bool:
    """Return whether a path is a pattern for several nodes."""
    return any(
        each.name in (ANY, ANY_DEPTH) or any(value == ANY for _, value in each.keys)
        for each in path
    )
