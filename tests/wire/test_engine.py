"""The engine: order of events, the clock, refused times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec.errors import ConfigError
from macsec.wire.engine import HORIZON_PS, Engine
from macsec.wire.link import Link

KEYS = st.lists(st.tuples(st.integers(0, 5), st.integers(-2, 2)), max_size=30)


@given(KEYS)
def test_events_run_by_time_priority_and_sequence(keys: list[tuple[int, int]]) -> None:
    """Events of the same time and priority run in the order of scheduling."""
    engine, ran = Engine(), []
    for number, (time_ps, priority) in enumerate(keys):
        key = (time_ps, priority, number)
        engine.at(time_ps, lambda key=key: ran.append((key, engine.now_ps)), priority)
    engine.run()
    assert [key for key, _ in ran] == sorted(key for key, _ in ran)
    assert len(ran) == len(keys)
    assert all(key[0] == now for key, now in ran)


def test_event_may_schedule_another() -> None:
    """An action adds events, also at its own time; `step` runs one event."""
    engine, ran = Engine(), []
    engine.after(7, lambda: (ran.append(engine.now_ps), engine.after(0, lambda: ran.append(-1))))
    assert engine.next_ps == 7
    assert engine.step()
    assert (ran, engine.next_ps) == ([7], 7)
    assert engine.step()
    assert not engine.step()
    assert (ran, engine.next_ps, engine.now_ps) == ([7, -1], None, 7)


def test_run_until_sets_the_clock() -> None:
    """`run(until_ns)` runs all events up to and at that time, and no more."""
    engine, ran = Engine(), []
    for time_ps in (999, 1000, 1001):
        engine.at(time_ps, lambda: ran.append(engine.now_ps))
    engine.run(1)
    assert (ran, engine.now_ps, engine.now_ns) == ([999, 1000], 1000, 1)
    engine.run(1)
    engine.run(50)
    assert (ran, engine.now_ns) == ([999, 1000, 1001], 50)


def test_now_ns_is_rounded_down() -> None:
    """Running until the current ns does not move the clock back."""
    engine = Engine()
    engine.at(6720, lambda: None)
    engine.step()
    assert (engine.now_ps, engine.now_ns) == (6720, 6)
    engine.run(6)
    assert engine.now_ps == 6720


@pytest.mark.parametrize("time_ps", [-1, HORIZON_PS + 1])
def test_times_outside_virtual_time_are_refused(time_ps: int) -> None:
    """The past, and times whose sums would not fit 64 bits."""
    with pytest.raises(ConfigError, match=str(time_ps)):
        Engine().at(time_ps, lambda: None)
    with pytest.raises(ConfigError, match="now"):
        Engine().run(time_ps)


def test_float_is_refused_as_time() -> None:
    """A time is an integer: rounding must decide nothing."""
    with pytest.raises(TypeError):
        Engine().after(1.5, lambda: None)  # type: ignore[arg-type]


def test_second_link_of_the_same_name_is_refused() -> None:
    """Both would draw the same random numbers."""
    engine = Engine()
    Link(engine, "uplink")
    with pytest.raises(ConfigError, match="uplink"):
        Link(engine, "uplink")


def test_digest_depends_on_links_and_their_names() -> None:
    """Other links, other names or another order give another digest."""
    digests = []
    for names in ((), ("a",), ("b",), ("a", "b"), ("b", "a"), ("ab",)):
        engine = Engine()
        for name in names:
            Link(engine, name)
        digests.append(engine.digest)
    assert len(set(digests)) == len(digests)
