"""Values of link parameters that are more than a number, and the parser of each field.

A parser takes the name of the field and the input; it returns the value, or raises the ConfigError
that names the field.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from macsec.errors import ConfigError
from macsec.terms import sci_of
from macsec.time_units import PS_PER_NS

from .engine import HORIZON_PS
from .units import percent_text, probability, refuse, time_ns, whole

ETHERNET_OVERHEAD = 24
"""Octets on the line around a frame: preamble 8, FCS 4, inter-packet gap 12."""

DISTRIBUTIONS = ("uniform", "normal", "pareto", "paretonormal")
CORRUPT_AT = ("any", "dst", "sectag", "sci", "pn", "payload", "icv")
FCS = ("check", "fix")
COUNT_LIMIT = (1 << 32) - 1
MTU_LIMIT = 1 << 20
HISTORY_NS = HORIZON_PS // PS_PER_NS
"""The end of virtual time, 53 days."""


class Chance(NamedTuple):
    """A probability, and the correlation of a draw with the one before.

    A correlation is netem's, which makes rare events rarer: 2% with 10% hits one frame in 700.
    """

    probability: float = 0.0
    correlation: float = 0.0

    def __str__(self) -> str:
        shown = self if self.correlation else self[:1]
        return " ".join(map(percent_text, shown))


NEVER = Chance()


class Loss(NamedTuple):
    """A loss model and its probabilities, as netem orders them.

    `random`: probability, correlation. `state`: p13 p31 p32 p23 p14 (Salsano's four states:
    1 received, 2 received within a burst, 3 lost in a burst, 4 lost alone). `gemodel`: p r 1-h 1-k
    (Gilbert and Elliott: good to bad, bad to good, lost in bad, lost in good).
    """

    model: str
    values: tuple[float, ...]

    def __str__(self) -> str:
        values = self.values
        if self.model == "random" and not values[1]:
            values = values[:1]
        return " ".join([self.model, *map(percent_text, values)])


@dataclass(frozen=True, slots=True)
class SlotTiming:
    """Slots in which frames leave, as on a polled or time-shared medium.

    A slot comes `least` to `most` ns after the one before, or after `delay` plus or minus `jitter`
    ns by a distribution; it takes `packets` frames and `octets` octets (0: any number).
    """

    least: int = 0
    most: int = 0
    distribution: str | None = None
    delay: int = 0
    jitter: int = 0
    packets: int = 0
    octets: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """Filter of the frames to impair: all given values must match, other frames pass unimpaired.

    `ethertype`: the one behind VLAN tags in clear (0x88E5 for MACsec). `vlan`: VID of the outer
    tag. `sci`, `an`: of the SecTAG (LinkParams: `sectag_ethertype`), including an SCI implied by ES
    or SCB (9.9).
    """

    ethertype: int | None = None
    vlan: int | None = None
    sci: int | None = None
    an: int | None = None


# ---------------------------------------------------------------- parsers of the fields


def optional(parse: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """Make a parser that returns None for None."""
    return lambda field, value: None if value is None else parse(field, value)


def count(least: int, most: int) -> Callable[[str, Any], int]:
    """Make a parser of a whole number within bounds."""
    what = f"a whole number, {least} to {most}"
    return lambda field, value: whole(field, value, least, most, what)


def one_of(names: tuple[str, ...]) -> Callable[[str, Any], str]:
    """Make a parser of a name."""

    def parse(field: str, value: Any) -> str:
        if value not in names:
            refuse(field, value, f"is not one of {', '.join(names)}")
        return str(value)

    return parse


def overhead(field: str, value: Any) -> int:
    """Parse the octets on the line around a frame."""
    if value == "ethernet":
        return ETHERNET_OVERHEAD
    return whole(field, value, -1000, 65535, '"ethernet", or octets, -1000 to 65535')


def chance(field: str, value: Any) -> Chance:
    """Parse a probability with an optional correlation: "0.1% 25%", 0.001, or two numbers."""
    parts = value.split() if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        parts = (parts,)
    if not 1 <= len(parts) <= 2:
        refuse(field, value, "is not a probability, or a probability and a correlation")
    return Chance(*(probability(field, part) for part in parts))


_MODELS: dict[str, tuple[int, Callable[..., tuple[float, ...]]]] = {
    "random": (2, lambda p, correlation=0.0: (p, correlation)),
    "state": (
        5,
        lambda p13, p31=None, p32=0.0, p23=1.0, p14=0.0: (
            (p13, _rest(p13) if p31 is None else p31, p32, p23, p14)
        ),
    ),
    "gemodel": (
        4,
        lambda p, r=None, bad=1.0, good=0.0: (p, _rest(p) if r is None else r, bad, good),
    ),
}
"""For each loss model: the most numbers it takes, and a function that adds those left out."""


def _rest(chance: float) -> float:
    return float(1 - Fraction(repr(chance)))


def loss_model(field: str, value: Any) -> Loss | None:
    """Parse a loss model as tc writes it and fill in all its numbers; None if it loses nothing."""
    model, parts = _loss_words(value)
    if model not in _MODELS:
        refuse(field, value, f"is none of the models {', '.join(_MODELS)}")
    most, complete = _MODELS[model]
    if not 1 <= len(parts) <= most:
        refuse(field, value, f"has {len(parts)} numbers: {model} takes 1 to {most}")
    values = complete(*(probability(field, part) for part in parts))
    if model == "state":
        p13, p31, p32, _, p14 = (Fraction(repr(chance)) for chance in values)
        if p13 + p14 > 1 or p31 + p32 > 1:
            refuse(field, value, "leaves a state with more than 100% (p13 + p14, p31 + p32)")
    return Loss(model, values) if model != "random" or values[0] else None


def _loss_words(value: Any) -> tuple[str, list[Any]]:
    if isinstance(value, Loss):
        return value.model, list(value.values)
    if not isinstance(value, str):
        return "random", [value]
    words = value.split()
    if words and words[0][:1].isalpha():
        return words[0], words[1:]
    return "random", list(words)


def slot(field: str, value: Any) -> SlotTiming | None:
    """Parse what tc writes after `slot`; None if the slot would always be open."""
    given = _slot_words(field, value.split()) if isinstance(value, str) else value
    if not isinstance(given, SlotTiming):
        refuse(field, value, 'is no slot: write it as tc does, like "800us 1ms packets 20"')
    times: dict[str, Any] = {name: time_ns(field, getattr(given, name)) for name in _SLOT_TIMES}
    made = dataclasses.replace(given, **times)
    for room in (made.packets, made.octets):
        whole(field, room, 0, COUNT_LIMIT >> 1, "a number of packets or octets")
    if made.distribution is None:
        if made.delay or made.jitter or made.least > made.most:
            refuse(field, value, "needs 0 <= least <= most, or a distribution")
    else:
        one_of(DISTRIBUTIONS)(field, made.distribution)
        if made.least or made.most or not made.jitter:
            refuse(field, value, "of a distribution has a delay and a jitter, and no bounds")
    return made if made.most or made.jitter else None


def _slot_words(field: str, words: list[str]) -> SlotTiming:
    ends = next((i for i, word in enumerate(words) if word in _SLOT_ROOM), len(words))
    head, rest = words[:ends], words[ends:]
    spread = head[:1] == ["distribution"]
    if len(head) != 4 if spread else not 1 <= len(head) <= 2:
        refuse(field, " ".join(words), "is no slot: MIN [MAX], or distribution NAME DELAY JITTER")
    if len(rest) % 2 or not all(word.isdecimal() for word in rest[1::2]):
        refuse(field, " ".join(rest), "is not: packets N, or bytes N")
    first, last = (time_ns(field, word) for word in (head[2:] if spread else (head[0], head[-1])))
    given: dict[str, Any] = {"least": first, "most": last}
    if spread:
        given = {"distribution": head[1], "delay": first, "jitter": last}
    for word, number in zip(rest[::2], rest[1::2], strict=True):
        given[one_of(tuple(_SLOT_ROOM))(field, word)] = int(number)
    return SlotTiming(**{_SLOT_ROOM.get(name, name): value for name, value in given.items()})


_SLOT_TIMES = ("least", "most", "delay", "jitter")
_SLOT_ROOM = {"packets": "packets", "bytes": "octets"}

_MATCHABLE = {"ethertype": 0xFFFF, "vlan": 0xFFF, "sci": (1 << 64) - 2, "an": 3}


def match(field: str, value: Any) -> Match | None:
    """Parse a filter: a mapping, or "ethertype=0x888e vlan=10"; None if it is empty."""
    if isinstance(value, str):
        value = dict(word.partition("=")[::2] for word in value.split())
    if isinstance(value, Match):
        value = {name: getattr(value, name) for name in _MATCHABLE}
    if not isinstance(value, Mapping) or not value.keys() <= _MATCHABLE.keys():
        refuse(field, value, f"is not a mapping of {', '.join(_MATCHABLE)}")
    parsed = {n: _matched(f"{field} {n}", n, v) for n, v in value.items() if v is not None}
    return Match(**parsed) if parsed else None


def _matched(field: str, name: str, value: Any) -> int:
    try:
        if name == "sci":
            value = sci_of(value)
        elif isinstance(value, str):
            value = int(value, 0)
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{field}: {value!r}: {error}") from error
    most = _MATCHABLE[name]
    return whole(field, value, 0, most, f"a number, 0 to {most:#x}")


def drops(field: str, value: Any) -> tuple[int, ...]:
    """Parse numbers of frames, from 1, into order."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        refuse(field, value, "is not a list of numbers, from 1")
    parse = count(1, (1 << 62) - 1)
    return tuple(sorted({parse(field, number) for number in value}))


def outages(field: str, value: Any) -> tuple[tuple[int, int], ...]:
    """Parse spans of time (from, to) in ns into order; they must not overlap."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        refuse(field, value, "is not a list of (from, to)")
    spans = []
    for pair in value:
        if isinstance(pair, str) or not isinstance(pair, Iterable) or len(ends := list(pair)) != 2:
            refuse(field, pair, "is not (from, to)")
        start, stop = (time_ns(field, end, HISTORY_NS) for end in ends)
        if start >= stop:
            refuse(field, pair, "ends before it begins")
        spans.append((start, stop))
    spans.sort()
    for before, after in itertools.pairwise(spans):
        if after[0] < before[1]:
            refuse(field, after, f"overlaps {before}")
    return tuple(spans)


def flag(field: str, value: Any) -> bool:
    """Check a boolean."""
    if not isinstance(value, bool):
        refuse(field, value, "is not true, false or none")
    return value
