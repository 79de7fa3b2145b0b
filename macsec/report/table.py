"""A table of text, for text pages and for HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """The first `names` columns are text, the others numbers; `marks` are classes of rows.

    A row's mark is `good`, `bad`, `quiet` or empty. `empty`: the sentence for a table without rows.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    names: int = 1
    marks: Sequence[str] = ()
    empty: str = "none."
