"""The lane for delay and rate only has the results of the general lane."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.virtual.wires import in_flight

from macsec.errors import ConfigError
from macsec.wire import link as links
from macsec.wire.engine import HORIZON_PS, Engine
from macsec.wire.link import Link
from macsec.wire.params import LinkParams
from macsec.wire.straight_lane import is_straight

STRAIGHT = st.fixed_dictionaries(
    {"delay": st.integers(0, 2000)},
    optional={"rate": st.sampled_from([10**9, 10**11, 999_999_937]), "seed": st.integers(0, 9)},
)
SENDS = st.lists(st.tuples(st.integers(0, 3000), st.sampled_from([14, 60, 61, 1514])), max_size=30)


def history(general: bool, params: dict[str, Any], sends: list[tuple[int, int]]) -> Any:
    """Return digest and counts of a link whose far end answers every other frame at once."""
    with pytest.MonkeyPatch.context() as patch:
        if general:
            patch.setattr(links, "is_straight", lambda _: False)
        engine = Engine(3)
        link = Link(engine, "wire", LinkParams(**params), LinkParams(delay=5))
    seen: list[tuple[int, int]] = []

    def receive(frame: bytes) -> None:
        seen.append((engine.now_ps, in_flight(link, 0)))
        if len(seen) % 2:
            link.b.send(frame)
        if len(seen) % 3 == 0 and len(seen) < 60:
            link.a.send(frame)

    link.b.receiver = receive
    at = 0
    for gap, length in sends:
        at += gap
        engine.at(at * 1000, lambda length=length: link.a.send(bytes(length)))
    engine.run()
    return engine.digest, [stats.as_dict() for stats in link.stats], seen


@given(STRAIGHT, SENDS)
def test_straight_lane_equals_the_general_lane(params, sends):
    """Times, counts and digest are the same, also if the far end sends meanwhile."""
    assert is_straight(LinkParams(**params))
    assert history(False, params, sends) == history(True, params, sends)


@pytest.mark.parametrize(
    "name, value", [("loss", 0.1), ("limit", 5), ("mtu", 1500), ("drop", [1]), ("jitter", 1)]
)
def test_impaired_lane_is_not_straight(name, value):
    """Each parameter that can stop or overtake a frame needs the general lane."""
    assert not is_straight(LinkParams(delay=10, **{name: value}))


def test_frame_due_after_the_end_of_time_is_an_error():
    """The straight lane refuses it like the general one."""
    engine = Engine()
    link = Link(engine, "wire", LinkParams(delay="1s"))
    engine.now_ps = HORIZON_PS - 10
    with pytest.raises(ConfigError, match="53 days"):
        link.a.send(bytes(60))
