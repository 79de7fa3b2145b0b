"""Verdicts of `bench latency` on a machine on which other programs work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from macsec.cli.bench import latency, verb
from macsec.measure.other_work import OtherWork

SMALL = ("latency", "--sizes", "1518", "--frames", "30", "--loads", "none")
THROUGHPUT = ("throughput", "--sizes", "64", "--rounds", "1", "--peers", "none")


@pytest.fixture(params=[0.0, 0.5])
def share(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """The share of other programs in the machine."""

    @contextmanager
    def others() -> Iterator[OtherWork]:
        work = OtherWork()
        yield work
        work.share = request.param

    for module in (latency, verb):
        monkeypatch.setattr(module, "other_work", others)
    return float(request.param)


def test_busy_machine_gets_a_warning_and_no_verdict(desk, share):
    """Timed targets are not judged, and stderr says why; exact ones are judged."""
    result = desk.run("bench", *SMALL)
    found = desk.json("bench", *SMALL)
    timed, exact = found["targets"]
    assert found["machine"]["others"] == share
    assert exact["met"] is True
    assert (timed["met"] is None) == (share > 0)
    assert ("not judged" in result.stdout) == (share > 0)
    assert ("other programs had 50 % of the CPUs" in result.stderr) == (share > 0)
    assert re.search(rf"other programs +{100 * share:.0f} % of the CPUs", result.stdout)


def test_throughput_warns_of_other_programs(desk, share):
    """Ratios are printed on any machine, with a warning on a busy one."""
    result = desk.run("bench", *THROUGHPUT)
    assert ("repeat this on an idle machine" in result.stderr) == (share > 0)
