"""A learning bridge (the relay of IEEE 802.1Q): the switch of a site, and the relay of its edge."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from macsec.terms import ADDRESSES_LENGTH
from macsec.wire.link import Port

_GROUP = 0x01

Known = Callable[[bytes], int | None]


class Bridge:
    """A bridge that relays frames at once: to the port of their address if known, else to all.

    `known` returns the number of the port of an address that was not seen yet, or None. All VLANs
    are one LAN. Frames to groups go to all ports, even to groups that 802.1Q keeps from bridges, so
    hosts see one cable. Addresses are never forgotten. `filtered`: frames whose destination is at
    the port of their source. `flooded`: unicast frames to an unknown address. `runts`: frames too
    short for two addresses.
    """

    def __init__(self, name: str, known: Known | None = None) -> None:
        self.name = name
        self.ports: list[Port] = []
        self.filtered = 0
        self.flooded = 0
        self.runts = 0
        self._known = known or _unknown
        self._learnt: dict[bytes, int] = {}

    def attach(self, port: Port) -> None:
        """Add a port."""
        port.receiver = partial(self._relay, len(self.ports))
        self.ports.append(port)

    def _number_of(self, address: bytes) -> int | None:
        number = self._learnt.get(address)
        return self._known(address) if number is None else number

    def _relay(self, source: int, frame: bytes) -> None:
        if len(frame) < ADDRESSES_LENGTH:
            self.runts += 1
            return
        if not frame[6] & _GROUP:
            self._learnt[frame[6:ADDRESSES_LENGTH]] = source
        if not frame[0] & _GROUP:
            number = self._number_of(frame[:6])
            if number is not None:
                self._pass_on(number, source, frame)
                return
            self.flooded += 1
        for number, port in enumerate(self.ports):
            if number != source:
                port.send(frame)

    def _pass_on(self, number: int, source: int, frame: bytes) -> None:
        if number == source:
            self.filtered += 1
        else:
            self.ports[number].send(frame)

    def __repr__(self) -> str:
        return f"<Bridge {self.name}, {len(self.ports)} ports>"


def _unknown(_: bytes) -> None:
    return None
