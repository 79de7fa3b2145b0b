"""Write a topology file again, with the changes that were made during a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from macsec.errors import ConfigError

from .loading import shipped_text

TEXT = "tag:yaml.org,2002:str"
LEFT_OUT = ("question", "answer", "expect", "until")
"""Entries that hold for the run without the changes."""

Entry = Mapping[str, str]
"""A change by the names of `changes.N`, each with its text."""


def topology_text(where: str) -> str:
    """Return the text of a file, or of a shipped topology."""
    found = shipped_text(where)
    return Path(where).read_text("utf-8") if found is None else found


def recorded(text: str, changes: Sequence[Entry], until_ns: int) -> str:
    """Return the text of a topology with more changes, whose run ends at a time."""
    root = yaml.compose(text, Loader=yaml.BaseLoader)
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError("the topology is no mapping")
    kept = [(key, value) for key, value in root.value if key.value not in LEFT_OUT]
    before = [value for key, value in kept if key.value == "changes"]
    entries = [entry for value in before for entry in value.value] + list(_nodes(changes))
    kept = [pair for pair in kept if pair[0].value != "changes"]
    kept.append((_text("until"), _text(f"{until_ns}ns")))
    if entries:
        listed = yaml.SequenceNode("tag:yaml.org,2002:seq", entries, flow_style=False)
        kept.append((_text("changes"), listed))
    made = yaml.MappingNode(root.tag, kept, flow_style=False)
    return str(yaml.serialize(made, Dumper=yaml.BaseDumper, allow_unicode=True, width=100))


def _nodes(changes: Sequence[Entry]) -> Iterator[yaml.Node]:
    for change in changes:
        pairs = [(_text(name), _text(value)) for name, value in change.items()]
        yield yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=True)


def _text(value: str) -> yaml.ScalarNode:
    return yaml.ScalarNode(TEXT, value)
