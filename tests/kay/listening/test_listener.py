"""A listener with CAKs: authentic MKPDUs, members, distributed SAKs."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.mka.members import CAK, CKN, Member, alice, bob, holder, sak_of

from macsec.errors import CustodyError
from macsec.kay.listening.listener import Distribution, Hearing, Listener
from macsec.kay.mkpdu.frame import Refusal, compose, seal
from macsec.kay.mkpdu.parameter_set import Opaque
from macsec.kay.mkpdu.parameter_sets import MISPRINTED_SUITE, DistributedSak
from macsec.keys import Key


def test_sender_of_an_authentic_mkpdu_is_a_member() -> None:
    """The CKN is known and the ICV right: the sender is a member of the CA."""
    listener = Listener([holder()])
    heard = listener.hear(alice().says())
    assert heard.hearing is Hearing.AUTHENTIC
    assert heard.mkpdu is not None
    assert listener.associations[CKN].scis == {alice().mi: alice().sci}


def test_frame_that_is_not_authentic_leaves_nothing() -> None:
    """No MKPDU, unknown CKN, wrong ICV: distinct results, and nothing is kept."""
    listener = Listener([holder()])
    a, b = alice(), bob()
    spoiled = a.distributes(sak_of(a, [a, b]), b)
    spoiled = spoiled[:-1] + bytes([spoiled[-1] ^ 1])
    assert listener.hear(b"").refusal is Refusal.NOT_EAPOL
    assert listener.hear(alice(ckn=b"other").says()).hearing is Hearing.UNKNOWN_CKN
    assert listener.hear(alice(ckn=CKN + b"+").says()).hearing is Hearing.UNKNOWN_CKN
    assert listener.hear(spoiled).hearing is Hearing.WRONG_ICV
    assert listener.hear(alice(cak=bytes(16)).says()).hearing is Hearing.WRONG_ICV
    assert not listener.associations


@pytest.mark.parametrize(
    "suite", ["gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128", "gcm-aes-xpn-256"]
)
@pytest.mark.parametrize("cak", [CAK, bytes(range(32))])
def test_distributed_sak_is_unwrapped_with_all_that_an_sa_needs(suite: str, cak: bytes) -> None:
    """With a CAK of either length, for each suite."""
    a, b = alice(cak=cak), bob(cak=cak)
    listener = Listener([holder(cak)])
    listener.hear(b.says())
    sak = sak_of(a, [a, b], 5, 2, suite)
    heard = listener.hear(a.distributes(sak, b))
    assert heard.distribution is Distribution.NEW
    found = heard.sak
    assert found is not None
    assert found.key == Key(sak.octets)
    assert (found.ki, found.an, found.suite, found.offset) == (sak.ki, 2, sak.suite, 0)
    assert found.members == (a.mi, b.mi)
    assert (found.salt is not None) == ("xpn" in suite)
    ca = listener.associations[CKN]
    assert ca.sscis(found, b.sci)[0] == 1  # the greatest SCI (802.1AE 10.7.13)
    assert ca.sscis(found, a.sci)[0] == 2
    assert ca.is_member(found, a.sci)
    assert not ca.is_member(found, a.sci + 1)


def test_repeated_sak_is_one_sak() -> None:
    """In several MKPDUs it is one SAK; later members are recorded."""
    a, b = alice(), bob()
    c = Member(sci=0x02000000000C0001, mi=b"carol's MI !")
    listener = Listener([holder()])
    sak = sak_of(a, [a, b])
    first = listener.hear(a.distributes(sak, b)).sak
    again = listener.hear(a.distributes(sak, b, c))
    assert again.distribution is Distribution.REPEATED
    assert again.sak is first
    assert first is not None
    assert (first.members, first.members_now) == ((a.mi, b.mi), (a.mi, b.mi, c.mi))


def test_two_saks_of_one_ki_are_both_kept() -> None:
    """A Key Server that breaks the rule: there may be frames under both."""
    a, b = alice(), bob()
    listener = Listener([holder()])
    for seed in (0, 1):
        heard = listener.hear(a.distributes(sak_of(a, [a, b], seed=seed), b))
        assert heard.distribution is Distribution.NEW
    assert len(listener.associations[CKN].saks) == 2


def distributed(given: DistributedSak) -> Distribution | None:
    """Return the result of a Distributed SAK set."""
    return Listener([holder()]).hear(alice().says(distributed=given)).distribution


def test_unusable_sak_has_a_distinct_result() -> None:
    """One result for each fault; an order of plain frames is none of them."""
    short, long = holder().wrap(Key(bytes(16))), holder().wrap(Key(bytes(32)))
    fits = DistributedSak(0, 1, 1, None, short)
    assert distributed(fits) is Distribution.NEW
    assert distributed(replace(fits, suite=MISPRINTED_SUITE)) is Distribution.NEW
    assert distributed(replace(fits, suite=7)) is Distribution.UNKNOWN_SUITE
    xpn = replace(fits, suite=0x0080C20001000003)
    assert distributed(xpn) is Distribution.NEW
    assert distributed(replace(xpn, code=2)) is Distribution.OFFSET
    assert distributed(replace(fits, wrapped=bytes(24))) is Distribution.NOT_UNWRAPPED
    longer = replace(fits, suite=0x0080C20001000001, wrapped=long)
    assert distributed(longer) is Distribution.KEY_LENGTH
    heard = Listener([holder()]).hear(alice().says(plain=True))
    assert (heard.distribution, heard.sak) == (Distribution.PLAIN, None)


def test_sscis_of_a_ca_with_an_unheard_member_are_guesses() -> None:
    """Each number up to the number of members; the rank among the known ones comes first."""
    a, b = alice(), bob()
    c = Member(sci=0x02000000000C0001, mi=b"carol's MI !")
    listener = Listener([holder()])
    listener.hear(b.says())
    sak = listener.hear(a.distributes(sak_of(a, [a, b, c], suite="gcm-aes-xpn-128"), b, c)).sak
    assert sak is not None
    assert listener.associations[CKN].sscis(sak, b.sci) == [1, 2, 3]
    listener.hear(c.says())
    assert listener.associations[CKN].sscis(sak, b.sci) == [2, 1, 3]


def test_pns_of_64_bits_come_from_the_xpn_set_only() -> None:
    """The 32 bits of SAK Use alone do not determine a PN of 64 bits."""
    a, b = alice(), bob()
    listener = Listener([holder()])
    sak = sak_of(a, [a, b], suite="gcm-aes-xpn-128")
    listener.hear(a.distributes(sak, b))
    listener.hear(a.uses(sak, b, lowest_pn=7 << 32))
    assert not listener.associations[CKN].lowest_pn
    listener.hear(a.uses(sak, b, lowest_pn=7 << 32, xpn=True))
    assert listener.associations[CKN].lowest_pn == {(sak.ki, a.sci): 7 << 32}


@pytest.mark.parametrize("tags", ["", "81000064", "88a8006481000065", "91000001"])
def test_vlan_tags_are_skipped_and_not_under_the_icv(tags: str) -> None:
    """Up to two tags, of any TPID."""
    heard = Listener([holder()]).hear(alice(tags=bytes.fromhex(tags)).says())
    assert heard.hearing is Hearing.AUTHENTIC
    assert heard.tags.hex() == tags


def test_third_vlan_tag_is_refused() -> None:
    """A bridge adds at most two."""
    tags = bytes.fromhex("81000001") * 3
    assert Listener([holder()]).hear(alice(tags=tags).says()).refusal is Refusal.NOT_EAPOL


def test_icv_is_valid_with_and_without_the_indicator() -> None:
    """The set is optional."""
    listener = Listener([holder()])
    a = alice()
    for indicator in (False, True):
        assert listener.hear(a.says(indicator=indicator)).hearing is Hearing.AUTHENTIC


def test_listener_refuses_copies() -> None:
    """A listener holds SAKs."""
    a, b = alice(), bob()
    listener = Listener([holder()])
    heard = listener.hear(a.distributes(sak_of(a, [a, b]), b))
    for thing in (listener, heard, heard.sak):
        for way in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(CustodyError):
                way(thing)


def test_no_key_in_any_text() -> None:
    """The repr of a listener, of a frame that it heard, of a SAK."""
    a, b = alice(), bob()
    listener = Listener([holder()])
    sak = sak_of(a, [a, b])
    heard = listener.hear(a.distributes(sak, b))
    text = repr([listener, heard, heard.sak, listener.associations])
    for octets in (CAK, sak.octets):
        assert octets.hex() not in text
        assert repr(octets)[2:-1] not in text


@given(st.binary(max_size=120), st.binary(max_size=60))
def test_random_octets_never_raise_and_leave_nothing(octets: bytes, more: bytes) -> None:
    """Any octets: no exception, and no member."""
    listener = Listener([holder()])
    start = alice().says()[:18]
    for frame in (octets, start + octets, alice().says()[:60] + octets, octets[:12] + more):
        listener.hear(frame)
    assert not listener.associations


@given(st.integers(0, 0xFFF), st.binary(max_size=60), st.sampled_from([1, 2, 3, 4, 5, 7, 8, 99]))
def test_authentic_nonsense_gives_no_sak(bits: int, octets: bytes, kind: int) -> None:
    """Any octets in a set of a member: no exception, no SAK."""
    listener = Listener([holder()])
    mkpdu = replace(compose(alice().mkpdu().basic), sets=(Opaque(kind, bits, octets),))
    listener.hear(seal(mkpdu, holder().icv))
    assert not [sak for ca in listener.associations.values() for sak in ca.saks]
