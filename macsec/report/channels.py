"""The SCs and SAs of a SecY as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from macsec.report.fields import Counts, Integer, Sci
from macsec.secy import SecY
from macsec.secy.channels import TransmitSC

if TYPE_CHECKING:
    from macsec.offline.decrypt import MkaReader


class TrafficClassJson(TypedDict):
    """The transmit SC of a traffic class: SCI, next PN of each SA by AN, counters."""

    sci: Sci
    next_pn: dict[str, Integer]
    counters: Counts


class TransmitScJson(TypedDict):
    """The transmit SC: its SCI, and the next PN of each SA by AN.

    `classes`: with several, all of them by traffic class, this one under `"0"`.
    """

    sci: Sci | None
    next_pn: dict[str, Integer]
    classes: NotRequired[dict[str, TrafficClassJson]]


class ReceiveSaJson(TypedDict):
    """A receive SA."""

    next_pn: Integer
    lowest_pn: Integer
    counters: Counts


class ReceiveScJson(TypedDict):
    """A receive SC: its counters, and its SAs by AN."""

    counters: Counts
    sa: dict[str, ReceiveSaJson]


def transmit_sc(secy: SecY) -> TransmitScJson:
    """Return the transmit SC with its next PNs, and those of other traffic classes if any."""
    shown: TransmitScJson = {"sci": secy.tx.sci, "next_pn": next_pns(secy.tx)}
    if len(secy.tx_classes) > 1:
        shown["classes"] = {
            str(traffic_class): {
                "sci": str(sc.sci),
                "next_pn": next_pns(sc),
                "counters": dict(sc.counters),
            }
            for traffic_class, sc in sorted(secy.tx_classes.items())
        }
    return shown


def next_pns(sc: TransmitSC) -> dict[str, Integer]:
    """Return the next PN of each SA of a transmit SC, by AN."""
    return {str(an): str(sa.next_pn) for an, sa in sc.sa.items()}


def receive_scs(secy: SecY | MkaReader) -> dict[str, ReceiveScJson]:
    """Return each receive SC by its SCI."""
    return {sci: _receive_sc(sc) for sci, sc in secy.rx.items()}


def _receive_sc(sc: Any) -> ReceiveScJson:
    return {
        "counters": dict(sc.counters),
        "sa": {
            str(an): {
                "next_pn": str(sa.next_pn),
                "lowest_pn": str(sa.lowest_pn),
                "counters": dict(sa.counters),
            }
            for an, sa in sc.sa.items()
        },
    }
