"""The test plans by name."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from macsec.errors import ConfigError

from .case import Suite

NAMES = (
    "openconfig",
    "sonic",
    "niap",
    "dts",
    "dpdk",
    "hostap",
    "linux",
    "technica",
    "tc17",
    "vectors",
)
"""Names of plans; each is a module or package of this folder with a `SUITE`."""
ALL = "all"


def suites_named(names: Iterable[str]) -> list[Suite]:
    """Return plans by name, each once; `all` is every plan. Raises ConfigError."""
    wanted: dict[str, None] = {}
    for name in names:
        if name not in (*NAMES, ALL):
            raise ConfigError(f"suite {name!r}: one of {', '.join(NAMES)}, {ALL}")
        wanted |= dict.fromkeys(NAMES if name == ALL else (name,))
    return [_suite(name) for name in wanted]


def _suite(name: str) -> Suite:
    suite = import_module(f"{__package__}.{name}").SUITE
    if not isinstance(suite, Suite):
        raise TypeError(f"{name}: SUITE is no Suite")
    return suite
