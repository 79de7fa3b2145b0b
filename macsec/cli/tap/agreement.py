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

from macsec.cli.shared.edge import say
from macsec.cli.shared.keys import pn_state
from macsec.cli.shared.keys.vault import edge
from macsec.cli.shared.ports import changes as port_changes
from macsec.cli.shared.ports.changes import Changes
from macsec.cli.shared.ports.tracing import Tracing
from macsec.config import Configuration
from macsec.custody import InUse
from macsec.errors import ConfigError, EnvironmentLacks
from macsec.kay.eap.assemble import EapParts
from macsec.kay.eap.authenticator import Authenticator
from macsec.kay.holders import chain_of, policy_of
from macsec.kay.kay import Kay
from macsec.live.devices import EthernetInterface, Packet
from macsec.live.driver import Driver, KayPort
from macsec.live.eapol import Eapol, leave_eapol_out, open_eapol
from macsec.live.local.local_socket import Client, LocalSocket
from macsec.live.local.tap_sockets import KEYS, STATUS, ControlSocket, QuestionSocket
from macsec.live.pump import Pump
from macsec.live.radius import RadiusSocket
from macsec.monitoring import History
from macsec.port import Agreement, PortEvents
from macsec.port.authenticated import AuthenticatedAgreement
from macsec.report.mka.status import eap_json, port_json, reason
from macsec.secy import SecY
from macsec.time_units import NS_PER_S

from .export import export
from .following import Follower
from .loop import Loop, Service

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
    eap: EapParts | None = None
    pae: Authenticator | None = None
    history: History | None = None
    traces: Tracing | None = None

    def status(self, _: Client) -> str:
        """Return the status of key agreement and the counters, as JSON."""
        port = port_json(self.kay, self.below.name, self.upper, os.getpid())
        eap = {} if self.pae is None else {"eap": eap_json(self.pae)}
        return json.dumps({**port, "counters": dict(self.secy.counters), **eap})

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
        agreement, services = stack.enter_context(_agreement(tap, eapol))
        if isinstance(agreement, AuthenticatedAgreement):
            tap = tap._replace(pae=agreement.logon.pae)
        sockets: list[LocalSocket] = [stack.enter_context(each) for each in _question_sockets(tap)]
        if tap.history is not None:
            agreement.follow(tap.history.note)
        if tap.traces is not None:
            tap.traces.follow(tap.upper, agreement)
        driver = Driver([KayPort(agreement, eapol)], now_ns)
        driver.start()
        stack.callback(driver.stop)
        if isinstance(agreement, AuthenticatedAgreement) and tap.follower is not None:
            tap.follower.on_carrier(lambda up: agreement.link(now_ns(), up))

        announcer = _Announcer(tap.kay, tap.upper)
        take = partial(pn_state.take_members, tap.in_use, tap.kay.sci)
        changes = Changes(agreement, now_ns, partial(edge, EDGE), take, tap.events)
        sockets += [stack.enter_context(each) for each in _control_socket(tap.upper, changes)]

        def run(loop: Loop) -> None:
            served: list[Service] = [*sockets, *services]
            for each in served:
                loop.serve(each)
            if tap.events is not None:
                loop.each_turn(tap.events.note)
                if tap.pae is not None:
                    loop.each_turn(partial(tap.events.note_eap, tap.pae))
            if not quiet:
                loop.each_turn(announcer.note)
            driver.run(loop.wait)

        yield run


class _RadiusService:
    """Takes what the RADIUS server sends."""

    def __init__(self, radius: RadiusSocket, agreement: AuthenticatedAgreement) -> None:
        self._radius, self._agreement = radius, agreement

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._radius.fileno()

    def serve(self) -> None:
        """Take all packets that have arrived."""
        self._agreement.hear_server(now_ns(), *self._radius.packets())


@contextmanager
def _agreement(
    tap: AgreedTap, eapol: Eapol
) -> Iterator[tuple[Agreement, tuple[_RadiusService, ...]]]:
    """Yield the agreement of a tap, and what it needs served: with EAP, its RADIUS server."""
    if tap.eap is None:
        yield Agreement(tap.kay, tap.secy, eapol.send, tap.open), ()
        return
    policy, nas, server = tap.eap
    with RadiusSocket(*server) as radius:
        agreement = AuthenticatedAgreement(
            tap.kay,
            tap.secy,
            eapol.send,
            tap.open,
            nas=nas,
            random=token_bytes,
            policy=policy,
            ask=radius.send,
        )
        yield agreement, (_RadiusService(radius, agreement),)


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
