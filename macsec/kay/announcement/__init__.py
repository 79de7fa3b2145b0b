"""Announcements (IEEE 802.1X 10, 11.12): the abilities of a station.

contents.py   Announced   Cipher Suites, access, KMD and NIDs: TLVs to data and back
choice.py                 the Cipher Suite that a Key Server chooses among those of all members
frames.py                 EAPOL-Announcement and EAPOL-Announcement-Req
announcer.py  Announcer   sends and learns such frames on a port
"""

from .announcer import Announcer
from .choice import chosen_suite
from .contents import Access, Announced, SuiteAbility, own, read, tlvs_of

__all__ = [
    "Access",
    "Announced",
    "Announcer",
    "SuiteAbility",
    "chosen_suite",
    "own",
    "read",
    "tlvs_of",
]
