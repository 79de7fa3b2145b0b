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
ALL_RESERVED = (1 << 16) - 1
"""All of these, a bit for each."""
_MAC_CONTROL = ETHERTYPE_MAC_CONTROL.to_bytes(2)
_TYPE = slice(ADDRESSES_LENGTH, ADDRESSES_LENGTH + 2)

_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"
_WITH_PORTS = (6, 17)
"""Protocols of IP with port numbers: TCP and UDP."""

Usable = Callable[[], bool]
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
    8.6.3): those to 01-80-C2-00-00-00 to 0F, as far as `reserved` has a bit for them, and MAC
    Control to any address. Addresses are never forgotten. With `hairpin` a frame whose destination
    is at the port of its source is flooded and not filtered.
    """

    def __init__(self, name: str, known: Known | None = None) -> None:
        self.name = name
        self.ports: list[Port] = []
        self._leaders: list[int] = []
        self._members: dict[int, list[tuple[Port, Usable]]] = {}
        self.hairpin = False
        self.reserved = ALL_RESERVED
        self._counts = BridgeCounts()
        self._known: Known = known or _unknown
        self._learnt: dict[bytes, int] = {}

    @property
    def counts(self) -> BridgeCounts:
        """The counts so far."""
        return self._counts

    def attach(self, port: Port, leader: int | None = None, usable: Usable = lambda: True) -> None:
        """Add a port; with a `leader`, the number of an earlier one, it is aggregated with that.

        An aggregation is one port for learning and flooding. Its frames go to a member by flow, or
        to the next one that is `usable`.
        """
        number = len(self.ports)
        port.receiver = partial(self._relay, number)
        self.ports.append(port)
        self._leaders.append(number if leader is None else leader)
        self._members.setdefault(self._leaders[number], []).append((port, usable))

    def _number_of(self, address: bytes) -> int | None:
        number = self._learnt.get(address)
        return self._known(address) if number is None else number

    def _send(self, number: int, frame: bytes) -> None:
        """Send on a port, or on a member of an aggregation."""
        members = self._members[number]
        wanted = flow_hash(frame) % len(members) if len(members) > 1 else 0
        turned = [*members[wanted:], *members[:wanted]]
        port = next((port for port, usable in turned if usable()), turned[0][0])
        port.send(frame)

    def _relay(self, source: int, frame: bytes) -> None:
        source = self._leaders[source]
        if len(frame) < ADDRESSES_LENGTH:
            self._counts.runts += 1
            return
        if not frame[6] & _GROUP:
            self._learnt[frame[6:ADDRESSES_LENGTH]] = source
        if is_link_local(frame, self.reserved):
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
            self._send(number, frame)
        else:
            self._counts.filtered += 1
            if self.hairpin:
                self._flood(source, frame)

    def _flood(self, source: int, frame: bytes) -> None:
        for number in self._members:
            if number != source:
                self._send(number, frame)

    def __repr__(self) -> str:
        return f"<Bridge {self.name}, {len(self.ports)} ports>"


def is_link_local(frame: bytes, reserved: int = ALL_RESERVED) -> bool:
    """Return whether a bridge does not relay a frame, because it is for the next station only."""
    own = frame[:5] == _LINK_LOCAL and frame[5] < 16 and reserved >> frame[5] & 1
    return bool(own) or frame[_TYPE] == _MAC_CONTROL


def flow_hash(frame: bytes) -> int:
    """Return a hash of the addresses, and of the flow of TCP and UDP, which keeps its order."""
    octets, ethertype = frame[:ADDRESSES_LENGTH], frame[_TYPE]
    if ethertype == _IPV4 and len(frame) >= 38 and _is_first(frame):
        octets += frame[26:38]
    elif ethertype == _IPV6 and len(frame) >= 58 and frame[20] in _WITH_PORTS:
        octets += frame[22:58]
    found = 0x811C9DC5
    for octet in octets:  # FNV-1a
        found = (found ^ octet) * 0x01000193 & 0xFFFFFFFF
    found = (found ^ found >> 16) * 0x85EBCA6B & 0xFFFFFFFF  # the low bits choose: let all count
    return found ^ found >> 13


def _is_first(frame: bytes) -> bool:
    """Return whether IPv4 has port numbers where a header without options ends."""
    fragment = int.from_bytes(frame[20:22]) & 0x3FFF
    return frame[14] == 0x45 and frame[23] in _WITH_PORTS and not fragment


def _unknown(_: bytes) -> None:
    return None
