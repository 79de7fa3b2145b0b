"""A lab in real time: hosts are network namespaces, real programs communicate across the links.

lab.py          RealLab      sites, hosts and links of a blueprint
segment.py      Segment      a link: two SecYs, their pumps, and the wire between them
agreements.py   Agreements   the thread that drives the KaYs of all links
"""
