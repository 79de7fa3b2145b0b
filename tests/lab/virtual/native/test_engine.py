"""A lab in C and the Python around it: which is chosen, hooks that raise, errors of the run."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.errors import ConfigError, FrameError, MACsecError
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.lab import parts_of
from macsec.lab.virtual.native.engine import NativeEngine
from macsec.wire.engine import LINKS_MOST, Engine
from macsec.wire.params import LinkParams

BACKENDS = ("reference", "native")
TOPOLOGY: dict[str, Any] = {
    "macsec": {"keys": "static"},
    "sites": {"left": {"hosts": ["l1"]}, "right": {"hosts": ["r1"]}},
    "links": [{"between": ["left", "right"], "delay": "1us"}],
    "traffic": [{"from": "l1", "to": "r1", "pps": 1_000_000, "count": 5, "size": 60}],
}
PERFECT = LinkParams(), LinkParams()


@pytest.fixture(params=BACKENDS)
def lab(request: pytest.FixtureRequest) -> Any:
    """A lab of two sites with static keys, in Python and in C."""
    with built(request.param) as made:
        yield made


def built(backend: str, **changes: Any) -> Lab:
    """Return a lab of two sites."""
    topology = load_topology(TOPOLOGY | changes)
    return Lab(Blueprint.of(topology, seeded(1, "a test")), 1, backend)


class Broken(Exception):
    """Raised by a hook."""


def raising(*_: Any) -> Any:
    """Raise, as a hook with a mistake in it."""
    raise Broken


@pytest.mark.parametrize(
    ("backend", "engine"), [("reference", Engine), ("native", NativeEngine), ("auto", NativeEngine)]
)
def test_the_engine_in_c_is_the_default(backend: str, engine: type) -> None:
    """Reference data plane, reference engine."""
    with built(backend) as made:
        assert type(made.engine) is engine


@pytest.mark.parametrize(
    "place",
    [
        lambda lab: setattr(lab.hosts["r1"], "listener", raising),
        lambda lab: setattr(lab.hosts["l1"].port, "watch", raising),
        lambda lab: setattr(lab.links[0].link.a, "watch", raising),
        lambda lab: setattr(lab.links[0].ends[0].controlled, "watch", raising),
        lambda lab: setattr(lab.links[0].ends[1].controlled, "receiver", raising),
        lambda lab: setattr(lab.links[0].ends[1].uncontrolled, "receiver", raising),
        lambda lab: setattr(lab.links[0].ends[1].common, "receiver", raising),
        lambda lab: setattr(lab.engine.trace, "watch", raising),
        lambda lab: lab.engine.at(1000, raising),
    ],
    ids=[
        *("listener", "host-watch", "link-watch", "sends", "delivers", "sees", "receiver"),
        *("trace", "event"),
    ],
)
def test_an_error_of_a_hook_ends_the_run_and_reaches_the_caller(lab: Lab, place: Any) -> None:
    """Every call into Python may raise."""
    place(lab)
    with pytest.raises(Broken):
        lab.run()


def test_a_signal_at_the_entry_of_a_hook_ends_the_run() -> None:
    """Python runs signal handlers at the entry of a function too, before any `try` in it."""

    def at_entry(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_name == "macsec_lab_called":
            raise KeyboardInterrupt

    with built("native") as made:
        made.hosts["r1"].listener = lambda _: None
        usual = sys.getprofile()
        sys.setprofile(at_entry)
        try:
            with pytest.raises(KeyboardInterrupt):
                made.run()
        finally:
            sys.setprofile(usual)


def test_a_run_goes_on_after_a_hook_raised(lab: Lab) -> None:
    """The frame is lost to the listener, not to the lab."""
    lab.hosts["r1"].listener = raising
    with pytest.raises(Broken):
        lab.run()
    lab.hosts["r1"].listener = None
    lab.engine.run()
    assert lab.tallies[0].delivered == 5


def test_an_event_of_python_runs_at_its_time_among_the_others(lab: Lab) -> None:
    """And may send frames, read counts and schedule more."""
    seen: list[Any] = []

    def look() -> None:
        seen.append((lab.engine.now_ps, lab.hosts["l1"].stats.sent, lab.tallies[0].delivered))
        lab.hosts["r1"].send(b"\xff" * 6 + bytes(54))

    lab.engine.at(1_500_000, look)
    lab.engine.at(2_000_000, look, priority=-1)
    lab.run()
    assert seen == [(1_500_000, 2, 0), (2_000_000, 2, 0)]
    assert lab.hosts["l1"].stats.received == 2


def test_a_watch_set_in_a_run_holds_from_there_on(lab: Lab) -> None:
    """A tap too."""
    arrived: list[bytes] = []
    lab.engine.at(2_500_000, lambda: setattr(lab.hosts["r1"], "listener", arrived.append))
    lab.engine.at(4_500_000, lambda: setattr(lab.hosts["r1"], "listener", None))
    lab.run()
    assert len(arrived) == 2


def test_taps_are_a_list_of_which_each_change_holds_at_once(lab: Lab) -> None:
    """Inserted, replaced, and removed."""

    class Tap:
        def on_frame(self, time_ns: int, direction: int, frame: bytes) -> list[bytes]:
            return []

    taps = lab.links[0].link.taps
    taps.append(Tap())
    taps[0] = Tap()
    assert len(taps) == 1
    assert list(taps) == [taps[0]]
    lab.engine.at(2_500_000, taps.clear)
    lab.run()
    assert lab.tallies[0].delivered == 4


def test_a_frame_to_a_closed_secy_is_refused(lab: Lab) -> None:
    """As by the SecY itself: a port that is open must not drop frames silently."""
    ends = lab.links[0].ends
    assert ends is not None
    ends[0].secy.close()
    with pytest.raises(MACsecError, match="this SecY is closed"):
        ends[0].request(bytes(60))


def test_a_stopped_station_takes_nothing(lab: Lab) -> None:
    """Its frames are counted as blocked, both ways."""
    ends = lab.links[0].ends
    assert ends is not None
    ends[1].stop()
    lab.run()
    assert ends[1].blocked == (0, 5)
    assert lab.tallies[0].delivered == 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_frame_after_the_end_of_time_is_named(backend: str) -> None:
    """By the flow, the number of the frame and its day."""
    traffic = [{"from": "l1", "to": "r1", "pps": 1, "count": 9, "size": 60, "start": "4611680s"}]
    traffic[0] |= {"model": "onoff", "burst": "1s", "pause": "10s"}
    with (
        built(backend, traffic=traffic) as made,
        pytest.raises(ConfigError, match=r"^l1 to r1, onoff: frame 2 is due 53 days after"),
    ):
        made.run()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_link_that_takes_too_long_is_an_error(backend: str) -> None:
    """At 1 bit/s a few frames queue past the end of time."""
    parts = parts_of(backend, 1)
    link = parts.link("slow", (LinkParams(rate=1, delay="1000s"), LinkParams()))
    for _ in range(570):
        link.a.send(bytes(1000))
    parts.engine.run(4_600_000 * 10**9)
    with pytest.raises(ConfigError, match=r"^rate: a frame would come out after the end"):
        link.a.send(bytes(2000))


@pytest.mark.parametrize("backend", BACKENDS)
def test_time_cannot_go_back(backend: str) -> None:
    """An event in the past is a mistake of the caller."""
    engine = parts_of(backend, 1).engine
    engine.run(5)
    with pytest.raises(ConfigError, match="an event at 4999 ps"):
        engine.at(4999, lambda: None)
    assert (engine.now_ps, engine.next_ps, engine.step()) == (5000, None, False)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_runt_passes_every_part(backend: str) -> None:
    """A frame of no octets, too: it may come from a capture or a tap."""
    parts = parts_of(backend, 1)
    link, bridge = parts.link("wire", PERFECT), parts.bridge("bridge")
    bridge.attach(link.b)
    for length in range(15):
        link.a.send(bytes(length))
    parts.engine.run()
    assert bridge.counts.runts == 12
    assert link.stats[0].received == 15


def test_what_is_no_frame_is_refused_and_counted_nowhere(lab: Lab) -> None:
    """A host sends octets alone."""
    for wrong in ("text", 5, None, [1]):
        with pytest.raises(FrameError):
            lab.hosts["l1"].send(wrong)  # type: ignore[arg-type]
    assert lab.hosts["l1"].stats.sent == 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_engine_has_no_more_links_than_the_trace_can_name(backend: str) -> None:
    """The number of a link has 16 bits there."""
    engine = parts_of(backend, 1).engine
    for number in range(LINKS_MOST + 1):
        engine.enrol(str(number))
    with pytest.raises(ConfigError, match="at most 65,536 links"):
        engine.enrol("one more")


def test_parts_of_two_engines_do_not_meet() -> None:
    """C would take the number of a part for one of its own."""
    parts = parts_of("native", 1)
    other = parts_of("reference", 1).link("wire", PERFECT)
    with pytest.raises(ConfigError, match="not a port of its engine"):
        parts.bridge("bridge").attach(other.a)
    with pytest.raises(ConfigError, match="backend reference"):
        parts.link("wire", PERFECT).carries(lambda _: True)
