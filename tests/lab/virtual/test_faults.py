"""Faults during a run: of wires, of CAKs, of the clock of a KaY; a later change ends each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.planes import PLANES, Plane

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.errors import ConfigError
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.stations.station_clock import StationClock

FRAMES = 80


def topology(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return two sites with a link, ten frames a second from 1 s to 9 s, and changes."""
    return {
        "sites": {"left": {"hosts": ["l1"]}, "right": {"hosts": ["r1"]}},
        "links": [{"name": "wan", "between": ["left", "right"], "delay": "1ms"}],
        "traffic": [{"from": "l1", "to": "r1", "pps": 10, "count": FRAMES, "size": 200}],
        "changes": [{"link": "wan", **change} for change in changes],
        "begin": "1s",
        "until": "30s",
        **more,
    }


def lab_of(plane: Plane, *changes: dict[str, Any], **more: Any) -> Lab:
    """Return a lab of the topology that has not run."""
    blueprint = Blueprint.of(load_topology(topology(*changes, **more)), seeded(1, "a test"))
    return Lab(blueprint, 1, plane.backend, plane.kernel)


@pytest.fixture(params=[PLANES[0], PLANES[-1]], ids=str)
def run(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Return a function that runs a topology; its labs are closed at the end."""
    labs: list[Lab] = []

    def run_with(*changes: dict[str, Any], **more: Any) -> Lab:
        labs.append(lab_of(request.param, *changes, **more))
        labs[-1].run()
        return labs[-1]

    yield run_with
    for lab in labs:
        lab.close()


def losses(lab: Lab) -> list[int]:
    """Return the frames that faults took, by direction."""
    return lab.links[0].faults.taken


def events_of(lab: Lab) -> list[float]:
    """Return the times in seconds from which each SAK of the first end was used."""
    return [sak.time_ns / 1e9 for sak in lab.links[0].agreed[0].saks]


def test_a_cut_of_one_direction_spares_the_other(run: Any) -> None:
    """Frames of the site are lost while it lasts; its MKPDUs are among them."""
    lab = run({"at": "3s", "site": "left", "cut": "on"}, {"at": "5s", "site": "left", "cut": "off"})
    assert lab.tallies[0].delivered == FRAMES - 20
    assert losses(lab)[0] == 20 + 1
    assert losses(lab)[1] == 0
    assert len(events_of(lab)) == 1


def test_a_cut_longer_than_a_life_time_ends_the_session(run: Any) -> None:
    """Both ends lose their peer, and agree on another SAK when it ends."""
    lab = run({"at": "10s", "cut": "on"}, {"at": "20s", "cut": "off"})
    assert [int(time) for time in events_of(lab)] == [0, 20]
    assert lab.links[0].state.status.value == "secured"


def test_a_dropped_share_depends_on_the_seed_alone(run: Any) -> None:
    """About a half of the frames is lost, the same ones in each run."""
    half = {"at": "1s", "site": "left", "drop": "50%"}
    first, again = run(half, {"at": "9s", "drop": 0}), run(half, {"at": "9s", "drop": "0"})
    assert 20 < losses(first)[0] < 60
    assert first.digest == again.digest
    assert first.digest != run().digest


def test_a_delay_holds_each_frame(run: Any) -> None:
    """The latency grows by it, and no frame is lost."""
    lab = run({"at": "0", "site": "left", "delay": "40ms"})
    assert lab.tallies[0].delivered == FRAMES
    assert lab.tallies[0].latency_least > 41 * 10**9
    assert losses(lab) == [0, 0]


def test_a_run_without_an_end_waits_for_held_frames(run: Any) -> None:
    """The last frame departs before it ends, and arrives."""
    lab = run({"at": "0", "site": "left", "delay": "400ms"}, until=None)
    assert lab.tallies[0].delivered == FRAMES


def test_a_cut_loses_the_frames_that_are_held(run: Any) -> None:
    """They would arrive while it lasts."""
    delay = {"at": "0", "site": "left", "delay": "3s"}
    lab = run(delay, {"at": "2s", "site": "left", "cut": "on"})
    assert lab.tallies[0].delivered == 0


def test_a_wrong_cak_ends_the_session_until_the_right_one_is_back(run: Any) -> None:
    """The peer counts ICVs that fail; neither CAK is another end's wrong one."""
    wrong = {"at": "10s", "wrong_key": "on"}
    lab = run(wrong, {"at": "20s", "wrong_key": "off"})
    assert [int(time) for time in events_of(lab)] == [0, 20]
    counters = [end.kay.counters["in-mkpdu-icv-verification-errors"] for end in lab.links[0].agreed]
    assert min(counters) > 0
    assert lab.links[0].state.status.value == "secured"


def test_a_slow_clock_lets_the_peer_lose_its_station(run: Any) -> None:
    """At a fifth of the speed hellos are 10 s apart, more than a Life Time."""
    lab = run({"at": "9s", "site": "left", "clock": 20}, until="24s")
    assert lab.links[0].state.rekeys > 0 or lab.links[0].state.status.value != "secured"
    assert run({"at": "9s", "site": "left", "clock": 100}).digest == run().digest


def test_a_clock_shows_times_that_come_back() -> None:
    """`engine_ns` is the first time at which `shown_ns` shows it, at each speed."""
    clock = StationClock()
    for percent in (100, 30, 1, 250, 1000):
        now_ns = 1_000 * percent
        clock.run_at(percent, now_ns)
        for shown_ns in range(clock.shown_ns(now_ns) + 1, clock.shown_ns(now_ns) + 40):
            at_ns = clock.engine_ns(shown_ns)
            assert clock.shown_ns(at_ns) >= shown_ns > clock.shown_ns(at_ns - 1)


@pytest.mark.parametrize("plane", [PLANES[0], PLANES[-1]], ids=str)
def test_a_change_added_to_a_run_gives_the_history_of_one_that_was_declared(plane: Plane) -> None:
    """The same digest, also where frames and timers are due at its very time."""
    declared = {"at": "3s", "cut": "on"}
    with lab_of(plane, declared, until="12s") as whole, lab_of(plane, until="12s") as stepped:
        whole.run()
        stepped.begin()
        for at_ns in range(0, 3_000_000_000, 250_000_000):
            stepped.engine.run(at_ns)
        stepped.engine.run(2_999_999_999)
        stepped.change(whole.blueprint.changes[0])
        stepped.engine.run(12_000_000_000)
        assert stepped.digest == whole.digest


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"drop": "half"}, "changes.0.drop"),
        ({"drop": "120%"}, "changes.0.drop.* is not a probability"),
        ({"drop": ""}, "expected a share"),
        ({"delay": "5"}, "changes.0.delay.*needs a unit"),
        ({"clock": 0}, "changes.0.* clock: 0 is not valid: 1 to 1000 percent"),
    ],
)
def test_a_wrong_value_is_named(change: dict[str, Any], reason: str) -> None:
    """One line, with the entry."""
    with pytest.raises(ConfigError, match=reason):
        lab_of(PLANES[0], {"at": "1s", **change})


def test_a_fault_of_a_kay_needs_one() -> None:
    """A link with static keys has none; its wire can be cut."""
    static = {"macsec": "static"}
    with lab_of(PLANES[0], {"at": "3s", "cut": "on"}, **static) as lab:
        lab.run()
        assert lab.tallies[0].delivered == 20
    with (
        lab_of(PLANES[0], {"at": "3s", "wrong_key": "on"}, **static) as lab,
        pytest.raises(ConfigError, match="link wan is without key agreement"),
    ):
        lab.run()
