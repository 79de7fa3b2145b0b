"""Attacks: their outcome, and the page of it.

outcome.py   the outcome of attacks: JSON, a table of several, one in full
page.py      as HTML
"""
