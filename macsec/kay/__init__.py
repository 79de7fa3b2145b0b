"""MACsec Key Agreement (IEEE 802.1X clauses 9 and 12): the KaY, MKPDUs, CAKs and their holders.

kay.py           Kay           the KaY of a port: verbs in, actions and MKPDUs out
participant.py   Participant   a member of one CA; identity.py, peers.py, principal.py
key_server.py                  the Key Server: when a SAK is due, making it, distributing it
sak_intake.py                  a member: whether a distributed SAK is to be used; key_history.py
cp.py            CP            the CP machine; associations.py: what each key installed
actions.py                     what a KaY asks of a SecY, as data
policy.py        KayPolicy     the configuration; counters.py and status.py: what is reported
keychain.py      KeyChain      CAKs with windows of time; cak_holder.py, holders/
derivation.py                  KDF, key wrap and ICV (9.3.3, 9.8.2, 6.2)
mkpdu/           Mkpdu         octets to parameter sets and back
listening/       Listener      the key agreement of others, from their MKPDUs

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
