"""Station 3: PNs in any order before a replay window, and the recovery of PNs of 64 bits."""

from __future__ import annotations

from typing import TypedDict

from macsec.secy import Controls
from macsec.secy.replay_check import LOW, ReplayWindow, replay_rule
from macsec.suites import SUITES

from . import link
from .building import ETHERTYPE

CELLS_MOST = 48
_MARGIN = 4


class WindowSettings(TypedDict):
    """Settings of a new receiver. PNs are text: JavaScript rounds long numbers."""

    window: int
    xpn: bool
    replay: bool
    duplicates: bool
    next_pn: str


class PNCell(TypedDict):
    """A PN near the window: below it, in it, received, refused, next, or to come."""

    pn: str
    state: str


class PNState(TypedDict):
    """The PNs of the receiver and its counters."""

    next_pn: str
    lowest_pn: str
    cells: list[PNCell]
    counters: dict[str, int]


class SentPN(TypedDict):
    """One frame that was sent: its PN, the 32 bits in the SecTAG, and what the receiver made."""

    pn: str
    shown: str
    recovered: str
    judgement: link.Judgement
    state: PNState


class WindowReceiver:
    """A receiver with a replay window, to which frames of chosen PNs are sent."""

    def __init__(self, choice: WindowSettings) -> None:
        next_pn = int(choice["next_pn"])
        self._controls = Controls(
            cipher=SUITES["gcm-aes-xpn-128" if choice["xpn"] else "gcm-aes-128"],
            window=choice["window"],
            replay=choice["replay"],
            duplicates_reject=choice["duplicates"],
        )
        lowest = max(next_pn - choice["window"], 1)
        self._secy = link.receiver(self._controls, next_pn, lowest)
        self._rule = replay_rule(self._controls)
        self._delivered: dict[int, bool] = {}

    def send(self, text: str) -> SentPN:
        """Send the frame with a PN; a PN twice is the same frame again. Raises ConfigError."""
        pn = int(text)
        frame = link.sent(self._controls, pn, ETHERTYPE + f"frame {pn}".encode())
        before = link.pns(self._secy)
        shown = pn & LOW
        recovered = self._rule.recover(ReplayWindow(*before), shown)
        judgement = link.judged(self._secy, frame, recovered)
        self._delivered[recovered] = judgement["goes_on"] or self._delivered.get(recovered, False)
        return {
            "pn": str(pn),
            "shown": str(shown),
            "recovered": str(recovered),
            "judgement": judgement,
            "state": self.state(),
        }

    def state(self) -> PNState:
        """Return the state for the page."""
        next_pn, lowest_pn = link.pns(self._secy)
        first = max(lowest_pn - _MARGIN, 1)
        last = min(next_pn + _MARGIN, first + CELLS_MOST - 1)
        return {
            "next_pn": str(next_pn),
            "lowest_pn": str(lowest_pn),
            "cells": [
                {"pn": str(pn), "state": self._cell(pn, next_pn, lowest_pn)}
                for pn in range(first, last + 1)
            ],
            "counters": {name: count for name, count in self._secy.counters.items() if count},
        }

    def _cell(self, pn: int, next_pn: int, lowest_pn: int) -> str:
        if pn in self._delivered:
            return "received" if self._delivered[pn] else "refused"
        if pn < lowest_pn:
            return "below"
        if pn == next_pn:
            return "next"
        return "open" if pn < next_pn else "to come"

    def close(self) -> None:
        """Wipe the keys."""
        self._secy.close()
