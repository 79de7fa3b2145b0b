"""The device that a client sees: the ports of all sources in one tree, and changes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

Tree = dict[str, Any]

NAMES = ("name", "mka-policy", "key-chain")
"""Leaves that hold the name of a port, of its policy or of its key chain."""
_MACSEC = "openconfig-macsec:macsec"


class PortTree(NamedTuple):
    """The instance data of one source: a tap, or a lab with all its ports.

    `where`: its network namespace or its lab, by which ports of one name differ. `control`: where
    the device asks for changes.
    """

    target: str
    where: str
    tree: Tree
    control: str = ""


class Adjustment(NamedTuple):
    """New values of a port: of its policy and its SecY, by our names, and MACsec on or off."""

    port: str
    policy: Mapping[str, Any]
    secy: Mapping[str, Any]
    macsec: bool | None


class GnmiDevice(Protocol):
    """The running ports; its methods may be called from several threads."""

    def sources(self) -> Sequence[PortTree]:
        """Return the instance data of every source that answers now."""

    def adjust(self, source: PortTree, wish: Adjustment, *, check: bool) -> None:
        """Change a port, or only check the change. Raises MACsecError."""


class Home(NamedTuple):
    """The source of a port, and the port's name there."""

    source: PortTree
    name: str


def merged(sources: Sequence[PortTree]) -> tuple[Tree, dict[str, Home]]:
    """Return one tree of all sources, and the home of each port by its name in it.

    A name that two sources have is followed by `@` and the place of its source.
    """
    known = Counter(name for source in sources for name in _names(source.tree))
    homes: dict[str, Home] = {}
    whole: Tree = {}
    for source in sources:
        names = {
            name: f"{name}@{source.where}" if known[name] > 1 else name
            for name in _names(source.tree)
        }
        homes |= {new: Home(source, old) for old, new in names.items()}
        _add(whole, _renamed(source.tree, names))
    return whole, homes


def _names(tree: Tree) -> Iterator[str]:
    for entry in tree.get(_MACSEC, {}).get("interfaces", {}).get("interface", ()):
        yield entry["name"]


def _renamed(node: Any, names: Mapping[str, str], member: str = "") -> Any:
    if isinstance(node, Mapping):
        return {key: _renamed(value, names, key) for key, value in node.items()}
    if isinstance(node, list):
        return [_renamed(each, names, member) for each in node]
    return names.get(node, node) if member in NAMES else node


def _add(whole: Tree, more: Mapping[str, Any]) -> None:
    """Add a tree: lists are joined, counters that are text are summed."""
    for key, value in more.items():
        present = whole.get(key)
        if present is None:
            whole[key] = value
        elif isinstance(present, dict):
            _add(present, value)
        elif isinstance(present, list):
            present.extend(value)
        else:
            whole[key] = str(int(present) + int(value))
