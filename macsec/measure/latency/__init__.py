"""Latency: processing, load, serialisation and round trips, each measured apart.

run.py             a measurement: all kinds of time
chain.py           two SecYs, one frame at a time     offered.py   frames at a rate: a queue
histogram.py       counts by value, as HdrHistogram keeps them
search.py          the highest rate without loss      undisturbed.py   runs that nothing interrupted
secy_delay.py      the delays that Table 10-3 allows
serialisation.py   the time on the wire, exact        round_trips.py, tunnel.py   between two hosts
tunnel_peers.py    other ways between them: a bare cable, WireGuard, ESP
"""
