"""One port for the SecYs of many VLANs: each has its KaY, its CA and its transmit SC.

The tag is outside of SecTAGs and MKPDUs, and neither is authenticated with it: as with a MACsec
device above a VLAN device. A frame goes to the SecY of its VLAN, and no other one sees it.
"""

from __future__ import annotations

from dataclasses import dataclass

from macsec.errors import ConfigError
from macsec.terms import ADDRESSES_LENGTH, VLAN_TAG_LENGTH
from macsec.wire.link import Port

C_TAG = 0x8100
VIDS = range(1, 4095)
PRIORITIES = range(8)
_VID = 0xFFF
_TAGGED = ADDRESSES_LENGTH + VLAN_TAG_LENGTH


@dataclass(slots=True)
class TrunkCounts:
    """Frames that reached no SecY. `other_vlan`: of a VLAN without one."""

    untagged: int = 0
    other_vlan: int = 0


class VlanTrunk:
    """A port of which each VLAN is a port of its own: `vlan` makes them.

    `ethertype`: that of the tag. The first tag counts; further ones are of the user.
    """

    def __init__(self, port: Port, ethertype: int = C_TAG) -> None:
        self.counts = TrunkCounts()
        self._port, self._ethertype = port, ethertype.to_bytes(2)
        self._vlans: dict[int, Port] = {}
        port.receiver = self._take

    def vlan(self, vid: int, priority: int = 0) -> Port:
        """Return the port of a VLAN, the Common Port of a station.

        What it sends has this priority. Raises ConfigError for a VID that cannot be, or is taken.
        """
        if vid not in VIDS or priority not in PRIORITIES:
            raise ConfigError(f"VLAN {vid}, priority {priority}: expected 1 to 4094, 0 to 7")
        if vid in self._vlans:
            raise ConfigError(f"VLAN {vid}: port {self._port.name} has a SecY for it already")
        tag = self._ethertype + (priority << 13 | vid).to_bytes(2)

        def send(frame: bytes) -> None:
            self._port.send(frame[:ADDRESSES_LENGTH] + tag + frame[ADDRESSES_LENGTH:])

        made = self._vlans[vid] = Port(f"{self._port.name}.{vid}", self._port.mtu, send)
        return made

    def _take(self, frame: bytes) -> None:
        at = ADDRESSES_LENGTH
        if len(frame) < _TAGGED or frame[at : at + 2] != self._ethertype:
            self.counts.untagged += 1
            return
        port = self._vlans.get(int.from_bytes(frame[at + 2 : at + 4]) & _VID)
        if port is None:
            self.counts.other_vlan += 1
        elif port.receiver is not None:
            port.receiver(frame[:at] + frame[at + VLAN_TAG_LENGTH :])
