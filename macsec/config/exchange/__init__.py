"""Keys and settings in the formats of other programs, both ways.

Every function returns notes that name all settings which a format cannot carry.

ip_macsec.py       commands of iproute2
ip_script.py       a script of ip, line by line
ip_devices.py      the macsec devices that it leaves, with the defaults of Linux
shell.py           commands of a shell script
systemd.py         systemd.netdev
netdev_files.py    a .netdev file, with the defaults of systemd and Linux
wireshark.py       Wireshark's tables of keys
wpa_supplicant.py  a configuration file of wpa_supplicant
wpa_networks.py    its network blocks, with the defaults of wpa_supplicant
devices/           switches, routers, NetworkManager, netplan, nmstate, openconfig
pieces.py          Export, File, ExchangeFormat, Import: parts common to all formats
"""

from macsec.config.exchange import ip_macsec, systemd, wireshark, wpa_supplicant
from macsec.config.exchange.devices import DEVICE_FORMATS
from macsec.config.exchange.pieces import ExchangeFormat, Export, File, Import, only_written

FORMATS: dict[str, ExchangeFormat] = {
    "wireshark": wireshark.FORMAT,
    "ip-macsec": ip_macsec.FORMAT,
    "wpa_supplicant": wpa_supplicant.FORMAT,
    "systemd": systemd.FORMAT,
    **DEVICE_FORMATS,
}
"""Format to its two directions."""

READ = tuple(name for name, form in FORMATS.items() if form.read is not only_written)
"""Formats that can be read."""

__all__ = ["FORMATS", "READ", "ExchangeFormat", "Export", "File", "Import"]
