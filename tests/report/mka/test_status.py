"""The reason in the status of a KaY: the present cause, in words."""

from __future__ import annotations

from typing import Any

import pytest
from support.mka.kays import CAK, Actor, alone, sci_of_name, server_of

from macsec.kay import ChainKey, MemoryHolder
from macsec.kay.counters import Reception
from macsec.kay.listening.listener import Hearing, Listener
from macsec.kay.listening.story import Stories
from macsec.keys import Key
from macsec.report.mka.status import reason

ROUNDS = 20


def stray(actor: Actor, kind: str) -> bytes:
    """Return a frame that is counted as an error of one kind."""
    frame = actor.frame(ckn=b"another" if kind == "ckn" else None, mn=1)
    return {"icv": frame[:-1] + bytes([frame[-1] ^ 1]), "cut": frame[:40]}.get(kind, frame)


@pytest.mark.parametrize("kind", ["icv", "ckn", "cut"])
def test_old_stray_mkpdu_is_no_reason(kind: str) -> None:
    """A stray frame beside a good session says nothing of its end a minute later."""
    kay, actor = server_of()
    actor.kay.receive_mkpdu(actor.now_ns, stray(actor, kind))
    actor.say(priority=200)
    actor.later(60)
    actor.drain()
    assert reason(kay).endswith("no live peer; the last one fell silent")


@pytest.mark.parametrize(
    ("kind", "words"),
    [("icv", "failed their ICV"), ("ckn", "name another CKN"), ("cut", "are malformed")],
)
def test_stray_mkpdus_of_now_are_the_reason(kind: str, words: str) -> None:
    """With no other peer, what is heard is named."""
    kay = alone()
    actor = Actor(kay, sci_of_name("z"))
    actor.drain()
    for _ in range(3):
        actor.later(2)
        kay.receive_mkpdu(actor.now_ns, stray(actor, kind))
        actor.drain()
    assert f"3 MKPDUs {words}" in reason(kay)


@pytest.mark.parametrize(
    ("own", "heard", "is_padded"),
    [
        (b"\x11", b"\x11" + bytes(31), True),
        (b"\x11" + bytes(31), b"\x11", True),
        (b"\x11\0", b"\x11\0\0", True),
        (b"\x11", b"\x11\0\x01", False),
        (b"\x11", b"\x12", False),
    ],
)
def test_ckn_filled_with_zeros_is_named(own: bytes, heard: bytes, is_padded: bool) -> None:
    """The status and the reader of captures name the CKN that differs in zeros only."""
    kay = alone([ChainKey(MemoryHolder(Key(CAK), own))])
    actor = Actor(kay, sci_of_name("z"), ckn=own)
    frame = actor.frame(ckn=heard, live=())
    assert kay.receive_mkpdu(actor.now_ns, frame) is Reception.UNKNOWN_CKN
    assert (f"{heard.hex()} differs from ours in zeros" in reason(kay)) is is_padded
    found = Listener([actor.holder]).hear(frame)
    assert found.hearing is Hearing.UNKNOWN_CKN
    assert found.padded == (own if is_padded else None)
    stories = Stories()
    stories.hear(found, 0, 0)
    assert stories.by_ckn[heard].padded == found.padded


@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-256"])
def test_peer_that_never_reports_the_sak_is_named(cipher: str) -> None:
    """With the time since the SAK came, and what is known of other programs."""
    kay = alone(cipher=cipher)
    actor = Actor(kay, sci_of_name("z"))
    actor.drain()
    for _ in range(ROUNDS):
        actor.later(2)
        actor.say(priority=200, use=None)
        actor.drain()
    text = reason(kay)
    assert text.startswith("secured, SAK")
    assert f" s peer {actor.sci:016x} has not reported that it receives under it" in text
    assert ("wpa_supplicant 2.10 takes gcm-aes-128 only" in text) is (cipher != "gcm-aes-128")


def test_peer_that_reports_the_sak_is_no_matter() -> None:
    """The line of a session that works is short."""
    kay, _ = server_of()
    assert "reported" not in reason(kay)


@pytest.mark.parametrize(
    "offer", [{"wrapped": bytes(24)}, {"suite": 0x1234, "wrapped": bytes(24)}, {"kn": 0}]
)
def test_refused_distributions_are_counted_in_the_reason(offer: dict[str, Any]) -> None:
    """For each way in which a SAK is refused, with the number and why."""
    kay = alone()
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1)
    for _ in range(3):
        actor.later(2)
        actor.distribute(**offer)
        actor.drain()
    text = reason(kay)
    assert "1 live peer and no SAK yet, 3 distributions refused; SAK " in text
