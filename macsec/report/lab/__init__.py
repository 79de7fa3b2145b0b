"""Labs: their outcome, their status while they run, and replays across them.

outcome.py     the outcome of a lab: JSON, and tables for text and HTML
expected.py    the question of a topology, and whether the run shows its answer
text.py        the outcome as text; page.py: as HTML
passage.py     a replay across a topology
status.py      the status of a lab in real time
watch.py       a lab while it runs, for the page of --watch
picture.py     sites and links as they are drawn
agreement.py   key agreement on a link
"""
