"""The impairments of one direction in netem's order, each with a random stream of its own.

A decision is a draw of 32 bits that is below an integer threshold. `_native/wire/calendar.c` is
the twin of this file and of `lane.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from macsec.frames.dissect import Sight, Span, observe
from macsec.frames.sectag import LENGTH_WITHOUT_SCI, TagRules
from macsec.time_units import PS_PER_NS

from .distributions import SCALE, SCALE_BITS, SIZE, table
from .param_values import Chance, Loss, Match, SlotTiming
from .params import LinkParams
from .random_streams import ONE, CorrelatedStream, RandomStream, start_of

Starts = Callable[[str], int]
"""Returns the first state of the stream of a purpose."""


def starts(params: LinkParams, seed: int, link: str, direction: int) -> Starts:
    """Return the streams of a direction; `params.seed` has priority over the engine's."""
    root = seed if params.seed is None else params.seed
    return lambda purpose: start_of(root, link, direction, purpose)


@lru_cache(1024)  # every link of a lab asks for a handful
def threshold(chance: float) -> int:
    """Return a probability in units of 2^-32, rounded; a draw below it is a hit."""
    return int(Fraction(chance) * ONE + Fraction(1, 2))


class Dice:
    """A repeated chance of a given probability, perhaps correlated with the draw before."""

    def __init__(self, chance: Chance, start: int) -> None:
        self._below = threshold(chance.probability)
        self._stream = CorrelatedStream(start, threshold(chance.correlation))

    def fall(self) -> bool:
        """Return whether it happens now. A probability of 0 draws nothing."""
        return self._below > 0 and self._stream.draw() < self._below


class Losses:
    """A loss model and its state."""

    def __init__(self, loss: Loss | None, start: int) -> None:
        self.is_lost: Callable[[], bool] = lambda: False
        if loss is not None and loss.model == "random":
            self.is_lost = Dice(Chance(*loss.values), start).fall
        elif loss is not None:
            self._draw = RandomStream(start).draw
            self._limits = [threshold(value) for value in loss.values]
            self._state = 1
            self._moves = four_states(self._limits) if loss.model == "state" else ()
            self.is_lost = self._walk if loss.model == "state" else self._gilbert_elliott

    def _walk(self) -> bool:
        """Step between four states; a frame is lost in states 3 and 4."""
        first, then, second, other, stay = self._moves[self._state - 1]
        draw = self._draw()
        self._state = then if draw < first else other if draw < second else stay
        return self._state >= 3

    def _gilbert_elliott(self) -> bool:
        """Step between two states; the state before the step decides on the frame."""
        good_to_bad, bad_to_good, lost_in_bad, lost_in_good = self._limits
        good = self._state == 1
        if self._draw() < (good_to_bad if good else bad_to_good):
            self._state = 3 - self._state
        return self._draw() < (lost_in_good if good else lost_in_bad)


def four_states(limits: list[int]) -> tuple[tuple[int, int, int, int, int], ...]:
    """Return for states 1 to 4: limit and new state, second limit and new state, else the state."""
    p13, p31, p32, p23, p14 = limits
    return (
        (p14, 4, p14 + p13, 3, 1),
        (p23, 3, p23, 3, 2),
        (p32, 2, p32 + p31, 1, 3),
        (0, 1, 0, 1, 1),
    )


class Spread:
    """Random times around a mean: uniform within the jitter, or from a table."""

    def __init__(self, mean_ns: int, jitter_ns: int, name: str, start: int, weight: int) -> None:
        self.mean = mean_ns * PS_PER_NS
        self._jitter = jitter_ns * PS_PER_NS
        self._table = table(name)
        self._stream = CorrelatedStream(start, weight)

    def draw(self) -> int:
        """Return the next time in ps, never negative."""
        jitter = self._jitter
        if not jitter:
            return self.mean
        if self._table is None:
            return max(0, self.mean - jitter + self._stream.below(2 * jitter))
        deviation = self._table[self._stream.below(SIZE)]
        fine = (jitter & SCALE - 1) * deviation + SCALE // 2 >> SCALE_BITS
        return max(0, self.mean + (jitter >> SCALE_BITS) * deviation + fine)


class Corruption:
    """Choice of the bit of a frame to flip, if any."""

    def __init__(self, params: LinkParams, start: Starts) -> None:
        self._dice = Dice(params.corrupt, start("corrupt"))
        self._where, self._rules = params.corrupt_at, rules_of(params)
        self._bits = RandomStream(start("bit"))

    def bit(self, frame: bytes) -> int | None:
        """Return the bit to flip; None for none, also if the frame lacks the field."""
        if not self._dice.fall():
            return None
        begin, end = octets_at(self._where, frame, self._rules)
        return begin * 8 + self._bits.below((end - begin) * 8) if end > begin else None


class Slots:
    """The times at which the medium takes frames, and the room left in the open slot."""

    ANY = (1 << 31) - 1

    def __init__(self, slot: SlotTiming, start: int) -> None:
        self._slot = slot
        self._stream = RandomStream(start)
        self._spread = Spread(slot.delay, slot.jitter, slot.distribution or "uniform", start, 0)
        self.open_ps = 0
        self._packets, self._octets = slot.packets or self.ANY, slot.octets or self.ANY

    def renew(self, now_ps: int) -> None:
        """Draw the time of the next slot."""
        slot = self._slot
        if slot.distribution is None:
            least, most = slot.least * PS_PER_NS, slot.most * PS_PER_NS
            wait = least + self._stream.below(most - least)
        else:
            wait = self._spread.draw()
        self.open_ps = now_ps + wait
        self._packets, self._octets = slot.packets or self.ANY, slot.octets or self.ANY

    def took(self, now_ps: int, length: int) -> None:
        """Count a frame that left; a full slot is followed by the next one."""
        self._packets -= 1
        self._octets -= length
        if self._packets <= 0 or self._octets <= 0:
            self.renew(now_ps)


class Impairments:
    """All random steps of one direction."""

    def __init__(self, params: LinkParams, start: Starts) -> None:
        self._match, self._rules = params.match, rules_of(params)
        self.duplicate = Dice(params.duplicate, start("duplicate")).fall
        self.loss = Losses(params.loss, start("loss")).is_lost
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

    def selects(self, frame: bytes) -> bool:
        """Return whether `match` selects the frame."""
        return self._match is None or matches(self._match, frame, self._rules)

    def overtakes(self) -> bool:
        """Return whether the frame goes ahead of the queue; at most every gap-th does."""
        if self._gap and self._since >= self._gap - 1 and self._reorder.fall():
            self._since = 0
            return True
        self._since += 1
        return False


# ---------------------------------------------------------------- fields of a frame

_RULES = TagRules()
_PN_AT = 4


def rules_of(params: LinkParams) -> TagRules:
    """Return the rules by which SecTAGs are found."""
    return TagRules(ethertype=params.sectag_ethertype)


def matches(match: Match, frame: bytes, rules: TagRules = _RULES) -> bool:
    """Return whether the frame has all the wanted values."""
    sight = observe(frame, rules)
    return all(
        wanted is None or wanted == found
        for wanted, found in (
            (match.ethertype, sight.ethertype),
            (match.vlan, sight.tags[0].vid if sight.tags else None),
            (match.sci, sight.sci),
            (match.an, sight.tag.an if sight.tag else None),
        )
    )


def octets_at(name: str, frame: bytes, rules: TagRules = _RULES) -> tuple[int, int]:
    """Return the first octet of a field and the one behind its last; (0, 0) if there is none.

    `payload` is the Secure Data, and in a frame without a SecTAG all behind the EtherType.
    """
    if name == "any":
        return 0, len(frame)
    if name == "dst":
        return 0, min(6, len(frame))
    sight = observe(frame, rules)
    if name == "payload" and not sight.is_macsec:
        return (sight.at + 2, len(frame)) if len(frame) > sight.at + 2 else (0, 0)
    return _in_sectag(name, sight)


def _in_sectag(name: str, sight: Sight) -> tuple[int, int]:
    if sight.tag is None:
        return 0, 0
    if name in ("payload", "icv"):
        span: Span | None = sight.secure if name == "payload" else sight.icv
        return (0, 0) if span is None else (span.start, span.stop)
    at = sight.at
    if name == "sci" and sight.tag.sci is None:
        return 0, 0
    return {
        "sectag": (at, at + sight.tag.length),
        "pn": (at + _PN_AT, at + LENGTH_WITHOUT_SCI),
        "sci": (at + LENGTH_WITHOUT_SCI, at + sight.tag.length),
    }[name]


def flip_bit(frame: bytes, bit: int) -> bytes:
    """Return the frame with one bit flipped; bit 0 is the low one of the first octet."""
    changed = bytearray(frame)
    changed[bit >> 3] ^= 1 << (bit & 7)
    return bytes(changed)
