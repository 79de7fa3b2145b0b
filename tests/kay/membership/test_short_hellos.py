"""Hellos in short: the same history, octet for octet, as with the whole judgment of each MKPDU."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from support.mka.kays import CKN, Actor, Segment, member_of, snapshot

from macsec.kay import transmission
from macsec.kay.counters import Reception
from macsec.kay.kay import Kay
from macsec.kay.membership.hellos import Hellos
from macsec.kay.mkpdu.parameter_set import Opaque
from macsec.kay.mkpdu.parameter_sets import PeerId, Xpn
from macsec.kay.rest import Rest

Scenario = Callable[[Segment], None]


def quiet(segment: Segment) -> None:
    """Run two members without traffic, with every kind of hello."""
    segment.add("a", key_server_priority=10)
    segment.add("b", key_server_priority=20)
    segment.run(40)


def lossy(segment: Segment) -> None:
    """Lose a third of all frames to four members."""
    drawn = random.Random(4)
    for name in "abcd":
        segment.add(name, key_server_priority=ord(name))
    segment.drop = lambda *_: drawn.random() < 0.3
    segment.run(60)


def busy(segment: Segment) -> None:
    """Send frames under delay protection, in pauses none, with a rekey every 30 s."""
    members = [
        segment.add(name, delay_protection=True, sak_rekey_interval=30, cipher="gcm-aes-xpn-128")
        for name in "ab"
    ]
    segment.every(0.2, members[0].send, 3, 20)
    segment.every(0.2, members[1].send, 30, 45)
    segment.run(70)


def restarted(segment: Segment) -> None:
    """Let members come, go silent, restart and be suspended."""
    segment.add("a", key_server_priority=10)
    segment.add("b", key_server_priority=20)
    segment.at(15, lambda: segment.add("c", key_server_priority=30))
    segment.at(25, segment.members["b"].station.stop)
    segment.at(45, lambda: segment.add("b", key_server_priority=5))
    segment.at(60, lambda: segment.members["a"].kay.suspend(60 * 10**9, 20))
    segment.run(100)


def worn(segment: Segment) -> None:
    """Use up the PNs of a member: another SAK is due."""
    segment.add("a", key_server_priority=10)
    segment.add("b", key_server_priority=20)
    segment.at(20, lambda: segment.members["b"].secy.raise_tx_pn(0, 0xC000_0000))
    segment.at(24, segment.settle)
    segment.run(40)


def replayed(segment: Segment) -> None:
    """Send each MKPDU again two seconds later, and one with another ICV at once."""

    def again() -> None:
        for time, name, frame in segment.mkpdus[-40:]:
            if segment.now - time > 2:
                segment._flood(name, frame)
                segment._flood(name, frame[:-1] + bytes([frame[-1] ^ 1]))

    segment.add("a", key_server_priority=10)
    segment.add("b", key_server_priority=20)
    segment.every(7.3, again, 10, 40)
    segment.run(50)


def history(scenario: Scenario) -> tuple[Any, ...]:
    """Return all that a scenario sends and leaves behind."""
    segment = Segment()
    scenario(segment)
    kays = [member.kay for member in segment.members.values()]
    ends = [(dict(kay.counters), snapshot(kay), kay.next_timeout_ns()) for kay in kays]
    return segment.mkpdus, segment.wire, ends


@pytest.mark.parametrize(
    "scenario",
    [
        lossy,
        restarted,
        *(
            pytest.param(each, marks=pytest.mark.exhaustive)
            for each in (quiet, busy, worn, replayed)
        ),
    ],
)
def test_short_hellos_make_the_same_history(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No frame, time, counter or list differs from those of KaYs that judge and settle always."""
    short = history(scenario)
    monkeypatch.setattr(Hellos, "hear", lambda *_: False)
    monkeypatch.setattr(Rest, "until_ns", None)
    monkeypatch.setattr(transmission, "Stencil", lambda *_: None)
    assert history(scenario) == short


def heard_in_short(kay: Kay, frame: bytes) -> bool:
    """Return whether a KaY takes a frame without the whole judgment."""
    judged: list[bytes] = []
    judge = kay._receiver.receive

    def noting(now_ns: int, octets: bytes, *more: Any) -> Any:
        judged.append(octets)
        return judge(now_ns, octets, *more)

    kay._receiver.receive = noting  # type: ignore[method-assign,assignment]
    kay.receive_mkpdu(kay._now_ns, frame)
    kay._receiver.receive = judge  # type: ignore[method-assign]
    return not judged


def calm() -> tuple[Kay, Actor]:
    """Return a KaY and a Key Server whose last hellos had no news."""
    kay, actor = member_of()
    for _ in range(4):
        actor.later(1)
        actor.say()
    return kay, actor


def test_a_hello_with_other_mns_only_is_short() -> None:
    """It counts, and its sender stays live for a Life Time from then on."""
    kay, actor = calm()
    actor.later(1)
    before = kay.counters[Reception.ACCEPTED.value]
    assert heard_in_short(kay, actor.frame())
    (peer,) = kay.participants[CKN].peers.live
    assert kay.counters[Reception.ACCEPTED.value] == before + 1
    assert peer.expires_ns == kay._now_ns + kay.policy.life_ns


@pytest.mark.parametrize(
    "said",
    [
        {"mn": 1},
        {"live": ()},
        {"live": (PeerId(bytes(12), 1),)},
        {"suspension_s": 5},
        {"plain": True},
    ],
    ids=["old", "unlisted", "other", "suspension", "plain"],
)
def test_a_hello_with_news_is_judged_whole(said: dict[str, Any]) -> None:
    """Anything but rising MNs takes the long way."""
    kay, actor = calm()
    actor.later(1)
    assert not heard_in_short(kay, actor.frame(**said))


def test_what_a_peer_says_last_counts_though_its_hello_before_is_known() -> None:
    """An MKPDU that also adds to a counter is not kept, and ends the one before it."""
    kay, actor = calm()
    (peer,) = kay.participants[CKN].peers.live
    wrong_xpn = Opaque(Xpn.KIND, 0, b"four")
    actor.say(desired=False, capability=1, sets=(wrong_xpn,))
    assert peer.basic is not None
    assert not peer.basic.desired
    actor.say()
    assert peer.basic.desired
    assert peer.ability.capability == peer.basic.capability


@pytest.mark.parametrize("at", [0, 6, 20, 44, -1])
def test_a_changed_octet_is_judged_whole(at: int) -> None:
    """Each octet is under the ICV, the MNs too; what is refused does not keep its sender."""
    kay, actor = calm()
    actor.later(1)
    frame = bytearray(actor.frame())
    frame[at] ^= 4
    (peer,) = kay.participants[CKN].peers.live
    expires_ns = peer.expires_ns
    assert not heard_in_short(kay, bytes(frame))
    assert peer.expires_ns == expires_ns
