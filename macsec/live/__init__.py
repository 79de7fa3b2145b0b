"""Frames of this machine: TAP devices, packet sockets, network namespaces, and the loops in C.

open_socket.py                  a socket that an object has open
devices.py                      open TAP devices and packet sockets, look up interfaces
interface_watch.py              carrier and MTU of an interface, and their changes
pump.py           Pump          frames between two descriptors through a SecY, in a thread
line.py           Line          the impairments of a wire in real time
eapol.py          Eapol         the Uncontrolled Port of an interface: EAPOL alone
sniffer.py        Sniffer       all frames of an interface, received and sent
radius.py         RadiusSocket  datagrams to and from a RADIUS server
native_thread.py  NativeThread  a loop in C in a thread without the GIL
driver.py         Driver        the real-time loop of KaYs
aio/                            taps and labs in an event loop of asyncio
namespace.py      Namespace     a network namespace that ends with its process
local/                          sockets and folders by which processes find each other
"""

from .eapol import Eapol
from .line import Line
from .namespace import Namespace
from .pump import Pump

__all__ = ["Eapol", "Line", "Namespace", "Pump"]
