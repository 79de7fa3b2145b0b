"""RADIUS of a NAS against pyrad's server: requests, answers, the MSK, wrong packets."""

from __future__ import annotations

import random

import pytest
from support.mka.eap import SECRET, ScriptedServer, eap, secret

pytest.importorskip("pyrad")

from macsec.kay.eap.radius import Answer, Attribute, Exchange, Nas, Reply

OURS, THEIRS = bytes.fromhex("0250aa000001"), bytes.fromhex("0250bb000002")


def request(nas: Nas, message: bytes, state: bytes | None = None) -> Exchange:
    """Return a request with an EAP packet."""
    return nas.request(
        bytes(range(16)), message, identity=b"a station", stations=(OURS, THEIRS), state=state
    )


def run(server: ScriptedServer) -> Reply:
    """Return the last answer of a whole exchange."""
    nas, state = Nas(secret(), "a port"), None
    message = eap(2, 1, 1, b"a station")
    for _ in range(server.rounds + 1):
        exchange = request(nas, message, state)
        octets = server.answer(exchange.octets)
        assert octets is not None
        reply = nas.reply(exchange, octets)
        assert reply is not None
        message, state = eap(2, reply.eap[1], 13, b"x" * 700), reply.state
    return reply


def test_a_whole_exchange_gives_msk_and_session_id():
    """The two keys of Microsoft make the MSK, the one to receive with first; 102 the Session-Id."""
    server = ScriptedServer()
    reply = run(server)
    ((msk, session_id),) = server.sessions
    assert reply.answer is Answer.ACCEPT
    assert reply.msk is not None
    assert reply.msk.expose() == msk
    assert reply.session_id == session_id
    assert reply.eap == eap(3, reply.eap[1])


def test_a_request_names_the_stations_and_asks_for_the_session_id():
    """Addresses as RFC 3580 writes them, a wired port, an empty EAP-Key-Name; EAP in pieces."""
    server = ScriptedServer()
    run(server)
    first, *_, last = server.requests
    assert first[Attribute.USER_NAME] == [b"a station"]
    assert first[Attribute.CALLED_STATION_ID] == [b"02-50-AA-00-00-01"]
    assert first[Attribute.CALLING_STATION_ID] == [b"02-50-BB-00-00-02"]
    assert first[Attribute.NAS_PORT_TYPE] == [(15).to_bytes(4)]
    assert first[Attribute.EAP_KEY_NAME] == [b"\0"]
    assert Attribute.STATE not in first
    assert [len(piece) for piece in last[Attribute.EAP_MESSAGE]] == [253, 253, 705 - 506]


def test_a_refusal_has_no_key():
    """Access-Reject with EAP-Failure."""
    reply = run(ScriptedServer(accepts=False))
    assert reply.answer is Answer.REJECT
    assert reply.msk is None


def test_answers_that_are_not_the_servers_are_refused():
    """Each octet changed; another secret; the answer to another request; cut; without 80."""
    nas, rng = Nas(secret(), "a port"), random.Random(3)
    exchange = request(nas, eap(2, 1, 1, b"a station"))
    good = ScriptedServer().answer(exchange.octets)
    assert good is not None
    assert nas.reply(exchange, good) is not None
    for at in range(len(good)):
        changed = bytearray(good)
        changed[at] ^= 1 << rng.randrange(8)
        assert nas.reply(exchange, bytes(changed)) is None
    for end in range(len(good)):
        assert nas.reply(exchange, good[:end]) is None
    other = Nas(secret(), "a port").request(
        bytes(16), eap(2, 1, 1, b"x"), identity=b"x", stations=(OURS, THEIRS), state=None
    )
    assert nas.reply(other, good) is None
    for _ in range(300):
        assert nas.reply(exchange, rng.randbytes(rng.randrange(200))) is None


def test_an_answer_without_message_authenticator_is_refused():
    """CVE-2024-3596: its MD5 alone proves nothing."""
    from pyrad.packet import AuthPacket

    nas = Nas(secret(), "a port")
    exchange = request(nas, eap(2, 1, 1, b"a station"))
    asked = AuthPacket(secret=SECRET, packet=exchange.octets)
    reply = asked.CreateReply(message_authenticator=False)
    reply[79] = [eap(3, 1)]
    octets = reply.ReplyPacket()
    assert asked.VerifyReply(AuthPacket(secret=SECRET, packet=octets))
    assert nas.reply(exchange, octets) is None
