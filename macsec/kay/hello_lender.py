"""A KaY lends its hellos while nothing is new, so that idle ports cost no Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from macsec.kay.membership.ability import NEVER_NS
from macsec.kay.membership.hello_loan import HelloReport, HelloTerms, hello_terms, take_report
from macsec.kay.membership.hellos import Hellos
from macsec.kay.secy_side.lowest_pns import TransmitPNs

from .counters import Reception
from .kay_state import KayState
from .rest import Rest
from .transmission import Sender


class HelloLender(KayState):
    """Base of Kay: hellos that another sends and hears, until the KaY takes them back.

    It takes them back at every call that may change something. Before Python looks at the KaY, the
    borrower has to report what it did.
    """

    _rest: Rest
    _hellos: Hellos
    _sender: Sender
    _pns: TransmitPNs
    _unread: bool
    _terms: HelloTerms | None = None
    _take_back: Callable[[], None] | None = None

    def lend_hellos(
        self, next_pns: Mapping[int, int], take_back: Callable[[], None]
    ) -> HelloTerms | None:
        """Lend the hellos until `take_back` is called; None if something is new or waits.

        `next_pns`: of the transmit SAs, by AN; with others the KaY sends its hellos itself.
        """
        until_ns, due_ns, principal = self._rest.until_ns, self._announcer.due_ns, self.principal
        if until_ns is None or principal is None or self._unread or self._associations.waiting:
            return None
        if list(self._members) != [principal] or principal.peers.is_held(self._now_ns):
            return None
        stencil = self._sender.stencil(principal, self._now_ns)
        if stencil is None or not all(self._pn_rests(an, pn) for an, pn in next_pns.items()):
            return None
        until_ns = min(until_ns, NEVER_NS if due_ns is None else due_ns)
        period_ns = self._sender.period_ns(True)
        self.take_hellos_back()
        self._terms = hello_terms(principal, self._hellos, stencil, period_ns, until_ns)
        if self._terms is not None:
            self._take_back = self.chain.changed = take_back
        return self._terms

    def _pn_rests(self, an: int, next_pn: int) -> bool:
        """Return whether nextPN of a transmit SA is what MKPDUs report, as long as it stays."""
        ki = self._associations.user_of(an)
        sak = None if ki is None else self._associations.find(ki)
        limit = None if sak is None else sak.protection.suite.pn_limit - 1
        return ki is None or limit is None or self._pns.rests(ki, min(next_pn, limit), self._now_ns)

    def take_hellos_back(self) -> None:
        """Send and hear hellos here again; the borrower has reported all that it did."""
        if self._take_back is not None:
            take_back, self._take_back, self._terms = self._take_back, None, None
            self.chain.changed = None
            take_back()

    def take_report(self, report: HelloReport) -> None:
        """Enter what the borrower did."""
        if self._terms is None:
            return
        self._now_ns = self.counters.now_ns = max(report.now_ns, self._now_ns)
        self._unread = report.unread
        self.counters.add_more(Reception.ACCEPTED, report.heard, report.heard_ns)
        self.counters.add_more("out-mkpdu", report.sent, report.sent_ns)
        take_report(self._terms, report)
