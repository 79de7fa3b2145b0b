"""The virtual wire: links between ports in virtual time, with netem's impairments.

engine.py         Engine            the calendar of events, the clock, the trace
link.py           Link Port LinkTap two lanes on an engine
lane.py           Lane LinkStats    one direction: queue, transmitter, propagation, counts
straight_lane.py  StraightLane      the same for links with delay and rate only
impairments.py                      the random steps of a lane; the fields of a frame
batch_wire.py     Carrier           one direction for frames in batches, on native_lane.py (C)
params.py         LinkParams        the impairments of one direction; param_values.py, units.py
tc.py             parse_tc to_tc    a netem line of tc to parameters and back
random_streams.py                   seeded draws; distributions.py has the delay tables
trace.py          Fate Trace        the end of each frame, all of them in one digest
scapy/                              sockets and interfaces of scapy on a port
"""

from .batch_wire import Carrier
from .engine import Engine
from .lane import LinkStats
from .link import Link, LinkTap, Port
from .params import LinkParams
from .tc import parse_tc, to_tc
from .trace import Fate, Trace

__all__ = [
    "Carrier",
    "Engine",
    "Fate",
    "Link",
    "LinkParams",
    "LinkStats",
    "LinkTap",
    "Port",
    "Trace",
    "parse_tc",
    "to_tc",
]
