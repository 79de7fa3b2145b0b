"""`macsec tap --mka`: the KaY of an interface in real time, beside the pump of its frames."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from secrets import token_bytes
from typing import NamedTuple

from macsec.cli.shared import pn_state, port_changes
from macsec.cli.shared.edge import say
from macsec.cli.shared.event_log import PortEvents
from macsec.cli.shared.local_socket import Client, LocalSocket
from macsec.cli.shared.port_changes import Changes
from macsec.cli.shared.vault import edge
from macsec.config import Configuration
from macsec.custody import InUse
from macsec.errors import ConfigError, EnvironmentLacks
from macsec.kay.holders import chain_of, policy_of
from macsec.kay.kay import Kay
from macsec.live.devices import EthernetInterface, Packet
from macsec.live.driver import Driver, KayPort
from macsec.live.eapol import leave_eapol_out, open_eapol
from macsec.live.pump import Pump
from macsec.port import Agreement
from macsec.report.mka.status import port_json, reason
from macsec.secy import SecY
from macsec.time_units import NS_PER_S

from .export import export
from .following import Follower
from .loop import Loop
from .status_socket import KEYS, STATUS, ControlSocket, QuestionSocket

EDGE = "macsec tap"


def now_ns() -> int:
    """Return the time of the KaY's clock: it runs while the machine sleeps, and nothing sets it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def check(model: Configuration, mka: bool) -> None:
    """Raise ConfigError for a configuration that does not fit `--mka`, or its absence."""
    if (model.mka is not None) == mka:
        return
    place = model.origin.where(("mka",))
    if mka:
        raise ConfigError(f"{place}: is missing: --mka needs a CAK there, not tx and rx")
    raise ConfigError(f"{place}: agrees on the SAKs: add --mka")


def kay_of(model: Configuration, below: EthernetInterface) -> Kay:
    """Return the KaY of an interface. Call it before a SecY takes the keys of the configuration."""
    policy = policy_of(model)
    chain = chain_of(model, edge(EDGE, now_ns()))
    port = 1 if model.mka is None else model.mka.port
    return Kay(int.from_bytes(below.mac) << 16 | port, chain, token_bytes, policy)


class AgreedTap(NamedTuple):
    """The parts of a tap under key agreement."""

    kay: Kay
    below: EthernetInterface
    upper: str
    wire: Packet
    secy: SecY
    pump: Pump
    model: Configuration
    in_use: InUse
    events: PortEvents | None = None
    follower: Follower | None = None

    def status(self, _: Client) -> str:
        """Return the status of key agreement and the counters, as JSON."""
        port = port_json(self.kay, self.below.name, self.upper, os.getpid())
        return json.dumps({**port, "counters": dict(self.secy.counters)})

    def keys(self, client: Client) -> str:
        """Return the SAKs in use, as a configuration in JSON, and report who has them."""
        say(f"{self.upper}: SAKs exported to pid {client.pid}, uid {client.uid}")
        return export(self.kay, self.secy, self.model)

    def open(self, opened: bool) -> None:
        """Open or close the Controlled Port; the carrier of the interface follows."""
        self.pump.open(opened)
        if self.follower is not None:
            self.follower.open(opened)


Run = Callable[[Loop], None]


@contextmanager
def agreed(tap: AgreedTap, quiet: bool) -> Iterator[Run]:
    """Agree on keys for a tap: yield `run(loop)`, and stop at the end.

    Prints each change of status unless `quiet`.
    """
    with ExitStack() as stack:
        policy = tap.kay.policy
        leave_eapol_out(tap.wire, policy.eapol_ethertype)
        opened = open_eapol(tap.below, policy.destination, policy.eapol_ethertype)
        eapol = stack.enter_context(opened)
        sockets: list[LocalSocket] = [stack.enter_context(each) for each in _question_sockets(tap)]
        agreement = Agreement(tap.kay, tap.secy, eapol.send, tap.open)
        driver = Driver([KayPort(agreement, eapol)], now_ns)
        driver.start()
        stack.callback(driver.stop)

        announcer = _Announcer(tap.kay, tap.upper)
        take = partial(pn_state.take_members, tap.in_use, tap.kay.sci)
        changes = Changes(agreement, now_ns, partial(edge, EDGE), take, tap.events)
        sockets += [stack.enter_context(each) for each in _control_socket(tap.upper, changes)]

        def run(loop: Loop) -> None:
            for each in sockets:
                loop.serve(each)
            if tap.events is not None:
                loop.each_turn(tap.events.note)
            if not quiet:
                loop.each_turn(announcer.note)
            driver.run(loop.wait)

        yield run


def _question_sockets(tap: AgreedTap) -> Iterator[QuestionSocket]:
    """Open the sockets of the status and, if the configuration allows it, of the keys."""
    questions: dict[str, Callable[[Client], str]] = {STATUS: tap.status}
    if tap.model.mka is not None and tap.model.mka.allow_export:
        questions[KEYS] = tap.keys
    for question, answer in questions.items():
        try:
            yield QuestionSocket(tap.upper, question, answer)
        except (OSError, EnvironmentLacks) as error:
            say(f"warning: {tap.upper} has no socket for its {question}: {error}")


def _control_socket(upper: str, changes: Changes) -> Iterator[ControlSocket]:
    """Open the socket of changes."""
    try:
        yield ControlSocket(upper, partial(port_changes.answer, port=lambda _: changes))
    except (OSError, EnvironmentLacks) as error:
        say(f"warning: {upper} takes no changes: {error}")


class _Announcer:
    """Prints each change of status; "not secured" at first only after a Life Time and a second."""

    def __init__(self, kay: Kay, upper: str) -> None:
        self._kay, self._upper = kay, upper
        self._last = ""
        self._patient_until_ns = now_ns() + kay.policy.life_ns + NS_PER_S

    def note(self) -> None:
        """Print the status if it changed."""
        text = reason(self._kay)
        status = text if self._kay.secured else "not secured"
        early = not self._last and not self._kay.secured and now_ns() < self._patient_until_ns
        if status == self._last or early:
            return
        self._last = status
        say(f"{self._upper}: {text}")
