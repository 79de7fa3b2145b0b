"""What one direction of a link does to frames: netem's knobs, and some that netem lacks."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from macsec.errors import ConfigError
from macsec.sim.units import percent_text, probability, rate_bits, refuse, time_ns, whole
from macsec.terms import sci_of

ETHERNET_OVERHEAD = 24
"""Octets on the line beside a frame: preamble 8, FCS 4, inter-packet gap 12."""

DISTRIBUTIONS = ("uniform", "normal", "pareto", "paretonormal")
CORRUPT_AT = ("any", "dst", "sectag", "sci", "pn", "payload", "icv")
FCS = ("check", "fix")
COUNT_LIMIT = (1 << 32) - 1
MTU_LIMIT = 1 << 20


class Chance(NamedTuple):
    """How often something happens, and how much a draw is bound to the one before."""

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
        return " ".join([self.model, *map(percent_text, self.values)])


@dataclass(frozen=True, slots=True)
class Slot:
    """Frames leave in slots, as from a polled or time-shared medium.

    A slot comes `least` to `most` ns after the one before, or after `delay` ns give or take
    `jitter`, by a distribution; it takes `packets` frames and `octets` octets (0: any number).
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
    """Which frames are impaired. All that is given has to fit; the rest passes unimpaired.

    `ethertype`: the one behind VLAN tags in clear (0x88E5 for MACsec). `vlan`: VID of the outer
    tag. `sci`, `an`: of the SecTAG, the SCI also where ES or SCB stand for it (9.9).
    """

    ethertype: int | None = None
    vlan: int | None = None
    sci: int | None = None
    an: int | None = None


@dataclass(frozen=True, init=False)
class LinkParams:
    """The parameters of one direction; given as tc writes them or as numbers, kept as numbers.

    netem's, in its order of operations (duplicate, loss, corrupt, limit, reorder or delay, rate):
    `limit`: frames on their way at most, None for any number; `delay`, `jitter` (ns; the spread:
    half the width of uniform, the standard deviation of the others), `correlation`,
    `distribution`; `loss`; `corrupt`: one bit is turned; `duplicate`; `reorder` and `gap`: a frame
    is sent ahead of the queue, at most every gap-th; `rate` (bit/s), `overhead` (octets a frame,
    "ethernet" for 24; may be negative), `cell`, `cell_overhead`; `slot`; `seed`: in place of the
    engine's.

    Others: `drop`: numbers of frames to lose, from 1, of those that match. `down`: (from, to) in
    ns of virtual time, frames sent or arriving within are lost. `match`: only such frames are
    counted by `drop` and suffer chance and jitter; rate, delay, limit, slot, mtu and down are the
    line's and hold for all. `mtu`: octets behind the first 14; longer frames are lost. `ordered`:
    None is netem's way, where jitter reorders unless there is a rate, since the rate comes after
    it; True keeps the order; False has the jitter after the rate, and it reorders, as paths of
    unequal length do. `fcs`: "check", a corrupted frame dies at the receiving port, as on a line;
    "fix", it goes on with a good FCS, as from a bad device or an attacker. `corrupt_at`: where the
    bit is; a frame without such a field is left alone.

    Raises ConfigError, which names the field.
    """

    rate: int | None
    overhead: int
    cell: int
    cell_overhead: int
    delay: int
    jitter: int
    correlation: float
    distribution: str
    loss: Loss | None
    corrupt: Chance
    duplicate: Chance
    reorder: Chance
    gap: int
    limit: int | None
    slot: Slot | None
    seed: int | None
    drop: tuple[int, ...]
    down: tuple[tuple[int, int], ...]
    match: Match | None
    mtu: int | None
    ordered: bool | None
    fcs: str
    corrupt_at: str

    def __init__(
        self,
        *,
        rate: int | str | None = None,
        overhead: int | str = 0,
        cell: int = 0,
        cell_overhead: int = 0,
        delay: int | str = 0,
        jitter: int | str = 0,
        correlation: float | str = 0.0,
        distribution: str = "uniform",
        loss: Loss | float | str | None = None,
        corrupt: Chance | tuple[float, float] | float | str = NEVER,
        duplicate: Chance | tuple[float, float] | float | str = NEVER,
        reorder: Chance | tuple[float, float] | float | str = NEVER,
        gap: int = 0,
        limit: int | None = None,
        slot: Slot | str | None = None,
        seed: int | None = None,
        drop: Iterable[int] = (),
        down: Iterable[tuple[int | str, int | str]] = (),
        match: Match | Mapping[str, Any] | str | None = None,
        mtu: int | None = None,
        ordered: bool | None = None,
        fcs: str = "check",
        corrupt_at: str = "any",
    ) -> None:
        given = dict(locals())
        for field, read in _READERS.items():
            object.__setattr__(self, field, read(field, given[field]))
        self._check_together()

    def _check_together(self) -> None:
        if self.reorder.probability and not self.delay:
            refuse("reorder", str(self.reorder), "needs a delay: nothing could be overtaken")
        if self.gap and not self.reorder.probability:
            refuse("gap", self.gap, "needs a reorder probability")
        if self.reorder.probability and not self.gap:
            object.__setattr__(self, "gap", 1)
        if self.distribution != "uniform" and not self.jitter:
            refuse("distribution", self.distribution, "needs a jitter")
        if (self.overhead or self.cell) and self.rate is None:
            refuse(
                "overhead" if self.overhead else "cell", self.overhead or self.cell, "needs a rate"
            )
        if self.cell_overhead and not self.cell:
            refuse("cell_overhead", self.cell_overhead, "needs a cell")
        if self.cell and self.cell + self.cell_overhead < 0:
            refuse("cell_overhead", self.cell_overhead, "is more than the cell takes away")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> LinkParams:
        """Parameters from a mapping, as a configuration has it; an unknown name is refused."""
        for name in given:
            if name == "ecn":
                refuse_ecn()
            if name not in _READERS:
                near = difflib.get_close_matches(str(name), _READERS, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ConfigError(f"{name}: a link has no such parameter{hint}")
        return cls(**given)

    def changed(self) -> dict[str, Any]:
        """What differs from a perfect wire, by name."""
        perfect = type(self)()
        names = [field.name for field in dataclasses.fields(self)]
        return {n: getattr(self, n) for n in names if getattr(self, n) != getattr(perfect, n)}

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.changed().items())
        return f"LinkParams({inside})"


def refuse_ecn() -> None:
    """Why netem's `ecn` is not here."""
    raise ConfigError(
        "ecn: not offered: it marks IP headers in place of losing a frame, and MACsec hides or "
        "protects them; leave it out, and the frame is lost"
    )


# ---------------------------------------------------------------- readers of the fields


def _optional(read: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    return lambda field, value: None if value is None else read(field, value)


def _count(least: int, most: int) -> Callable[[str, Any], int]:
    what = f"a whole number, {least} to {most}"
    return lambda field, value: whole(field, value, least, most, what)


def _one_of(names: tuple[str, ...]) -> Callable[[str, Any], str]:
    def read(field: str, value: Any) -> str:
        if value not in names:
            refuse(field, value, f"is not one of {', '.join(names)}")
        return str(value)

    return read


def _overhead(field: str, value: Any) -> int:
    if value == "ethernet":
        return ETHERNET_OVERHEAD
    return whole(field, value, -1000, 65535, '"ethernet", or octets, -1000 to 65535')


def _chance(field: str, value: Any) -> Chance:
    parts = value.split() if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        parts = (parts,)
    if not 1 <= len(parts) <= 2:
        refuse(field, value, "is not a probability with at most a correlation behind it")
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
"""Of each loss model: how many numbers it takes, and how those left out follow."""


def _rest(chance: float) -> float:
    return float(1 - Fraction(repr(chance)))


def _loss(field: str, value: Any) -> Loss | None:
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


def _slot(field: str, value: Any) -> Slot | None:
    slot = _slot_words(field, value.split()) if isinstance(value, str) else value
    if not isinstance(slot, Slot):
        refuse(field, value, 'is no slot: write it as tc does, like "800us 1ms packets 20"')
    for name in ("least", "most", "delay", "jitter"):
        time_ns(field, getattr(slot, name))
    for name in ("packets", "octets"):
        whole(field, getattr(slot, name), 0, COUNT_LIMIT >> 1, "a number of packets or octets")
    if slot.distribution is None:
        if slot.delay or slot.jitter or slot.least > slot.most:
            refuse(field, value, "needs 0 <= least <= most, or a distribution")
    else:
        _one_of(DISTRIBUTIONS)(field, slot.distribution)
        if slot.least or slot.most or not slot.jitter:
            refuse(field, value, "of a distribution has a delay and a jitter, and no bounds")
    return slot if slot.most or slot.jitter else None


def _slot_words(field: str, words: list[str]) -> Slot:
    given: dict[str, Any] = {}
    if words[:1] == ["distribution"]:
        if len(words) < 4:
            refuse(field, " ".join(words), "needs: distribution NAME DELAY JITTER")
        given["distribution"] = words[1]
        given["delay"], given["jitter"] = (time_ns(field, word) for word in words[2:4])
        rest = words[4:]
    else:
        ends = next((i for i, word in enumerate(words) if word[:1].isalpha()), len(words))
        if not 1 <= ends <= 2:
            refuse(field, " ".join(words), "needs: MIN [MAX] [packets N] [bytes N]")
        times = [time_ns(field, word) for word in words[:ends]]
        given["least"], given["most"] = times[0], times[-1]
        rest = words[ends:]
    names = {"packets": "packets", "bytes": "octets"}
    while rest:
        if rest[0] not in names or len(rest) < 2 or not rest[1].isdecimal():
            refuse(field, " ".join(rest), "is not: packets N, or bytes N")
        given[names[rest[0]]] = int(rest[1])
        rest = rest[2:]
    return Slot(**given)


_MATCHABLE = {"ethertype": 0xFFFF, "vlan": 0xFFF, "sci": (1 << 64) - 2, "an": 3}


def _match(field: str, value: Any) -> Match | None:
    if isinstance(value, str):
        value = dict(word.partition("=")[::2] for word in value.split())
    if isinstance(value, Match):
        value = {name: getattr(value, name) for name in _MATCHABLE}
    if not isinstance(value, Mapping) or not value.keys() <= _MATCHABLE.keys():
        refuse(field, value, f"is not a mapping of {', '.join(_MATCHABLE)}")
    read = {n: _matched(f"{field} {n}", n, v) for n, v in value.items() if v is not None}
    return Match(**read) if read else None


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


def _drop(field: str, value: Any) -> tuple[int, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        refuse(field, value, "is not a list of numbers, from 1")
    read = _count(1, (1 << 62) - 1)
    return tuple(sorted({read(field, number) for number in value}))


def _down(field: str, value: Any) -> tuple[tuple[int, int], ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        refuse(field, value, "is not a list of (from, to)")
    spans = []
    for pair in value:
        if isinstance(pair, str) or not isinstance(pair, Iterable) or len(ends := list(pair)) != 2:
            refuse(field, pair, "is not (from, to)")
        start, stop = (time_ns(field, end) for end in ends)
        if start >= stop:
            refuse(field, pair, "ends before it begins")
        spans.append((start, stop))
    spans.sort()
    for before, after in itertools.pairwise(spans):
        if after[0] < before[1]:
            refuse(field, after, f"overlaps {before}")
    return tuple(spans)


def _flag(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        refuse(field, value, "is not true, false or none")
    return value


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "rate": _optional(rate_bits),
    "overhead": _overhead,
    "cell": _count(0, 65535),
    "cell_overhead": _count(-65535, 65535),
    "delay": time_ns,
    "jitter": time_ns,
    "correlation": probability,
    "distribution": _one_of(DISTRIBUTIONS),
    "loss": _optional(_loss),
    "corrupt": _chance,
    "duplicate": _chance,
    "reorder": _chance,
    "gap": _count(0, COUNT_LIMIT),
    "limit": _optional(_count(1, COUNT_LIMIT - 1)),
    "slot": _optional(_slot),
    "seed": _optional(_count(0, (1 << 64) - 1)),
    "drop": _drop,
    "down": _down,
    "match": _optional(_match),
    "mtu": _optional(_count(1, MTU_LIMIT)),
    "ordered": _optional(_flag),
    "fcs": _one_of(FCS),
    "corrupt_at": _one_of(CORRUPT_AT),
}
