"""RADIUS packets that carry EAP (RFC 2865, 3579): requests of a NAS, and the answers of a server.

A server gives the MSK in two attributes of Microsoft, encrypted under the secret (RFC 2548), and
the EAP Session-Id in EAP-Key-Name, which a NAS asks for by an empty one (RFC 4072, 7268). Each
packet and each answer has a Message-Authenticator; an answer without one is refused.
The package pyrad has the packets; it is in the extra `eap`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from macsec.extras import lacks
from macsec.keys import Key, Uncopyable

if TYPE_CHECKING:
    from pyrad.packet import AuthPacket

MICROSOFT = (311).to_bytes(4)
SEND_KEY, RECEIVE_KEY = 16, 17
HALF_MSK = 32
VALUE_LIMIT = 253
FRAMED_MTU = 1400
"""Octets that EAP may have in a frame."""

EAP_MOST = 3200
"""Octets of EAP that fit a packet of 4096 octets beside the longest other attributes."""

ETHERNET = 15
"""The NAS-Port-Type of a wired port."""


class Attribute(IntEnum):
    """Attributes of RADIUS."""

    USER_NAME = 1
    FRAMED_MTU = 12
    STATE = 24
    VENDOR = 26
    SESSION_TIMEOUT = 27
    TERMINATION_ACTION = 29
    CALLED_STATION_ID = 30
    CALLING_STATION_ID = 31
    NAS_IDENTIFIER = 32
    NAS_PORT_TYPE = 61
    EAP_MESSAGE = 79
    EAP_KEY_NAME = 102


class Answer(IntEnum):
    """Codes of a server's answers."""

    ACCEPT = 2
    REJECT = 3
    CHALLENGE = 11


@dataclass(slots=True, eq=False)
class Reply(Uncopyable):
    """The answer to a request. An ACCEPT has `msk` and `session_id` if the method gives them."""

    answer: Answer
    eap: bytes
    state: bytes | None
    msk: Key | None
    session_id: bytes
    lifetime_s: int | None
    renews: bool


class Exchange(NamedTuple):
    """A request that waits for its answer: the octets, and pyrad's packet."""

    octets: bytes
    packet: AuthPacket


class Nas(Uncopyable):
    """A network access server: makes requests and reads answers under a shared secret.

    Raises EnvironmentLacks without pyrad.
    """

    def __init__(self, secret: Key, identifier: str) -> None:
        try:
            import pyrad.packet  # noqa: F401
        except ImportError:
            raise lacks("eap") from None
        self._secret = secret
        self._identifier = identifier.encode()
        self._number = 0

    def request(
        self,
        authenticator: bytes,
        eap: bytes,
        *,
        identity: bytes,
        stations: tuple[bytes, bytes],
        state: bytes | None,
    ) -> Exchange:
        """Return an Access-Request with an EAP packet. `stations`: our address and the peer's.

        `authenticator`: 16 octets of entropy.
        """
        from pyrad.packet import AuthPacket

        self._number = (self._number + 1) % 256
        packet = AuthPacket(
            id=self._number, secret=self._secret.expose(), authenticator=authenticator
        )
        called, calling = (mac.hex("-").upper().encode() for mac in stations)
        attributes: dict[int, Sequence[bytes]] = {
            Attribute.USER_NAME: [identity[:VALUE_LIMIT]],
            Attribute.NAS_IDENTIFIER: [self._identifier],
            Attribute.NAS_PORT_TYPE: [ETHERNET.to_bytes(4)],
            Attribute.CALLED_STATION_ID: [called],
            Attribute.CALLING_STATION_ID: [calling],
            Attribute.FRAMED_MTU: [FRAMED_MTU.to_bytes(4)],
            Attribute.EAP_KEY_NAME: [b"\0"],
            Attribute.EAP_MESSAGE: [*_pieces(eap)],
        }
        if state is not None:
            attributes[Attribute.STATE] = [state]
        for number, values in attributes.items():
            packet[int(number)] = list(values)
        packet.message_authenticator = True
        return Exchange(packet.RequestPacket(), packet)

    def reply(self, exchange: Exchange, octets: bytes) -> Reply | None:
        """Return the answer to a request; None for octets that are no answer under the secret."""
        from pyrad.packet import AuthPacket, PacketError

        try:
            found = AuthPacket(secret=self._secret.expose(), packet=octets)
            valid = exchange.packet.VerifyReply(found, enforce_ma=True)
        except (PacketError, ValueError, IndexError):
            return None
        if not valid or found.code not in tuple(Answer):
            return None
        found.request_authenticator = exchange.packet.authenticator
        attributes: Mapping[int, list[bytes]] = dict(found.items())
        timeout = _number(attributes, Attribute.SESSION_TIMEOUT)
        return Reply(
            answer=Answer(found.code),
            eap=b"".join(attributes.get(Attribute.EAP_MESSAGE, [])),
            state=_first(attributes, Attribute.STATE),
            msk=_msk(found, attributes) if found.code == Answer.ACCEPT else None,
            session_id=_first(attributes, Attribute.EAP_KEY_NAME) or b"",
            lifetime_s=timeout,
            renews=_number(attributes, Attribute.TERMINATION_ACTION) == 1,
        )


def _pieces(eap: bytes) -> Iterator[bytes]:
    """Yield an EAP packet in pieces that fit attributes."""
    return (eap[at : at + VALUE_LIMIT] for at in range(0, len(eap), VALUE_LIMIT))


def _first(attributes: Mapping[int, list[bytes]], number: Attribute) -> bytes | None:
    return next(iter(attributes.get(number, [])), None)


def _number(attributes: Mapping[int, list[bytes]], number: Attribute) -> int | None:
    value = _first(attributes, number)
    return int.from_bytes(value) if value is not None and len(value) == 4 else None


def _msk(packet: Any, attributes: Mapping[int, list[bytes]]) -> Key | None:
    """Return the MSK: the key to receive with is its first half (RFC 2548, RFC 5216 2.3)."""
    from pyrad.packet import PacketError

    halves: dict[int, bytes] = {}
    for value in attributes.get(Attribute.VENDOR, []):
        kind, end = value[4:5], value[5:6]
        if value[:4] != MICROSOFT or not end or kind[0] not in (SEND_KEY, RECEIVE_KEY):
            continue
        try:
            halves[kind[0]] = packet.SaltDecrypt(value[6 : 4 + end[0]])
        except PacketError:
            return None
    if any(len(halves.get(kind, b"")) != HALF_MSK for kind in (RECEIVE_KEY, SEND_KEY)):
        return None
    return Key(halves[RECEIVE_KEY] + halves[SEND_KEY])
