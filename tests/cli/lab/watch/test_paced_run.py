"""A lab that is watched: paced by a clock that the test moves, and disturbed by commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.planes import PLANES, Plane

from macsec.cli.lab.events import VirtualEvents
from macsec.cli.lab.watch.commands import IN_VIRTUAL_TIME, command_of
from macsec.cli.lab.watch.feed import COMMANDS_MOST, EVENTS_KEPT, Feed
from macsec.cli.lab.watch.paced_run import TICK_S, VirtualWatch
from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.config.topology.recording import recorded, topology_text
from macsec.errors import ConfigError
from macsec.lab import Blueprint, Lab
from macsec.report.lab.outcome import LabRun

TOPOLOGY = """\
question: how many
answer: all
expect: {"traffic.0.delivered": 400}
sites: {left: {hosts: [l1]}, right: {hosts: [r1]}, far: }
links:
  - {name: wan, between: [left, right], delay: 1ms}
  - {name: clear, between: [right, far], delay: 1ms, macsec: off}
traffic:
  - {from: l1, to: r1, pps: 40, count: 400, size: 200}
begin: 1s
changes:
  - {at: 1s, link: wan, site: left, drop: 20%}
"""


class Hand:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


class Desk:
    """A lab of a topology, its watch and its clock."""

    def __init__(self, plane: Plane, text: str = TOPOLOGY, pace: float = 100.0) -> None:
        self.clock, self.plane = Hand(), plane
        self.lab = lab_of(plane, text)
        self.watch = VirtualWatch(self.lab, LabRun("two", 1), text, None, pace, self.clock)
        VirtualEvents(self.lab, self.watch.feed)
        self.watch.begin(lambda _: [])

    def ticks(self, number: int = 1) -> None:
        """Let time pass, a tick at a time."""
        for _ in range(number):
            self.clock.seconds += TICK_S
            self.watch.advance()

    def ask(self, **request: Any) -> None:
        """Make a request of the page."""
        self.watch.obey(command_of(request, self.lab.blueprint, IN_VIRTUAL_TIME))

    def link(self) -> dict[str, Any]:
        """Return the first link as the page gets it."""
        found: Any = self.watch.state()["links"][0]
        return found

    def texts(self, kind: str) -> list[str]:
        """Return the texts of the events of a kind."""
        return [event["text"] for event in self.watch.feed.since(-1, 0)[2] if event["kind"] == kind]


def lab_of(plane: Plane, text: str) -> Lab:
    """Return a lab of the text of a topology."""
    from macsec.config.reading import read_text

    tree, _ = read_text("two", text.encode(), "sites and links")
    blueprint = Blueprint.of(load_topology(tree), seeded(1, "a test"))
    return Lab(blueprint, 1, plane.backend, plane.kernel)


@pytest.fixture(params=[PLANES[0], PLANES[-1]], ids=str)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Return a watched lab on each plane."""
    made = Desk(request.param)
    with made.lab, made.watch.feed:
        yield made


def test_a_recorded_run_has_the_digest_of_the_watched_one(desk: Desk) -> None:
    """With each kind of fault, begun and ended at times that the user chose."""
    desk.ticks()
    for kind, on, off in (
        ("cut", "on", "off"),
        ("drop", "30%", "0"),
        ("delay", "40ms", "0"),
        ("wrong_key", "on", "off"),
        ("clock", "50", "100"),
    ):
        desk.ask(act="fault", link="wan", kind=kind, value=on, site="left")
        desk.ticks()
        desk.ask(act="fault", link="wan", kind=kind, value=off)
    desk.ask(act="fault", link="clear", kind="cut", value="on")
    desk.ticks(2)
    with lab_of(desk.plane, desk.watch.recording()) as again:
        again.run()
        assert again.engine.now_ns == desk.lab.engine.now_ns
        assert again.digest == desk.lab.digest
        assert len(again.blueprint.changes) == 12


def test_a_recorded_run_of_another_seed_or_fault_differs(desk: Desk) -> None:
    """The digest sees a fault that is left out."""
    desk.ticks(1)
    desk.ask(act="fault", link="wan", kind="cut", value="on")
    desk.ticks(1)
    text = recorded(TOPOLOGY, [], desk.lab.engine.now_ns)
    with lab_of(desk.plane, text) as again:
        again.run()
        assert again.digest != desk.lab.digest


def test_virtual_time_follows_the_pace(desk: Desk) -> None:
    """Paused it is still; a step moves it alone; a slow run makes up for no time."""
    now = lambda: desk.lab.engine.now_ns / 1e9  # noqa: E731
    desk.ticks(2)
    assert now() == pytest.approx(10)
    desk.ask(act="pace", value=1)
    desk.ticks(2)
    assert now() == pytest.approx(10.1)
    desk.ask(act="pause")
    desk.ticks(2)
    assert now() == pytest.approx(10.1)
    desk.ask(act="step", value=500_000_000)
    assert now() == pytest.approx(10.6)
    assert desk.watch.state()["state"] == "paused"
    desk.ask(act="resume")
    desk.clock.seconds += 3600
    desk.watch.advance()
    assert now() == pytest.approx(10.6 + 2 * TICK_S)


def test_a_run_ends_at_its_end_and_takes_nothing_more() -> None:
    """`until` of the topology, or the page, ends it."""
    desk = Desk(PLANES[-1], TOPOLOGY.replace("begin: 1s", "begin: 1s\nuntil: 4s"))
    with desk.lab, desk.watch.feed:
        desk.ticks(2)
        assert desk.lab.engine.now_ns == 4 * 10**9
        assert desk.watch.state()["state"] == "ended"
        desk.ask(act="fault", link="wan", kind="cut", value="on")
        desk.ticks(2)
        assert desk.lab.engine.now_ns == 4 * 10**9
        assert not desk.watch.changes


def test_the_state_shows_links_faults_and_events(desk: Desk) -> None:
    """A cut link loses its session; what happened is in the events, each MKPDU too."""
    desk.ticks(1)
    assert desk.link()["state"] == "secured"
    assert desk.watch.state()["warning"].startswith("UNPROTECTED: clear")
    desk.ask(act="fault", link="wan", kind="cut", value="on")
    desk.ticks(3)
    assert desk.link()["state"] == "not secured"
    assert "fell silent" in desk.link()["why"]
    assert desk.link()["faults"]["left"]["cut"]
    assert desk.link()["ways"][0]["lost"] > 0
    assert desk.texts("fault") == ["cut"]
    assert any("distributes SAK 1, AN 0" in text for text in desk.texts("mkpdu"))
    assert "secured" in desk.texts("port")


def test_serving_prints_the_outcome_once_and_stays() -> None:
    """The page stays after the end, until a signal."""
    desk, done = Desk(PLANES[-1]), []
    waits = iter([None, {"end of run"}])

    def wait(_: int, __: float) -> Any:
        desk.clock.seconds += TICK_S
        if done:
            return {"signal"}
        desk.watch.feed.ask(command_of({"act": "end"}, desk.lab.blueprint, ()))
        return next(waits)

    with desk.lab, desk.watch.feed:
        desk.watch.serve(wait, lambda: done.append(desk.lab.engine.now_ns))
    assert len(done) == 1


def test_a_signal_ends_the_run_and_prints_the_outcome() -> None:
    """No virtual time passes after it."""
    desk, done = Desk(PLANES[-1]), []
    with desk.lab, desk.watch.feed:
        desk.watch.serve(lambda _, __: {"signal"}, lambda: done.append(1))
    assert done == [1]


# ---------------------------------------------------------------- feed and commands


def test_a_page_that_falls_behind_gets_the_newest_state_and_the_last_events() -> None:
    """The lab never waits for it: older events are gone."""
    with Feed(lambda: 0) as feed:
        for number in range(EVENTS_KEPT + 50):
            feed.add("port", str(number))
        states: list[Any] = [{"number": 1}, {"number": 2}]
        for each in states:
            feed.publish(each)
        version, state, events = feed.since(0, 10)
        assert (state, len(events)) == (states[1], EVENTS_KEPT)
        assert events[-1]["id"] == EVENTS_KEPT + 50
        feed.add("port", "one more")
        assert feed.since(version, events[-1]["id"])[1:] == (None, [feed.since(0, 0)[2][-1]])


def test_commands_that_wait_are_limited() -> None:
    """A page cannot fill the memory of the lab."""
    with Feed(lambda: 0) as feed:
        command = command_of({"act": "pause"}, None, ())
        assert all(feed.ask(command) for _ in range(COMMANDS_MOST))
        assert not feed.ask(command)
        assert len(feed.take()) == COMMANDS_MOST
        assert feed.ask(command)


@pytest.mark.parametrize(
    "request_, reason",
    [
        ([], "expected an object"),
        ({"act": "reboot"}, "act: expected pause"),
        ({"act": "pace", "value": 0}, "value: expected a number"),
        ({"act": "pace", "value": True}, "value: expected a number"),
        ({"act": "step", "value": "1"}, "value: expected a number"),
        ({"act": "fault", "link": "lan", "kind": "cut", "value": "on"}, "no link has this name"),
        ({"act": "fault", "link": "wan", "kind": "burn", "value": "on"}, "kind: expected cut"),
        ({"act": "fault", "link": "wan", "kind": "cut", "value": "yes"}, "cut: expected on or off"),
        ({"act": "fault", "link": "wan", "kind": "cut", "value": 1}, "value: expected text"),
        ({"act": "fault", "link": "wan", "kind": "drop", "value": "200%"}, "not a probability"),
        ({"act": "fault", "link": "wan", "kind": "clock", "value": "fast"}, "1 to 1000 percent"),
        (
            {"act": "fault", "link": "wan", "kind": "cut", "value": "on", "site": "far"},
            "site: this",
        ),
        (
            {"act": "fault", "link": "clear", "kind": "wrong_key", "value": "on"},
            "without key agreement",
        ),
    ],
)
def test_an_impossible_request_is_refused(request_: Any, reason: str) -> None:
    """With the entry, and before the lab sees it."""
    with lab_of(PLANES[0], TOPOLOGY) as lab, pytest.raises(ConfigError, match=reason):
        command_of(request_, lab.blueprint, IN_VIRTUAL_TIME)


def test_a_recording_keeps_the_file_and_drops_what_no_longer_holds() -> None:
    """Declared changes stay first; the question was one about the run without the others."""
    text = recorded(TOPOLOGY, [{"at": "5ns", "link": "wan", "cut": "on"}], 77)
    model = load_topology(_tree(text))
    assert [change.link for change in model.changes] == ["wan", "wan"]
    assert (model.until, model.question, model.expect) == ("77ns", "", {})
    assert "two-regions" not in topology_text("two-regions")[:0]
    assert load_topology(_tree(recorded(topology_text("ring"), [], 5))).until == "5ns"


def _tree(text: str) -> Any:
    from macsec.config.reading import read_text

    return read_text("two", text.encode(), "sites and links")[0]
