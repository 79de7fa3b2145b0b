"""Instance data as leaves, chosen by pattern and type, and as JSON again."""

from __future__ import annotations

from typing import Any

import pytest
from support.services.gnmi import TREE

from macsec.gnmi.paths import parse, text_of
from macsec.gnmi.tree import DataType, chosen, json_of, leaves_of, of_type

LEAVES = leaves_of(TREE)


def texts(leaves: Any) -> list[str]:
    """Return paths as text."""
    return [text_of(path) for path in leaves]


def test_leaves_become_the_same_tree_again() -> None:
    """No node is lost or moved, lists keep their order."""
    assert json_of((), LEAVES, ietf=True) == TREE


@pytest.mark.parametrize(
    "kind, has, lacks",
    [
        (DataType.CONFIG, "config/replay-protection", "state/replay-protection"),
        (DataType.STATE, "state/replay-protection", "config/replay-protection"),
        (DataType.OPERATIONAL, "state/status", "state/replay-protection"),
    ],
)
def test_a_type_of_data_keeps_its_containers_and_the_keys(
    kind: DataType, has: str, lacks: str
) -> None:
    """OPERATIONAL is state that is no copy of configuration."""
    found = texts(of_type(LEAVES, kind))
    at = "/macsec/interfaces/interface[name=ms0]"
    assert f"{at}/{has}" in found
    assert f"{at}/{lacks}" not in found
    assert f"{at}/name" in found


def test_a_list_without_a_key_is_each_of_its_entries() -> None:
    """Each entry is a node of its own."""
    nodes = chosen(LEAVES, parse("/macsec/interfaces/interface"))
    assert texts(nodes) == [f"/macsec/interfaces/interface[name=ms{n}]" for n in (0, 1)]


def test_counters_are_numbers_but_in_the_json_of_ietf() -> None:
    """RFC 7951 writes 64 bits as text."""
    node = parse("/macsec/interfaces/interface[name=ms0]/state/counters")
    below = chosen(LEAVES, node)[node]
    assert json_of(node, below, ietf=False) == {"rx-late-pkts": 3}
    assert json_of(node, below, ietf=True) == {"openconfig-macsec:rx-late-pkts": "3"}
