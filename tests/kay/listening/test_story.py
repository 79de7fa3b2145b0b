"""The history of a CA: members and changes, from sequences of MKPDUs."""

from __future__ import annotations

from typing import Any

import pytest
from support.mka.members import CKN, Member, alice, bob, holder, sak_of

from macsec.kay.listening.listener import Distribution, Listener
from macsec.kay.listening.story import Kind, Stories, Story
from macsec.kay.mkpdu.parameter_sets import KeyUse, PeerId, SakUse

S = 1_000_000_000


class StoryTeller:
    """Histories made from frames with a time in seconds each."""

    def __init__(self, *holders: Any) -> None:
        self.stories = Stories()
        self._listener = Listener(holders or [holder()])
        self._index = 0

    def hear(self, seconds: float, frame: bytes) -> list[tuple[str, Kind, dict[str, Any]]]:
        """Hear a frame and return its events."""
        events = [len(story.events) for story in self.stories.by_ckn.values()] or [0]
        self.stories.hear(self._listener.hear(frame), self._index, int(seconds * S))
        self._index += 1
        return [
            (event.member, event.kind, event.detail) for event in self.story.events[events[0] :]
        ]

    @property
    def story(self) -> Story:
        """The only history."""
        (story,) = self.stories.by_ckn.values() or [Story(CKN, True)]
        return story


def kinds(events: list[tuple[str, Kind, dict[str, Any]]]) -> list[Kind]:
    """Return the kinds of events."""
    return [kind for _, kind, _ in events]


def test_events_from_the_first_mkpdu_to_a_retired_sak() -> None:
    """Two stations meet, one distributes, both use the SAK and it settles as Old."""
    a, b = alice(), bob(priority=32)
    stories = StoryTeller()
    assert kinds(stories.hear(0, a.says(key_server=True))) == [Kind.JOINS, Kind.SERVER_ON]
    heard = stories.hear(1, b.says(potential=(PeerId(a.mi, 1),)))
    assert heard[1:] == [("B", Kind.POTENTIAL, {"peer": a.mi})]
    sak = sak_of(a, [a, b])
    live, given = stories.hear(2, a.distributes(sak, b, key_server=True))
    assert live == ("A", Kind.LIVE, {"peer": b.mi})
    assert given[1:] == (
        Kind.DISTRIBUTES,
        {"ki": sak.ki, "an": 0, "suite": "gcm-aes-128", "result": "new SAK"},
    )
    receiving = SakUse(latest=KeyUse(sak.ki, 0, False, True, 1))
    live, use = stories.hear(2.1, b.says(a, use=receiving))
    assert use[2] == {
        "ki": sak.ki,
        "slot": "latest",
        "an": 0,
        "transmits": False,
        "receives": True,
    }
    assert stories.hear(2.2, b.says(a, use=receiving)) == []
    settled = SakUse(old=KeyUse(sak.ki, 0, True, True, 1))
    assert kinds(stories.hear(4, b.says(a, use=settled))) == [Kind.USES]
    assert kinds(stories.hear(5, b.says(a, use=SakUse()))) == [Kind.RETIRES]
    story = stories.story
    assert [member.name for member in story.members.values()] == ["A", "B"]
    assert story.key_servers == ["A"]
    assert story.verified


def test_restarted_member_keeps_its_letter() -> None:
    """Another MI with a known SCI is another life of that member."""
    stories, b = StoryTeller(), bob()
    stories.hear(0, alice().says())
    stories.hear(1, b.says(alice()))
    again = alice(mi=b"alice again!")
    assert stories.hear(9, again.says())[0][:2] == ("A2", Kind.RESTARTS)
    third = alice(mi=b"alice thrice")
    assert stories.hear(19, third.says())[0][:2] == ("A3", Kind.RESTARTS)
    (changed,) = [event for event in stories.hear(20, b.says(again)) if event[1] is Kind.DROPS]
    assert changed[2] == {"peer": alice().mi}
    assert stories.story.name(again.mi) == "A2"
    assert stories.story.name(b"never heard.") == b"neve".hex() + "…"


@pytest.mark.parametrize("life_s", [6, 30])
def test_silence_beyond_a_life_time_is_an_event(life_s: int) -> None:
    """That of the members; a shorter silence is none."""
    stories, a = StoryTeller(), alice()
    stories.stories = Stories(life_s * S)
    stories.hear(0, a.says())
    assert stories.hear(life_s, a.says()) == []
    silence = {"for_ns": int((life_s + 0.5) * S), "suspended": False}
    assert stories.hear(2 * life_s + 0.5, a.says()) == [("A", Kind.SILENT, silence)]


def test_suspension_is_shown_from_request_to_end() -> None:
    """A member asks, the Key Server orders, the time left counts down, and it ends."""
    stories, a, b = StoryTeller(), alice(), bob()
    stories.hear(0, a.says(key_server=True))
    stories.hear(0.1, b.says())

    def suspends(at: float, member: Member, seconds: int, **more: Any) -> list[Any]:
        said = member.says(suspension_s=seconds, **more)
        return [detail for _, kind, detail in stories.hear(at, said) if kind is Kind.SUSPENDS]

    assert suspends(1, b, 60) == [{"seconds": 60, "part": "asks"}]
    assert suspends(1.1, a, 60, key_server=True) == [{"seconds": 60, "part": "orders"}]
    assert suspends(3, a, 59, key_server=True) == []
    c = Member(0x0200_0000_0C03_0001, b"carol, peer.")
    stories.hear(3.1, c.says())
    assert suspends(4, c, 57) == [{"seconds": 57, "part": "reports"}]
    (silence,) = stories.hear(50, b.says(suspension_s=11))
    assert silence == ("B", Kind.SILENT, {"for_ns": 49 * S, "suspended": True})
    assert suspends(51, a, 0, key_server=True)[-1] == {"seconds": 0, "part": "orders"}


def test_replayed_message_changes_no_member() -> None:
    """An MN that is not above the last is an event, and the member stays as it was."""
    stories, a, b = StoryTeller(), alice(), bob()
    first = a.says(b)
    stories.hear(0, first)
    stories.hear(1, a.says())
    (replayed,) = stories.hear(2, first)
    assert replayed == ("A", Kind.OLD_MN, {"mn": 1, "last": 2})
    assert stories.story.members[a.mi].live == ()


def test_changes_of_the_basic_set_are_events() -> None:
    """Key Server on and off, another priority, another version."""
    stories, a = StoryTeller(), alice()
    stories.hear(0, a.says(key_server=True))
    assert kinds(stories.hear(1, a.says())) == [Kind.SERVER_OFF]
    a.priority = 99
    assert stories.hear(2, a.says(version=3))[:1] == [
        ("A", Kind.CHANGES, {"what": "priority", "from": 16, "to": 99})
    ]
    assert kinds(stories.hear(3, a.says(version=3, key_server=True))) == [Kind.SERVER_ON]


@pytest.mark.parametrize("suite, bits", [("gcm-aes-128", 32), ("gcm-aes-xpn-128", 64)])
def test_exhaustion_of_pns_is_one_event(suite: str, bits: int) -> None:
    """A lowest PN at three quarters of all PNs is reported once: the reason of the next SAK."""
    stories, a, b = StoryTeller(), alice(), bob()
    sak, limit = sak_of(a, [a, b], suite=suite), 3 << bits - 2
    stories.hear(0, a.distributes(sak, b))
    xpn = {"xpn": bits == 64}
    stories.hear(1, a.uses(sak, b, lowest_pn=limit - 1, **xpn))
    assert stories.hear(2, a.uses(sak, b, lowest_pn=limit, **xpn)) == [
        ("A", Kind.EXHAUSTS, {"ki": sak.ki, "lowest_pn": str(limit)})
    ]
    assert stories.hear(3, a.uses(sak, b, lowest_pn=limit + 1, **xpn)) == []


def test_delay_protection_on_and_off_are_events() -> None:
    """Each change of the flag is one event."""
    stories, a = StoryTeller(), alice()
    stories.hear(0, a.says(use=SakUse()))
    on = stories.hear(1, a.says(use=SakUse(delay_protect=True)))
    off = stories.hear(2, a.says(use=SakUse()))
    assert [event[2] for event in on + off] == [{"on": True}, {"on": False}]


def test_each_sak_is_recorded_once_with_its_server() -> None:
    """Repeated distributions count as one SAK; servers in the order of their first SAK."""
    stories, a, b = StoryTeller(), alice(), bob()
    first, second, third = sak_of(b, [a, b]), sak_of(b, [a, b], 2, 1), sak_of(a, [a, b])
    for sak in (first, first, second):
        stories.hear(0, b.distributes(sak, a))
    stories.hear(1, a.distributes(third, b))
    assert [(sak.ki.kn, sak.an, sak.key_server, sak.times) for sak in stories.story.saks] == [
        (1, 0, "A", 2),
        (2, 1, "A", 1),
        (1, 0, "B", 1),
    ]
    assert stories.story.key_servers == ["A", "B"]
    assert len({sak.check_value for sak in stories.story.saks}) == 3
    (plain,) = [event for event in stories.hear(2, a.says(plain=True)) if event[2].get("result")]
    assert plain[2] == {"ki": None, "result": Distribution.PLAIN.value}
    assert stories.story.plain == 1


def test_history_without_the_cak_is_not_verified() -> None:
    """The same history, without check values."""
    stories, a, b = StoryTeller(holder(ckn=b"other")), alice(), bob()
    stories.hear(0, a.distributes(sak_of(a, [a, b]), b))
    assert not stories.story.verified
    assert stories.story.saks[0].check_value is None


def test_message_with_a_wrong_icv_is_only_counted() -> None:
    """A message under another CAK is no part of the history."""
    stories = StoryTeller()
    assert stories.hear(0, alice(cak=bytes(16)).says()) == []
    assert stories.story.wrong_icv == 1
    assert not stories.story.members


def test_thirty_members_have_distinct_names() -> None:
    """Names go on beyond the alphabet."""
    stories = StoryTeller()
    for number in range(30):
        stories.hear(0, Member(sci=number << 16 | 1, mi=number.to_bytes(12)).says())
    names = [member.name for member in stories.story.members.values()]
    assert names[25:28] == ["Z", "AA", "BB"]
    assert len(set(names)) == 30
