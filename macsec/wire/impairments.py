"""The impairments of one direction: what is drawn, from which stream, in netem's order.

Each step has a stream of its own. A decision is a draw of 32 bits below a whole threshold.
`_native/wire/calendar.c` is the twin of this file and of `lane.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from macsec.time_units import PS_PER_NS
from macsec.wire.distributions import SCALE, SCALE_BITS, SIZE, table
from macsec.wire.fields import matches, octets_at
from macsec.wire.param_values import Chance, Loss, Slot
from macsec.wire.params import LinkParams
from macsec.wire.random_streams import ONE, Correlated, Stream, start_of

PURPOSES = ("duplicate", "loss", "corrupt", "bit", "reorder", "delay", "slot")

Starts = Callable[[str], int]
"""The first state of the stream of a purpose."""


def starts(params: LinkParams, seed: int, link: str, direction: int) -> Starts:
    """The streams of a direction; `params.seed` goes before the engine's."""
    root = seed if params.seed is None else params.seed
    return lambda purpose: start_of(root, link, direction, purpose)


def threshold(chance: float) -> int:
    """A probability in units of 2^-32, rounded; a draw below it makes it true."""
    return int(Fraction(chance) * ONE + Fraction(1, 2))


class Dice:
    """One chance: true as often as it says, more or less bound to the time before."""

    def __init__(self, chance: Chance, start: int) -> None:
        self._below = threshold(chance.probability)
        self._stream = Correlated(start, threshold(chance.correlation))

    def fall(self) -> bool:
        """Whether it happens now. What never happens draws nothing."""
        return self._below > 0 and self._stream.draw() < self._below


class Losses:
    """A loss model and its state."""

    def __init__(self, loss: Loss | None, start: int) -> None:
        self.take: Callable[[], bool] = lambda: False
        if loss is not None and loss.model == "random":
            self.take = Dice(Chance(*loss.values), start).fall
        elif loss is not None:
            self._draw = Stream(start).draw
            self._limits = [threshold(value) for value in loss.values]
            self._state = 1
            self._moves = four_states(self._limits) if loss.model == "state" else ()
            self.take = self._walk if loss.model == "state" else self._gilbert_elliott

    def _walk(self) -> bool:
        """Four states: step, and be lost in state 3 or 4."""
        first, then, second, other, stay = self._moves[self._state - 1]
        draw = self._draw()
        self._state = then if draw < first else other if draw < second else stay
        return self._state >= 3

    def _gilbert_elliott(self) -> bool:
        """Two states: the one a frame meets decides, and is left or not before it does."""
        good_to_bad, bad_to_good, lost_in_bad, lost_in_good = self._limits
        good = self._state == 1
        if self._draw() < (good_to_bad if good else bad_to_good):
            self._state = 3 - self._state
        return self._draw() < (lost_in_good if good else lost_in_bad)


def four_states(limits: list[int]) -> tuple[tuple[int, int, int, int, int], ...]:
    """For states 1 to 4: below the first number go here, below the second there, else stay so."""
    p13, p31, p32, p23, p14 = limits
    return (
        (p14, 4, p14 + p13, 3, 1),
        (p23, 3, p23, 3, 2),
        (p32, 2, p32 + p31, 1, 3),
        (0, 1, 0, 1, 1),
    )


class Spread:
    """A time around a mean: uniform within the jitter, or from a table."""

    def __init__(self, mean_ns: int, jitter_ns: int, name: str, start: int, weight: int) -> None:
        self.mean = mean_ns * PS_PER_NS
        self._jitter = jitter_ns * PS_PER_NS
        self._table = table(name)
        self._stream = Correlated(start, weight)

    def draw(self) -> int:
        """The next, in ps; never negative."""
        jitter = self._jitter
        if not jitter:
            return self.mean
        if self._table is None:
            return max(0, self.mean - jitter + self._stream.below(2 * jitter))
        deviation = self._table[self._stream.below(SIZE)]
        fine = (jitter & SCALE - 1) * deviation + SCALE // 2 >> SCALE_BITS
        return max(0, self.mean + (jitter >> SCALE_BITS) * deviation + fine)


class Corruption:
    """Which bit of a frame turns, if any."""

    def __init__(self, params: LinkParams, start: Starts) -> None:
        self._dice = Dice(params.corrupt, start("corrupt"))
        self._where = params.corrupt_at
        self._bits = Stream(start("bit"))

    def bit(self, frame: bytes) -> int | None:
        """The bit to turn; None for none, also where the frame lacks the field."""
        if not self._dice.fall():
            return None
        begin, end = octets_at(self._where, frame)
        return begin * 8 + self._bits.below((end - begin) * 8) if end > begin else None


class Slots:
    """When the medium takes frames: a time, and what it still takes then."""

    ANY = (1 << 31) - 1

    def __init__(self, slot: Slot, start: int) -> None:
        self._slot = slot
        self._stream = Stream(start)
        self._spread = Spread(slot.delay, slot.jitter, slot.distribution or "uniform", start, 0)
        self.open_ps = 0
        self._packets, self._octets = slot.packets or self.ANY, slot.octets or self.ANY

    def renew(self, now_ps: int) -> None:
        """Let the next slot come."""
        slot = self._slot
        if slot.distribution is None:
            least, most = slot.least * PS_PER_NS, slot.most * PS_PER_NS
            wait = least + self._stream.below(most - least)
        else:
            wait = self._spread.draw()
        self.open_ps = now_ps + wait
        self._packets, self._octets = slot.packets or self.ANY, slot.octets or self.ANY

    def took(self, now_ps: int, length: int) -> None:
        """A frame went; once a slot is full the next one is waited for."""
        self._packets -= 1
        self._octets -= length
        if self._packets <= 0 or self._octets <= 0:
            self.renew(now_ps)


class Impairments:
    """All steps of one direction that chance has a part in."""

    def __init__(self, params: LinkParams, start: Starts) -> None:
        self._match = params.match
        self.duplicate = Dice(params.duplicate, start("duplicate")).fall
        self.loss = Losses(params.loss, start("loss")).take
        self.corrupt = Corruption(params, start).bit
        self.slots = None if params.slot is None else Slots(params.slot, start("slot"))
        self.delay = Spread(
            params.delay,
            params.jitter,
            params.distribution,
            start("delay"),
            threshold(params.correlation),
        )
        self._reorder = Dice(params.reorder, start("reorder"))
        self._gap = params.gap
        self._since = 0

    def concern(self, frame: bytes) -> bool:
        """Whether the frame is one of those to impair."""
        return self._match is None or matches(self._match, frame)

    def overtakes(self) -> bool:
        """Whether the frame goes ahead of the queue; at most every gap-th does."""
        if self._gap and self._since >= self._gap - 1 and self._reorder.fall():
            self._since = 0
            return True
        self._since += 1
        return False


__all__ = ["Impairments", "LinkParams", "Starts", "starts"]
