"""A lab in real time: hosts are network namespaces, real programs communicate across the links.

lab.py          RealLab      sites, hosts and links of a blueprint
segment.py      Segment      a link: two SecYs, their pumps, and the wire between them
faulty_line.py  FaultyLine   its wire, whose impairments may change while it is up
agreements.py   Agreements   the thread that drives the KaYs of all links
"""
