"""All statements, in the order of the page."""

from __future__ import annotations

from . import ciphers, ede, management, mka, ports
from .item import Pics


def statements() -> list[Pics]:
    """Return the tables of items."""
    return [ports.PICS, management.PICS, ciphers.PICS, ede.PICS, mka.PICS]
