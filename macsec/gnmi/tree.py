"""Instance data as leaves with paths: made from JSON of RFC 7951, chosen, and made JSON again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from .paths import Path, PathElem, admitted, element

Leaves = Mapping[Path, Any]
"""Values of leaves and leaf-lists, by their paths, in the order of the tree."""

LIST_KEYS = {
    "interface": "name",
    "policy": "name",
    "keychain": "name",
    "scsa-tx": "sci-tx",
    "scsa-rx": "sci-rx",
}
"""The key of each list of the served modules."""

MODULES = {
    "macsec": "openconfig-macsec",
    "interfaces": "openconfig-interfaces",
    "keychains": "openconfig-keychain",
}
"""The module of each node at the top."""

COUNTERS = "counters"


class DataType(Enum):
    """The part of the data that a Get asks for."""

    ALL = "ALL"
    CONFIG = "CONFIG"
    STATE = "STATE"
    OPERATIONAL = "OPERATIONAL"


def leaves_of(tree: Mapping[str, Any]) -> dict[Path, Any]:
    """Return the leaves of a tree."""
    return dict(_walk((), tree))


def _walk(at: Path, node: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    for member, value in node.items():
        here = element(member)
        if isinstance(value, Mapping):
            yield from _walk((*at, here), value)
        elif isinstance(value, list) and here.name in LIST_KEYS:
            key = LIST_KEYS[here.name]
            for entry in value:
                yield from _walk((*at, PathElem(here.name, ((key, str(entry[key])),))), entry)
        else:
            yield (*at, here), value


def is_counter(path: Path) -> bool:
    """Return whether a leaf is a counter64, which RFC 7951 writes as text."""
    return len(path) > 1 and path[-2].name == COUNTERS


def is_key(path: Path) -> bool:
    """Return whether a leaf is the key of the list entry that it is in."""
    return len(path) > 1 and any(path[-1].name == key for key, _ in path[-2].keys)


def of_type(leaves: Leaves, wanted: DataType) -> dict[Path, Any]:
    """Return the leaves of a type of data, with the keys of the list entries around them."""
    if wanted is DataType.ALL:
        return dict(leaves)
    kept = {path for path in leaves if not is_key(path) and _has_type(path, leaves, wanted)}
    around = {path[:depth] for path in kept for depth in range(len(path))}
    return {
        path: value
        for path, value in leaves.items()
        if path in kept or (is_key(path) and path[:-1] in around)
    }


def _has_type(path: Path, leaves: Leaves, wanted: DataType) -> bool:
    names = [each.name for each in path]
    if wanted is DataType.CONFIG:
        return "config" in names
    if "state" not in names:
        return False
    at = names.index("state")
    twin = (*path[:at], PathElem("config"), *path[at + 1 :])
    return wanted is DataType.STATE or twin not in leaves


def chosen(leaves: Leaves, pattern: Sequence[PathElem]) -> dict[Path, dict[Path, Any]]:
    """Return the nodes that a pattern matches, each with the leaves at and below it."""
    nodes: dict[Path, dict[Path, Any]] = {}
    for path, value in leaves.items():
        depth = admitted(pattern, path)
        if depth is not None:
            nodes.setdefault(path[:depth], {})[path] = value
    return nodes


def json_of(node: Path, below: Leaves, *, ietf: bool) -> Any:
    """Return the JSON value of a node, of the leaves at and below it.

    With `ietf` as RFC 7951 has it: module names at the top, counters as text.
    """
    if node in below:
        return leaf_value(node, below[node], ietf=ietf)
    nested: dict[PathElem, Any] = {}
    for path, value in below.items():
        _place(nested, path[len(node) :], leaf_value(path, value, ietf=ietf))
    top = _json(nested)
    if not ietf:
        return top
    if node:
        return {f"{MODULES.get(node[0].name, node[0].name)}:{key}": top[key] for key in top}
    return {f"{MODULES.get(key, key)}:{key}": value for key, value in top.items()}


def leaf_value(path: Path, value: Any, *, ietf: bool) -> Any:
    """Return the value of a leaf; without `ietf` a counter is a number."""
    return int(value) if is_counter(path) and not ietf else value


def _place(nested: dict[PathElem, Any], path: Path, value: Any) -> None:
    for each in path[:-1]:
        nested = nested.setdefault(each, {})
    nested[path[-1]] = value


def _json(nested: Mapping[PathElem, Any]) -> dict[str, Any]:
    """Return members by name; entries of a list are one array."""
    made: dict[str, Any] = {}
    for each, value in nested.items():
        shown = _json(value) if isinstance(value, dict) else value
        if each.keys:
            made.setdefault(each.name, []).append(shown)
        else:
            made[each.name] = shown
    return made
