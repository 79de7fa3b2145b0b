"""A lab in virtual time, on one engine.

lab.py        Lab             sites, hosts and links of a blueprint
parts.py      LabParts        what a lab is made of, on an engine in Python or in C
reference.py  ReferenceParts  all of it in Python, in the files below
native/       NativeParts     the same in C, with the same digests: the default
bridge.py     Bridge          a learning bridge: the switch of a site, and the relay of an edge
host.py       VirtualHost     a port with plain Ethernet
station.py    Station         a SecY at one end of a link, with a KaY or with static SAs
site_link.py  SiteLink        a link between two sites, with its stations
traffic.py                    generators and captures as frames in time
playback.py   Playback        sends the traffic of a blueprint
passage.py    Passage         a capture as the only traffic of a lab
recorder.py   Recorder        frames of ports and hosts, kept in memory
captures.py                   recorders of all links and hosts of a lab
probe.py      Probe           a frame before and after, a replay window over time
"""
