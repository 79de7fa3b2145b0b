"""Emulated datacenters: sites with hosts, links between their edges, traffic, in virtual time.

blueprint.py   Blueprint   a topology with everything decided: parameters, addresses, keys, tree
tree.py                    which links carry traffic, so that nothing goes round in a loop
bridge.py      Bridge      a learning bridge: the switch of a site, and the relay of an edge
host.py        Host        a port with plain Ethernet
traffic.py                 generators and captures as departures in time
lab.py         Lab         all of it on one engine
record.py                  captures of ports and wires;  strip.py: a receive SA over time
"""

from macsec.sim.lab.blueprint import Blueprint, LinkPlan
from macsec.sim.lab.lab import Lab

__all__ = ["Blueprint", "Lab", "LinkPlan"]
