"""Packet numbers that survive: no (key, SCI, PN) is used twice, whatever ends a process.

- record.py: what is kept of one (key, SCI), as text
- folder.py: such records on the disk, through the few calls made of the system (system.py)
- numbers.py: one record in use: PNs reserved ahead, the exact value at the end
- keeper.py: all transmit SAs of a SecY, each under its record
"""

from macsec.custody.keeper import BLOCK, LONGEST_BLOCK, Keeper

__all__ = ["BLOCK", "LONGEST_BLOCK", "Keeper"]
