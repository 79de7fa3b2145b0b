"""Outcome to text and JSON: formats, never computes, never reads a clock.

captures/ attacks/       frames and captures; attacks
lab/ mka/ ports/         labs; key agreement; taps and changes of ports
conformance/ yang/       test plans; ports as instance data of YANG modules
latency/ throughput/     measurements; machine.py: facts about the machine
top/                     screens of `top` as text
advice.py                advice on the settings of a link
check.py settings.py     faults of configurations and topologies; defaults of a user
doctor.py                the facts about this machine
exchange.py              files that were exported and imported
error.py                 an error in place of the JSON of a verb

Shared by several:

page.py table.py         text on a terminal or plain; a table of text
visible.py               text of others, which controls no terminal
html/ drawing/ layout/   pages of HTML; axes, shapes and SVG; places of sites and words
channels.py              SCs and SAs of a SecY as JSON
schemas.py fields.py     JSON Schemas of all reports, and types of single values
notebook.py              results in a cell of a notebook

Import from the modules: a verb loads only its report.
"""
