"""Outcome to text and JSON: formats, never computes, never reads a clock.

summary.py verdicts.py   `protect` and `validate`
inspect.py explain.py    one frame as an observer sees it, and the reason for its verdict
replay.py tap.py         `replay` across one link, and `tap`
attack.py doctor.py      attacks; the facts about this machine
lab/ mka/                labs; key agreement
events.py                records of `--events`
latency/ throughput/     measurements; machine.py: facts about the machine
page.py table.py         text on a terminal or plain; a table of text
visible.py               text of others, which controls no terminal
html/ drawing/           pages of HTML; axes, shapes and SVG
schemas.py fields.py     JSON Schemas of all reports, and types of single values

Import from the modules: a verb loads only its report.
"""
