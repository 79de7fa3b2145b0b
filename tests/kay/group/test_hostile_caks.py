"""Distributed CAK sets that a member does not take: counted, and without any other effect."""

from __future__ import annotations

import random

import pytest
from support.mka.kays import CAK, CKN, NS, Actor, alone, chain_key, sci_of_name

from macsec.kay.group.distributed_cak import unwrapped, wrapped
from macsec.kay.kay import Kay
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.mkpdu.parameter_sets import DistributedCak
from macsec.keys import Key

GROUP = b"a group's name.."
SERVER = {"key_server": True, "priority": 1}


def led() -> tuple[Kay, Actor]:
    """Return a KaY whose Key Server is an actor."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(**SERVER)
    actor.drain()
    assert kay.participants[CKN].server == actor.mi
    return kay, actor


def cak_set(cak: bytes = b"g" * 16, ckn: bytes = GROUP, kek_of: bytes = CAK) -> DistributedCak:
    """Return a Distributed CAK set, wrapped in the KEK of a pairwise CAK."""
    return wrapped(MemoryHolder(Key(kek_of), CKN), Key(cak), ckn)


def groups(kay: Kay) -> list[bytes]:
    """Return the CKNs of the group CAKs of a KaY."""
    return [ckn for ckn, each in kay.participants.items() if each.key.group]


def test_the_cak_of_the_key_server_is_taken():
    """The control of all others here."""
    kay, actor = led()
    actor.say(**SERVER, sets=[cak_set()])
    assert groups(kay) == [GROUP]
    assert kay.counters["cak-refused"] == kay.counters["cak-decryption-errors"] == 0


@pytest.mark.parametrize("octets", [16, 32])
@pytest.mark.parametrize("ckn", [b"n", b"n" * 16, b"n" * 32])
def test_each_length_of_cak_and_ckn_is_found_in_a_set(octets, ckn):
    """Lengths of sets overlap: 24 + 32 octets, and 40 + 16."""
    holder = MemoryHolder(Key(CAK), CKN)
    found = unwrapped(holder, wrapped(holder, Key(b"g" * octets), ckn))
    assert found is not None
    assert (found[0].expose(), found[1]) == (b"g" * octets, ckn)


def test_the_cak_of_another_member_is_refused():
    """It is live, but not the Key Server."""
    kay, actor = led()
    other = Actor(kay, sci_of_name("b"), b"other's MI..")
    other.say(key_server=False, sets=[cak_set()])
    assert groups(kay) == []
    assert kay.counters["cak-refused"] == 1
    actor.say(**SERVER)


def test_the_actor_of_a_traffic_class_leaves_group_caks_to_that_of_class_0():
    """It takes none, and has nothing to refuse."""
    kay = alone(key_server_priority=200, classes=(3,)).for_class(3)
    kay.set_enabled(0, True)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(**SERVER)
    actor.drain()
    actor.say(**SERVER, sets=[cak_set()])
    assert groups(kay) == []
    assert kay.counters["in-cak-mkpdu"] == 1
    assert kay.counters["cak-refused"] == 0


def test_a_stranger_of_no_list_distributes_nothing():
    """It has the CAK, but has not shown that it hears us."""
    kay, _ = led()
    other = Actor(kay, sci_of_name("b"), b"other's MI..")
    other.say(key_server=True, priority=0, live=(), sets=[cak_set()])
    assert groups(kay) == []
    assert kay.counters["cak-refused"] == 1


def test_a_cak_under_another_kek_is_refused():
    """No length of it unwraps."""
    kay, actor = led()
    actor.say(**SERVER, sets=[cak_set(kek_of=b"x" * 16)])
    assert groups(kay) == []
    assert kay.counters["cak-decryption-errors"] == 1


def test_the_name_of_a_pairwise_cak_is_refused():
    """A group cannot take the place of a CAK of the configuration."""
    kay, actor = led()
    actor.say(**SERVER, sets=[cak_set(ckn=CKN)])
    assert groups(kay) == []
    assert kay.counters["cak-refused"] == 1
    assert kay.participants[CKN].key.holder.icv_valid(b"", MemoryHolder(Key(CAK), CKN).icv(b""))


@pytest.mark.parametrize(
    ("chain", "policy"),
    [
        pytest.param(None, {"single_participant": True}, id="a second one beside the only one"),
        pytest.param([chain_key(fallback=True)], {}, id="from a fallback"),
    ],
)
def test_a_group_cak_that_cannot_be_used_is_refused(chain, policy):
    """A KaY of one participant has no place; a fallback runs until the others are back."""
    kay = alone(chain, key_server_priority=200, **policy)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(**SERVER)
    actor.drain()
    actor.say(**SERVER, sets=[cak_set()])
    assert groups(kay) == []
    assert kay.counters["cak-refused"] == 1


def test_endless_caks_keep_two_participants():
    """The present one and the one before, however many the Key Server distributes."""
    kay, actor = led()
    for number in range(100):
        actor.later(0.001)
        actor.say(**SERVER, sets=[cak_set(ckn=bytes([number + 1]) * 8)])
        actor.drain()
        assert len(groups(kay)) <= 2
    assert groups(kay)[0] == bytes([100]) * 8


def test_a_group_cak_without_live_peers_goes_after_a_life_time():
    """It was taken, and no other station has it; a superseded one has two Life Times."""
    kay, actor = led()
    actor.say(**SERVER, sets=[cak_set()])
    actor.say(**SERVER, sets=[cak_set(ckn=b"another")])
    actor.stay(5.5, **SERVER)
    assert len(groups(kay)) == 2
    actor.stay(1, **SERVER)
    assert groups(kay) == [GROUP], "the former has more time"
    actor.stay(6, **SERVER)
    assert groups(kay) == []
    assert kay.next_timeout_ns() is not None
    assert kay.next_timeout_ns() <= actor.now_ns + 2 * NS


def test_random_contents_never_raise_and_never_join():
    """Each octet of a set, changed; and contents of any length."""
    kay, actor = led()
    content, rng = cak_set().content, random.Random(5)
    for at in range(24):
        changed = bytearray(content)
        changed[at] ^= 1 << rng.randrange(8)
        actor.say(**SERVER, sets=[DistributedCak(bytes(changed))])
    for length in range(25, 73):
        actor.say(**SERVER, sets=[DistributedCak(rng.randbytes(length))])
    actor.drain()
    assert groups(kay) == []
    assert kay.counters["cak-decryption-errors"] == 24 + 48
