"""Technica's MKAdaemon: the demands of its unit tests, case by case on the KaY.

plan.py        SUITE
reception.py   RxValidation: framing, authentication
peers.py       RxBasicParmSet, RxPeerList
sak_use.py     RxSakUse, RxXPN
saks.py        RxDistSak
announcing.py  CipherSuiteNegotiation, TxAnnouncement
sending.py     TxBasic, TxTimers, TxPeerList, TxDistSak, TxWhenServer, TxWhenClient, TxXPN
cp.py          Test_MKA_CP: the Controlled Port machine
logon.py       Test_MKA_LOGON: link up and down, unauthenticated access
secy.py        Test_MKA_SECY: SCs and SAs
"""

from . import reception, peers, sak_use, saks, announcing, sending, cp, logon, secy  # noqa: I001
from .plan import SUITE

__all__ = [
    "SUITE",
    "announcing",
    "cp",
    "logon",
    "peers",
    "reception",
    "sak_use",
    "saks",
    "secy",
    "sending",
]
