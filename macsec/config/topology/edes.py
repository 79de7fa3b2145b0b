"""The kinds of Ethernet Data Encryption devices (802.1AE clause 15) and the addresses they filter.

An EDE relays between its red side, in clear, and its black side. It keeps from the black side what
the bridges on the way to its peers would not forward: the reserved addresses of their component.
"""

from __future__ import annotations

from typing import NamedTuple

TPMR = sum(1 << address for address in (0x1, 0x2, 0x4, 0xE))
"""Addresses 01-80-C2-00-00-00 to 0F, a bit each, that a TPMR filters (802.1Q 8.6.3)."""
S_VLAN = sum(1 << address for address in (*range(0x1, 0xB), 0xE))
"""Addresses that an S-VLAN component filters, of a provider's bridge."""
C_VLAN = (1 << 16) - 1
"""Addresses that a C-VLAN component filters, and a MAC Bridge."""

C_TAG, S_TAG = 0x8100, 0x88A8


class EdeKind(NamedTuple):
    """A kind of EDE.

    `destination`: of MKPDUs. `reserved`: addresses that it does not relay, a bit each. `red_tag`:
    TPID of the VLAN tags on its red side, by which it knows a service. `black_tag`: TPID of the tag
    that it adds before the SecTAG; None: none.
    """

    title: str
    destination: bytes
    reserved: int
    red_tag: int | None = None
    black_tag: int | None = None


EDES = {
    "m": EdeKind("EDE-M", bytes.fromhex("0180C2000000"), S_VLAN),
    "cs": EdeKind("EDE-CS", bytes.fromhex("0180C2000000"), S_VLAN, C_TAG, S_TAG),
    "cc": EdeKind("EDE-CC", bytes.fromhex("0180C200001F"), C_VLAN, C_TAG, C_TAG),
    "ss": EdeKind("EDE-SS", bytes.fromhex("0180C200000B"), S_VLAN, S_TAG, S_TAG),
}
"""All kinds by name. CC and SS add the tag that the frame has inside once more."""
