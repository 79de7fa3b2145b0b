"""Values in the encodings of gNMI, and messages of paths."""

from __future__ import annotations

import json
from typing import Any

from macsec.errors import ConfigError

from .messages import message
from .paths import Path, element, of_elements
from .tree import MODULES, Leaves, is_counter, json_of, leaf_value

ENCODINGS = ("JSON_IETF", "JSON", "PROTO", "ASCII")
"""The encodings of answers."""
ORIGINS = ("", "openconfig", *MODULES.values())
"""The model of OpenConfig, by itself or by the name of a module, which clients give as one."""


class NotServed(ConfigError):
    """An encoding, an origin or a model that this device does not have."""


_Path, _TypedValue = message("Path"), message("TypedValue")


def path_from(given: Any) -> Path:
    """Return the path of a message, its elements in the older form too. Raises ConfigError."""
    if given.origin not in ORIGINS:
        raise NotServed(f"origin {given.origin!r}: this device has openconfig")
    if given.elem:
        return tuple(element(each.name, each.key) for each in given.elem)
    return of_elements(given.element)


def path_message(path: Path, target: str = "") -> Any:
    """Return a path as a message."""
    made = _Path(target=target)
    for each in path:
        made.elem.add(name=each.name, key=dict(each.keys))
    return made


def encoded(node: Path, below: Leaves, encoding: str) -> Any:
    """Return the value of a node in an encoding; PROTO and ASCII are for leaves."""
    if encoding in ("JSON", "JSON_IETF"):
        ietf = encoding == "JSON_IETF"
        text = json.dumps(json_of(node, below, ietf=ietf)).encode()
        return _TypedValue(**{"json_ietf_val" if ietf else "json_val": text})
    value = leaf_value(node, below[node], ietf=False)
    if encoding == "ASCII":
        return _TypedValue(ascii_val=value if isinstance(value, str) else json.dumps(value))
    return _scalar(value, is_counter(node))


def _scalar(value: Any, counter: bool = False) -> Any:
    if isinstance(value, bool):
        return _TypedValue(bool_val=value)
    if isinstance(value, int):
        return _TypedValue(uint_val=value) if counter or value >= 0 else _TypedValue(int_val=value)
    if isinstance(value, list):
        made = _TypedValue()
        made.leaflist_val.element.extend(_scalar(each) for each in value)
        return made
    return _TypedValue(string_val=str(value))


def decoded(value: Any) -> Any:
    """Return the Python value of a message of a value. Raises ConfigError."""
    kind = value.WhichOneof("content")
    if kind in ("json_val", "json_ietf_val"):
        try:
            return json.loads(getattr(value, kind))
        except ValueError:
            raise ConfigError("the value is not JSON") from None
    if kind == "leaflist_val":
        return [decoded(each) for each in value.leaflist_val.element]
    if kind == "ascii_val":
        try:
            return json.loads(value.ascii_val)
        except ValueError:
            return value.ascii_val
    if kind in ("string_val", "int_val", "uint_val", "bool_val"):
        return getattr(value, kind)
    raise ConfigError("a value of another type than text, a whole number, true, false or JSON")


def per_encoding(nodes: dict[Path, dict[Path, Any]], encoding: str) -> list[tuple[Path, Any]]:
    """Return the values of nodes; where an encoding is for leaves, those of all leaves below."""
    if encoding in ("JSON", "JSON_IETF"):
        return [(node, encoded(node, below, encoding)) for node, below in nodes.items()]
    return [(path, encoded(path, below, encoding)) for below in nodes.values() for path in below]
