"""The wire of a segment whose impairments change while it is up: cut, drop and delay."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from typing import Any

from macsec.live.line import Line
from macsec.wire.lane import LinkStats
from macsec.wire.param_values import Loss
from macsec.wire.params import LinkParams

MakeLine = Callable[[tuple[LinkParams, LinkParams]], Line]


@dataclass(frozen=True, slots=True)
class LineFaults:
    """Faults of one direction: all frames lost, a share of them lost, ns that each waits more."""

    cut: bool = False
    drop: float = 0.0
    delay: int = 0

    def on(self, params: LinkParams) -> LinkParams:
        """Return the parameters of the wire with them."""
        share = 1.0 if self.cut else self.drop
        loss = Loss("random", (share, 0.0)) if share else params.loss
        return replace(params, loss=loss, delay=params.delay + self.delay)


class FaultyLine:
    """A Line that is replaced at each change; frames on it are then lost, and counts go on."""

    def __init__(self, params: tuple[LinkParams, LinkParams], make: MakeLine) -> None:
        self._params, self._make = params, make
        self.ways = [LineFaults(), LineFaults()]
        self._before = [LinkStats(), LinkStats()]
        self._stack = ExitStack()
        self._line = self._stack.enter_context(make(params))

    def change(self, direction: int, kind: str, value: Any) -> None:
        """Begin, change or end a fault of a direction; `kind` is a field of LineFaults."""
        self.ways[direction] = replace(self.ways[direction], **{kind: value})
        self._stack.close()
        self._before = list(self.stats)
        there, back = (way.on(given) for way, given in zip(self.ways, self._params, strict=True))
        self._line = self._stack.enter_context(self._make((there, back)))

    @property
    def stats(self) -> tuple[LinkStats, LinkStats]:
        """The counts of both directions."""
        there, back = (
            _sum(before, way.wire)
            for before, way in zip(self._before, self._line.stats, strict=True)
        )
        return there, back

    def check(self) -> None:
        """Raise MACsecError if it ended because one of its ends failed."""
        self._line.check()

    def __enter__(self) -> FaultyLine:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _sum(one: LinkStats, other: LinkStats) -> LinkStats:
    """Return the counts of one wire after another."""
    names = [field.name for field in fields(LinkStats)]
    return LinkStats(**{name: getattr(one, name) + getattr(other, name) for name in names})
