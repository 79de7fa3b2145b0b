"""Keys and settings in the formats of other programs, both ways.

What a format cannot carry is said, never lost in silence: every function here returns notes.
"""

from macsec.config.exchange import ip_macsec, systemd, wireshark, wpa_supplicant
from macsec.config.exchange.pieces import Export, File, Format, Import

FORMATS: dict[str, Format] = {
    "wireshark": wireshark.FORMAT,
    "ip-macsec": ip_macsec.FORMAT,
    "wpa_supplicant": wpa_supplicant.FORMAT,
    "systemd": systemd.FORMAT,
}
"""Format to its two directions."""

__all__ = ["FORMATS", "Export", "File", "Format", "Import"]
