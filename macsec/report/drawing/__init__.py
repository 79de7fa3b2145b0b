"""Drawings: axes, shapes, and the one writer of SVG. A PNG is drawn by matplotlib.

axes.py     the position of a value, and the marked values
shapes.py   a picture of lines and words, saved as SVG or PNG
svg.py      the writer of SVG
"""
