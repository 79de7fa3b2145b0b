"""SAKs that must not be used, policies that must hold, and sessions that must end.

Nothing raises, and a refused SAK changes only a counter.
"""

from __future__ import annotations

from typing import Any

import pytest
from support.mka.kays import (
    CAK,
    CKN,
    Actor,
    alone,
    chain_key,
    check_life_cycles,
    member_of,
    sci_of_name,
    server_of,
    snapshot,
)
from support.mka.members import decoded

from macsec.kay import status
from macsec.kay.counters import Reception
from macsec.kay.kay import Kay
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu.frame import seal
from macsec.kay.mkpdu.parameter_set import Opaque
from macsec.kay.mkpdu.parameter_sets import KeyUse, NoSak, PeerId, SakUse
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.cp import Connect, CpState
from macsec.suites import SUITES

OTHER = b"another's MI"


# -------------------------------------------------------------------- Distributed SAK


def assert_offer_refused(kay: Kay, actor: Actor, counter: str, **given: Any) -> None:
    """Check that a distributed SAK is refused with this counter, and changes nothing else."""
    before, count = snapshot(kay), kay.counters[counter]
    assert actor.distribute(**given) is Reception.ACCEPTED
    assert snapshot(kay) == before
    assert kay.counters[counter] == count + 1
    actor.drain()
    assert snapshot(kay)["keys"] == before["keys"]


def test_sak_from_a_peer_that_is_not_elected_is_refused() -> None:
    """A live peer with a worse priority."""
    kay, _ = member_of()
    other = Actor(kay, sci_of_name("b"), OTHER)
    other.say()
    assert_offer_refused(kay, other, "sak-refused", priority=99, an=1)


def test_sak_from_a_potential_peer_is_refused() -> None:
    """The Key Server does not list us."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(live=(), key_server=True, priority=1)
    assert_offer_refused(kay, actor, "sak-refused", live=())


def test_sak_of_before_we_were_live_is_not_used() -> None:
    """We are only potential at the server: before a restart we may have used this SAK."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.distribute(live=(PeerId(OTHER, 3),), potential=(actor.listens,))
    actor.drain()
    assert kay.participants[CKN].peers.live[0].mi == actor.mi
    assert kay.cp.slots() == []
    assert kay.counters["keys-received"] == 0
    actor.distribute()
    actor.drain()
    assert kay.secured


def test_key_server_refuses_the_sak_of_a_member() -> None:
    """Only the Key Server distributes."""
    kay, actor = server_of()
    assert_offer_refused(kay, actor, "sak-refused", priority=200, key_server=False, an=1)


@pytest.mark.parametrize("length", [1, 24, 27, 29, 35, 37, 44, 51, 53, 80])
def test_distributed_sak_set_of_the_wrong_length_is_ignored(length: int) -> None:
    """No state changes."""
    kay, actor = member_of()
    before = snapshot(kay)
    frame = actor.frame(key_server=True, priority=1, sets=[Opaque(4, 0x500, bytes(length))])
    assert kay.receive_mkpdu(0, frame) is Reception.ACCEPTED
    assert snapshot(kay) == before


def test_sak_of_an_unknown_suite_is_refused() -> None:
    """The session stays."""
    kay, actor = member_of()
    assert_offer_refused(
        kay, actor, "sak-cipher-mismatch-errors", kn=2, an=1, suite=0x0080C20001000099
    )


def test_sak_of_a_suite_outside_the_policy_is_refused() -> None:
    """A policy may name the accepted suites."""
    kay, actor = member_of(suites=(SUITES["gcm-aes-128"],))
    suite = SUITES["gcm-aes-256"].identifier
    sak = bytes(range(32))
    assert_offer_refused(kay, actor, "sak-cipher-mismatch-errors", kn=2, an=1, suite=suite, sak=sak)


@pytest.mark.parametrize(
    "capability, code, suite",
    [(2, 2, None), (2, 3, None), (3, 2, "gcm-aes-xpn-128"), (1, 1, None)],
)
def test_offset_above_our_capability_is_refused(
    capability: int, code: int, suite: str | None
) -> None:
    """Also an offset with an XPN suite, which has none."""
    policy: dict[str, Any] = {"capability": capability}
    kay = alone(key_server_priority=200, encrypt=capability > 1, **policy)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1)
    identifier = None if suite is None else SUITES[suite].identifier
    assert_offer_refused(kay, actor, "sak-cipher-mismatch-errors", code=code, suite=identifier)


def test_sak_that_does_not_unwrap_is_refused() -> None:
    """Wrapped with another KEK."""
    kay, actor = member_of()
    stranger = Actor(kay, actor.sci, cak=CAK[::-1])
    wrapped = stranger.holder.wrap(chain_key().holder._cak)  # type: ignore[attr-defined]
    assert_offer_refused(kay, actor, "sak-decryption-errors", kn=2, an=1, wrapped=wrapped)


def test_sak_shorter_than_its_suite_needs_is_refused() -> None:
    """A key of 16 octets for GCM-AES-256."""
    kay, actor = member_of()
    suite = SUITES["gcm-aes-256"].identifier
    assert_offer_refused(kay, actor, "sak-decryption-errors", kn=2, an=1, suite=suite)


def test_an_in_use_by_another_key_is_refused() -> None:
    """Two keys under one AN cannot be distinguished."""
    kay, actor = member_of()
    assert_offer_refused(kay, actor, "sak-refused", kn=2, an=0, sak=b"x" * 16)


def test_known_ki_with_another_sak_is_refused() -> None:
    """PNs would start again under a KI that is in use."""
    kay, actor = member_of()
    assert_offer_refused(kay, actor, "sak-reuse-refused", kn=1, an=1, sak=b"x" * 16)


def test_known_sak_under_another_ki_is_refused() -> None:
    """The same nonces would be used twice."""
    kay, actor = member_of()
    assert_offer_refused(kay, actor, "sak-reuse-refused", kn=2, an=1)


def test_repeated_sak_changes_nothing() -> None:
    """A Key Server repeats a SAK until all report it: no SA is made again, no PN is reset."""
    kay, actor = member_of()
    before, count = snapshot(kay), len(actor.actions)
    for _ in range(3):
        assert actor.distribute() is Reception.ACCEPTED
        actor.drain()
    assert snapshot(kay) == before
    assert len(actor.actions) == count
    assert kay.counters["keys-received"] == 1


def test_earlier_kn_is_never_used_again() -> None:
    """Also after its SAs were deleted."""
    kay, actor = member_of()
    for kn in (2, 3):
        actor.later(5)
        actor.distribute(kn=kn, an=kn - 1, sak=bytes([kn]) * 16)
        actor.drain()
        used = KeyUse(KI(actor.mi, kn), kn - 1, True, True, 1)
        actor.say(key_server=True, priority=1, use=SakUse(latest=used))
        actor.drain()
    actor.later(4)
    actor.say(key_server=True, priority=1)
    actor.drain()
    assert [slot.ki.kn for slot in kay.cp.slots()] == [3]
    assert_offer_refused(kay, actor, "sak-reuse-refused", kn=1, an=3)
    assert_offer_refused(kay, actor, "sak-reuse-refused", kn=2, an=3, sak=bytes([9]) * 16)


# -------------------------------------------------------------------- two servers


def test_election_decides_between_two_that_claim_to_serve() -> None:
    """After convergence both still set the flag: one is followed."""
    kay, actor = member_of()
    other = Actor(kay, sci_of_name("b"), OTHER)
    other.say(key_server=True, priority=2)
    assert kay.principal is not None
    assert kay.principal.server == actor.mi
    assert_offer_refused(kay, other, "sak-refused", priority=2, kn=5, an=1, sak=b"y" * 16)


# -------------------------------------------------------------------- policy


def test_must_secure_never_opens_in_clear() -> None:
    """Not before a SAK, not on the order of the Key Server, not after the loss of the peer."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1, plain=True)
    actor.drain()
    assert kay.counters["sak-refused"] == 1
    assert (kay.cp.connect, kay.cp.controlled) == (Connect.PENDING, False)
    actor.distribute()
    actor.drain()
    assert kay.secured
    actor.say(key_server=True, priority=1, sets=[NoSak()])
    actor.drain()
    assert (kay.cp.connect, kay.cp.controlled) == (Connect.PENDING, False)
    actor.later(6.1)
    actor.drain()
    assert (kay.cp.connect, kay.cp.controlled) == (Connect.PENDING, False)
    assert actor.actions[0] == actions.SetControlledPort(False)
    opened = [a.enabled for a in actor.actions if isinstance(a, actions.SetControlledPort)]
    assert opened == [False, True, False]
    assert not any(isinstance(a, actions.Unprotect) for a in actor.actions)


def test_should_secure_opens_by_explicit_option() -> None:
    """Plain before a SAK, never plain during its use, plain after the loss of the peer."""
    kay = alone(key_server_priority=200, security="should-secure")
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    assert (kay.cp.state, kay.cp.controlled, kay.secured) == (CpState.ALLOWED, True, False)
    actor.say(key_server=True, priority=1)
    actor.distribute()
    actor.drain()
    assert kay.secured
    actor.later(6.1)
    actor.drain()
    assert (kay.cp.state, kay.cp.controlled, kay.secured) == (CpState.ALLOWED, True, False)


def test_should_secure_follows_an_order_of_plain_frames() -> None:
    """A Key Server without MACsec: authenticated, plain."""
    kay = alone(key_server_priority=200, security="should-secure")
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1, plain=True)
    (said,) = actor.drain()
    assert (kay.cp.state, kay.secured) == (CpState.AUTHENTICATED, False)
    assert said.use == SakUse(plain_transmits=True, plain_receives=True)


def test_key_server_of_a_peer_without_macsec() -> None:
    """A peer without MACsec gets a Distributed SAK set without a SAK; must-secure gives nothing."""
    for security, state in (
        ("should-secure", CpState.AUTHENTICATED),
        ("must-secure", CpState.CHANGE),
    ):
        kay = alone(security=security)
        actor = Actor(kay, sci_of_name("z"))
        actor.drain()
        actor.say(priority=200, desired=False, capability=0)
        said = actor.drain()
        assert kay.cp.state is state
        assert [mkpdu.plain for mkpdu in said][-1] is (security == "should-secure")
        assert kay.counters["keys-distributed"] == 0


def test_must_secure_never_falls_back_to_integrity() -> None:
    """A peer that cannot decrypt: no SAK under must-secure, integrity only under should-secure."""
    for security, expected in (("must-secure", None), ("should-secure", 0)):
        kay = alone(security=security)
        actor = Actor(kay, sci_of_name("z"))
        actor.drain()
        actor.say(priority=200, capability=1)
        given = [mkpdu.distributed for mkpdu in actor.drain() if mkpdu.distributed]
        assert [sak.code for sak in given] == ([] if expected is None else [expected])


@pytest.mark.parametrize("capability, code", [(3, 3), (2, 1)])
def test_offset_is_one_that_all_members_support(capability: int, code: int) -> None:
    """An offset of 50 if all support it; else 0."""
    kay = alone(offset=50)
    actor = Actor(kay, sci_of_name("z"))
    actor.drain()
    actor.say(priority=200, capability=capability)
    said = actor.drain()
    assert [mkpdu.distributed.code for mkpdu in said if mkpdu.distributed] == [code]


def test_disabled_kay_neither_sends_nor_receives() -> None:
    """Frames pass in clear."""
    kay = alone(security="disabled")
    actor = Actor(kay, sci_of_name("a"))
    assert actor.drain() == []
    assert kay.cp.state is CpState.ALLOWED
    frame = seal(decoded(Actor(alone(), sci_of_name("a")).frame()), actor.holder.icv)
    assert kay.receive_mkpdu(0, frame) is Reception.DISABLED
    assert kay.next_timeout_ns() is None
    assert actor.actions[-1] == actions.SetControlledPort(True)


# -------------------------------------------------------------------- selective loss, life cycle


def test_loss_for_a_life_time_ends_the_session_visibly() -> None:
    """An attacker holds back MKPDUs for 6 s: the status shows it, and no plain frame passes."""
    kay, actor = member_of()
    actor.later(5.9)
    actor.drain()
    assert kay.secured
    actor.later(0.2)
    actor.drain()
    assert not kay.secured
    assert not kay.cp.controlled
    assert kay.principal is None


def test_no_sa_outlives_its_deletion() -> None:
    """No action names an SA that does not exist, or makes one that does (use after delete)."""
    _, actor = member_of()
    for kn in range(2, 9):
        actor.later(4)
        actor.distribute(kn=kn, an=(kn - 1) % 4, sak=bytes([kn]) * 16)
        actor.drain()
        used = KeyUse(KI(actor.mi, kn), (kn - 1) % 4, True, True, 1)
        actor.say(key_server=True, priority=1, use=SakUse(latest=used))
        actor.drain()
    actor.later(7)
    actor.drain()
    check_life_cycles(actor.actions)


def test_no_key_in_any_text(caplog: pytest.LogCaptureFixture) -> None:
    """No CAK, SAK, KEK or ICK in a repr, a status line or a log."""
    caplog.set_level(1, "macsec")
    kay, actor = member_of()
    texts = [repr(kay), repr(kay.cp.slots()), repr(actor.actions), status.text(kay), caplog.text]
    texts += [repr(kay.participants), repr(kay.chain), repr(kay.chain.active(0))]
    for text in texts:
        assert bytes(range(16)).hex() not in text.replace(CKN.hex(), "")
        assert repr(bytes(range(16)))[2:-1] not in text.replace(repr(CKN)[2:-1], "")
