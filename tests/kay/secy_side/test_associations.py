"""The SAs of each key, from creation to deletion."""

from __future__ import annotations

import pytest

from macsec.errors import CustodyError
from macsec.kay.keys.sak import KI, Protection, Sak, ranked
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.actions import Action
from macsec.kay.secy_side.associations import RECEIVERS_LIMIT, Associations
from macsec.keys import Key
from macsec.suites import SUITES

OWN, B, C = 1 << 16 | 1, 2 << 16 | 1, 3 << 16 | 1


def sak_of(kn: int, an: int, *scis: int, suite: str = "gcm-aes-128") -> Sak:
    """Return a SAK for us and some peers."""
    key = Key(kn.to_bytes(SUITES[suite].key_length))
    return Sak(KI(b"M" * 12, kn), an, key, Protection(SUITES[suite], 1), ranked({OWN, *scis}))


def polled(associations: Associations) -> list[Action]:
    """Return all actions."""
    return list(iter(associations.poll, None))


def test_receive_sas_are_created_before_the_transmit_sa() -> None:
    """An SC and an SA for each peer, then the transmit SA, which waits."""
    associations = Associations(OWN)
    sak = sak_of(1, 2, B, C)
    associations.create(sak)
    assert polled(associations) == [
        actions.CreateReceiveSC(B),
        actions.CreateReceiveSA(B, 2, sak.key, None, None),
        actions.CreateReceiveSC(C),
        actions.CreateReceiveSA(C, 2, sak.key, None, None),
        actions.CreateTransmitSA(2, sak.key, None, None),
    ]
    associations.enable_transmit(sak.ki)
    assert polled(associations) == [actions.EnableTransmitSA(2)]
    assert (associations.user_of(2), associations.user_of(1)) == (sak.ki, None)
    assert associations.find(sak.ki) is sak


def test_xpn_sas_have_ssci_and_salt() -> None:
    """SSCIs by rank of the SCIs, the greatest first; Salt from MI and KN (802.1AE 10.7.28)."""
    associations = Associations(OWN)
    sak = sak_of(1, 0, B, C, suite="gcm-aes-xpn-128")
    associations.create(sak)
    salt = b"M" * 12
    salt = bytes([salt[0], salt[1] ^ 1, *salt[2:]])
    made = (actions.CreateReceiveSA, actions.CreateTransmitSA)
    assert [(a.ssci, a.salt) for a in polled(associations) if isinstance(a, made)] == [
        (2, salt),
        (1, salt),
        (3, salt),
    ]


def test_retired_key_loses_only_its_own_sas() -> None:
    """Make before break: the live key's SAs stay (N22), and the SC with its counters."""
    associations = Associations(OWN)
    old, new = sak_of(1, 0, B, C), sak_of(2, 1, B)
    associations.create(old)
    associations.create(new)
    polled(associations)
    associations.delete(old.ki)
    assert polled(associations) == [
        actions.DeleteReceiveSA(B, 0),
        actions.DeleteReceiveSC(C),
        actions.DeleteTransmitSA(0),
    ]
    assert new.ki in associations
    associations.delete(new.ki)
    assert polled(associations) == [actions.DeleteReceiveSC(B), actions.DeleteTransmitSA(1)]


def test_keys_are_wiped_when_all_actions_are_done() -> None:
    """Not while an action with the key may wait to be polled."""
    associations = Associations(OWN)
    sak = sak_of(1, 0, B)
    associations.create(sak)
    associations.delete(sak.ki)
    while associations.waiting:
        associations.poll()
        assert sak.key.expose()
    assert associations.poll() is None
    with pytest.raises(CustodyError):
        sak.key.expose()


def test_reset_wipes_the_keys_and_is_one_action() -> None:
    """No SA is deleted one by one."""
    associations = Associations(OWN)
    sak = sak_of(1, 0, B)
    associations.create(sak)
    polled(associations)
    associations.reset()
    assert polled(associations) == [actions.Reset(OWN)]
    assert sak.ki not in associations
    assert len(sak.key) == 0


def test_lowest_pns_only_rise() -> None:
    """Delay protection: per key and peer, and only for peers with an SA."""
    associations = Associations(OWN)
    sak = sak_of(1, 3, B)
    associations.create(sak)
    polled(associations)
    for pn in (1, 10, 9, 10, 11):
        associations.raise_lowest_pn(sak.ki, B, pn)
    associations.raise_lowest_pn(sak.ki, C, 99)
    associations.raise_lowest_pn(KI(b"?" * 12, 1), B, 99)
    assert polled(associations) == [
        actions.RaiseLowestPN(B, 3, 10),
        actions.RaiseLowestPN(B, 3, 11),
    ]


def test_a_member_heard_late_is_admitted_once() -> None:
    """Under 32-bit suites; under XPN its SSCI had to be known."""
    associations = Associations(OWN)
    sak = sak_of(1, 0, B)
    associations.create(sak)
    polled(associations)
    associations.admit(C)
    associations.admit(C)
    associations.admit(B)
    assert polled(associations) == [
        actions.CreateReceiveSC(C),
        actions.CreateReceiveSA(C, 0, sak.key, None, None),
    ]
    other = Associations(OWN)
    other.create(sak_of(1, 0, B, suite="gcm-aes-xpn-256"))
    polled(other)
    other.admit(C)
    assert polled(other) == []


def test_a_key_receives_from_no_more_members_than_a_ca_has() -> None:
    """A member that is not admitted changes nothing."""
    associations = Associations(OWN)
    associations.create(sak_of(1, 0, B))
    polled(associations)
    for sci in range(9, 2 * RECEIVERS_LIMIT):
        associations.admit(sci << 16 | 1)
    made = [each for each in polled(associations) if isinstance(each, actions.CreateReceiveSA)]
    assert len(made) == RECEIVERS_LIMIT - 1
