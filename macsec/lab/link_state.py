"""How key agreement on a link stands: secured or not, since when, and with which key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from macsec.kay.kay import Kay
from macsec.lab.virtual.agreed import InForce, Progress


class End(Protocol):
    """One end of the link, in virtual or in real time."""

    @property
    def kay(self) -> Kay:
        """Its KaY."""

    @property
    def progress(self) -> Progress:
        """When it was secured, and by which keys."""

    @property
    def open(self) -> bool:
        """Whether its Controlled Port lets frames through."""


class State(Enum):
    """What a link lets through."""

    SECURED = "secured"
    PLAIN = "plain"
    """Frames pass in clear, which should-secure allows."""
    CLOSED = "not secured"
    """Nothing passes."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A link now.

    `secured_ns`: from the start until both ends were. `server`: the Key Server's site, or None.
    `rekeys`: SAKs after the first.
    """

    state: State
    secured_ns: int | None
    server: str | None
    sak: InForce | None
    rekeys: int

    @classmethod
    def of(cls, sites: tuple[str, str], ends: Sequence[End]) -> Standing:
        """The link between two sites."""
        state = _state(ends)
        times = [end.progress.secured_ns for end in ends if end.progress.secured_ns is not None]
        most = max(ends, key=lambda end: len(end.progress.saks)).progress.saks
        return cls(
            state=state,
            secured_ns=max(times) if len(times) == len(ends) else None,
            server=_server(sites, ends),
            sak=most[-1] if most and state is State.SECURED else None,
            rekeys=max(0, len(most) - 1),
        )


def _state(ends: Sequence[End]) -> State:
    if all(end.kay.secured for end in ends):
        return State.SECURED
    plain = [end.open and not end.kay.secured for end in ends]
    return State.PLAIN if any(plain) else State.CLOSED


def _server(sites: tuple[str, str], ends: Sequence[End]) -> str | None:
    for site, end in zip(sites, ends, strict=True):
        if end.kay.principal is not None and end.kay.principal.is_server:
            return site
    return None
