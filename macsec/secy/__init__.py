"""The SecY (clause 10): one machine, two data planes.

lmi.py              SecY: management (10.7), checks every argument
management/         states of ports, times, locks and limits, for a manager (10.7)
channels.py         TransmitSC, ReceiveSC and their SAs, read-only
controls.py         Controls: the management controls and the rules between them
profiles/           Profile: named switches where implementations disagree, and their sources
verdict.py          Verdict: each way a frame can end, with counter and clause
counters.py         counters by the standard's names, from the tallies of a data plane
from_config.py      controls, SCs and SAs of a SecY from a configuration
traffic_classes.py  SCIs of several transmit SCs, priorities of requests
ssci_registry.py    check that an SSCI belongs to one SCI under one SAK
plane.py            DataPlane: the interface between management and the two implementations
backends.py         choice of a data plane by name
reference/          ReferencePlane: clause 10 in readable Python, the oracle
replay_check.py     PN recovery and replay protection of the reference
native.py           NativePlane: the SecY in C, one call a batch
own_arena.py        checks of an arena that the caller gives for a result
tables/             verdicts and counters as tables of Arrow
"""

from .controls import Controls, Validate
from .lmi import SecY
from .plane import DataPlane, Outcome, SAParameters
from .profiles import PROFILES, Profile
from .verdict import Verdict

__all__ = [
    "PROFILES",
    "Controls",
    "DataPlane",
    "Outcome",
    "Profile",
    "SAParameters",
    "SecY",
    "Validate",
    "Verdict",
]
