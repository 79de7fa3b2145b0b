"""Measurements of throughput: JSON, text, a page, a picture.

outcome.py   JSON, and tables of contestants and sizes
charts.py    throughput against frame size, and the picture of all charts
page.py      a page of HTML
"""
