"""Start the page of a lab and print its address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from macsec import extras
from macsec.cli.shared.edge import say
from macsec.lab import Blueprint

from .commands import PageCommand, command_of
from .feed import Feed


@contextmanager
def served(feed: Feed, blueprint: Blueprint, offers: tuple[str, ...]) -> Iterator[None]:
    """Serve the page of a feed. Raises EnvironmentLacks without the extra `watch`."""
    try:
        from .server import PageServer
    except ImportError:
        raise extras.lacks("watch") from None

    def parse(request: Any) -> PageCommand:
        return command_of(request, blueprint, offers)

    with feed, PageServer(feed, parse) as server:
        say(f"watch: {server.url}")
        yield
