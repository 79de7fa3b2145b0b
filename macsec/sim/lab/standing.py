"""How key agreement on a link stands: secured or not, with which keys, and if not, why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from macsec.kay.counters import Reception
from macsec.kay.kay import Kay
from macsec.sim.agreed import InForce, Progress


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
    """A link now. `why` it is not secured; empty if it is.

    `secured_ns`: from the start until both ends were. `server`: the Key Server's site, or None.
    `rekeys`: SAKs after the first.
    """

    state: State
    why: str
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
            why="" if state is State.SECURED else _why(sites, ends),
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


# ---------------------------------------------------------------- why not


def _why(sites: tuple[str, str], ends: Sequence[End]) -> str:
    """The first cause that an end knows of, as each of them tells it."""
    for cause in _CAUSES:
        told = [cause(site, end.kay) for site, end in zip(sites, ends, strict=True)]
        if found := list(dict.fromkeys(filter(None, told))):
            return "; ".join(found)
    return "the run ended before the ends agreed"


def _without_key(site: str, kay: Kay) -> str:
    return "" if kay.participants else f"{site} has no CAK in its window"


def _wrong_cak(site: str, kay: Kay) -> str:
    count = kay.counters[Reception.BAD_ICV.value]
    return f"{count:,} MKPDUs with a wrong ICV at {site}: the CAKs differ" if count else ""


def _unknown_ckn(site: str, kay: Kay) -> str:
    count = kay.counters[Reception.UNKNOWN_CKN.value]
    return f"{count:,} MKPDUs of a CKN that {site} does not have" if count else ""


def _silent(site: str, kay: Kay) -> str:
    accepted = kay.counters[Reception.ACCEPTED.value]
    if any(participant.peers.live for participant in kay.participants.values()):
        return ""
    if accepted:
        return f"{site} hears nothing any more" if not _has_potential(kay) else ""
    return f"no MKPDU arrived at {site}"


def _has_potential(kay: Kay) -> bool:
    return any(participant.peers.potential for participant in kay.participants.values())


def _without_server(_: str, kay: Kay) -> str:
    live = [p for p in kay.participants.values() if p.peers.live]
    if not live or any(p.server is not None for p in live):
        return ""
    return "neither end offers to be Key Server"


def _refused(site: str, kay: Kay) -> str:
    if kay.counters["sak-cipher-mismatch-errors"]:
        return f"{site} does not accept the Cipher Suite"
    if kay.counters["sak-refused"]:
        return f"{site} refused {kay.counters['sak-refused']:,} offers of the Key Server"
    return ""


_CAUSES: tuple[Callable[[str, Kay], str], ...] = (
    _without_key,
    _wrong_cak,
    _unknown_ckn,
    _silent,
    _without_server,
    _refused,
)
