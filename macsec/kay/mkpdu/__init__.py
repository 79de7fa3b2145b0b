"""MKPDUs (802.1X clause 11): octets to parameter sets and back; no key is involved.

frame.py            Mkpdu   the frame, its ICV, and the order of its parameter sets
parameter_set.py            the part common to all parameter sets
stencil.py          Stencil the octets that MKPDUs have in common which differ in MNs only
parameter_sets.py           each parameter set
"""

from .frame import Mkpdu, Refusal, compose, decode, seal
from .parameter_sets import Basic, DistributedSak, KeyUse, PeerId, SakUse

__all__ = [
    "Basic",
    "DistributedSak",
    "KeyUse",
    "Mkpdu",
    "PeerId",
    "Refusal",
    "SakUse",
    "compose",
    "decode",
    "seal",
]
