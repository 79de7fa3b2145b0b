"""The two ends that a port with EAP relays between: a supplicant, and a RADIUS server of pyrad.

The method of EAP is a stand-in: two rounds of octets, which the relay does not look into. The
packets of the server are pyrad's own, from its side of a server.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from macsec.kay.eap.frames import Code, header_of
from macsec.keys import Key

SECRET = b"a secret"
METHOD = 13
ACCEPT, REJECT, CHALLENGE = 2, 3, 11


def eap(code: int, identifier: int, kind: int | None = None, data: bytes = b"") -> bytes:
    """Return an EAP packet."""
    body = b"" if kind is None else bytes((kind,)) + data
    return struct.pack(">BBH", code, identifier, 4 + len(body)) + body


def eapol(source: bytes, packet: int, body: bytes = b"") -> bytes:
    """Return an EAPOL frame to the PAE group."""
    head = bytes.fromhex("0180c2000003") + source + b"\x88\x8e" + bytes((3, packet))
    return head + len(body).to_bytes(2) + body


@dataclass
class ScriptedSupplicant:
    """A station that answers each request, with its identity or its part of the method."""

    mac: bytes
    identity: bytes = b"a station"
    silent: bool = False
    results: list[int] = field(default_factory=list)
    asked: list[bytes] = field(default_factory=list)

    def answer(self, frame: bytes) -> bytes | None:
        """Return the answer to a frame of the Authenticator, if it gives one."""
        header = header_of(frame[18 : 18 + int.from_bytes(frame[16:18])])
        assert header is not None
        if header.code in (Code.SUCCESS, Code.FAILURE):
            self.results.append(header.code)
            return None
        self.asked.append(frame)
        if self.silent:
            return None
        data = self.identity if header.type == 1 else b"part " + header.data
        kind = 1 if header.type == 1 else METHOD
        return eapol(self.mac, 0, eap(Code.RESPONSE, header.identifier, kind, data))

    def start(self) -> bytes:
        """Return EAPOL-Start."""
        return eapol(self.mac, 1)


@dataclass
class ScriptedServer:
    """A RADIUS server: challenges, and then its verdict. MSK and Session-Id are new each time."""

    secret: bytes = SECRET
    accepts: bool = True
    dead: bool = False
    key_name: bool = True
    keys: bool = True
    lifetime: int | None = None
    renews: bool = True
    rounds: int = 2
    packets: list[bytes] = field(default_factory=list)
    requests: list[dict[int, list[bytes]]] = field(default_factory=list)
    sessions: list[tuple[bytes, bytes]] = field(default_factory=list)
    spoil: Callable[[bytes], bytes] = lambda octets: octets
    _states: dict[bytes, int] = field(default_factory=dict)

    def answer(self, octets: bytes) -> bytes | None:
        """Return the answer to a request, None if it gives none."""
        from pyrad.packet import AuthPacket

        self.packets.append(octets)
        if self.dead:
            return None
        request = AuthPacket(secret=self.secret, packet=octets)
        if not request.verify_message_authenticator():
            return None
        attributes = dict(request.items())
        self.requests.append(attributes)
        response = b"".join(attributes[79])
        header = header_of(response)
        assert header is not None
        (state,) = attributes.get(24, [b""])
        turn = self._states.pop(state, 0)
        reply = request.CreateReply()
        if turn < self.rounds:
            new = hashlib.sha256(octets).digest()
            self._states[new] = turn + 1
            reply.code = CHALLENGE
            reply[24] = [new]
            long = b"." * 1000 if turn else b"start"
            message = eap(Code.REQUEST, (header.identifier + 1) % 256, METHOD, long)
            reply[79] = [message[at : at + 253] for at in range(0, len(message), 253)]
            return self.spoil(reply.ReplyPacket())
        reply.code = ACCEPT if self.accepts else REJECT
        code = Code.SUCCESS if self.accepts else Code.FAILURE
        reply[79] = [eap(code, header.identifier)]
        if self.accepts:
            self._admit(reply, octets, asked=102 in attributes)
        return self.spoil(reply.ReplyPacket())

    def _admit(self, reply, octets: bytes, asked: bool) -> None:
        seed = hashlib.sha512(octets).digest()
        msk, session_id = seed, bytes((METHOD,)) + seed[::-1]
        self.sessions.append((msk, session_id))
        if self.keys:
            vendor = []
            for kind, half in ((17, msk[:32]), (16, msk[32:])):
                value = reply.SaltCrypt(half)
                vendor.append(struct.pack(">LBB", 311, kind, 2 + len(value)) + value)
            reply[26] = vendor
        if self.key_name and asked:
            reply[102] = [session_id]
        if self.lifetime is not None:
            reply[27] = [self.lifetime.to_bytes(4)]
            reply[29] = [int(self.renews).to_bytes(4)]


def secret() -> Key:
    """Return the secret of the server, for a NAS."""
    return Key(SECRET)
