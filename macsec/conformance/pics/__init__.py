"""The statement of conformance (PICS), item by item, each with the check that showed it.

item.py       Pics PicsRow Support state   an item, its status, and what a run says of it
links.py      linked                       two SecYs with one SAK, for checks
ports.py      ports and frames: SAP, STAT, GEN, VER, FMT, SCI, FCS
management.py KAY, MGT and the maxima
ciphers.py    Cipher Suites: CS
ede.py        IEEE 802.1AE, Annex D
mka.py        IEEE 802.1X-2020, MKA
catalog.py    statements                   all of them, in order
"""

from .catalog import statements
from .item import Pics, PicsRow, Support, state

__all__ = ["Pics", "PicsRow", "Support", "state", "statements"]
