"""Attacks of others: classes in a file of Python, and entry points of installed packages."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import sys
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from macsec.errors import ConfigError

from .attack import Attack
from .code_of_others import raised, reporting

GROUP = "macsec.attacks"
"""Entry points of this group name a class of `Attack`, or an object of one."""
_FILE = re.compile(r"(.+\.py)(?::([A-Za-z_][A-Za-z0-9_]*))?")
_WORDS = ("name", "does", "needs", "clause", "why")


def is_file(name: str) -> bool:
    """Return True if a name means a file of Python, FILE.py or FILE.py:CLASS."""
    return _FILE.fullmatch(name) is not None


def of_file(name: str) -> list[Attack]:
    """Return the attacks of FILE.py, or one of FILE.py:CLASS. Raises ConfigError.

    The file is run: it is the caller's own.
    """
    match = _FILE.fullmatch(name)
    if match is None:
        raise ConfigError(f"{name}: expected FILE.py or FILE.py:CLASS")
    path, wanted = match[1], match[2]
    module = _module(path)
    found = {
        each.__name__: each
        for each in vars(module).values()
        if inspect.isclass(each) and issubclass(each, Attack) and not inspect.isabstract(each)
        if each.__module__ == module.__name__
    }
    if wanted is not None and wanted not in found:
        known = ", ".join(found) or "none"
        raise ConfigError(f"{path}: no attack {wanted}; it has {known}")
    if not found:
        raise ConfigError(f"{path}: no class of macsec.attacks.Attack with a method act")
    return [_made(path, each) for label, each in found.items() if wanted in (None, label)]


def _module(path: str) -> ModuleType:
    if not os.path.isfile(path):
        raise ConfigError(f"{path}: no such file")
    name = f"macsec_attack_{os.path.splitext(os.path.basename(path))[0]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path}: no file of Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise raised(error, path) from error
    return module


def _made(where: str, kind: type[Attack]) -> Attack:
    missing = [word for word in _WORDS if not isinstance(getattr(kind, word, None), str)]
    if missing:
        raise ConfigError(f"{where}: {kind.__name__} has no {', '.join(missing)}")
    with reporting(kind):
        return kind()


def installed() -> dict[str, EntryPoint]:
    """Return the entry points of attacks by name, none of them loaded."""
    return {point.name: point for point in entry_points(group=GROUP)}


def of_entry_point(point: EntryPoint) -> Attack:
    """Return the attack of an entry point. Raises ConfigError."""
    try:
        found = point.load()
    except (Exception, SystemExit) as error:
        raise raised(error, f"entry point {point.name}") from error
    if isinstance(found, Attack):
        return found
    if inspect.isclass(found) and issubclass(found, Attack):
        return _made(point.value, found)
    raise ConfigError(f"entry point {point.name}: {point.value} is no macsec.attacks.Attack")
