"""Drawings: axes, shapes, and the one writer of SVG. A PNG is drawn by matplotlib."""
