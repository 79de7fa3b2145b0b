"""SSCIs as a Key Server of MKA version 3 assigns them: its own, and the others in list order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.mka.kays import BOTH_PLANES, Actor, alone, reported, sci_of_name, server_of
from support.planes import Plane

from macsec.kay.distribution.sscis import assigned
from macsec.kay.kay import Kay
from macsec.kay.keys.derivation import salt
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu.parameter_sets import KeyUse, PeerId, SakUse
from macsec.kay.secy_side import actions
from macsec.keys import Key
from macsec.port.controlled_port import ControlledPort
from macsec.secy import Verdict
from macsec.suites import SUITES

SUITE = SUITES["gcm-aes-xpn-128"]
SAK = bytes(range(16))
OTHERS = {"b": b"MI of b.....", "z": b"MI of z....."}


def follower(server: str) -> tuple[Kay, Actor]:
    """Return a KaY, SCI `k`, that follows an actor and has heard two more members."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name(server))
    actor.drain()
    actor.say(key_server=True, priority=1)
    for name, mi in OTHERS.items():
        Actor(kay, sci_of_name(name), mi).say()
    actor.drain()
    return kay, actor


def offer(actor: Actor, own: int, order: str, version: int = 3) -> dict[str, int | None]:
    """Distribute a SAK with this SSCI and list; return the SSCIs of the SAs by letter."""
    entries = {name: PeerId(mi, 1) for name, mi in OTHERS.items()} | {"k": actor.listens}
    live = tuple(entries[name] for name in order)
    actor.distribute(
        suite=SUITE.identifier, sak=SAK, live=live, server_ssci=own, version=version, xpn=True
    )
    actor.drain()
    made = {a.sci: a.ssci for a in actor.actions if isinstance(a, actions.CreateReceiveSA)}
    for a in actor.actions:
        if isinstance(a, actions.CreateTransmitSA):
            made[actor.kay.sci] = a.ssci
    return {chr(sci >> 16 & 0xFF): ssci for sci, ssci in made.items()}


@pytest.mark.parametrize(
    "own, version, order, expected",
    [
        (1, 3, "k", {"a": 1, "k": 2}),
        (2, 3, "k", {"k": 1, "a": 2}),
        (0, 3, "k", {"k": 1, "a": 2}),
        (1, 2, "k", {"k": 1, "a": 2}),
        (1, 3, "kz", {"a": 1, "k": 2, "z": 3}),
        (2, 3, "kz", {"k": 1, "a": 2, "z": 3}),
        (3, 3, "bk", {"b": 1, "k": 2, "a": 3}),
        (4, 3, "zbk", {"z": 1, "b": 2, "k": 3, "a": 4}),
        (3, 4, "kbz", {"k": 1, "b": 2, "a": 3, "z": 4}),
        (0, 3, "kbz", {"z": 1, "k": 2, "b": 3, "a": 4}),
    ],
)
def test_members_follow_the_assignment_of_the_key_server(
    own: int, version: int, order: str, expected: dict[str, int]
) -> None:
    """By rank without an assignment, and before version 3, where the octet has no meaning."""
    kay, actor = follower("a")
    assert offer(actor, own, order, version) == expected
    assert kay.secured


@pytest.mark.parametrize("own, order", [(3, "k"), (5, "zbk"), (255, "k")])
def test_assignment_beyond_the_members_is_refused(own: int, order: str) -> None:
    """Counted once for each offer, with a reason; a right one is taken after it."""
    kay, actor = follower("a")
    assert offer(actor, own, order) == {}
    assert kay.counters["sak-refused"] == 1
    assert kay.refusal is not None
    assert f"SSCI {own}" in kay.refusal
    assert not kay.secured
    offer(actor, 1, order)
    assert kay.secured


@given(st.lists(st.integers(1, 1 << 64), min_size=2, max_size=40, unique=True), st.data())
def test_an_assignment_gives_each_member_a_number_of_its_own(
    scis: list[int], data: st.DataObject
) -> None:
    """From 1 on without a gap, the others in the order of the list."""
    own = data.draw(st.integers(1, len(scis)))
    server, *others = scis
    found = assigned(own, server, others)
    assert found is not None
    assert found[server] == own
    assert sorted(found.values()) == list(range(1, len(scis) + 1))
    assert all(found[a] < found[b] for a, b in itertools.pairwise(others))
    assert assigned(own, server, [*others, others[0]]) is None
    assert assigned(own, server, [*others, server]) is None


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
@pytest.mark.parametrize("own", [0, 1, 2])
def test_frames_validate_both_ways_under_an_assignment(plane: Plane, own: int) -> None:
    """The Key Server's SecY has the numbers that it assigned, ours what the KaY took."""
    kay, actor = follower("a")
    offer(actor, own, "k")
    ki = KI(actor.mi, 1)
    actor.say(
        key_server=True, priority=1, version=3, use=SakUse(latest=KeyUse(ki, 0, True, True, 1))
    )
    actor.drain()
    ours = ControlledPort(plane.secy(cipher=SUITE.name))
    assert all(ours.perform(action) for action in actor.actions)
    numbers = {"server": own or 2, "ours": 3 - (own or 2)}
    theirs = plane.secy(cipher=SUITE.name)
    theirs.create_tx_sc(actor.sci)
    theirs.create_tx_sa(0, Key(SAK), ssci=numbers["server"], salt=salt(*ki))
    theirs.create_rx_sc(kay.sci)
    theirs.create_rx_sa(kay.sci, 0, Key(SAK), ssci=numbers["ours"], salt=salt(*ki))
    for sender, receiver in ((theirs, ours.secy), (ours.secy, theirs)):
        frame = bytes(12) + b"\x88\xb5" + bytes(range(50))
        protected = sender.protect_frame(frame)
        assert protected is not None
        assert receiver.validate_frame(protected) == (Verdict.OK, frame)


def test_lost_member_of_a_key_that_not_all_have_gives_another_key() -> None:
    """A shorter list would assign SSCIs that the SAK has not, while it is still distributed."""
    kay, actor = server_of(cipher=SUITE.name, sak_rekey_on_live_peer_loss=False)
    first = reported(kay)
    actor.stay(7, priority=200, use=first)
    Actor(kay, sci_of_name("y"), OTHERS["b"]).say(priority=201)
    actor.heard.clear()
    actor.stay(15, priority=200, use=first)
    lists = {
        mkpdu.distributed.kn: len(mkpdu.live)
        for mkpdu in actor.heard
        if mkpdu.distributed is not None
    }
    assert lists == {2: 2, 3: 1}
