"""Names that a shell completes: of attacks, topologies, topics, and of what runs here.

Each function loads its part of the package late: completion of other words stays quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import click
from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def names(find: Callable[[], Iterable[str]], *, files: bool = False) -> Completer:
    """Return the completion of an argument that takes names, and with `files` also paths."""

    def complete(_: click.Context, __: click.Parameter, begin: str) -> list[CompletionItem]:
        found: list[CompletionItem] = []
        with suppress(Exception):  # a shell has no place for an error
            found = [CompletionItem(name) for name in find() if name.startswith(begin)]
        return found + ([CompletionItem(begin, type="file")] if files else [])

    return complete


def attacks() -> Iterable[str]:
    """Return the names of all attacks."""
    from macsec.attacks import ATTACKS

    return ["all", *ATTACKS]


def topologies() -> Iterable[str]:
    """Return the names of the topologies that are part of the package."""
    from macsec.config.topology.loading import shipped

    return shipped()


def topics() -> Iterable[str]:
    """Return the topics of the manual, and the verbs."""
    from macsec.guide import topics as guide

    return guide.topics()


def _running(kind: str) -> Iterable[str]:
    from macsec.monitoring.sources import discover

    return [source.name for source in discover() if source.kind == kind and source.name]


def taps() -> Iterable[str]:
    """Return the names of the taps that run."""
    return _running("tap")


def labs() -> Iterable[str]:
    """Return the names of the labs that are up."""
    return _running("lab")


def lab_hosts() -> Iterable[str]:
    """Return the hosts of the labs that are up."""
    from macsec.live.local import lab_state

    found: dict[str, Any] = {}
    for folder in (lab_state.DEFAULT, *lab_state.folders().values()):
        with suppress(Exception):
            found |= lab_state.found(folder).places
    return [name.removeprefix("host:") for name in found if name.startswith("host:")]
