"""A file or dict to the typed model; what the model refuses, as one line that names the place."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from macsec.config.model import (
    BetweenSections,
    ChainedCakSection,
    ClassSASection,
    ClassSection,
    Configuration,
    EapSection,
    GeneratedSection,
    MacSecConfigSection,
    MkaSection,
    ReceiveSASection,
    ReceiveSCSection,
    SecYSection,
    TokenSection,
    TransmitSASection,
    TransmitSCSection,
)
from macsec.config.reading import Origin, PathInTree, Text, concealed, read_file, read_mapping
from macsec.errors import ConfigError

LOG = logging.getLogger("macsec")

_EXPECTED = {
    "missing": "is missing",
    "model_type": "expected a mapping",
    "dict_type": "expected a mapping",
    "list_type": "expected a list, each entry with a sci of its own",
}
M = TypeVar("M", bound=BaseModel)
Sections: TypeAlias = Mapping[tuple[str, ...], type[BaseModel]]

_SECTIONS: Sections = {
    (): Configuration,
    ("secy",): SecYSection,
    ("tx",): TransmitSCSection,
    ("tx", "sa", "*"): TransmitSASection,
    ("tx", "classes", "*"): ClassSection,
    ("tx", "classes", "*", "sa", "*"): ClassSASection,
    ("rx", "*"): ReceiveSCSection,
    ("rx", "*", "sa", "*"): ReceiveSASection,
    ("mka",): MkaSection,
    ("mka", "keychain", "*"): ChainedCakSection,
}
_HOLDERS: dict[str, type[BaseModel]] = {
    "eap": EapSection,
    "generated": GeneratedSection,
    "pkcs11": TokenSection,
    "macSecConfig": MacSecConfigSection,
}


def load(config: str | Path | Mapping[str, Any] | Configuration) -> Configuration:
    """The typed model of a configuration file, or of the same structure as a dict.

    Raises ConfigError: one line with file, line number, the entry and what is expected there. A
    loaded configuration is returned as it is.
    """
    if isinstance(config, Configuration):
        return config
    config = concealed(config)
    tree, origin = read_mapping(config) if isinstance(config, Mapping) else read_file(Path(config))
    result = fill(Configuration, tree, origin, _SECTIONS)
    result._origin = origin
    _warn_of_exposed_keys(result)
    return result


class Problem(NamedTuple):
    """A fault of one entry: its path and the reason."""

    path: PathInTree
    reason: str


def refuse(problems: Sequence[Problem], origin: Origin) -> None:
    """Raise ConfigError for the first of some problems, in the order of the file; if any."""
    if problems:
        found = sorted(problems, key=lambda problem: origin.line(problem.path))
        first, *others = (f"{origin.where(problem.path)}: {problem.reason}" for problem in found)
        raise ConfigError(first, others)


def fill(model: type[M], tree: Any, origin: Origin, sections: Sections) -> M:
    """A typed model of a tree. Raises ConfigError, naming the place.

    `sections`: by path, the class of each mapping in the tree; "*" matches any key or index.
    """
    result = _validated(model, tree, sections)
    if isinstance(result, list):
        refuse(result, origin)
        raise AssertionError("no model and no problem")
    return result


def _validated(model: type[M], tree: Any, sections: Sections) -> M | list[Problem]:
    # Returns problems in place of raising: the ValidationError holds the tree, and so the keys.
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    return [
        _problem(detail["type"], detail["loc"], detail.get("ctx", {}), sections)
        for detail in details
    ]


def _problem(kind: str, loc: PathInTree, context: dict[str, Any], sections: Sections) -> Problem:
    names = (part for part in loc if part != "[key]")
    path = tuple(Text(part) if isinstance(part, str) else part for part in names)
    if kind == "extra_forbidden":
        return Problem(path, _unknown(path, sections))
    if "error" in context:
        error = context["error"]
        place = (*path, *error.path) if isinstance(error, BetweenSections) else path or ("mka",)
        return Problem(place, str(error))
    return Problem(path, _EXPECTED.get(kind, "cannot be used"))


def _unknown(path: PathInTree, sections: Sections) -> str:
    holder = _HOLDERS.get(str(path[-2])) if len(path) > 1 else None
    model = holder or next(
        model for pattern, model in sections.items() if _fits(path[:-1], pattern)
    )
    known = [field.alias or name for name, field in model.model_fields.items()]
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
    return f"unknown key; {hint}"


def _fits(path: PathInTree, pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(
        wanted in ("*", part) for part, wanted in zip(path, pattern, strict=True)
    )


def _warn_of_exposed_keys(config: Configuration) -> None:
    if config.origin.exposed and any(source.inline for source in config.key_sources()):
        LOG.warning("%s holds a key and others can read it: chmod 600", config.origin.name)
