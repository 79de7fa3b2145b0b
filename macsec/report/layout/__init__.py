"""Layout of a topology: positions of nodes, routes of links, room for words.

No version of another program decides it: the same topology has the same picture everywhere (D-61).

arrange.py   nodes by stress majorization, turned and scaled until no box meets another
boxes.py     rectangles, and the width of a text
places.py    symbols and words on links, none on another
routes.py    a curve for each link that avoids boxes
stress.py    positions whose distances are those of the graph
"""
