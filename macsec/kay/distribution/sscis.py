"""SSCIs that a Key Server assigns (IEEE 802.1X 11.11.3, MKA version 3; 802.1AE 10.7.13).

Its own lies beside the Live Peer List. The members take the other numbers from 1 on in the order
of the list. Without this the SSCIs are ranks of SCIs: `ranked` in `macsec/kay/keys/sak.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from macsec.kay.mkpdu.frame import Mkpdu
from macsec.kay.mkpdu.parameter_sets import LivePeerList

SSCI_VERSION = 3
"""The MKA version from which on the octet has a meaning."""


def server_ssci(mkpdu: Mkpdu) -> int:
    """Return the low octet of the Key Server's SSCI in an MKPDU; 0 if it assigns none."""
    found = mkpdu.first(LivePeerList)
    return 0 if found is None or mkpdu.basic.version < SSCI_VERSION else found.server_ssci


def assigned(own: int, server: int, others: Sequence[int]) -> dict[int, int] | None:
    """Return the SSCI of each SCI: `own` for the Key Server, the rest in order for the others.

    None for an assignment that cannot be: a number beyond the members, or an SCI twice.
    """
    members = [*others]
    members.insert(own - 1, server)
    if own > len(others) + 1 or len(set(members)) < len(members):
        return None
    return {sci: number for number, sci in enumerate(members, 1)}
