"""The story of a CA: who is who, and what changed when; by made messages in sequence."""

from __future__ import annotations

from typing import Any

import pytest
from support.members import CKN, Member, alice, bob, holder, sak_of

from macsec.kay.listening.listener import Distribution, Listener
from macsec.kay.listening.story import Kind, Stories, Story
from macsec.kay.mkpdu.parameter_sets import KeyUse, PeerId, SakUse

S = 1_000_000_000


class StoryTeller:
    """Stories told from frames that are heard at some second each."""

    def __init__(self, *holders: Any) -> None:
        self.stories = Stories()
        self._listener = Listener(holders or [holder()])
        self._index = 0

    def hear(self, seconds: float, frame: bytes) -> list[tuple[str, Kind, dict[str, Any]]]:
        """What a frame changes."""
        events = [len(story.events) for story in self.stories.by_ckn.values()] or [0]
        self.stories.hear(self._listener.hear(frame), self._index, int(seconds * S))
        self._index += 1
        return [
            (event.member, event.kind, event.detail) for event in self.story.events[events[0] :]
        ]

    @property
    def story(self) -> Story:
        """The only one."""
        (story,) = self.stories.by_ckn.values() or [Story(CKN, True)]
        return story


def kinds(told: list[tuple[str, Kind, dict[str, Any]]]) -> list[Kind]:
    """What kinds of events they are."""
    return [kind for _, kind, _ in told]


def test_from_nothing_to_secured() -> None:
    """Two stations meet, one distributes, both use the SAK and it settles as Old."""
    a, b = alice(), bob(priority=32)
    told = StoryTeller()
    assert kinds(told.hear(0, a.says(key_server=True))) == [Kind.JOINS, Kind.SERVER_ON]
    heard = told.hear(1, b.says(potential=(PeerId(a.mi, 1),)))
    assert heard[1:] == [("B", Kind.POTENTIAL, {"peer": a.mi})]
    sak = sak_of(a, [a, b])
    live, given = told.hear(2, a.distributes(sak, b, key_server=True))
    assert live == ("A", Kind.LIVE, {"peer": b.mi})
    assert given[1:] == (
        Kind.DISTRIBUTES,
        {"ki": sak.ki, "an": 0, "suite": "gcm-aes-128", "result": "new SAK"},
    )
    receiving = SakUse(latest=KeyUse(sak.ki, 0, False, True, 1))
    live, use = told.hear(2.1, b.says(a, use=receiving))
    assert use[2] == {
        "ki": sak.ki,
        "slot": "latest",
        "an": 0,
        "transmits": False,
        "receives": True,
    }
    assert told.hear(2.2, b.says(a, use=receiving)) == []
    settled = SakUse(old=KeyUse(sak.ki, 0, True, True, 1))
    assert kinds(told.hear(4, b.says(a, use=settled))) == [Kind.USES]
    assert kinds(told.hear(5, b.says(a, use=SakUse()))) == [Kind.RETIRES]
    story = told.story
    assert [member.name for member in story.members.values()] == ["A", "B"]
    assert story.key_servers == ["A"]
    assert story.verified


def test_a_restart_has_the_same_letter() -> None:
    """Another MI with a known SCI is another life of that member."""
    told, b = StoryTeller(), bob()
    told.hear(0, alice().says())
    told.hear(1, b.says(alice()))
    again = alice(mi=b"alice again!")
    assert told.hear(9, again.says())[0][:2] == ("A2", Kind.RESTARTS)
    third = alice(mi=b"alice thrice")
    assert told.hear(19, third.says())[0][:2] == ("A3", Kind.RESTARTS)
    (changed,) = [event for event in told.hear(20, b.says(again)) if event[1] is Kind.DROPS]
    assert changed[2] == {"peer": alice().mi}
    assert told.story.name(again.mi) == "A2"
    assert told.story.name(b"never heard.") == b"neve".hex() + "…"


def test_silence() -> None:
    """Only longer than a Life Time is worth a word."""
    told, a = StoryTeller(), alice()
    told.hear(0, a.says())
    assert told.hear(6, a.says()) == []
    assert told.hear(12.5, a.says()) == [("A", Kind.SILENT, {"for_ns": int(6.5 * S)})]


def test_a_replayed_message_moves_nothing() -> None:
    """An MN that is not above the last is told, and the member stays as it was."""
    told, a, b = StoryTeller(), alice(), bob()
    first = a.says(b)
    told.hear(0, first)
    told.hear(1, a.says())
    (replayed,) = told.hear(2, first)
    assert replayed == ("A", Kind.OLD_MN, {"mn": 1, "last": 2})
    assert told.story.members[a.mi].live == ()


def test_changes_of_the_basic_set() -> None:
    """Key Server on and off, another priority, another version."""
    told, a = StoryTeller(), alice()
    told.hear(0, a.says(key_server=True))
    assert kinds(told.hear(1, a.says())) == [Kind.SERVER_OFF]
    a.priority = 99
    assert told.hear(2, a.says(version=3))[:1] == [
        ("A", Kind.CHANGES, {"what": "priority", "from": 16, "to": 99})
    ]
    assert kinds(told.hear(3, a.says(version=3, key_server=True))) == [Kind.SERVER_ON]


@pytest.mark.parametrize("suite, bits", [("gcm-aes-128", 32), ("gcm-aes-xpn-128", 64)])
def test_exhaustion(suite: str, bits: int) -> None:
    """A lowest PN at three quarters of all PNs is told once: why the next SAK comes."""
    told, a, b = StoryTeller(), alice(), bob()
    sak, limit = sak_of(a, [a, b], suite=suite), 3 << bits - 2
    told.hear(0, a.distributes(sak, b))
    xpn = {"xpn": bits == 64}
    told.hear(1, a.uses(sak, b, lowest_pn=limit - 1, **xpn))
    assert told.hear(2, a.uses(sak, b, lowest_pn=limit, **xpn)) == [
        ("A", Kind.EXHAUSTS, {"ki": sak.ki, "lowest_pn": str(limit)})
    ]
    assert told.hear(3, a.uses(sak, b, lowest_pn=limit + 1, **xpn)) == []


def test_delay_protection() -> None:
    """Told when it is turned on and when it is turned off."""
    told, a = StoryTeller(), alice()
    told.hear(0, a.says(use=SakUse()))
    on = told.hear(1, a.says(use=SakUse(delay_protect=True)))
    off = told.hear(2, a.says(use=SakUse()))
    assert [event[2] for event in on + off] == [{"on": True}, {"on": False}]


def test_rekeys_and_another_server() -> None:
    """Each SAK once however often it is told; servers in the order in which they served."""
    told, a, b = StoryTeller(), alice(), bob()
    first, second, third = sak_of(b, [a, b]), sak_of(b, [a, b], 2, 1), sak_of(a, [a, b])
    for sak in (first, first, second):
        told.hear(0, b.distributes(sak, a))
    told.hear(1, a.distributes(third, b))
    assert [(sak.ki.kn, sak.an, sak.key_server, sak.times) for sak in told.story.saks] == [
        (1, 0, "A", 2),
        (2, 1, "A", 1),
        (1, 0, "B", 1),
    ]
    assert told.story.key_servers == ["A", "B"]
    assert len({sak.check_value for sak in told.story.saks}) == 3
    (plain,) = [event for event in told.hear(2, a.says(plain=True)) if event[2].get("result")]
    assert plain[2] == {"ki": None, "result": Distribution.PLAIN.value}
    assert told.story.plain == 1


def test_not_verified() -> None:
    """Without the CAK the same story, with that said and without check values."""
    told, a, b = StoryTeller(holder(ckn=b"other")), alice(), bob()
    told.hear(0, a.distributes(sak_of(a, [a, b]), b))
    assert not told.story.verified
    assert told.story.saks[0].check_value is None


def test_wrong_icvs_are_counted_and_not_believed() -> None:
    """A message with another CAK is no part of the story."""
    told = StoryTeller()
    assert told.hear(0, alice(cak=bytes(16)).says()) == []
    assert told.story.wrong_icv == 1
    assert not told.story.members


def test_names_beyond_the_alphabet() -> None:
    """Of thirty members each has a name of its own."""
    told = StoryTeller()
    for number in range(30):
        told.hear(0, Member(sci=number << 16 | 1, mi=number.to_bytes(12)).says())
    names = [member.name for member in told.story.members.values()]
    assert names[25:28] == ["Z", "AA", "BB"]
    assert len(set(names)) == 30
