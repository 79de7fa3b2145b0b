"""Scapy on the virtual wire: sockets and interfaces on ports, waiting in virtual time.

socket.py       PortSocket   a scapy socket on a port
pacing.py                    inter= and realtime= of scapy's senders in virtual time
interfaces.py   interfaces   names for ports, as interfaces of scapy
waiting.py                   select() in virtual time: waiting runs the engine
"""

from macsec import extras

try:
    from .socket import PortSocket
except ImportError:
    raise extras.lacks("scapy") from None

__all__ = ["PortSocket"]
