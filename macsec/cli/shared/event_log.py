"""`--events FILE`: a file of JSON lines that grows while a port runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from macsec.cli.shared.edge import say
from macsec.cli.shared.options import F
from macsec.errors import ConfigError
from macsec.kay.counters import Reception
from macsec.kay.kay import Kay
from macsec.report.mka.status import reason
from macsec.secy import Verdict
from macsec.terms import sci_text

INTERVAL_S = 1.0
"""Shortest time between two records of one counter."""

Counts = Mapping[str, int]
Facts = dict[str, Any]

_DROPS = {each.counter for each in Verdict if each.counter is not None and not each.delivered}
_NO_REFUSALS = {Reception.ACCEPTED.value, "in-sak-mkpdu", "in-cak-mkpdu", "mi-renewed"}

_OPTION = click.option(
    "--events",
    type=click.Path(path_type=str),
    metavar="FILE",
    help="Append a JSON line for each session, suspension, SAK, live or lost peer, change by "
    "mka set, refused MKPDU and dropped frame.",
)


def option(function: F) -> F:
    """Add the option, as `events`."""
    return _OPTION(function)


class EventLog:
    """Appends records to a file, never waiting; `clock` gives their time in seconds.

    Records that the file does not take are lost, and counted in the next one that it takes; `lost`
    counts those since then.
    """

    def __init__(self, path: str, clock: Callable[[], float]) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            self._file = os.open(path, flags, 0o644)
        except OSError as error:
            raise ConfigError(f"--events {path}: cannot open it: {error.strerror}") from None
        self._clock = clock
        self.lost = 0

    def write(self, port: str, event: str, **facts: Any) -> None:
        """Append a record."""
        if self.lost and self._put(port, "records-lost", {"count": self.lost}):
            self.lost = 0
        if not self._put(port, event, facts):
            self.lost += 1

    def _put(self, port: str, event: str, facts: Facts) -> bool:
        record = {"time": round(self._clock(), 6), "event": event, "port": port, **facts}
        line = json.dumps(record).encode() + b"\n"
        try:
            return os.write(self._file, line) == len(line)
        except OSError:
            return False

    def close(self) -> None:
        """End it."""
        os.close(self._file)


@contextmanager
def opened(path: str | None, clock: Callable[[], float]) -> Iterator[EventLog | None]:
    """Open the log of `--events`; without a path it is None."""
    if path is None:
        yield None
        return
    log = EventLog(path, clock)
    try:
        yield log
    finally:
        log.close()
        if log.lost:
            say(f"--events {path}: records lost at the end: {log.lost}")


class PortEvents:
    """The events of one port, by comparing its state with that of the call before.

    `drops()` returns counters of dropped frames that are not the SecY's or the KaY's.
    """

    def __init__(
        self,
        log: EventLog,
        port: str,
        kay: Kay | None,
        secy_counters: Callable[[], Counts],
        drops: Callable[[], Counts] = dict,
    ) -> None:
        self._log, self._port, self._kay = log, port, kay
        self._secy_counters, self._drops = secy_counters, drops
        self._secured = self._suspended = False
        self._saks: dict[str, tuple[int, bool]] = {}
        self._peers: dict[tuple[str, str], str | None] = {}
        self._counted: dict[str, int] = {}

    def note(self) -> None:
        """Record changes of the session, of a suspension, of SAKs and of peers."""
        if self._kay is None:
            return
        self._note_peers(self._kay)
        self._note_saks(self._kay)
        if self._kay.secured != self._secured:
            self._secured = self._kay.secured
            principal = self._kay.principal
            ckn = None if principal is None else principal.key.name
            self._write("session", secured=self._secured, reason=reason(self._kay), ckn=ckn)
        if self._kay.suspended != self._suspended:
            self._suspended = self._kay.suspended
            self._write("suspension", suspended=self._suspended)

    def _note_peers(self, kay: Kay) -> None:
        peers = {
            (each.key.name, peer.mi.hex()): None if peer.sci is None else sci_text(peer.sci)
            for each in kay.all_participants
            for peer in each.peers.live
        }
        for (ckn, mi), sci in self._peers.items() - peers.items():
            if (ckn, mi) not in peers:
                self._write("peer-lost", ckn=ckn, mi=mi, sci=sci)
        for (ckn, mi), sci in peers.items():
            if (ckn, mi) not in self._peers:
                self._write("peer-live", ckn=ckn, mi=mi, sci=sci)
        self._peers = peers

    def _note_saks(self, kay: Kay) -> None:
        saks = {str(slot.ki): (slot.an, slot.transmits) for slot in kay.cp.slots()}
        for ki, (an, _) in self._saks.items():
            if ki not in saks:
                self._write("sak", ki=ki, an=an, change="deleted")
        for ki, (an, transmits) in saks.items():
            if ki not in self._saks:
                self._write("sak", ki=ki, an=an, change="installed")
            if transmits and not self._saks.get(ki, (an, False))[1]:
                self._write("sak", ki=ki, an=an, change="transmits")
        self._saks = saks

    def count(self) -> None:
        """Record what was refused and dropped since the last call: a record for each counter."""
        if self._kay is not None:
            self._count("mkpdu-refused", _refusals(self._kay.counters))
        counters = self._secy_counters()
        dropped = {name: counters[name] for name in sorted(_DROPS)}
        self._count("frames-dropped", {**dropped, **self._drops()})

    def forget_counts(self) -> None:
        """Begin at zero: the counters were cleared."""
        self._counted.clear()

    def changed(self, changes: Iterable[str], pid: int) -> None:
        """Record changes that a user made."""
        self._write("changed", changes=list(changes), pid=pid)

    def _count(self, event: str, counters: Counts) -> None:
        for name, total in counters.items():
            count = total - self._counted.get(name, 0)
            if count > 0:
                self._write(event, counter=name, count=count, total=total)
            self._counted[name] = total

    def _write(self, event: str, **facts: Any) -> None:
        self._log.write(self._port, event, **facts)


def _refusals(counters: Counts) -> Facts:
    """Return the counters of received MKPDUs that were refused, in whole or in part."""
    return {
        name: count
        for name, count in counters.items()
        if name not in _NO_REFUSALS and not name.startswith(("out-", "keys-"))
    }
