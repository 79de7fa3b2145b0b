"""Stations at the ends of links, and the clock of a KaY.

station.py        Station        a SecY at one end of a link, with a KaY or with static SAs
station_clock.py  StationClock   the clock of its KaY, which can rest, and run fast or slow
edge_port.py      EdgePort       a port of an EDE: a station with a tag outside of its SecTAGs
vlan_trunk.py     VlanTrunk      a port with a SecY and a KaY for each VLAN
"""
