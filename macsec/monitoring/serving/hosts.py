"""Names of this machine in the header Host of a request.

A page of a stranger reaches a server on loopback by a name of its own that leads to 127.0.0.1
(DNS rebinding). Its browser sends that name.
"""

from __future__ import annotations

import platform
from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Return whether an address is one that other machines do not reach."""
    return ip_address(host.partition("%")[0]).is_loopback


def names_this_machine(host: str) -> bool:
    """Return whether a Host is an address, localhost, or the name of this machine.

    Without one, as of HTTP/1.0, the client is no browser.
    """
    name = host.strip().lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    name = name.rstrip(".")
    if name in ("", "localhost", platform.node().lower()) or name.endswith(".localhost"):
        return True
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
