"""The SecY in readable Python: the oracle for the data plane in C (D-01).

plane.py        ReferencePlane        10.5 and 10.6: one frame at a time
management.py   ReferenceManagement   10.7: controls, SCs, SAs, counters
state.py        SAKey                 SCs, SAs, ciphers and counters
frames.py       ReceivedFrame         a frame between the steps
"""

from .plane import ReferencePlane

__all__ = ["ReferencePlane"]
