"""A lab in virtual time, on one engine.

lab.py        Lab        sites, hosts and links of a blueprint
bridge.py     Bridge     a learning bridge: the switch of a site, and the relay of an edge
host.py       Host       a port with plain Ethernet
station.py    Station    a KaY, a SecY and a timer on the engine
traffic.py               generators and captures as departures in time
passage.py    Passage    a capture as the only traffic of a lab
recorder.py              captures of wires and hosts
probe.py                 a frame before and after, a replay window over time
"""
