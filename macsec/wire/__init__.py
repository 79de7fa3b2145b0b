"""The virtual wire: links between ports in virtual time, with netem's impairments.

engine.py        Engine          the calendar of events, the clock, the trace
link.py          Link Port Tap   two lanes on an engine
lane.py          Lane            one direction: queue, transmitter, propagation, counts
straight_lane.py StraightLane    the same where only delay and rate are asked for
batch_wire.py    Carrier         one direction in batches, on a Lane or on native_lane.py (C)
impairments.py                   the steps of a lane, each with its stream of draws
params.py        LinkParams      the impairments of one direction; param_values.py, units.py, tc.py
random_streams.py                seeded draws; distributions.py has the delay tables
fields.py                        where the fields of a frame are, for filters and aimed corruption
trace.py         Fate Trace      how each frame ended, all of them in one digest
scapy/                           sockets and interfaces of scapy on a port
"""

from .engine import Engine
from .link import Link, Port, Tap
from .params import LinkParams
from .tc import parse_tc
from .trace import Fate, Trace

__all__ = ["Engine", "Fate", "Link", "LinkParams", "Port", "Tap", "Trace", "parse_tc"]
