"""Keys leave no answer: the configuration that GET /config returns has a mark in their place."""

from __future__ import annotations

from typing import Any

from .model.field_types import WITHHELD, octets

KEYS = ("cak_value", "sak")
"""Fields that are keys."""


def without_keys(document: Any) -> Any:
    """Return a document with a mark of the same length in the place of each key."""
    if isinstance(document, dict):
        return {
            name: _mark(value) if name in KEYS and isinstance(value, str) else without_keys(value)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [without_keys(each) for each in document]
    return document


def _mark(value: str) -> str:
    try:
        length = len(octets(value))
    except ValueError:
        length = 0
    return (WITHHELD * (2 if length > len(WITHHELD) else 1)).hex()
