"""Objects of management beside the controls and counters of a SecY (10.7).

ports.py        PointToPoint CommonPort PortStatus   the state of its three ports
records.py      SARecords Times SARecord               times of SCs and SAs, and SAs that are gone
locks.py        Locks LockedWrite                    controls that cannot be written
maxima.py       Maxima                               how many SCs and SAs there can be
uncontrolled.py PacketCount                          frames sent at the Uncontrolled Port
port_states.py  PortStates                           all of it together: what a SecY is made on
arguments.py    missing no_batch sci_number          arguments of calls that are refused
"""

from .locks import LockedWrite, Locks
from .maxima import Maxima
from .ports import CommonPort, PointToPoint, PortStatus
from .records import Clock, SARecord, SARecords, Times
from .uncontrolled import PacketCount

__all__ = [
    "Clock",
    "CommonPort",
    "LockedWrite",
    "Locks",
    "Maxima",
    "PacketCount",
    "PointToPoint",
    "PortStatus",
    "SARecord",
    "SARecords",
    "Times",
]
