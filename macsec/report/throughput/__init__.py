"""Measurements of throughput: JSON, text, a picture.

outcome.py   JSON, and tables of contestants and sizes
picture.py   throughput against frame size
"""
