"""Counters of a SecY, its SCs and SAs as a table of Arrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from macsec.secy.channels import ReceiveSC, ReceiveSCs, TransmitSC

from .schema import arrow, counter_schema


class CounterRows(NamedTuple):
    """All counters of one entity; `sci` and `an` are None where it has none."""

    entity: str
    sci: str | None
    an: int | None
    counters: Mapping[str, int]
    next_pn: int | None = None


class HasCounters(Protocol):
    """The parts of a SecY that have counters."""

    @property
    def counters(self) -> Mapping[str, int]:
        """Counters of the SecY."""

    @property
    def tx_classes(self) -> Mapping[int, TransmitSC]:
        """Its transmit SCs."""

    @property
    def rx(self) -> ReceiveSCs:
        """Its receive SCs."""


def entities(secy: HasCounters) -> Iterator[CounterRows]:
    """Yield the counters of the SecY, then of each SC, each followed by its SAs."""
    yield CounterRows("SecY", None, None, secy.counters)
    sides: tuple[tuple[str, Iterable[TransmitSC | ReceiveSC]], ...] = (
        ("transmit", secy.tx_classes.values()),
        ("receive", secy.rx.values()),
    )
    for side, channels in sides:
        for sc in channels:
            sci = sc.sci_shown or None
            yield CounterRows(f"{side} SC", sci, None, sc.counters)
            for an in sorted(sc.sa):
                yield CounterRows(f"{side} SA", sci, an, sc.sa[an].counters, sc.sa[an].next_pn)


def counter_table(secy: HasCounters) -> Any:
    """Return a row for each counter, zeros included. Raises EnvironmentLacks without pyarrow."""
    pa = arrow()
    rows = [
        {
            "entity": each.entity,
            "sci": each.sci or None,
            "an": each.an,
            "counter": name,
            "count": count,
        }
        for each in entities(secy)
        for name, count in each.counters.items()
    ]
    return pa.Table.from_pylist(rows, schema=counter_schema(pa))
