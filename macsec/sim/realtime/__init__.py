"""A lab in real time: hosts are network namespaces, and real programs talk across the links.

namespace.py   Namespace    a network of its own, which is gone with the process that has it open
segment.py     Segment      a link: two SecYs, their pumps, and the wire between them
agreement.py   Agreements   the KaYs of all links, and the thread that drives them
lab.py         RealLab      sites, hosts and links of a blueprint
"""

from macsec.live.namespace import Namespace
from macsec.sim.realtime.lab import RealLab
from macsec.sim.realtime.segment import Segment

__all__ = ["Namespace", "RealLab", "Segment"]
