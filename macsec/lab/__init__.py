"""Emulated datacenters: sites with hosts, links between their edges, and traffic.

blueprint.py      Blueprint   a topology with all values: parameters, addresses, keys, tree
spanning_tree.py              the links that carry traffic, so that no frame loops
keying.py         EndPlan     an end of a link with its configuration and its entropy
ede.py            EdgeService the service of a port of an EDE: its VLANs, and the tag outside
wrong_keys.py     WrongKeys   CAKs at one end that its peer does not have
link_state.py     LinkState   key agreement on a link: secured or not, since when, which key
virtual/          Lab         a blueprint in virtual time, on one engine
real/             RealLab     a blueprint in real time: namespaces, TAP devices, pumps
"""

from macsec.config import load_topology
from macsec.lab.real.lab import RealLab
from macsec.lab.virtual.lab import Lab
from macsec.lab.virtual.stations.station import Station

from .blueprint import Blueprint, LinkPlan

__all__ = ["Blueprint", "Lab", "LinkPlan", "RealLab", "Station", "load_topology"]
