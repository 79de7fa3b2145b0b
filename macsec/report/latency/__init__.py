"""Measurements of latency: JSON, text, a page, percentile files.

shapes.py    the shape of the JSON
outcome.py   JSON, and a table for each kind of time
text.py      text; page.py: HTML
hgrm.py      percentiles in the format of HdrHistogram
"""
