"""`macsec tap`: a MACsec interface in user space."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic, time, time_ns

import click

from macsec.cli.shared import options
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import say
from macsec.cli.shared.keys import pn_state
from macsec.cli.shared.ports import event_log, tracing
from macsec.cli.shared.ports.event_log import EventLog, port_events
from macsec.cli.shared.ports.tracing import Tracing
from macsec.cli.shared.signals import ENDING, Signals
from macsec.config import Configuration, load
from macsec.custody import InUse, Keeper
from macsec.errors import EnvironmentLacks, KeyExhausted
from macsec.kay.eap.assemble import EapParts, eap_of
from macsec.kay.kay import Kay
from macsec.live import devices
from macsec.live.interface_watch import InterfaceWatch
from macsec.live.local.local_socket import Client
from macsec.live.local.tap_sockets import MONITOR, YANG, QuestionSocket
from macsec.live.pump import Pump
from macsec.monitoring import History, Monitored, SourceKind, port_of
from macsec.monitoring.transfer import to_text
from macsec.port import PortEvents
from macsec.report.mka.status import reason
from macsec.report.ports import tap as report
from macsec.secy import SecY
from macsec.secy.from_config import require_transmit

from .agreement import AgreedTap, agreed, check, kay_of, now_ns
from .following import Follower
from .loop import Loop

STATS_MOST_S = 86_400
Answer = Callable[[Client], str]
PUMP_DROPS = ("too_long", "dropped", "blocked")
"""Counts of a pump that are frames it lost."""


@click.command("tap", short_help="Run a MACsec interface in user space.")
@options.config
@click.option("--mka", is_flag=True, help="Agree on the SAKs: FILE has mka in place of tx and rx.")
@click.option("--lower", required=True, metavar="IFACE", help="The interface that is the wire.")
@click.option("--upper", required=True, metavar="NAME", help="The new interface above it.")
@click.option(
    "--stats",
    type=options.Reals(0.1, STATS_MOST_S),
    metavar="SECONDS",
    help="Print the counters to stderr at this interval; SIGUSR1 does at any time.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing to stderr but errors.")
@event_log.option
@tracing.option
@pn_state.options
def command(
    config: str,
    mka: bool,
    lower: str,
    upper: str,
    stats: float | None,
    as_json: bool,
    quiet: bool,
    events: str | None,
    otlp: str | None,
    state_folder: str | None,
    state_init: bool,
) -> None:
    """Make NAME, a MACsec interface above IFACE, until SIGINT or SIGTERM removes it (exit 0).

    Frames that programs send through NAME leave IFACE protected by the SecY of FILE; frames that
    arrive at IFACE are validated and delivered to NAME. It needs no kernel module, but root and the
    native data plane.

    NAME is up, with the MAC address of IFACE and its MTU less 32, the octets that protection adds.
    It follows carrier and MTU of IFACE: for a larger MTU raise that (ip link set IFACE mtu 1532). A
    VLAN above NAME needs an MTU 4 less; longer frames count as OutPktsTooLong. IFACE needs no
    address of its own; it is promiscuous meanwhile, and frames that are not protected still reach
    the host there.

    PNs start at the values of FILE in each run: keep them with --state DIR, or give both sides
    fresh keys before the next run. While another process of this machine sends under the same key
    and SCI, NAME is refused (exit 1).

    With --mka every run agrees on fresh keys. NAME passes nothing and has no carrier before IFACE
    is secured; the SCI is the MAC address of IFACE with port 1. macsec mka status shows the status.
    """
    if lower == upper:
        raise click.UsageError("--lower and --upper are two interfaces")
    if mka and state_folder is not None:
        raise click.UsageError("--state keeps the PNs of static SAKs: --mka agrees on fresh ones")
    plane = chosen_plane("native")
    model = load(config)
    check(model, mka)
    if not mka:
        require_transmit(model)
    below = devices.interface(lower)
    kay = kay_of(model, below) if mka else None
    eap = eap_of(model)
    with (
        SecY.from_config(model, *plane) as secy,
        pn_state.kept(secy, state_folder, state_init) as keeper,
        pn_state.locks() as in_use,
        event_log.opened(events, time) as log,
        tracing.opened(otlp, time_ns() - now_ns(), upper) as traces,
    ):
        if kay is not None:
            pn_state.take_members(in_use, kay.sci, kay.chain.ckns)
        request = _Request(below, upper, stats, as_json, quiet, in_use, log, traces)
        _run(request, secy, keeper, kay, model, eap)


@dataclass(frozen=True, slots=True)
class _Request:
    """The interfaces of a tap, its locks, and the reports that its user wants."""

    below: devices.EthernetInterface
    upper: str
    stats: float | None
    as_json: bool
    quiet: bool
    in_use: InUse
    log: EventLog | None
    traces: Tracing | None


def _run(
    tap: _Request,
    secy: SecY,
    keeper: Keeper | None,
    kay: Kay | None,
    model: Configuration,
    eap: EapParts | None,
) -> None:
    """Move frames until a signal ends it, and report the traffic."""
    below = tap.below
    inform = (lambda _: None) if tap.quiet else say
    with (
        devices.open_packet(below) as wire,
        InterfaceWatch(below.index) as watch,
        devices.open_tap(tap.upper, below.mtu - devices.OVERHEAD, below.mac) as clear,
        Signals(*ENDING, signal.SIGUSR1) as signals,
        Pump(clear, wire, secy, opened=kay is None) as pump,
        pn_state.ahead(keeper, pump),
        ExitStack() as more,
    ):
        started = monotonic()
        follower = Follower(watch, below.name, clear, secy, inform, opened=kay is None)
        events = _events(tap, secy, kay, pump, wire)
        history = None if kay is None else History(kay)
        run: Callable[[Loop], None] = Loop.run
        if kay is not None:
            parts = AgreedTap(
                kay, below, tap.upper, wire, secy, pump, model, tap.in_use, events, follower, eap
            )._replace(history=history, traces=tap.traces)
            run = more.enter_context(agreed(parts, tap.quiet))

        def session() -> report.Session:
            traffic = pump.traffic
            up = {**traffic.from_wire, "lost": wire.lost}
            times = monotonic() - started
            return report.Session(below.name, tap.upper, follower.mtu, traffic.to_wire, up, times)

        def counters() -> None:
            say(report.tap_line(secy, session(), kay))

        inform(_greeting(tap, secy, follower))
        if kay is None and not tap.quiet:
            pn_state.warn_of_reuse(secy, keeper)
        loop = Loop(pump, signals, counters, now_ns)
        loop.serve(follower)
        asked = {
            YANG: _yang_answer(tap, secy, kay, follower),
            MONITOR: _monitor_answer(tap, secy, follower, history, kay),
        }
        for each in _sockets(tap.upper, asked):
            loop.serve(more.enter_context(each))
        if tap.stats is not None:
            loop.every(tap.stats, counters)
        if events is not None:
            loop.every(event_log.INTERVAL_S, events.count)
        run(loop)
        pump.stop()
        if events is not None:
            events.count()
        if tap.as_json:
            click.echo(json.dumps(report.tap_json(secy, session(), kay)))
        elif not tap.quiet:
            counters()
        pump.check()
        _check_used_up(secy)


def _events(
    tap: _Request, secy: SecY, kay: Kay | None, pump: Pump, wire: devices.Packet
) -> PortEvents | None:
    if tap.log is None:
        return None

    def drops() -> dict[str, int]:
        ways = pump.traffic._asdict().items()
        lost = {f"{way} {name}": counts[name] for way, counts in ways for name in PUMP_DROPS}
        return {**lost, "from_wire lost": wire.lost}

    return port_events(tap.log, tap.upper, kay, lambda: secy.counters, drops)


def _sockets(upper: str, answers: Mapping[str, Answer]) -> Iterator[QuestionSocket]:
    """Open the sockets that answer about the port, with or without key agreement."""
    for question, answer in answers.items():
        try:
            yield QuestionSocket(upper, question, answer)
        except (OSError, EnvironmentLacks) as error:
            say(f"warning: {upper} has no socket for its {question} data: {error}")


def _yang_answer(tap: _Request, secy: SecY, kay: Kay | None, follower: Follower) -> Answer:
    """Return the answer with the port as instance data of YANG modules."""
    since = datetime.now(UTC)
    epoch = since - timedelta(microseconds=now_ns() / 1000)

    def answer(_: Client) -> str:
        # Late: a tap is rarely asked.
        from macsec.report.yang import TREES, ManagedPort

        port = ManagedPort(tap.upper, tap.below.name, secy, kay, follower.opened, since, epoch)
        return json.dumps({name: tree([port]) for name, tree in TREES.items()})

    return answer


def _monitor_answer(
    tap: _Request, secy: SecY, follower: Follower, history: History | None, kay: Kay | None
) -> Answer:
    """Return the answer with the port as data of `macsec.monitoring`."""

    def answer(_: Client) -> str:
        port = port_of(
            SourceKind.TAP,
            tap.upper,
            tap.below.name,
            secy,
            opened=follower.opened,
            now_ns=now_ns(),
            kay=kay,
            history=history,
            reason="" if kay is None else reason(kay),
            pid=os.getpid(),
        )
        return to_text(Monitored((port,)))

    return answer


def _greeting(tap: _Request, secy: SecY, follower: Follower) -> str:
    lower = tap.below.name
    state = "" if follower.state.carrier else f"; {lower} has no carrier"
    if not tap.below.up:
        state = f"; {lower} is down"
    return (
        f"{tap.upper} is up on {lower}, MTU {follower.mtu}, SCI {secy.tx.sci}"
        f"{follower.vlan_note}{state}"
    )


def _check_used_up(secy: SecY) -> None:
    if exhausted := pn_state.used_up(secy):
        raise KeyExhausted(f"transmit SA {', '.join(exhausted)} is exhausted: its last PN is used")
