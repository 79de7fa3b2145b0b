"""Ports below ietf-interfaces and ietf-system: the trees of the IEEE modules."""

from __future__ import annotations

from .kay import pae_tree
from .ports import ManagedPort, Ports
from .secy import interface_counts, suites_tree
from .values import Tree, moment

EAPOL_VERSION, MKA_VERSION = 3, 3
SYSTEM = "macsec"
ETHERNET, CONTROLLED = "iana-if-type:ethernetCsmacd", "iana-if-type:macSecControlledIF"


def ieee_tree(ports: Ports) -> Tree:
    """Return the instance data of ports, and of the system that they belong to."""
    return {
        "ietf-system:system": {
            "ieee802-dot1x:pae-system": {
                "name": SYSTEM,
                "system-access-control": "enabled",
                "system-announcements": "disabled",
                "eapol-protocol-version": EAPOL_VERSION,
                "mka-version": MKA_VERSION,
                "ieee802-dot1ae-secy:secy-system": suites_tree(),
            }
        },
        "ietf-interfaces:interfaces": {
            "interface": [
                entry
                for index, port in enumerate(ports)
                for entry in (_controlled(port, 2 * index + 1), _common(port, 2 * index + 2))
            ]
        },
    }


def _controlled(port: ManagedPort, index: int) -> Tree:
    entry = _interface(port, port.name, CONTROLLED, index, port.opened)
    entry["statistics"] |= interface_counts(port.secy)
    return entry | {"ieee802-dot1x:pae": {"pae-system": SYSTEM, **pae_tree(port)}}


def _common(port: ManagedPort, index: int) -> Tree:
    return _interface(port, port.common, ETHERNET, index, True)


def _interface(port: ManagedPort, name: str, kind: str, index: int, is_up: bool) -> Tree:
    """Return an interface; `if-index` is its place here, since a port has no number of its own."""
    return {
        "name": name,
        "type": kind,
        "admin-status": "up",
        "oper-status": "up" if is_up else "down",
        "if-index": index,
        "statistics": {"discontinuity-time": moment(port.since)},
    }
