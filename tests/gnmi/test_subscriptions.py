"""Subscriptions over time, without a clock: the times are arguments."""

from __future__ import annotations

from typing import Any

import pytest

from macsec.errors import ConfigError
from macsec.gnmi.paths import parse
from macsec.gnmi.subscriptions import (
    LOOK_NS,
    SAMPLE_LEAST_NS,
    SAMPLE_TARGET_NS,
    DueValues,
    Mode,
    TimedStream,
    Wish,
)
from macsec.time_units import NS_PER_S

STATUS, COUNT = parse("/p/status"), parse("/p/counters/late")
ALL = parse("/p")


def stream(
    mode: Mode, interval_ns: int = 0, suppress: bool = False, beat_ns: int = 0
) -> TimedStream:
    """Return a stream of one subscription that began at 0, with its first values sent."""
    made = TimedStream([Wish(ALL, mode, interval_ns, suppress, beat_ns)], 0)
    assert made.start(leaves("up", 1)).updates == leaves("up", 1)
    return made


def leaves(status: str | None, count: int) -> dict[Any, Any]:
    """Return the leaves of a moment."""
    return ({} if status is None else {STATUS: status}) | {COUNT: count}


def test_samples_come_at_the_interval_changed_or_not() -> None:
    """The next time is a multiple of the interval, however late a step is."""
    made = stream(Mode.SAMPLE, NS_PER_S)
    assert made.next_ns == NS_PER_S
    assert made.step(NS_PER_S * 5 // 2, leaves("up", 1)) == DueValues(leaves("up", 1), ())
    assert made.next_ns == 3 * NS_PER_S


def test_suppressed_samples_have_only_changes() -> None:
    """A heartbeat sends all again."""
    made = stream(Mode.SAMPLE, NS_PER_S, suppress=True, beat_ns=5 * NS_PER_S)
    assert made.step(NS_PER_S, leaves("up", 2)).updates == {COUNT: 2}
    assert made.step(2 * NS_PER_S, leaves("up", 2)).updates == {}
    assert made.step(5 * NS_PER_S, leaves("up", 2)).updates == leaves("up", 2)
    assert made.step(6 * NS_PER_S, leaves("up", 2)).updates == {}


def test_on_change_has_changes_new_leaves_and_deleted_ones() -> None:
    """A leaf that is gone is deleted once, and comes again as an update."""
    made = stream(Mode.ON_CHANGE)
    assert made.step(LOOK_NS, leaves("up", 1)) == DueValues({}, ())
    assert made.step(2 * LOOK_NS, leaves(None, 1)) == DueValues({}, (STATUS,))
    assert made.step(3 * LOOK_NS, leaves(None, 1)) == DueValues({}, ())
    assert made.step(4 * LOOK_NS, leaves("down", 1)) == DueValues({STATUS: "down"}, ())


def test_the_target_samples_counters_and_sends_the_rest_on_change() -> None:
    """A counter that changes does not wake a client before its interval."""
    made = stream(Mode.TARGET_DEFINED)
    assert made.step(LOOK_NS, leaves("down", 9)).updates == {STATUS: "down"}
    assert made.step(SAMPLE_TARGET_NS, leaves("down", 9)).updates == {COUNT: 9}


def test_a_leaf_of_two_subscriptions_is_sent_once() -> None:
    """Both are due at one time."""
    wishes = [Wish(ALL, Mode.SAMPLE, NS_PER_S), Wish(COUNT, Mode.SAMPLE, NS_PER_S)]
    made = TimedStream(wishes, 0)
    made.start(leaves("up", 1))
    assert made.step(NS_PER_S, leaves("up", 4)) == DueValues(leaves("up", 4), ())


@pytest.mark.parametrize(
    "wish",
    [
        Wish(ALL, Mode.SAMPLE, SAMPLE_LEAST_NS - 1),
        Wish(ALL, Mode.ON_CHANGE, heartbeat_ns=1),
    ],
)
def test_intervals_below_the_least_are_refused_with_the_path(wish: Wish) -> None:
    """The message has the path and the least."""
    with pytest.raises(ConfigError, match=f"^/p: .*{SAMPLE_LEAST_NS}"):
        TimedStream([wish], 0)
