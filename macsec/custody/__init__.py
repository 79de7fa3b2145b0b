"""Packet numbers that survive: no (key, SCI, PN) is used twice, however a process ends.

keeper.py    Keeper: all transmit SAs of a SecY, each with its record
numbers.py   PacketNumbers: one record in use, PNs reserved ahead, the exact value at the end
folder.py    Folder: the records on the disk
record.py    PNRecord: the first unused PN of one (key, SCI), as text
in_use.py    InUse: locks of this machine on keys that processes send under
reserver.py  Reserver: background thread that keeps PNs reserved for a running pump
system.py    System: the system calls of custody, replaceable in tests
"""

from .in_use import InUse, member_name, nonce_names
from .keeper import BLOCK, LONGEST_BLOCK, Keeper
from .reserver import Reserver

__all__ = ["BLOCK", "LONGEST_BLOCK", "InUse", "Keeper", "Reserver", "member_name", "nonce_names"]
