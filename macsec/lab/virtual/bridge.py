"""A learning bridge (the relay of IEEE 802.1Q): the switch of a site, and the relay of its edge."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from macsec.wire.link import Port

_GROUP = 0x01
ADDRESSES = 12

Known = Callable[[bytes], int | None]


class Bridge:
    """Relays frames between ports in no time: to where an address was last seen, else to all.

    `known` tells the number of the port of an address that was not seen yet, or None. All VLANs are
    one LAN. Group addresses go everywhere, those which 802.1Q keeps from bridges too: hosts see one
    cable. Addresses are never forgotten. `filtered`: frames whose destination is where they came
    from. `flooded`: unicast frames whose destination is not known. `runts`: frames too short for
    two addresses.
    """

    def __init__(self, name: str, known: Known | None = None) -> None:
        self.name = name
        self.ports: list[Port] = []
        self.filtered = 0
        self.flooded = 0
        self.runts = 0
        self._known = known or _nothing
        self._learnt: dict[bytes, int] = {}

    def attach(self, port: Port) -> None:
        """A port more."""
        port.receiver = partial(self._relay, len(self.ports))
        self.ports.append(port)

    def _number_of(self, address: bytes) -> int | None:
        number = self._learnt.get(address)
        return self._known(address) if number is None else number

    def _relay(self, came: int, frame: bytes) -> None:
        if len(frame) < ADDRESSES:
            self.runts += 1
            return
        if not frame[6] & _GROUP:
            self._learnt[frame[6:ADDRESSES]] = came
        if not frame[0] & _GROUP:
            number = self._number_of(frame[:6])
            if number is not None:
                self._pass_on(number, came, frame)
                return
            self.flooded += 1
        for number, port in enumerate(self.ports):
            if number != came:
                port.send(frame)

    def _pass_on(self, number: int, came: int, frame: bytes) -> None:
        if number == came:
            self.filtered += 1
        else:
            self.ports[number].send(frame)

    def __repr__(self) -> str:
        return f"<Bridge {self.name}, {len(self.ports)} ports>"


def _nothing(_: bytes) -> None:
    return None
