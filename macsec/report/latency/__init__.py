"""Measurements of latency: JSON, text, a page, percentile files.

outcome.py   JSON, and a table for each kind of time
text.py      text; page.py: HTML
hgrm.py      percentiles in the format of HdrHistogram
"""
