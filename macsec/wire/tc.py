"""Conversion of a netem line of tc to parameters and back, to move a scenario to a real machine.

The grammar is that of `tc-netem(8)`: words, each followed by its values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from macsec.errors import ConfigError

from .param_values import COUNT_LIMIT, DISTRIBUTIONS
from .params import LinkParams, refuse_ecn
from .units import percent_text, rate_text, refuse, time_text

TC_LIMIT = 1000
"""The limit of tc if a line names none; 2^32 - 1 means no limit."""

_HANDLE = re.compile("[0-9a-f]*:[0-9a-f]*")
_PLACES = {"dev": 1, "parent": 1, "root": 0, "refcnt": 1, "offloaded": 0}
"""Words that `tc qdisc show` puts before the parameters, with the number of their values."""
_LOSS_NAMES = frozenset({"p13", "p31", "p32", "p23", "p14", "p", "r", "1-h", "1-k"})

NOT_IN_TC = ("drop", "down", "match", "mtu", "ordered", "fcs", "corrupt_at", "sectag_ethertype")


class _Words:
    """The words of a line, taken one after another."""

    def __init__(self, line: str) -> None:
        words = line.split()
        # The whole command is accepted too: "tc qdisc add dev eth0 root netem delay ...".
        self._left = words[words.index("netem") + 1 :] if "netem" in words else words
        if words[:1] == ["qdisc"]:
            if words[1:2] != ["netem"]:
                raise ConfigError(f"{' '.join(words[:2])} is no netem: other qdiscs are not read")
            self._left = _shown(self._left)

    def next(self) -> str | None:
        """Take the next word; None at the end."""
        return self._left.pop(0) if self._left else None

    def take(self, word: str) -> str | None:
        """Take the next word if it is this one."""
        return self._left.pop(0) if self._left[:1] == [word] else None

    def starts_with_number(self) -> bool:
        """Return whether the next word is a number, with a unit or without."""
        return bool(self._left) and self._left[0][0].isdigit()

    def values(self, field: str, least: int, most: int) -> list[str]:
        """Take the values of a word: all before the next word of the grammar, at most `most`."""
        taken: list[str] = []
        while self._left and len(taken) < most and not _is_word(self._left[0]):
            taken.append(self._left.pop(0))
        if len(taken) < least:
            raise ConfigError(f"{field}: {least} value(s) wanted in a tc line, {len(taken)} given")
        return taken


def _shown(words: list[str]) -> list[str]:
    """Return the words of a line of `tc qdisc show` as a command has them.

    The handle and the place in the tree come first, and values of the loss models have names.
    """
    while words and (_HANDLE.fullmatch(words[0]) or words[0] in _PLACES):
        words = words[1 + _PLACES.get(words[0], 0) :]
    return [word for word in words if word not in _LOSS_NAMES]


def parse_tc(line: str) -> LinkParams:
    """Parse a netem line, the whole tc command, or a line of `tc qdisc show` into parameters.

    As in tc a bare time is in µs, a bare rate in bit/s, a bare chance in percent, and the limit is
    1000 if none is named. Raises ConfigError.

    >>> from macsec.wire import parse_tc
    >>> parse_tc("delay 12ms rate 10gbit").delay  # ns
    12000000

    See also: `to_tc`, `LinkParams`.
    """
    words = _Words(line)
    given: dict[str, Any] = {"limit": TC_LIMIT}
    seen: set[str] = set()
    while (word := words.next()) is not None:
        name = _ALIASES.get(word, word)
        if name not in _GRAMMAR:
            raise ConfigError(f"{word!r} is not a word of netem: {', '.join(_GRAMMAR)}")
        if name in seen:
            raise ConfigError(f"{name}: twice in one line")
        seen.add(name)
        given |= _GRAMMAR[name](words)
    return LinkParams(**given)


def to_tc(params: LinkParams) -> str:
    """Write parameters as a netem line; parsing it gives the same parameters again.

    Raises ConfigError with the names of parameters that tc does not have.

    >>> from macsec.wire import LinkParams, parse_tc, to_tc
    >>> params = LinkParams(delay="12ms", limit=1000)
    >>> parse_tc(to_tc(params)) == params
    True

    See also: `parse_tc`.
    """
    extra = [name for name in params.changed() if name in NOT_IN_TC]
    if extra:
        raise ConfigError(f"{', '.join(extra)}: not a parameter of tc")
    return " ".join(part for write in _WRITERS if (part := write(params)))


# ---------------------------------------------------------------- parsing


def _with(unit: str, values: list[str]) -> list[str]:
    """Add the unit that tc assumes to bare numbers."""
    return [value + unit if value[-1:].isdigit() else value for value in values]


def _delay(words: _Words) -> dict[str, Any]:
    values = words.values("delay", 1, 3)
    given = dict(zip(("delay", "jitter"), _with("us", values[:2]), strict=False))
    return given | ({"correlation": _with("%", values)[2]} if len(values) == 3 else {})


def _loss(words: _Words) -> dict[str, Any]:
    first = words.values("loss", 1, 1)
    if not first[0][0].isalpha():
        return {"loss": " ".join(_with("%", first + words.values("loss", 0, 1)))}
    return {"loss": " ".join(first + _with("%", words.values("loss", 1, 5)))}


def _chance(name: str) -> Callable[[_Words], dict[str, Any]]:
    return lambda words: {name: " ".join(_with("%", words.values(name, 1, 2)))}


def _number(name: str) -> Callable[[_Words], dict[str, Any]]:
    return lambda words: {name: _whole(name, words.values(name, 1, 1)[0])}


def _whole(field: str, text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        refuse(field, text, "is not a whole number")


def _limit(words: _Words) -> dict[str, Any]:
    limit = _whole("limit", words.values("limit", 1, 1)[0])
    return {"limit": None if limit == COUNT_LIMIT else limit}


def _distribution(words: _Words) -> dict[str, Any]:
    name = words.values("distribution", 1, 1)[0]
    if name not in DISTRIBUTIONS:
        refuse(
            "distribution", name, f"is not one of {', '.join(DISTRIBUTIONS)}; files are not read"
        )
    return {"distribution": name}


def _rate(words: _Words) -> dict[str, Any]:
    values = words.values("rate", 1, 4)
    more = {n: _whole(n, v) for n, v in zip(_RATE_NAMES.values(), values[1:], strict=False)}
    for shown, name in _RATE_NAMES.items():
        if words.take(shown):
            more[name] = _whole(name, words.values(shown, 1, 1)[0])
    rate = _with("bit", values[:1])[0]
    return {"rate": rate} | more if rate.rstrip("bit") != "0" else {}


def _slot(words: _Words) -> dict[str, Any]:
    if words.take("distribution"):
        if words.starts_with_number():
            refuse("slot", "distribution", "has no name here, as tc shows none: add it")
        name, *times = words.values("slot", 3, 3)
        text = ["distribution", name, *_with("us", times)]
    else:
        text = _with("us", words.values("slot", 1, 2))
    while (room := words.take("packets") or words.take("bytes")) is not None:
        text += [room, *words.values(room, 1, 1)]
    return {"slot": " ".join(text)}


def _ecn(_: _Words) -> dict[str, Any]:
    refuse_ecn()
    return {}


_ALIASES = {"latency": "delay", "drop": "loss"}
_GRAMMAR: dict[str, Callable[[_Words], dict[str, Any]]] = {
    "limit": _limit,
    "delay": _delay,
    "distribution": _distribution,
    "loss": _loss,
    "corrupt": _chance("corrupt"),
    "duplicate": _chance("duplicate"),
    "reorder": _chance("reorder"),
    "gap": _number("gap"),
    "rate": _rate,
    "slot": _slot,
    "seed": _number("seed"),
    "ecn": _ecn,
}
_SLOT_WORDS = ("packets", "bytes")
_RATE_NAMES = {"packetoverhead": "overhead", "cellsize": "cell", "celloverhead": "cell_overhead"}
_OTHER_WORDS = frozenset({*_SLOT_WORDS, *_RATE_NAMES})


def _is_word(text: str) -> bool:
    return text in _GRAMMAR or text in _ALIASES or text in _OTHER_WORDS


# ---------------------------------------------------------------- writing


def _limit_text(params: LinkParams) -> str:
    return f"limit {COUNT_LIMIT if params.limit is None else params.limit}"


def _delay_text(params: LinkParams) -> str:
    if not (params.delay or params.jitter or params.correlation):
        return ""
    text = f"delay {time_text(params.delay)}"
    if params.jitter or params.correlation:
        text += f" {time_text(params.jitter)}"
    if params.correlation:
        text += f" {percent_text(params.correlation)}"
    return (
        text if params.distribution == "uniform" else f"{text} distribution {params.distribution}"
    )


def _loss_text(params: LinkParams) -> str:
    return "" if params.loss is None else f"loss {params.loss}"


def _chance_text(name: str) -> Callable[[LinkParams], str]:
    def write(params: LinkParams) -> str:
        chance = getattr(params, name)
        return f"{name} {chance}" if any(chance) else ""

    return write


def _gap_text(params: LinkParams) -> str:
    return f"gap {params.gap}" if params.gap else ""


def _rate_text(params: LinkParams) -> str:
    if params.rate is None:
        return ""
    more = [params.overhead, params.cell, params.cell_overhead]
    while more and not more[-1]:
        more.pop()
    return " ".join(["rate", rate_text(params.rate), *map(str, more)])


def _slot_text(params: LinkParams) -> str:
    slot = params.slot
    if slot is None:
        return ""
    if slot.distribution is None:
        text = f"slot {time_text(slot.least)} {time_text(slot.most)}"
    else:
        times = f"{time_text(slot.delay)} {time_text(slot.jitter)}"
        text = f"slot distribution {slot.distribution} {times}"
    rooms = (("packets", slot.packets), ("bytes", slot.octets))
    return " ".join([text, *(f"{name} {room}" for name, room in rooms if room)])


def _seed_text(params: LinkParams) -> str:
    return "" if params.seed is None else f"seed {params.seed}"


_WRITERS = (
    _limit_text,
    _delay_text,
    _loss_text,
    _chance_text("corrupt"),
    _chance_text("duplicate"),
    _chance_text("reorder"),
    _gap_text,
    _rate_text,
    _slot_text,
    _seed_text,
)
