"""Base of results that notebooks show as HTML.

The HTML is made in `macsec/report/notebook.py`, which imports the results: it is found by name when
a notebook asks, so that no result imports its report.
"""

from __future__ import annotations

from importlib import import_module

RENDERER = "macsec.report.notebook"
"""The module whose `to_html` makes the HTML."""


class Displayed:
    """Base of a result that IPython and Jupyter show as HTML, bounded in size and without a key."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        text: str = import_module(RENDERER).to_html(self)
        return text
