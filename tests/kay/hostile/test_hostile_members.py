"""Members with the CAK that send any values, Key Servers without measure, replayed MKPDUs.

Nothing raises or loops, nothing grows without a bound, and no SAK is sent with twice.
"""

from __future__ import annotations

import itertools
import logging
from typing import Any

import pytest
from support.mka.kays import (
    CKN,
    Actor,
    Segment,
    alone,
    is_mka,
    member_of,
    pair,
    reported,
    sci_of_name,
    server_of,
    snapshot,
)

from macsec.kay.counters import Reception
from macsec.kay.distribution.key_history import BURST
from macsec.kay.kay import Kay
from macsec.kay.keys.sak import KI
from macsec.kay.membership.peers import LIVE_LIMIT, PAST_LIMIT, POTENTIAL_LIMIT, Peers
from macsec.kay.mkpdu.parameter_set import Opaque
from macsec.kay.mkpdu.parameter_sets import (
    Basic,
    DistributedCak,
    KeyUse,
    PeerId,
    SakUse,
)
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.associations import RECEIVERS_LIMIT
from macsec.report.mka.status import reason

OTHER = b"another's MI"


def raised(actor: Actor) -> list[int]:
    """Return the lowest PNs to which receive SAs were raised."""
    return [each.lowest_pn for each in actor.actions if isinstance(each, actions.RaiseLowestPN)]


def protecting(kay: Kay, latest: int | None, old: int | None = None) -> SakUse:
    """Return SAK Use under delay protection: the KaY's key in these places, with lowest PNs."""
    slot = kay.cp.slots()[0]
    first, second = (
        None if pn is None else KeyUse(slot.ki, slot.an, True, True, pn) for pn in (latest, old)
    )
    return SakUse(latest=first, old=second, delay_protect=True)


# -------------------------------------------------------------------- fields


def test_reserved_sci_is_malformed() -> None:
    """FF-FF-FF-FF-FF-FF-FF-FF is no SCI (802.1AE 9.9): no receive SC can have it."""
    kay, actor = server_of()
    before = snapshot(kay)
    assert actor.say(sci=2**64 - 1, mi=OTHER) is Reception.MALFORMED
    assert kay.counters["in-mkpdu-validation-errors"] == 1
    assert snapshot(kay) == before
    assert actor.drain() == []


def test_key_in_both_slots_counts_once() -> None:
    """Latest and Old Key of one KI: the Latest Key counts, and the PN rises to rest."""
    kay, actor = server_of(cipher="gcm-aes-xpn-128")
    actor.say(priority=200, use=protecting(kay, 2**32 - 1, 2))
    actor.drain()
    assert raised(actor) == [2**32 - 1]
    assert kay.counters["sak-use-errors"] == 1
    assert kay.secured


def test_one_mkpdu_carries_at_most_once() -> None:
    """XPN without the upper half: each MKPDU whose lower half falls adds one carry, not more."""
    kay, actor = server_of(cipher="gcm-aes-xpn-128")
    for pn in (2**32 - 1, 2, 2**32 - 1, 1):
        actor.say(priority=200, use=protecting(kay, pn))
        actor.drain()
        actor.drain()
    assert raised(actor) == [2**32 - 1, 2**32 + 2, 2**33 - 1, 2**33 + 1]


@pytest.mark.parametrize("protects", [True, False])
@pytest.mark.parametrize(
    "cipher, reports",
    [
        ("gcm-aes-128", [(1 << 32 | 7, True)]),
        ("gcm-aes-256", [(2**64 - 1, True)]),
        ("gcm-aes-xpn-256", [(2**64 - 5, True), (2, False)]),
    ],
)
def test_lowest_pn_beyond_the_suite_is_ignored(
    cipher: str, reports: list[tuple[int, bool]], protects: bool
) -> None:
    """It is counted, no SA is raised to it, and no SAK replaced for it."""
    kay, actor = server_of(cipher=cipher)
    for pn, has_upper in reports:
        slot = protecting(kay, pn).latest
        actor.say(priority=200, use=SakUse(latest=slot, delay_protect=protects), xpn=has_upper)
        actor.drain()
    assert kay.counters["sak-use-errors"] == 1
    assert raised(actor) == [pn for pn, _ in reports[:-1] if protects]
    assert kay.secured


def test_carried_pn_without_upper_halves_exhausts_a_key() -> None:
    """The Key Server counts the carries of a peer that sends no XPN set."""
    kay, actor = server_of(cipher="gcm-aes-xpn-128")
    slot = kay.cp.slots()[0]
    near = KeyUse(slot.ki, slot.an, True, True, 0xBFFFFFFF_FFFFFFFF)
    actor.stay(7, priority=200, use=SakUse(latest=near), xpn=True)
    assert kay.counters["keys-distributed"] == 1
    actor.say(priority=200, use=reported(kay, 1))
    actor.drain()
    assert kay.counters["keys-distributed"] == 2


def test_lowest_pn_of_a_key_that_is_not_installed_says_nothing() -> None:
    """A report that comes before the SAK raises nothing once the SAK is there."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    early = KeyUse(KI(actor.mi, 1), 0, True, True, 2**31)
    actor.distribute(use=SakUse(latest=early, delay_protect=True))
    actor.drain()
    assert kay.secured
    assert raised(actor) == []


@pytest.mark.parametrize(
    "kind, length, counter",
    [
        (3, 20, "sak-use-errors"),
        (4, 27, "sak-refused"),
        (5, 3, "in-mkpdu-validation-errors"),
        (7, 9, "in-mkpdu-validation-errors"),
        (8, 4, "in-mkpdu-validation-errors"),
    ],
)
def test_set_of_a_wrong_length_is_counted(kind: int, length: int, counter: str) -> None:
    """By the counter of its type; the rest of the MKPDU counts."""
    kay, actor = member_of()
    before = snapshot(kay)
    sets = [Opaque(kind, 0, b"\xff" * length)]
    assert actor.say(key_server=True, priority=1, sets=sets) is Reception.ACCEPTED
    assert kay.counters[counter] == 1
    assert snapshot(kay) == before


def test_sak_with_key_number_zero_is_refused() -> None:
    """KNs start at 1: a KN of 0 means no key in SAK Use."""
    kay, actor = member_of()
    before = snapshot(kay)
    actor.distribute(kn=0, an=1, sak=b"x" * 16)
    assert kay.counters["sak-refused"] == 1
    assert snapshot(kay) == before


def test_crowd_that_comes_and_goes_takes_bounded_memory() -> None:
    """A key receives from no more members than a CA can have, however long it is in use."""
    kay, actor = member_of()
    used = KeyUse(KI(actor.mi, 1), 0, True, True, 1)
    for number in range(1, 2 * RECEIVERS_LIMIT):
        stranger = Actor(kay, 0x0A00_0000_0000_0001 | number << 16, number.to_bytes(12))
        stranger.now_ns = actor.now_ns
        stranger.say()
        actor.stay(0.5, key_server=True, priority=1, use=SakUse(latest=used))
    assert kay.secured
    made = [each.sci for each in actor.actions if isinstance(each, actions.CreateReceiveSC)]
    assert len(made) == len(set(made)) == RECEIVERS_LIMIT


@pytest.mark.parametrize(
    "together, apart",
    [(1, 0.0), (2, 0.0), (5, 0.19)],
    ids=["as SAKs fall due", "two at a time", "many"],
)
def test_member_that_takes_new_mis_costs_no_frame(together: int, apart: float) -> None:
    """A SAK is made when its MKPDU leaves: a member that joins in between would hold it back."""
    segment, a, b = pair()
    stranger = Actor(a.kay, sci_of_name("h"))
    names = (bytes([number]) * 12 for number in itertools.count(1))

    def join() -> None:
        mi = next(names)
        for member in (a, b):
            stranger.kay = member.kay
            member.station.indicate(stranger.frame(mi=mi, live=(stranger.listens,)))

    for second, number in itertools.product(range(5, 20), range(together)):
        segment.at(second + number * apart, join)
    segment.every(0.1, a.send, 4, 30)
    segment.every(0.1, b.send, 4, 30)
    segment.run(31)
    assert (a.numbers_from("b"), b.numbers_from("a")) == (b.sent, a.sent)
    assert b.kay.counters["keys-received"] == a.kay.counters["keys-distributed"] > 3


def test_distributed_cak_is_only_counted() -> None:
    """No member takes a CAK from another."""
    kay, actor = member_of()
    before = snapshot(kay)
    actor.say(key_server=True, priority=1, sets=[DistributedCak(bytes(24) + CKN)])
    assert kay.counters["in-cak-mkpdu"] == 1
    assert snapshot(kay) == before


# -------------------------------------------------------------------- past MKPDUs


def restarted(role: str) -> tuple[Kay, Actor, Actor, dict[str, Any]]:
    """Return a KaY whose peer restarted: live under a new MI, with the peer's old and new life."""
    kay, old = server_of() if role == "server" else member_of()
    said: dict[str, Any] = {"priority": 200} if role == "server" else {"priority": 1}
    said["key_server"] = role != "server"
    old.say(**said)
    new = Actor(kay, old.sci, OTHER)
    new.say(**said)
    new.drain()
    assert [peer.mi for peer in kay.participants[CKN].peers.live] == [OTHER]
    return kay, old, new, said


@pytest.mark.parametrize("role", ["server", "member"])
def test_mkpdu_of_before_a_restart_changes_nothing(role: str) -> None:
    """Replayed by an outsider, or held back and never heard: the new life stays live."""
    kay, old, new, said = restarted(role)
    before = snapshot(kay)
    for mn in (old.mn, 1, old.mn + 1):
        assert old.say(mn=mn, **said) is Reception.OLD_MN
        assert old.drain() == []
    assert snapshot(kay) == before
    assert kay.counters["in-mkpdu-bad-peer-errors"] == 3
    assert new.say(**said) is Reception.ACCEPTED


def test_heard_mkpdu_of_a_lost_peer_is_refused() -> None:
    """MNs stay known after a peer fell silent; a newer MKPDU makes it a peer again."""
    kay, actor = member_of()
    last = actor.mn
    actor.later(7)
    actor.drain()
    assert kay.participants[CKN].peers.find(actor.mi) is None
    assert actor.say(mn=last) is Reception.OLD_MN
    assert actor.say(mn=last + 1) is Reception.ACCEPTED


def test_superseded_mi_may_return_after_its_successor() -> None:
    """A wrong order of two lives costs a Life Time, not the session for ever."""
    kay, old, new, said = restarted("server")
    new.later(7)
    new.drain()
    old.now_ns = new.now_ns
    assert old.say(**said) is Reception.ACCEPTED
    assert [peer.mi for peer in kay.participants[CKN].peers.live] == [old.mi]


def test_mn_that_another_member_used_up_costs_two_life_times() -> None:
    """A member spoofs the last MN of a peer: the peer is lost, and returns with its own MNs."""
    kay, actor = member_of()
    said: dict[str, Any] = {"key_server": True, "priority": 1}
    assert actor.say(mn=2**32 - 1, **said) is Reception.ACCEPTED
    receptions = []
    for _ in range(8):
        actor.later(2)
        actor.drain()
        receptions.append(actor.say(**said))
    assert receptions[:5] == [Reception.OLD_MN] * 5
    assert receptions[-1] is Reception.ACCEPTED
    assert [peer.mi for peer in kay.participants[CKN].peers.live] == [actor.mi]


def test_superseded_mi_is_not_learned_from_others() -> None:
    """A third member has not seen the restart yet, and still lists the old life."""
    kay, old, _, said = restarted("server")
    third = Actor(kay, sci_of_name("y"), b"third one's.")
    third.say(**said, live=(third.listens, PeerId(old.mi, old.mn)))
    peers = kay.participants[CKN].peers
    assert peers.find(old.mi) is None
    assert len(peers.live) == 2


def test_memory_of_past_members_is_bounded() -> None:
    """The longest gone are forgotten, and no others."""
    peers = Peers()
    total = PAST_LIMIT + LIVE_LIMIT + POTENTIAL_LIMIT
    for number in range(total):
        basic = Basic(sci=1, mi=number.to_bytes(12), mn=number + 1, ckn=CKN)
        peers.hear(basic, 0)
        peers.expire(10**10)
    again = [Basic(sci=1, mi=number.to_bytes(12), mn=1, ckn=CKN) for number in range(total)]
    kept = [number for number in range(total) if peers.is_past(again[number], 10**10, False)]
    assert kept == list(range(total - PAST_LIMIT, total))


@pytest.mark.parametrize("name", ["a", "b"], ids=["server", "member"])
@pytest.mark.parametrize("at", [10.5, 12.0, 15.9])
def test_replay_across_a_restart_cuts_no_traffic(name: str, at: float) -> None:
    """Two stations, one restarts: its last MKPDU of before comes once more to the other."""
    segment, a, b = pair()
    segment.run(10)
    other = {"a": b, "b": a}[name]
    last = [frame for _, sender, frame in segment.mkpdus if sender == name][-1]
    again = segment.add(name, key_server_priority={"a": 10, "b": 20}[name])
    segment.run(10.4)
    assert again.kay.secured
    assert other.kay.secured
    segment.at(at, lambda: other.station.indicate(last))
    segment.every(0.1, again.send, 10.4, 24)
    segment.every(0.1, other.send, 10.4, 24)
    segment.run(25)
    assert is_mka(last)
    assert other.kay.counters["in-mkpdu-bad-peer-errors"] == 1
    assert (other.numbers_from(name), again.numbers_from(other.name)) == (again.sent, other.sent)


# -------------------------------------------------------------------- Key Servers


def test_reused_key_number_is_said_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """A server that forgot its KNs: a warning and the status name the KN, once a Life Time."""
    kay, actor = member_of()
    actor.later(8)
    actor.drain()
    with caplog.at_level(logging.WARNING, "macsec"):
        for _ in range(4):
            actor.distribute(sak=b"fresh SAK.......")
        lines = list(caplog.messages)
    assert len(lines) == 1
    assert f"SAK {actor.mi.hex()}/1 refused: the Key Server reuses KN 1" in lines[0]
    assert "the Key Server reuses KN 1" in reason(kay)
    assert kay.counters["sak-reuse-refused"] == 4
    actor.distribute(kn=2, sak=b"fresh SAK.......")
    actor.drain()
    assert kay.refusal is None
    assert kay.secured


def test_sak_repeated_after_its_life_is_refused_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """The server was silent for a Life Time: the SAs are gone, and their PNs would start again."""
    kay, actor = member_of()
    actor.later(7)
    actor.drain()
    with caplog.at_level(logging.WARNING, "macsec"):
        for _ in range(3):
            actor.say(key_server=True, priority=1)
            actor.distribute()
            actor.drain()
    assert not kay.secured
    assert kay.counters["sak-reuse-refused"] == 3
    lines = [record.message for record in caplog.records]
    assert len(lines) == 1
    assert "the Key Server repeats KN 1, whose SAs were deleted here" in lines[0]
    assert "the Key Server repeats KN 1" in reason(kay)


def flood(kay: Kay, actor: Actor, count: int, spacing: float) -> None:
    """Distribute a SAK after the other, and report each as in use."""
    for kn in range(2, count + 2):
        for _ in range(2):
            actor.later(spacing / 2)
            actor.say(key_server=True, priority=1)
        used = KeyUse(KI(actor.mi, kn), kn % 4, True, True, 1)
        sak = kn.to_bytes(16)
        actor.distribute(kn=kn, an=kn % 4, sak=sak, use=SakUse(latest=used))
        actor.drain()


@pytest.mark.parametrize("spacing", [0, 0.05, 1.0])
def test_flood_of_saks_is_taken_at_a_bounded_rate(
    spacing: float, caplog: pytest.LogCaptureFixture
) -> None:
    """A burst, then one in each Life Time; the lines are as few."""
    kay, actor = member_of()
    flood(kay, actor, 150, spacing)
    seconds = 150 * spacing
    assert kay.counters["keys-received"] <= BURST + seconds / 6
    assert kay.counters["sak-refused"] >= 140 - seconds / 6
    assert "SAKs come faster than one in 6 s" in caplog.text
    assert len(caplog.records) <= 2 + seconds / 6
    assert kay.secured


def test_no_flood_makes_a_sak_fresh_again() -> None:
    """The first SAK after hundreds of others is still known: no (SAK, PN) is used twice."""
    kay, actor = member_of()
    flood(kay, actor, 150, 6)
    assert kay.counters["keys-received"] == 151
    actor.later(5)
    assert actor.distribute(kn=6000, an=3) is Reception.ACCEPTED
    actor.drain()
    assert kay.counters["sak-reuse-refused"] == 1
    made = [e.key.check_value for e in actor.actions if isinstance(e, actions.CreateTransmitSA)]
    assert len(made) == len(set(made))


def test_flapping_election_makes_saks_at_a_bounded_rate() -> None:
    """A member that serves and steps back, at every MKPDU: our own SAKs have the same bound."""
    kay, actor = server_of()
    for step in range(400):
        serves = bool(step % 2)
        actor.say(key_server=serves, priority=1 if serves else 200)
        actor.drain()
    assert 2 < kay.counters["keys-distributed"] <= BURST
    wait_ns = (kay.next_timeout_ns() or 0) - actor.now_ns
    assert 0 < wait_ns <= 2 * 10**9
    actor.stay(8, priority=200)
    assert kay.secured


def test_flood_leaves_the_timers_running() -> None:
    """Hellos go out, and a member of the segment is still heard, while a server floods."""
    segment = Segment()
    a, b = (segment.add(name, key_server_priority=20) for name in "ab")
    segment.run(3)
    actor = Actor(b.kay, sci_of_name("k"), OTHER)
    for step in range(200):
        now = 3 + step * 0.1
        actor.now_ns = round(now * 10**9)
        kn = step + 1
        segment.at(
            now,
            lambda kn=kn: b.station.indicate(
                actor.frame(key_server=True, priority=0, use=protecting(b.kay, kn))
                if b.kay.cp.slots()
                else actor.frame(key_server=True, priority=0)
            ),
        )
    segment.run(23)
    times = [time for time, name, _ in segment.mkpdus if name == "b" and time > 3]
    assert max(later - sooner for sooner, later in itertools.pairwise(times)) <= 2.001
    assert a.kay.participants[CKN].peers.find(b.principal.identity.mi) is not None
