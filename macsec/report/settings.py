"""Defaults of a user for options, and where each comes from: `config show`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypedDict

from rich.text import Text

from macsec.report.page import Page, drawn, indented
from macsec.report.table import Table

SCHEMA: Literal["macsec/settings/1"] = "macsec/settings/1"


class OptionSettingJson(TypedDict):
    """An option: `origin` is variable, file or default; `variable` is the one that would set it."""

    verb: str
    option: str
    value: str
    origin: str
    variable: str


class OptionSettingsJson(TypedDict):
    """`macsec/settings/1`: the file of defaults, which need not exist, and the options."""

    schema: Literal["macsec/settings/1"]
    file: str
    settings: list[OptionSettingJson]


class Shown(Protocol):
    """An option with its value."""

    @property
    def verb(self) -> str:
        """The verb, with those above it."""

    @property
    def option(self) -> str:
        """The option with its dashes."""

    @property
    def value(self) -> str:
        """The value, empty for none."""

    @property
    def origin(self) -> str:
        """The place that the value comes from."""

    @property
    def variable(self) -> str:
        """The environment variable for it."""


def as_json(file: str, settings: Sequence[Shown]) -> OptionSettingsJson:
    """Return the options as JSON."""
    rows: list[OptionSettingJson] = [
        {
            "verb": each.verb,
            "option": each.option,
            "value": each.value,
            "origin": each.origin,
            "variable": each.variable,
        }
        for each in settings
    ]
    return {"schema": SCHEMA, "file": file, "settings": rows}


def to_page(page: Page, file: str, settings: Sequence[Shown]) -> None:
    """Print a table of the options."""
    page.lines([Text(f"defaults: {file}")])
    if not settings:
        page.lines([Text("no option has a default of yours")])
        return
    rows = [(each.verb, each.option, each.value, each.origin, each.variable) for each in settings]
    page.add(
        *indented(drawn(Table("", ["verb", "option", "value", "from", "variable"], rows, names=5)))
    )
