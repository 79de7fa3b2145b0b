"""Management of the reference data plane: controls, SCs, SAs and counters (10.7)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NoReturn

from macsec.clear_rules import ClearRule
from macsec.errors import CustodyError, EnvironmentLacks, MACsecError
from macsec.secy.controls import Controls
from macsec.secy.plane import DEAD, Loan, SAParameters, SAState, Tally
from macsec.secy.replay_check import ReplayRule, ReplayWindow, replay_rule
from macsec.secy.verdict import SA_VERDICTS, SC_VERDICTS, TX_SA_VERDICTS, Verdict

from .state import (
    ReferenceReceiveSA,
    ReferenceReceiveSC,
    ReferenceTransmitSA,
    ReferenceTransmitSC,
    SAKey,
    no_counts,
)


class ReferenceManagement:
    """Base of the plane: its state, and the calls of the LMI that change or read it."""

    _tx: dict[int, ReferenceTransmitSC]
    _rx: dict[int, ReferenceReceiveSC]
    _clear_rules: tuple[ClearRule, ...]
    _clear_counts: list[list[int]]

    def configure(self, controls: Controls) -> None:
        """10.7: take over all controls."""
        self._check_open()
        if controls.clear_rules != self._clear_rules:
            self._clear_rules = controls.clear_rules
            self._clear_counts = [[0, 0, 0] for _ in self._clear_rules]
        self._controls = controls
        self._replay: ReplayRule = replay_rule(controls)
        self._tag_rules = controls.tag_rules

    def set_tx_sc(self, sci: int, enabled: bool, tc: int = 0) -> None:
        """10.7.20: name the transmit SC of a traffic class, `tc` here and below."""
        self._check_open()
        sc = self._tx.setdefault(tc, ReferenceTransmitSC(sci, enabled))
        sc.sci, sc.enabled = sci, enabled

    def remove_tx_sc(self, tc: int) -> None:
        """Delete the transmit SC of a traffic class other than 0."""
        del self._tx[tc]

    def add_tx_sa(self, sa: SAParameters, tc: int = 0) -> None:
        """10.7.22: create a transmit SA."""
        key = SAKey(self._controls.cipher, sa)
        self._tx[tc].sa[sa.an] = ReferenceTransmitSA(key, sa.next_pn, sa.enabled)

    def remove_tx_sa(self, an: int, tc: int = 0) -> None:
        """Delete a transmit SA."""
        del self._tx[tc].sa[an]

    def enable_tx_sa(self, an: int, enabled: bool, tc: int = 0) -> None:
        """10.7.24: start or stop a transmit SA."""
        self._alive(an, tc).enabled = enabled

    def set_tx_pn(self, an: int, next_pn: int, tc: int = 0) -> None:
        """Set nextPN of a transmit SA."""
        self._tx[tc].sa[an].next_pn = next_pn

    def limit_tx_pn(self, an: int, limit: int, tc: int = 0) -> None:
        """Use no PN from `limit` on for now."""
        self._alive(an, tc).limit = limit

    def _alive(self, an: int, tc: int) -> ReferenceTransmitSA:
        sa = self._tx[tc].sa[an]
        if sa.key is None:
            raise CustodyError(DEAD)
        return sa

    def add_rx_sc(self, sci: int, enabled: bool) -> None:
        """10.7.11: create a receive SC."""
        self._rx[sci] = ReferenceReceiveSC(enabled)

    def remove_rx_sc(self, sci: int) -> None:
        """Delete a receive SC and its SAs."""
        del self._rx[sci]

    def enable_rx_sc(self, sci: int, enabled: bool) -> None:
        """Start or stop a receive SC."""
        self._rx[sci].enabled = enabled

    def add_rx_sa(self, sci: int, sa: SAParameters) -> None:
        """10.7.13: create a receive SA; its counters start at zero."""
        key = SAKey(self._controls.cipher, sa)
        self._rx[sci].sa[sa.an] = ReferenceReceiveSA(
            key, ReplayWindow(sa.next_pn, sa.lowest_pn), sa.enabled
        )

    def remove_rx_sa(self, sci: int, an: int) -> None:
        """Delete a receive SA."""
        del self._rx[sci].sa[an]

    def enable_rx_sa(self, sci: int, an: int, enabled: bool) -> None:
        """10.7.15: start or stop a receive SA."""
        self._rx[sci].sa[an].enabled = enabled

    def set_rx_pn(self, sci: int, an: int, next_pn: int, lowest_pn: int) -> None:
        """10.7.15: updtNextPN and updtLowestPN."""
        window = self._rx[sci].sa[an].window
        window.next_pn, window.lowest_pn = next_pn, lowest_pn

    def tx_sa(self, an: int, tc: int = 0) -> SAState:
        """10.7.23: return the state of a transmit SA."""
        sa = self._tx[tc].sa[an]
        return SAState(sa.enabled, sa.next_pn, 0, sa.counts.tally())

    def tx_sc_tally(self, tc: int = 0) -> Tally:
        """10.7.18: return the counts of a transmit SC."""
        return self._tx[tc].counts.tally()

    def rx_sa(self, sci: int, an: int) -> SAState:
        """10.7.14: return the state of a receive SA."""
        sa = self._rx[sci].sa[an]
        lowest_pn = self._replay.lowest(sa.window)
        return SAState(sa.enabled, sa.window.next_pn, lowest_pn, sa.counts.tally())

    def rx_sc_tally(self, sci: int) -> Tally:
        """10.7.12: return the counts of a receive SC."""
        return self._rx[sci].counts.tally()

    def tally(self) -> Tally:
        """10.7.9, 10.7.18: return the counts of the SecY."""
        return self._counts.tally()

    def clear_counts(self) -> list[tuple[int, int, int]]:
        """Return frames received, sent and refused in clear, for each rule of `clear`."""
        self._check_open()
        return [(received, sent, refused) for received, sent, refused in self._clear_counts]

    def clear(self) -> None:
        """Zero all counters; no PN changes."""
        self._check_open()
        self._counts = no_counts(Verdict)
        self._clear_counts = [[0, 0, 0] for _ in self._clear_rules]
        for tx_sc in self._tx.values():
            tx_sc.counts = no_counts(Verdict)
            for tx_sa in tx_sc.sa.values():
                tx_sa.counts = no_counts(TX_SA_VERDICTS)
        for sc in self._rx.values():
            sc.counts = no_counts(SC_VERDICTS)
            for sa in sc.sa.values():
                sa.counts = no_counts(SA_VERDICTS)

    def still(self) -> AbstractContextManager[None]:
        """Empty context: frames and management share one thread here."""
        return nullcontext()

    def lend(self, stop: Callable[[], None]) -> Loan:
        """Raise EnvironmentLacks: there is nothing in C to lend."""
        raise EnvironmentLacks("frames in real time need the native data plane: see macsec doctor")

    def take_back(self, stop: Callable[[], None]) -> None:
        """Do nothing: `lend` always raises."""

    def forked(self) -> None:
        """Disable all transmit SAs in the child of a fork: only the parent may use their PNs."""
        for sc in vars(self).get("_tx", {}).values():
            for sa in sc.sa.values():
                sa.key, sa.enabled = None, False

    def close(self) -> None:
        """Forget all keys and all state; every later call raises."""
        vars(self).clear()

    def __getattr__(self, name: str) -> NoReturn:
        # Reached only for a missing attribute: all state is missing once closed.
        self._check_open()
        raise AttributeError(name)

    def _check_open(self) -> None:
        if not vars(self):
            raise MACsecError("this SecY is closed: its keys are wiped")
