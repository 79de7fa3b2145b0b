"""MACsec Key Agreement (IEEE 802.1X clauses 9 and 12): the KaY, MKPDUs, CAKs and their holders.

kay.py            Kay         the KaY of a port: takes calls, returns actions and MKPDUs
reception.py      Receiver    judge a received MKPDU; rules.py: what its fields may hold
transmission.py   Sender      make the next MKPDU
membership/                   participants, peer lists, the election, the principal
distribution/                 SAKs: the Key Server makes them, a member takes them in
cp.py             CP          the CP machine; associations.py: the SAs of each key
actions.py                    the orders of a KaY to a SecY, as data
lowest_pns.py                 PNs in MKPDUs, and delay protection; timers.py: the timer values
policy.py         KayPolicy   the configuration; counters.py and status.py: the reports
keychain.py       KeyChain    CAKs with windows of time; cak_holder.py, holders/
derivation.py                 KDF, key wrap and ICV (9.3.3, 9.8.2, 6.2); sak.py: a SAK
mkpdu/            Mkpdu       octets to parameter sets and back
listening/        Listener    the key agreement of other stations, from their MKPDUs

Never imports `macsec.secy`.
"""

from .cak_holder import MemoryHolder
from .kay import Kay
from .keychain import ChainKey
from .mkpdu import Basic, DistributedSak, KeyUse, Mkpdu, PeerId, SakUse, compose, decode, seal
from .policy import KayPolicy
from .sak import KI

__all__ = [
    "KI",
    "Basic",
    "ChainKey",
    "DistributedSak",
    "Kay",
    "KayPolicy",
    "KeyUse",
    "MemoryHolder",
    "Mkpdu",
    "PeerId",
    "SakUse",
    "compose",
    "decode",
    "seal",
]
