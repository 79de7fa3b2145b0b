"""A file or dict to the typed model; what the model refuses, as one line that names the place."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from macsec.config.model import (
    Configuration,
    ReceiveSASection,
    ReceiveSCSection,
    SecYSection,
    TransmitSASection,
    TransmitSCSection,
)
from macsec.config.reading import PathInTree, Text, read_file, read_mapping
from macsec.errors import ConfigError

LOG = logging.getLogger("macsec")

_WANTED = {
    "missing": "is missing",
    "model_type": "a mapping is wanted",
    "dict_type": "a mapping is wanted",
    "list_type": "a list is wanted, each entry with a sci of its own",
}
_SECTIONS: dict[tuple[str, ...], type[BaseModel]] = {
    (): Configuration,
    ("secy",): SecYSection,
    ("tx",): TransmitSCSection,
    ("tx", "sa", "*"): TransmitSASection,
    ("rx", "*"): ReceiveSCSection,
    ("rx", "*", "sa", "*"): ReceiveSASection,
}
_LATER = ("mka",)


def load(config: str | Path | Mapping[str, Any] | Configuration) -> Configuration:
    """The typed model of a configuration file, or of the same structure as a dict.

    Raises ConfigError: one line with file, line number, the entry and what is wanted there. A
    loaded configuration is returned as it is.
    """
    if isinstance(config, Configuration):
        return config
    tree, origin = read_mapping(config) if isinstance(config, Mapping) else read_file(Path(config))
    result = _validated(tree)
    if isinstance(result, list):
        first, *others = sorted(result, key=lambda problem: origin.line(problem.path))
        more = f" (and {len(others)} more)" if others else ""
        raise ConfigError(f"{origin.where(first.path)}: {first.reason}{more}")
    result._origin = origin
    _warn_of_exposed_keys(result)
    return result


class _Problem(NamedTuple):
    path: PathInTree
    reason: str


def _validated(tree: Any) -> Configuration | list[_Problem]:
    # Returns problems in place of raising: the ValidationError holds the tree, and so the keys.
    later = [_Problem((key,), "not supported by this version") for key in _LATER if key in tree]
    if later:
        return later
    try:
        return Configuration.model_validate(tree)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    return [_problem(detail["type"], detail["loc"], detail.get("ctx", {})) for detail in details]


def _problem(kind: str, loc: PathInTree, context: dict[str, Any]) -> _Problem:
    names = (part for part in loc if part != "[key]")
    path = tuple(Text(part) if isinstance(part, str) else part for part in names)
    if kind == "extra_forbidden":
        return _Problem(path, _unknown(path))
    if "error" in context:
        return _Problem(path, str(context["error"]))
    return _Problem(path, _WANTED.get(kind, "cannot be used"))


def _unknown(path: PathInTree) -> str:
    section = tuple("*" if _is_index(path, at) else str(path[at]) for at in range(len(path) - 1))
    model = _SECTIONS[section]
    known = [field.alias or name for name, field in model.model_fields.items()]
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
    return f"unknown key; {hint}"


def _is_index(path: PathInTree, at: int) -> bool:
    return at > 0 and path[at - 1] in ("rx", "sa")


def _warn_of_exposed_keys(config: Configuration) -> None:
    if config.origin.exposed and any(source.inline for source in config.key_sources()):
        LOG.warning("%s holds a key and others can read it: chmod 600", config.origin.name)
