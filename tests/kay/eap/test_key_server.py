"""The Key Server of a CAK from EAP is the end that was the Authenticator (802.1X 9.5)."""

from __future__ import annotations

import pytest
from support.mka.kays import CKN, Actor, alone, chain_key, sci_of_name


@pytest.mark.parametrize("authenticator", [True, False, None])
def test_the_authenticator_is_key_server_with_any_priorities(authenticator):
    """The other end offers priority 0; of a configured CAK the priority decides."""
    kay = alone([chain_key(authenticator=authenticator)], key_server_priority=255)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=0)
    actor.drain()
    participant = kay.participants[CKN]
    assert participant.is_server is bool(authenticator)
    if not authenticator:
        assert participant.server == actor.mi


def test_the_supplicant_never_offers():
    """Without an offer of the other end there is no Key Server."""
    kay = alone([chain_key(authenticator=False)], key_server_priority=0)
    actor = Actor(kay, sci_of_name("z"))
    actor.drain()
    actor.say(key_server=False)
    said = actor.drain()
    assert kay.participants[CKN].server is None
    assert said
    assert not any(mkpdu.basic.key_server for mkpdu in said)
