"""The service gNMI over the running ports of this machine, in the models of OpenConfig.

device.py        GnmiDevice       all taps and labs as one device: one tree, unique names
paths.py                          elements, keys, wildcards       tree.py   leaves and subtrees
subscriptions.py TimedStream      the values that are due at a time
settings.py      Wishes           the leaves that a Set may change    transaction.py   all or none
messages.py                       the messages, from a table          values.py   encodings
service.py       GnmiService      Capabilities, Get, Set, Subscribe
server.py        GnmiServer       gRPC with TLS and passwords

messages, values, service and server need the extra `gnmi`; the others do not.
"""

from .device import Adjustment, GnmiDevice, PortTree

__all__ = ["Adjustment", "GnmiDevice", "PortTree"]
