"""Changes during a run: each kind, at one end or both, and impossible ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.planes import PLANES, Plane

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.errors import ConfigError
from macsec.lab import Blueprint, Lab

CKN = "6b657931"
BOTH_PLANES = [PLANES[0], PLANES[-1]]


def topology(*changes: dict[str, Any], macsec: Any = None, **more: Any) -> dict[str, Any]:
    """Return two sites with a link, traffic from 1 s to 9 s, and changes."""
    chain = [{"ckn": CKN, "cak": "00" * 15 + "01"}, {"ckn": "6b657932", "cak": "00" * 15 + "02"}]
    return {
        "sites": {"left": {"hosts": ["l1"]}, "right": {"hosts": ["r1"]}},
        "macsec": {"keychain": chain} if macsec is None else macsec,
        "links": [{"name": "wan", "between": ["left", "right"], "delay": "1ms"}],
        "traffic": [{"from": "l1", "to": "r1", "pps": 100, "duration": "8s", "size": 200}],
        "changes": [{"link": "wan", **change} for change in changes],
        "begin": "1s",
        "until": "15s",
        **more,
    }


@pytest.fixture(params=BOTH_PLANES, ids=str)
def run(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Return a function that runs a topology; its labs are closed at the end."""
    plane: Plane = request.param
    labs: list[Lab] = []

    def run_with(*changes: dict[str, Any], **more: Any) -> Lab:
        blueprint = Blueprint.of(load_topology(topology(*changes, **more)), seeded(1, "a test"))
        labs.append(Lab(blueprint, 1, plane.backend, plane.kernel))
        labs[-1].run()
        return labs[-1]

    yield run_with
    for lab in labs:
        lab.close()


def saks(lab: Lab) -> list[tuple[float, str]]:
    """Return the time in seconds and the CKN of each SAK of the first end."""
    return [(sak.time_ns / 1e9, sak.ckn) for sak in lab.links[0].agreed[0].saks]


def test_a_pn_is_raised_at_its_time(run: Any) -> None:
    """Past three quarters of all PNs the Key Server makes a new SAK, once 6 s are over."""
    lab = run({"at": "3s", "site": "left", "next_pn": 3 << 30})
    assert len(saks(lab)) == 2
    assert 6.0 < saks(lab)[1][0] < 6.6
    assert lab.tallies[0].delivered == 800


def test_a_nextpn_in_the_upper_half_is_looked_at_each_half_second(run: Any) -> None:
    """The PN passes the limit between two hellos; the new SAK does not wait for the next one."""
    lab = run({"at": "8s", "site": "left", "next_pn": (3 << 30) - 5})
    assert 8.0 < saks(lab)[1][0] < 8.6


def test_macsec_off_passes_frames_in_clear_until_it_is_on(run: Any) -> None:
    """Both ends are turned off and on at the same time."""
    lab = run({"at": "3s", "macsec": "off"}, {"at": "5s", "macsec": "on"})
    right = lab.links[0].ends[1].secy.counters
    assert right["InPktsUntagged"] == 200
    assert lab.links[0].state.status.value == "secured"
    assert lab.tallies[0].delivered == 200 + right["InPktsUntagged"] + right["InPktsOK"] - 200


def test_a_restart_brings_a_new_sak(run: Any) -> None:
    """The restarted end is closed until it has agreed again."""
    lab = run({"at": "8s", "site": "right", "restart": "on"})
    assert [round(time) for time, _ in saks(lab)] == [0, 8]
    assert lab.links[0].state.status.value == "secured"


def test_a_participant_is_disabled_and_enabled(run: Any) -> None:
    """The other CAK carries in between; the first key of a chain is preferred."""
    away = {"at": "3s", "site": "left", "disable": CKN}
    lab = run(away, {"at": "12s", "site": "left", "enable": CKN})
    assert [ckn for _, ckn in saks(lab)] == [CKN, "6b657932", CKN]
    assert lab.tallies[0].delivered == 800


def test_a_suspension_is_asked_for(run: Any) -> None:
    """The suspended end says nothing for its time, and no SAK is replaced."""
    lab = run({"at": "4s", "site": "left", "suspend": 8})
    without = run()
    assert len(saks(lab)) == 1
    assert lab.links[0].mkpdus(0) < without.links[0].mkpdus(0)


@pytest.mark.parametrize(
    "change, macsec, reason",
    [
        ({"at": "3s", "site": "left", "next_pn": 1}, None, r"changes.0.* next_pn"),
        ({"at": "3s", "next_pn": 9}, "static", "link wan is without key agreement"),
        ({"at": "3s", "suspend": 121}, None, "suspension of 121 s: expected 0 to 120"),
    ],
)
def test_a_change_that_cannot_be_made_names_its_place(
    run: Any, change: dict[str, Any], macsec: Any, reason: str
) -> None:
    """It raises a ConfigError at the time of the change."""
    with pytest.raises(ConfigError, match=reason):
        run(change, macsec=macsec)


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"at": "3s", "link": "lan", "restart": "on"}, "changes.0.link.*no link is called lan"),
        ({"at": "3s", "site": "west", "restart": "on"}, "changes.0.site.*between left and right"),
        ({"at": "3s"}, "expected one of next_pn, macsec"),
        ({"at": "3s", "restart": "on", "suspend": 3}, "expected one of next_pn, macsec"),
        ({"at": "soon", "restart": "on"}, "changes.0.at"),
        ({"at": "9999s", "restart": "on"}, "changes.0.at: the run ends before"),
    ],
)
def test_a_wrong_entry_is_named(change: dict[str, Any], reason: str) -> None:
    """One line, with the entry."""
    with pytest.raises(ConfigError, match=reason):
        Blueprint.of(load_topology(topology(change)), seeded(1, "a test"))
