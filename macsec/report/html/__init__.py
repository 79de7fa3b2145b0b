"""Pages in one file of HTML: no script, no network, light or dark like the reader's system.

`model.py` has the data that a page is made of, and a map of the components.

markup.py     HTML and SVG as text, escaped
page.py       the whole file of a page; style.py: its style sheet
charts.py     curves, bars, values against frame size
ladder.py     messages between members, downwards
lanes.py      counts over time
strip.py      the replay window over time
tables.py     rows of text, counters by SecY
topology.py   nodes by tier, links with a lock
wiretap.py    a clear frame beside a wiretap's view
"""
