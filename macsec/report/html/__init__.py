"""Pages in one file of HTML: no script, no network, light or dark like the reader's system.

`model.py` has the data that a page is made of, and a map of the components.
"""
