"""Faults of a wire in real time: its parameters, and its counts over all lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from macsec.lab.real.faulty_line import FaultyLine, LineFaults
from macsec.wire.lane import LinkStats
from macsec.wire.params import LinkParams

PARAMS = LinkParams(delay="1ms", loss="1%"), LinkParams()


class Lines:
    """Makes lines that carried 10 frames each way, and notes which are up."""

    def __init__(self) -> None:
        self.made: list[tuple[LinkParams, LinkParams]] = []
        self.up = 0

    @contextmanager
    def __call__(self, params: tuple[LinkParams, LinkParams]) -> Iterator[Any]:
        """Make a line."""
        self.made.append(params)
        self.up += 1
        way = SimpleNamespace(wire=LinkStats(sent=10, lost=1))
        yield SimpleNamespace(stats=(way, way), check=lambda: None)
        self.up -= 1


def test_a_fault_is_another_line_with_counts_that_go_on() -> None:
    """One line is up at a time; its counts are added to those before."""
    lines: Any = Lines()
    with FaultyLine(PARAMS, lines) as line:
        line.change(0, "cut", True)
        line.change(1, "delay", 5_000_000)
        assert (len(lines.made), lines.up) == (3, 1)
        assert [way.sent for way in line.stats] == [30, 30]
        assert lines.made[-1] == (
            LinkParams(delay="1ms", loss=1.0),
            LinkParams(delay="5ms"),
        )
        line.change(0, "cut", False)
        line.change(1, "delay", 0)
        assert lines.made[-1] == PARAMS
    assert lines.up == 0


def test_a_cut_loses_all_and_a_drop_replaces_the_loss_of_the_link() -> None:
    """Without a fault the parameters stay."""
    assert LineFaults().on(PARAMS[0]) == PARAMS[0]
    assert LineFaults(drop=0.25).on(PARAMS[0]).loss == LinkParams(loss="25%").loss
    assert LineFaults(cut=True, drop=0.25).on(PARAMS[1]).loss == LinkParams(loss="100%").loss
    assert LineFaults(delay=7).on(PARAMS[0]).delay == 1_000_007
