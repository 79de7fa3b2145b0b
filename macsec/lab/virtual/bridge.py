"""A learning bridge (the relay of IEEE 802.1Q): the switch of a site, and the relay of its edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from macsec.terms import ADDRESSES_LENGTH, ETHERTYPE_MAC_CONTROL
from macsec.wire.link import Port

_GROUP = 0x01
_LINK_LOCAL = bytes.fromhex("0180c20000")
"""Start of the group addresses that end at the next bridge, with a sixth octet of 0 to 15."""
_MAC_CONTROL = ETHERTYPE_MAC_CONTROL.to_bytes(2)
_TYPE = slice(ADDRESSES_LENGTH, ADDRESSES_LENGTH + 2)

Known = Callable[[bytes], int | None]


@dataclass(slots=True)
class BridgeCounts:
    """Frames that a bridge did not simply pass on.

    `filtered`: their destination is at the port of their source. `flooded`: unicast frames to an
    unknown address. `link_local`: link-local frames. `runts`: frames too short for two addresses.
    """

    filtered: int = 0
    flooded: int = 0
    link_local: int = 0
    runts: int = 0


class Bridge:
    """A bridge that relays frames at once: to the port of their address if known, else to all.

    `known` returns the number of the port of an address that was not seen yet, or None. All VLANs
    are one LAN. Frames to groups go to all ports, except link-local frames, which end here (802.1Q
    8.6.3): those to 01-80-C2-00-00-00 to 0F, and MAC Control to any address. Addresses are never
    forgotten. With `hairpin` a frame whose destination is at the port of its source is flooded and
    not filtered.
    """

    def __init__(self, name: str, known: Known | None = None) -> None:
        self.name = name
        self.ports: list[Port] = []
        self.hairpin = False
        self._counts = BridgeCounts()
        self._known: Known = known or _unknown
        self._learnt: dict[bytes, int] = {}

    @property
    def counts(self) -> BridgeCounts:
        """The counts so far."""
        return self._counts

    def attach(self, port: Port) -> None:
        """Add a port."""
        port.receiver = partial(self._relay, len(self.ports))
        self.ports.append(port)

    def _number_of(self, address: bytes) -> int | None:
        number = self._learnt.get(address)
        return self._known(address) if number is None else number

    def _relay(self, source: int, frame: bytes) -> None:
        if len(frame) < ADDRESSES_LENGTH:
            self._counts.runts += 1
            return
        if not frame[6] & _GROUP:
            self._learnt[frame[6:ADDRESSES_LENGTH]] = source
        if is_link_local(frame):
            self._counts.link_local += 1
        elif frame[0] & _GROUP:
            self._flood(source, frame)
        else:
            self._pass_on(self._number_of(frame[:6]), source, frame)

    def _pass_on(self, number: int | None, source: int, frame: bytes) -> None:
        """Relay a unicast frame to the port of its destination, None if it is unknown."""
        if number is None:
            self._counts.flooded += 1
            self._flood(source, frame)
        elif number != source:
            self.ports[number].send(frame)
        else:
            self._counts.filtered += 1
            if self.hairpin:
                self._flood(source, frame)

    def _flood(self, source: int, frame: bytes) -> None:
        for number, port in enumerate(self.ports):
            if number != source:
                port.send(frame)

    def __repr__(self) -> str:
        return f"<Bridge {self.name}, {len(self.ports)} ports>"


def is_link_local(frame: bytes) -> bool:
    """Return whether no bridge relays a frame, because it is for the next station only."""
    return (frame[:5] == _LINK_LOCAL and frame[5] < 16) or frame[_TYPE] == _MAC_CONTROL


def _unknown(_: bytes) -> None:
    return None
