"""Hello Time and Life Time: 1 to 60 seconds, and peers that are slower than the standard's."""

from __future__ import annotations

from typing import Any

import pytest
from support.mka.kays import Segment, alone, check_connectivity, is_mka, policy_of, secured

from macsec.errors import ConfigError
from macsec.kay import status


def two(a: dict[str, Any], b: dict[str, Any], seconds: float) -> Segment:
    """Return two stations with these settings, `a` the Key Server, after some seconds."""
    segment = Segment()
    segment.add("a", key_server_priority=1, **a)
    segment.add("b", key_server_priority=2, **b)
    segment.run(seconds)
    return segment


@pytest.mark.parametrize("hello_s", [1, 2, 6, 10, 60])
def test_both_ends_are_secured_at_any_hello_time(hello_s: int) -> None:
    """No flap in fifty Hello Times, and as many MKPDUs as hellos."""
    segment = two({"hello_time": hello_s}, {"hello_time": hello_s}, 3 * hello_s)
    a, b = segment.members.values()
    assert secured(a, b)
    key = a.kay.saks()[0].ki
    sent = len(segment.mkpdus)
    segment.run(53 * hello_s)
    assert secured(a, b)
    assert a.kay.saks()[0].ki == key
    assert 98 <= len(segment.mkpdus) - sent <= 110
    check_connectivity(segment, a, b)
    assert status.status(a.kay)["MKA Hello Time"] == str(1000 * hello_s)


@pytest.mark.parametrize("hello_s", [10, 60])
def test_a_peer_slower_than_two_seconds_stays_live(hello_s: int) -> None:
    """We say hello every 2 s, and wait for the slower peer a Life Time of its own."""
    segment = two({"life_time": 3 * hello_s}, {"hello_time": hello_s}, 3 * hello_s)
    a, b = segment.members.values()
    assert secured(a, b)
    key = a.kay.saks()[0].ki
    segment.run(40 * hello_s)
    assert secured(a, b)
    assert a.kay.saks()[0].ki == key
    assert (a.kay.counters["mi-renewed"], b.kay.counters["mi-renewed"]) == (0, 0)


def test_a_slow_peer_flaps_under_the_standard_life_time() -> None:
    """Ten seconds without a hello are more than 6 s: the reason for the setting."""
    segment = two({}, {"hello_time": 10}, 60)
    assert segment.members["b"].kay.counters["keys-received"] > 2


@pytest.mark.parametrize("life_s", [3, 6, 30, 180])
def test_a_silent_peer_leaves_after_the_life_time(life_s: int) -> None:
    """Not a second before, and the port closes at once."""
    segment = two({"life_time": life_s}, {"life_time": life_s}, 20)
    a, b = segment.members.values()
    assert secured(a, b)
    heard: list[float] = []
    segment.drop = lambda now, name, frame: name == "a" and is_mka(frame)
    heard = [time for time, name, _ in segment.mkpdus if name == "b"]
    segment.run(heard[-1] + life_s - 0.1)
    assert a.kay.secured
    segment.run(heard[-1] + life_s + 0.1)
    assert not a.kay.secured


@pytest.mark.parametrize(
    "given_policy, complaint",
    [
        ({"hello_time": 0}, "Hello Time 0: expected 1 to 60 seconds"),
        ({"hello_time": 61}, "Hello Time 61: expected 1 to 60 seconds"),
        ({"hello_time": 10, "life_time": 10}, "Life Time 10: expected more than the Hello Time"),
        ({"life_time": 601}, "at most 600 seconds"),
    ],
)
def test_impossible_times_are_refused(given_policy: dict[str, Any], complaint: str) -> None:
    """A Life Time is longer than a Hello Time."""
    with pytest.raises(ConfigError, match=complaint):
        policy_of(**given_policy)


def test_the_life_time_is_three_hello_times_unless_given() -> None:
    """As the standard has 2 s and 6 s."""
    assert [policy_of(hello_time=n).life_ns // 10**9 for n in (1, 2, 60)] == [3, 6, 180]
    assert alone(life_time=20).policy.life_ns == 20 * 10**9
