"""MACsec for scapy scripts: Security Associations, layers of MKPDUs, verdicts while sniffing.

association.py  MACsecSA  that of scapy.contrib.macsec, and the verdicts of a SecY
mka.py                    layers of the parameter sets of MKPDUs; importing it binds them to EAPOL
sniffing.py     sniff     packets with their verdict and their clear frame

They need the extra `scapy`. Sockets of scapy on a virtual wire are in `macsec.wire.scapy`.
"""

from macsec import extras

try:
    from .association import MACsecSA
    from .sniffing import SniffedFrame, sniff
except ImportError:
    raise extras.lacks("scapy") from None

__all__ = ["MACsecSA", "SniffedFrame", "sniff"]
