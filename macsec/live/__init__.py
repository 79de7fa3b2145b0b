"""Frames of this machine: TAP devices, packet sockets, network namespaces, and the loops in C.

devices.py                      open TAP devices and packet sockets, look up interfaces
interface_watch.py              carrier and MTU of an interface, and their changes
pump.py           Pump          frames between two descriptors through a SecY, in a thread
line.py           Line          the impairments of a wire in real time
eapol.py          Eapol         the Uncontrolled Port of an interface: EAPOL alone
native_thread.py  NativeThread  a loop in C in a thread without the GIL
driver.py         Driver        the real-time loop of KaYs
namespace.py      Namespace     a network namespace that ends with its process
"""

from .eapol import Eapol
from .line import Line
from .namespace import Namespace
from .pump import Pump

__all__ = ["Eapol", "Line", "Namespace", "Pump"]
