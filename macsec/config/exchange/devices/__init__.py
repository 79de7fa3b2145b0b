"""Port configurations of switches, routers and managers of networks: key agreement, one way.

Each writes what a user configures by hand, from public manuals, in our own words. The name of the
interface is a placeholder. NetworkManager and nmstate are read too.

settings.py         PortSettings: keys and settings of one port, and notes on what gets lost
cisco.py            IOS XE, IOS XR, NX-OS
other_routers.py    Arista EOS, Juniper Junos, Nokia SR OS
openconfig.py       openconfig-keychain and openconfig-macsec as JSON
network_manager.py  NetworkManager's keyfile, and the same in netplan
nmstate.py          nmstate
"""

from macsec.config.exchange.devices import (
    cisco,
    network_manager,
    nmstate,
    openconfig,
    other_routers,
)
from macsec.config.exchange.pieces import ExchangeFormat

DEVICE_FORMATS: dict[str, ExchangeFormat] = {
    "networkmanager": network_manager.KEYFILE,
    "netplan": network_manager.NETPLAN,
    "nmstate": nmstate.FORMAT,
    **cisco.FORMATS,
    **other_routers.FORMATS,
    "openconfig": openconfig.FORMAT,
}
"""Format to its directions."""

__all__ = ["DEVICE_FORMATS"]
