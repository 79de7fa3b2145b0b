"""The spans of a port: each session from its first hello to secured, and each rekey.

Times are those of the agreement's clock, virtual or real.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from macsec.kay.kay import Kay
from macsec.kay.keys.sak import KI
from macsec.terms import sci_text

SESSION, REKEY = "hello to secured", "rekey"
PHASES = ("hello to live peer", "live peer to SAK", "SAK to secured")
"""The parts of a session's beginning, one after another."""

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TimedSpan:
    """A span that has ended. `failure`: why it did not reach its end, empty if it did.

    `session`: the number of the port's session, which a rekey belongs to.
    """

    name: str
    start_ns: int
    end_ns: int
    facts: Facts
    session: int
    children: tuple[TimedSpan, ...] = ()
    failure: str = ""


@dataclass(slots=True)
class _Open:
    start_ns: int
    reached: list[int] = field(default_factory=list)
    """The times at which each phase ended, as far as it has."""


class AgreementSpans:
    """Have an agreement call `note` (`Agreement.follow`), and `close` at the end.

    `write` takes each span when it has ended; no key is in one. `reason(kay)` says in words why
    a port is not secured.
    """

    def __init__(
        self,
        port: str,
        kay: Kay,
        write: Callable[[TimedSpan], object],
        reason: Callable[[Kay], str] = lambda _: "",
    ) -> None:
        self._port, self._kay, self._write, self._reason = port, kay, write, reason
        self._session = 0
        self._now_ns = 0
        self._beginning: _Open | None = None
        self._rekey: tuple[int, KI] | None = None
        self._ki: KI | None = None

    def note(self, now_ns: int) -> None:
        """Compare with the state before, after the KaY has settled."""
        self._now_ns, kay = now_ns, self._kay
        if kay.secured:
            if self._beginning is not None or not self._session:
                self._secure(now_ns)
            self._note_rekey(now_ns)
            return
        self._end_rekey(now_ns, "the session was lost")
        self._ki = None
        if self._beginning is None and kay.active:
            self._session += 1
            self._beginning = _Open(now_ns)
        elif self._beginning is not None and not kay.active:
            self._give_up("key agreement was stopped")
        self._reach(now_ns)

    def close(self) -> None:
        """End the spans that are open: what they wait for did not come."""
        self._give_up(self._reason(self._kay))
        self._end_rekey(self._now_ns, "it did not transmit under the new SAK")

    # ---------------------------------------------------------------- from the hello to secured

    def _reach(self, now_ns: int) -> None:
        """Record the phases that have ended: a live peer, then a SAK."""
        if self._beginning is None:
            return
        live = any(each.peers.live for each in self._kay.all_participants)
        for at, done in enumerate((live, bool(self._kay.cp.slots()))):
            if done and len(self._beginning.reached) == at:
                self._beginning.reached.append(now_ns)

    def _secure(self, now_ns: int) -> None:
        if self._beginning is None:
            self._session += 1
            self._beginning = _Open(now_ns)
        reached = self._beginning.reached
        reached += [now_ns] * (len(PHASES) - len(reached))
        self._write(self._beginning_span(self._beginning, now_ns, ""))
        self._beginning = None
        slots = self._kay.cp.slots()
        self._ki = slots[0].ki if slots else None

    def _give_up(self, why: str) -> None:
        if self._beginning is not None:
            failure = why or "not secured"
            self._write(self._beginning_span(self._beginning, self._now_ns, failure))
            self._beginning = None

    def _beginning_span(self, given: _Open, end_ns: int, failure: str) -> TimedSpan:
        starts = [given.start_ns, *given.reached]
        phases = [
            TimedSpan(name, start_ns, stop_ns, self._facts(), self._session)
            for name, start_ns, stop_ns in zip(PHASES, starts, given.reached, strict=False)
        ]
        if failure:
            name = PHASES[len(phases)]
            facts = self._facts()
            phases.append(
                TimedSpan(name, starts[-1], end_ns, facts, self._session, failure=failure)
            )
        facts = self._facts()
        return TimedSpan(
            SESSION, given.start_ns, end_ns, facts, self._session, tuple(phases), failure
        )

    # ---------------------------------------------------------------- rekeys

    def _note_rekey(self, now_ns: int) -> None:
        slots = self._kay.cp.slots()
        if not slots:
            return
        newest = slots[0]
        if newest.ki != self._ki and self._rekey is None:
            self._rekey = now_ns, newest.ki
        if self._rekey is not None and newest.transmits:
            self._end_rekey(now_ns, "")
            self._ki = newest.ki

    def _end_rekey(self, now_ns: int, failure: str) -> None:
        if self._rekey is None:
            return
        (start_ns, ki), self._rekey = self._rekey, None
        facts = {**self._facts(), "macsec.ki": str(ki)}
        span = TimedSpan(REKEY, start_ns, now_ns, facts, self._session, failure=failure)
        self._write(span)

    def _facts(self) -> dict[str, Any]:
        """Return the attributes of a span."""
        kay, principal = self._kay, self._kay.principal
        facts: dict[str, Any] = {
            "macsec.port": self._port,
            "macsec.sci": sci_text(kay.sci),
            "macsec.session": self._session,
        }
        if principal is not None:
            facts["macsec.ckn"] = principal.key.name
            facts["macsec.is_key_server"] = principal.is_server
            facts["macsec.live_peers"] = len(principal.peers.live)
        if slots := kay.cp.slots():
            facts |= {"macsec.ki": str(slots[0].ki), "macsec.an": slots[0].an}
        if kay.cp.protection is not None:
            facts["macsec.cipher_suite"] = kay.cp.protection.suite.name
        return facts
