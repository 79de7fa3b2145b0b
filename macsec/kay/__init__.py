"""MACsec Key Agreement (IEEE 802.1X clauses 9 and 12): the KaY, MKPDUs, CAKs and their holders.

kay.py            Kay         the KaY of a port: takes calls, returns actions and MKPDUs
kay_state.py      KayState    its state, for reports
reception.py      Receiver    judge a received MKPDU; rules.py: what its fields may hold
transmission.py   Sender      make the next MKPDU; timers.py: the timer values
rest.py           Rest        no settling while nothing changes; hello_lender.py: no hellos either
policy.py         KayPolicy   the configuration; counters.py and status.py: the reports
membership/                   participants, peer lists, the election, the principal
distribution/                 SAKs: the Key Server makes them, a member takes them in
secy_side/        CP          the SecY as a KaY sees it: CP machine, SAs, orders, lowest PNs
keys/             KeyChain    CAKs and their holders' seam, derivations, SAKs
holders/                      where a CAK is kept
mkpdu/            Mkpdu       octets to parameter sets and back
announcement/                 suites, access and domains that stations announce
eap/              Logon       CAKs from EAP: the Authenticator of a port, RADIUS
group/            Groups      group CAKs, distributed over pairwise CAs
listening/        Listener    the key agreement of other stations, from their MKPDUs

Never imports `macsec.secy`.
"""

from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import ChainKey
from macsec.kay.keys.sak import KI

from .kay import Kay
from .mkpdu import Basic, DistributedSak, KeyUse, Mkpdu, PeerId, SakUse, compose, decode, seal
from .policy import KayPolicy

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
