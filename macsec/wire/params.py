"""Parameters of one direction of a link: those of netem, and some that netem lacks.

Where they differ from tc: D-21 to D-23.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from macsec.errors import ConfigError
from macsec.terms import ETHERTYPE_MACSEC

from . import param_values
from .param_values import NEVER, Chance, Loss, Match, SlotTiming
from .units import probability, rate_bits, refuse, time_ns


@dataclass(frozen=True, init=False)
class LinkParams:
    """The parameters of one direction: given as tc writes them or as numbers, kept as numbers.

    netem's, in its order of operations (duplicate, loss, corrupt, limit, reorder or delay, rate):

    - `duplicate`, `loss`, `corrupt` (one bit is flipped), with models and correlations as in tc;
    - `limit`: most frames on their way, None for any number;
    - `reorder`, `gap`: a frame goes ahead of the queue, at most every gap-th does;
    - `delay`, `jitter`, in ns: half the width of a uniform `distribution`, the standard deviation
      of the others; `correlation` of one delay with the one before;
    - `rate` in bit/s, `overhead` in octets a frame ("ethernet" for 24; may be negative), `cell`,
      `cell_overhead`;
    - `slot`; and `seed`, instead of the engine's.

    Others:

    - `drop`: numbers of frames to lose, from 1, among the frames that match;
    - `down`: spans (from, to) of virtual time in ns; frames sent or arriving within are lost;
    - `match`: the frames that `drop` counts, and that chance and jitter affect. Rate, delay, limit,
      slot, mtu and down belong to the line and affect all frames;
    - `mtu`: octets after the first 14; longer frames are lost;
    - `ordered`: None is netem's rule: jitter reorders, but not with a rate, which comes after it.
      True keeps the order. False applies the jitter after the rate, where it reorders, as paths
      of unequal length do;
    - `fcs`: "check", the receiving port drops a corrupted frame, as on a line; "fix", the frame
      goes on with a good FCS, as from a faulty device or an attacker;
    - `corrupt_at`: the field in which the bit is flipped; a frame without it stays as it is;
    - `sectag_ethertype`: the EtherType of the SecTAGs that `match` and `corrupt_at` look for.

    Raises ConfigError that names the field.

    >>> from macsec.wire import LinkParams
    >>> params = LinkParams(rate="10gbit", delay="12ms", loss="0.1%")
    >>> params.rate, params.delay
    (10000000000, 12000000)

    See also: `Link`, `parse_tc`, `to_tc`.
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
    slot: SlotTiming | None
    seed: int | None
    drop: tuple[int, ...]
    down: tuple[tuple[int, int], ...]
    match: Match | None
    mtu: int | None
    ordered: bool | None
    fcs: str
    corrupt_at: str
    sectag_ethertype: int

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
        slot: SlotTiming | str | None = None,
        seed: int | None = None,
        drop: Iterable[int] = (),
        down: Iterable[tuple[int | str, int | str]] = (),
        match: Match | Mapping[str, Any] | str | None = None,
        mtu: int | None = None,
        ordered: bool | None = None,
        fcs: str = "check",
        corrupt_at: str = "any",
        sectag_ethertype: int = ETHERTYPE_MACSEC,
    ) -> None:
        given = dict(locals())
        for field, parse in _PARSERS.items():
            object.__setattr__(self, field, parse(field, given[field]))
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
        """Make parameters from a mapping of a configuration; an unknown name is refused."""
        for name in given:
            if name == "ecn":
                refuse_ecn()
            if name not in _PARSERS:
                near = difflib.get_close_matches(str(name), _PARSERS, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ConfigError(f"{name}: a link has no such parameter{hint}")
        return cls(**given)

    def changed(self) -> dict[str, Any]:
        """Return the parameters that differ from a perfect wire, by name."""
        perfect = _perfect()
        names = [field.name for field in dataclasses.fields(self)]
        return {n: getattr(self, n) for n in names if getattr(self, n) != getattr(perfect, n)}

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.changed().items())
        return f"LinkParams({inside})"


@cache
def _perfect() -> LinkParams:
    return LinkParams()


def refuse_ecn() -> None:
    """Raise the ConfigError that explains why netem's `ecn` does not exist here."""
    raise ConfigError(
        "ecn: not offered: it marks IP headers instead of losing a frame, and MACsec hides or "
        "protects them; leave it out, and the frame is lost"
    )


_PARSERS: dict[str, Callable[[str, Any], Any]] = {
    "rate": param_values.optional(rate_bits),
    "overhead": param_values.overhead,
    "cell": param_values.count(0, 65535),
    "cell_overhead": param_values.count(-65535, 65535),
    "delay": time_ns,
    "jitter": time_ns,
    "correlation": probability,
    "distribution": param_values.one_of(param_values.DISTRIBUTIONS),
    "loss": param_values.optional(param_values.loss_model),
    "corrupt": param_values.chance,
    "duplicate": param_values.chance,
    "reorder": param_values.chance,
    "gap": param_values.count(0, param_values.COUNT_LIMIT),
    "limit": param_values.optional(param_values.count(1, param_values.COUNT_LIMIT - 1)),
    "slot": param_values.optional(param_values.slot),
    "seed": param_values.optional(param_values.count(0, (1 << 64) - 1)),
    "drop": param_values.drops,
    "down": param_values.outages,
    "match": param_values.optional(param_values.match),
    "mtu": param_values.optional(param_values.count(1, param_values.MTU_LIMIT)),
    "ordered": param_values.optional(param_values.flag),
    "fcs": param_values.one_of(param_values.FCS),
    "corrupt_at": param_values.one_of(param_values.CORRUPT_AT),
    "sectag_ethertype": param_values.count(0x600, 0xFFFF),
}
