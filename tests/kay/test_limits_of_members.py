"""Members with limits: two ANs, a choice of suites, no wish for MACsec, no capability."""

from __future__ import annotations

from typing import Any

import pytest
from support.mka.kays import (
    CKN,
    NS,
    Actor,
    Segment,
    alone,
    check_connectivity,
    pair,
    policy_of,
    reported,
    sci_of_name,
    secured,
    server_of,
)

from macsec.errors import ConfigError
from macsec.kay.counters import KayCounters
from macsec.kay.distribution.key_history import KeyHistory
from macsec.kay.distribution.key_server import CurrentSak, KeyServer
from macsec.kay.keys.sak import KI, Sak
from macsec.kay.policy import KayPolicy
from macsec.keys import Key
from macsec.report.mka.status import reason
from macsec.suites import SUITES

YEAR_S = 365 * 24 * 3600


# -------------------------------------------------------------------- ANs


@pytest.mark.parametrize("ans", [2, 3, 4])
def test_a_key_server_uses_its_own_ans_in_turn(ans: int) -> None:
    """From 0, one up at each rekey, and 0 again."""
    kay, actor = server_of(ans=ans, sak_rekey_interval=30)
    actor.stay(200, priority=200, use=reported(kay))
    given = [mkpdu.distributed.an for mkpdu in actor.heard if mkpdu.distributed]
    once = [an for at, an in enumerate(given) if not at or given[at - 1] != an]
    assert once == [at % ans for at in range(len(once))]
    assert len(once) > ans


def test_two_ans_wait_until_the_old_key_retires() -> None:
    """A peer falls silent at a rekey, so that both ANs stay in use for more than a Life Time."""
    segment = Segment()
    a, b, c = (
        segment.add(name, key_server_priority=at, ans=2, sak_rekey_interval=30)
        for at, name in enumerate("abc")
    )
    segment.run(20)
    assert secured(a, b, c)
    (before,) = a.kay.saks()
    b.station.stop()
    kns = set()
    for at in range(40, 140):
        segment.run(at / 2)
        kns |= {sak.ki.kn for sak in a.kay.saks()}
        assert set(a.secy.tx.sa) <= {0, 1}
    assert secured(a, c)
    assert max(kns) > before.ki.kn + 1
    check_connectivity(segment, a, c)


@pytest.mark.parametrize("an", [2, 3])
def test_a_sak_with_an_an_beyond_the_limit_is_refused(an: int) -> None:
    """Counted, and the status line names the remedy."""
    kay = alone(ans=2)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1)
    actor.drain()
    actor.distribute(an=an)
    actor.drain()
    assert not kay.secured
    assert kay.counters["sak-an-refused"] == 1
    assert "1 with an AN beyond the 2 here" in reason(kay)
    actor.distribute(an=1, kn=2, sak=b"another SAK of 2")
    actor.drain()
    assert kay.saks()[0].an == 1


# -------------------------------------------------------------------- intervals of rekeys


@pytest.mark.parametrize("interval_s", [30, 65536, 30 * 24 * 3600, 10 * YEAR_S, (1 << 32) - 1])
def test_a_rekey_interval_may_be_years(interval_s: int) -> None:
    """From half a minute to a century; the time is exact."""
    policy = policy_of(sak_rekey_interval=interval_s)
    server = KeyServer(1, policy, bytes, KeyHistory(), KayCounters())
    sak = Sak(KI(b"", 1), 0, Key(bytes(16)), policy.wanted, {})
    server.current = CurrentSak(sak, CKN, b"", set(), NS)
    assert server.rekey_ns == (interval_s + 1) * NS


# -------------------------------------------------------------------- suites and capability


def test_a_member_takes_only_its_own_suites() -> None:
    """Another one is counted, and not followed."""
    suites = (SUITES["gcm-aes-256"], SUITES["gcm-aes-xpn-256"])
    kay = alone(cipher="gcm-aes-256", suites=suites)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1)
    actor.drain()
    actor.distribute()
    actor.drain()
    assert not kay.secured
    assert kay.counters["sak-cipher-mismatch-errors"] == 1
    actor.distribute(kn=2, sak=bytes(32), suite=suites[0].identifier)
    actor.drain()
    assert kay.saks()[0].protection.suite is suites[0]


@pytest.mark.parametrize("setting", [{"capability": 0}, {"desired": False}])
@pytest.mark.parametrize("odd", "ab")
def test_a_member_without_macsec_gets_plain_frames(setting: dict[str, Any], odd: str) -> None:
    """As Key Server and as member, if both are should-secure."""
    segment = Segment()
    for at, name in enumerate("ab"):
        more = setting if name == odd else {}
        segment.add(name, key_server_priority=at, security="should-secure", **more)
    segment.run(4)
    a, b = segment.members.values()
    assert [member.kay.secured for member in (a, b)] == [False, False]
    check_connectivity(segment, a, b)
    assert not a.secy.tx.sa


@pytest.mark.parametrize("odd", "ab")
def test_a_member_without_capability_keeps_must_secure_closed(
    odd: str, caplog: pytest.LogCaptureFixture
) -> None:
    """No frame passes, and a warning says it from the start."""
    segment = Segment()
    for at, name in enumerate("ab"):
        segment.add(name, key_server_priority=at, **({"capability": 0} if name == odd else {}))
    segment.run(10)
    assert not any(member.send() for member in segment.members.values())
    assert "no frame is ever going to pass" in caplog.text


def test_capability_zero_needs_no_other_entry() -> None:
    """Suite, encryption and offset have no meaning then."""
    assert policy_of(capability=0, encrypt=True, offset=50).capability == 0
    with pytest.raises(ConfigError, match="need capability 2, not 1"):
        KayPolicy(capability=1)


def test_two_ans_rekey_without_loss() -> None:
    """By time, each AN many times."""
    segment, a, b = pair(ans=2, sak_rekey_interval=30)
    segment.every(0.5, a.send, start=3, end=150)
    segment.run(160)
    assert secured(a, b)
    assert b.numbers_from("a") == a.sent
    assert a.kay.counters["keys-distributed"] >= 5
