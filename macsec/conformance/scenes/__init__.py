"""Scenes of key agreement in virtual time, for cases of test plans and for tests.

segment.py   MkaSegment SegmentMember   stations on one segment; `pair` makes two, secured
labs.py      build_lab                  a lab of a topology on the data plane of a case
statics.py                              SecYs with static keys
eap.py, eap_tls.py                      CAKs from EAP, handshakes with certificates
protocols.py                            protocols of daemons, with their hold timers
routed.py                               frames as a router hands them to a port
traffic.py                              traffic throughout, at a rate of a line; keys that break
records.py   Records                    records of a station's events, as --events has them
actor.py     Actor                      a member whose MKPDUs are made by hand
"""

from .actor import Actor, alone, member_of, reported, server_of, snapshot
from .segment import (
    BROADCAST,
    CAK,
    CKN,
    MkaSegment,
    SecYMaker,
    SegmentMember,
    chain_key,
    check_connectivity,
    controls_of,
    is_mka,
    pair,
    policy_of,
    sci_of_name,
    secured,
    watch,
)

__all__ = [
    "BROADCAST",
    "CAK",
    "CKN",
    "Actor",
    "MkaSegment",
    "SecYMaker",
    "SegmentMember",
    "alone",
    "chain_key",
    "check_connectivity",
    "controls_of",
    "is_mka",
    "member_of",
    "pair",
    "policy_of",
    "reported",
    "sci_of_name",
    "secured",
    "server_of",
    "snapshot",
    "watch",
]
