"""Drawings: axes, series, and the one writer of SVG. A PNG is the same SVG, drawn by resvg.

axes.py        the position of a value, and the marked values
series.py      colour, dashes and marker of each series; series that others cover
standalone.py  charts in a file of their own, as SVG or PNG
svg.py         the writer of SVG
"""
