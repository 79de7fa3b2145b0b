"""`macsec tap --mka`: the KaY of an interface in real time, beside the pump of its frames."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from macsec.cli.shared.edge import say
from macsec.cli.shared.signals import ENDING, Signals
from macsec.cli.tap.status_socket import KEYS, STATUS, Answering, Asker
from macsec.errors import ConfigError, EnvironmentLacks
from macsec.time_units import NS_PER_S

if TYPE_CHECKING:
    from macsec.config import Configuration
    from macsec.kay.kay import Kay
    from macsec.live.devices import Interface, Packet
    from macsec.live.pump import Pump
    from macsec.secy import SecY

PATIENCE_NS = 7 * NS_PER_S
"""So long a port may take to be secured before it is told why not: a Life Time and some more."""


def now_ns() -> int:
    """The clock of the KaY: it goes on while the machine sleeps, and no one sets it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def check(model: Configuration, mka: bool) -> None:
    """Refuse a configuration that is for the other kind of tap. Raises ConfigError."""
    if (model.mka is not None) == mka:
        return
    if mka:
        place = model.origin.where(("mka",))
        raise ConfigError(f"{place}: is missing: --mka needs a CAK there, not tx and rx")
    raise ConfigError(f"{model.origin.where(('mka',))}: agrees on the SAKs: --mka is wanted")


def kay_of(model: Configuration, below: Interface) -> Kay:
    """The KaY of an interface. To be made before a SecY takes the configuration's keys."""
    from secrets import token_bytes

    from macsec.cli.shared.vault import edge
    from macsec.kay.holders import chain_of, policy_of
    from macsec.kay.kay import Kay

    policy = policy_of(model)
    chain = chain_of(model, edge("macsec tap", now_ns()))
    port = 1 if model.mka is None else model.mka.port
    return Kay(int.from_bytes(below.mac) << 16 | port, chain, token_bytes, policy)


class Ends(NamedTuple):
    """What a tap is made of."""

    below: Interface
    upper: str
    wire: Packet
    secy: SecY
    pump: Pump


class Keyed:
    """A tap under key agreement, from `with` on; `run` until a signal ends it.

    Says how it stands whenever that changes, unless `quiet`.
    """

    def __init__(self, kay: Kay, ends: Ends, model: Configuration, quiet: bool) -> None:
        self._kay, self._ends, self._model, self._quiet = kay, ends, model, quiet
        self._stack = ExitStack()
        self._told = ""
        self._answers: list[Answering] = []
        self._patient_until_ns = now_ns() + PATIENCE_NS

    def __enter__(self) -> Self:
        try:
            self._begin()
        except BaseException:
            self._stack.close()
            raise
        return self

    def _begin(self) -> None:
        from macsec.live.eapol import leave_eapol_out, open_eapol
        from macsec.port.agreement import Agreement

        ends = self._ends
        leave_eapol_out(ends.wire)
        eapol = open_eapol(ends.below, self._kay.policy.destination)
        self._eapol = self._stack.enter_context(eapol)
        self._answer(STATUS, self._status)
        if self._model.mka is not None and self._model.mka.allow_export:
            self._answer(KEYS, self._keys)
        self._agreement = Agreement(self._kay, ends.secy, eapol.send, ends.pump.open)
        self._agreement.start(now_ns())

    def __exit__(self, *_: object) -> None:
        with self._stack:
            self._agreement.stop(now_ns())

    def run(
        self, pump: Pump, signals: Signals, stats: float | None, tell: Callable[[], None]
    ) -> None:
        """Agree on keys until a signal to end, or until the pump ends by itself."""
        readers: dict[int, Callable[[], Any]] = {self._eapol.fileno(): self._hear}
        readers |= {answering.fileno(): answering.answer for answering in self._answers}
        due_ns = None if stats is None else now_ns() + round(stats * NS_PER_S)
        while True:
            came, ready = signals.among([pump.fileno(), *readers], self._seconds(due_ns))
            if came & set(ENDING) or pump.fileno() in ready:
                return
            for descriptor in ready:
                readers[descriptor]()
            self._agreement.settle(now_ns())
            self._say()
            if came or (due_ns is not None and now_ns() >= due_ns):
                tell()
                due_ns = None if stats is None else now_ns() + round(stats * NS_PER_S)

    def _seconds(self, due_ns: int | None) -> float | None:
        times = [at for at in (self._agreement.next_timeout_ns(), due_ns) if at is not None]
        return max(min(times) - now_ns(), 0) / NS_PER_S if times else None

    def _hear(self) -> None:
        for frame in self._eapol.frames():
            self._agreement.hear(now_ns(), frame)

    def _answer(self, question: str, tell: Callable[[Asker], str]) -> None:
        try:
            answering = Answering(self._ends.upper, question, tell)
        except (OSError, EnvironmentLacks) as error:
            say(f"warning: {self._ends.upper} gives no {question}: {error}")
        else:
            self._answers.append(self._stack.enter_context(answering))

    def _status(self, _: Asker) -> str:
        from macsec.report.mka.status import port_json

        below, upper = self._ends.below, self._ends.upper
        port = port_json(self._kay, below.name, upper, os.getpid())
        return json.dumps({**port, "counters": dict(self._ends.secy.counters)})

    def _keys(self, asker: Asker) -> str:
        from macsec.cli.tap.export import export

        say(f"{self._ends.upper}: SAKs exported to pid {asker.pid}, uid {asker.uid}")
        return export(self._kay, self._ends.secy, self._model)

    def _say(self) -> None:
        from macsec.report.mka.status import reason

        how = reason(self._kay)
        told = how if self._kay.secured else "not secured"
        early = not self._told and not self._kay.secured and now_ns() < self._patient_until_ns
        if told == self._told or early:
            return
        self._told = told
        if not self._quiet:
            say(f"{self._ends.upper}: {how}")
