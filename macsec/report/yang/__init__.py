"""Ports as instance data of published YANG modules, in the JSON of RFC 7951.

ports.py        ManagedPort   a SecY, its KaY and their interface: what the others read
values.py                     YANG types in JSON; values that a published type cannot hold
ieee.py         ieee_tree     ieee802-dot1ae-secy, ieee802-dot1x, below ietf-interfaces
secy.py         secy_tree     the SecY of a port      kay.py   pae_tree   its KaY
openconfig.py   openconfig_tree     openconfig-macsec, below openconfig-interfaces
telemetry.py    telemetry_tree      the same, with leaves that test plans read

The modules themselves are not part of this package: `macsec help yang` says where they are.
"""

from collections.abc import Callable

from .ieee import ieee_tree
from .openconfig import openconfig_tree
from .ports import ManagedPort, Ports
from .telemetry import telemetry_tree
from .values import Tree

TREES: dict[str, Callable[[Ports], Tree]] = {
    "ieee": ieee_tree,
    "openconfig": openconfig_tree,
    "gnmi": telemetry_tree,
}
"""Data models by name, and the function that makes the instance data of ports."""

__all__ = ["TREES", "ManagedPort", "ieee_tree", "openconfig_tree", "telemetry_tree"]
