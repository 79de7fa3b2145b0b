"""Labs: their outcome, their status while they run, and replays across them.

outcome.py     the outcome of a lab: JSON, and tables for text and HTML
text.py        the outcome as text; page.py: as HTML
passage.py     a replay across a topology
status.py      the status of a lab in real time
agreement.py   key agreement on a link
"""
