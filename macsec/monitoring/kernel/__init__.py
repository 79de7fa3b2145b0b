"""The MACsec devices of the Linux kernel, by generic netlink (linux/if_macsec.h, pyroute2).

messages.py  the messages of the family `macsec`, as pyroute2 decodes them
devices.py   ports     every device of this network namespace as a MonitoredPort
"""

from .devices import has_macsec, ports

__all__ = ["has_macsec", "ports"]
