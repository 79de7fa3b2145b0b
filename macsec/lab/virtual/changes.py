"""Changes during a run: of packet numbers, participants, key agreement as a whole; faults."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from macsec.errors import ConfigError
from macsec.lab.blueprint import Change
from macsec.lab.virtual.stations.station import Station
from macsec.port import Agreement
from macsec.time_units import PS_PER_NS
from macsec.wire.engine import WIRE, Engine

from .site_link import SiteLink

FIRST = WIRE - 1
"""Priority: a change comes before all other events of its time, so that its place in a file, or the
moment at which a user adds it to a run, has no part in the history."""


def schedule(engine: Engine, links: list[SiteLink], changes: tuple[Change, ...]) -> None:
    """Ask the engine to make each change at its time."""
    by_name = {link.plan.name: link for link in links}
    for change in changes:
        make = partial(_make, by_name[change.link], change)
        engine.at(change.at_ns * PS_PER_NS, make, FIRST)


def _make(link: SiteLink, change: Change) -> None:
    """Make a change at its ends. Raises ConfigError with its place."""
    for side in change.sides:
        if change.kind in ON_WIRES:
            link.faults.change(side, change.kind, change.value)
            continue
        station = link.ends[side] if link.ends else None
        if station is None or station.agreement is None:
            raise ConfigError(f"{change.place}: link {change.link} is without key agreement")
        try:
            if change.kind in AT_ENDS:
                AT_ENDS[change.kind](link, side, station, change.value)
            else:
                KINDS[change.kind](station.agreement, station.now_ns, change.value)
        except ConfigError as error:
            raise ConfigError(f"{change.place}: {error}") from None
        station.settle()


def _raise_pn(agreement: Agreement, _: int, next_pn: int) -> None:
    secy = agreement.port.secy
    secy.raise_tx_pn(secy.controls.encodingsa, next_pn)


def _switch(agreement: Agreement, now_ns: int, on: bool) -> None:
    agreement.bypass(now_ns, not on)


def _restart(agreement: Agreement, now_ns: int, wanted: bool) -> None:
    if wanted:
        agreement.stop(now_ns)
        agreement.start(now_ns)


def _disable(agreement: Agreement, now_ns: int, ckn: bytes) -> None:
    agreement.kay.enable_key(now_ns, ckn, False)


def _enable(agreement: Agreement, now_ns: int, ckn: bytes) -> None:
    agreement.kay.enable_key(now_ns, ckn, True)


def _suspend(agreement: Agreement, now_ns: int, seconds: int) -> None:
    agreement.kay.suspend(now_ns, seconds)


KINDS: dict[str, Callable[[Agreement, int, Any], None]] = {
    "next_pn": _raise_pn,
    "macsec": _switch,
    "restart": _restart,
    "disable": _disable,
    "enable": _enable,
    "suspend": _suspend,
}
"""Entries of `changes:` for an Agreement, by name."""


def _mistake(link: SiteLink, side: int, station: Station, on: bool) -> None:
    link.wrong_keys(side).switch(station.now_ns, on)


def _skew(_: SiteLink, __: int, station: Station, percent: int) -> None:
    station.run_clock_at(percent)


AT_ENDS: dict[str, Callable[[SiteLink, int, Station, Any], None]] = {
    "wrong_key": _mistake,
    "clock": _skew,
}
"""Entries of `changes:` for an end of a link, by name."""

ON_WIRES = ("cut", "drop", "delay")
"""Entries of `changes:` for the direction from a site."""
