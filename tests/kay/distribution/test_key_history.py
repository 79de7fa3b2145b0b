"""The SAKs that a port has had: their classes, their rate, and the bound of the memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from macsec.kay.distribution.key_history import BURST, SERVERS_REMEMBERED, Claim, KeyHistory
from macsec.kay.keys.sak import KI
from macsec.kay.timers import MKA_LIFE_TIME_NS
from macsec.keys import Key

SERVER, OTHER = b"server's MI.", b"another's MI"
X, Y = (Key(bytes([number]) * 16).check_value for number in (1, 2))


def test_history_classifies_kis_and_saks() -> None:
    """New, repeated, of an earlier KN, and used before."""
    history = KeyHistory()
    assert history.judge(KI(OTHER, 3), X) is Claim.NEW
    history.record(KI(OTHER, 3), X, 0)
    assert history.last_kn(OTHER) == 3
    assert history.judge(KI(OTHER, 3), X) is Claim.REPEAT
    assert history.judge(KI(OTHER, 3), Y) is Claim.STALE
    assert history.judge(KI(OTHER, 2), X) is Claim.STALE
    assert history.judge(KI(OTHER, 4), X) is Claim.USED
    assert history.judge(KI(SERVER, 1), X) is Claim.USED
    assert history.judge(KI(OTHER, 4), Y) is Claim.NEW


def test_history_never_forgets_a_sak() -> None:
    """Neither after thousands of others, nor when its Key Server is forgotten."""
    history = KeyHistory()
    saks = [f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}" for number in range(1, 5000)]
    for number, check_value in enumerate(saks):
        history.record(KI(number.to_bytes(12), 1), check_value, 0)
    assert history.last_kn(bytes(12)) == 0
    assert history.last_kn((len(saks) - SERVERS_REMEMBERED).to_bytes(12)) == 1
    assert {history.judge(KI(SERVER, 1), each) for each in saks} == {Claim.USED}
    assert history.judge(KI(SERVER, 1), X) is Claim.NEW


def test_full_history_takes_no_more_saks() -> None:
    """A nonce is worth more than a session: nothing is forgotten to make room."""
    history = KeyHistory(limit=3)
    for number in range(1, 4):
        assert history.ready_ns < 10**12
        history.record(KI(SERVER, number), Key(bytes([number])).check_value, 0)
    assert history.ready_ns > 10**18


@given(st.lists(st.integers(0, 20 * MKA_LIFE_TIME_NS), min_size=1, max_size=60))
def test_saks_come_at_most_one_a_life_time_after_a_burst(waits: list[int]) -> None:
    """In any time t at most a burst and t over the Life Time; and a burst after enough rest."""
    history, now_ns, taken = KeyHistory(), 0, []
    for number, wait in enumerate(waits, 1):
        now_ns += wait
        if now_ns >= history.ready_ns:
            taken.append(now_ns)
            history.record(KI(SERVER, number), Key(bytes([number])).check_value, now_ns)
    for first, begin in enumerate(taken):
        for last, end in enumerate(taken[first:], 1):
            assert last <= BURST + (end - begin) // MKA_LIFE_TIME_NS
    assert len(taken) >= min(len(waits), BURST)
