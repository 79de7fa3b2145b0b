"""The screens of `macsec top` as lines of text.

tables.py   SCREENS     the columns of all screens
words.py                counts, rates, shares and times as text
layout.py   arranged    rows sorted, filtered and fitted to a width
summary.py  heading     one line about all sources
"""

from .layout import Arranged, Ordering, arranged
from .summary import heading
from .tables import SCREENS, ViewRow, ViewScreen

__all__ = ["SCREENS", "Arranged", "Ordering", "ViewRow", "ViewScreen", "arranged", "heading"]
