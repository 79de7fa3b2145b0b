"""Key agreement on a link: secured or not, since when, and with which key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from macsec.enumerations import WordEnum
from macsec.kay.kay import Kay
from macsec.kay.keys.sak import KI
from macsec.port import Agreement


class SakInForce(NamedTuple):
    """A SAK that frames are sent under from a time on, and the CKN of its CAK."""

    time_ns: int
    ki: KI
    an: int
    ckn: str


class LinkEnd:
    """One end of a link with key agreement, in virtual or in real time.

    `saks`: all SAKs that it has sent under. `secured_ns`: when it was secured first; `on_secured`,
    if set, is called then.
    """

    def __init__(self, agreement: Agreement) -> None:
        self.agreement = agreement
        self.saks: list[SakInForce] = []
        self.secured_ns: int | None = None
        self.on_secured: Callable[[], None] | None = None
        agreement.follow(self._note, at_rest=False)

    @property
    def kay(self) -> Kay:
        """Its KaY."""
        return self.agreement.kay

    @property
    def open(self) -> bool:
        """True while its Controlled Port passes frames."""
        return self.agreement.port.enabled

    def _note(self, now_ns: int) -> None:
        """Record a change of key or of state, after the KaY has settled."""
        slot = next((slot for slot in self.kay.cp.slots() if slot.transmits), None)
        if slot is not None and (not self.saks or self.saks[-1].ki != slot.ki):
            principal = self.kay.principal
            ckn = "" if principal is None else principal.key.name
            self.saks.append(SakInForce(now_ns, slot.ki, slot.an, ckn))
        if self.secured_ns is None and self.kay.secured:
            self.secured_ns = now_ns
            if self.on_secured is not None:
                self.on_secured()


class LinkStatus(WordEnum):
    """The frames that a link passes."""

    SECURED = "secured"
    PLAIN = "plain"
    """Frames pass in clear, which should-secure allows."""
    CLOSED = "not secured"
    """No frame passes."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """A link now.

    `secured_ns`: from the start until both ends were. `server`: the Key Server's site, or None.
    `rekeys`: SAKs after the first.
    """

    status: LinkStatus
    secured_ns: int | None
    server: str | None
    sak: SakInForce | None
    rekeys: int

    @classmethod
    def of(cls, sites: tuple[str, str], ends: Sequence[LinkEnd]) -> LinkState:
        """Return the state of the link between two sites."""
        status = _status(ends)
        times = [end.secured_ns for end in ends if end.secured_ns is not None]
        most = max((end.saks for end in ends), key=len)
        return cls(
            status=status,
            secured_ns=max(times) if len(times) == len(ends) else None,
            server=_server(sites, ends),
            sak=most[-1] if most and status is LinkStatus.SECURED else None,
            rekeys=max(0, len(most) - 1),
        )


def _status(ends: Sequence[LinkEnd]) -> LinkStatus:
    if all(end.kay.secured for end in ends):
        return LinkStatus.SECURED
    plain = [end.open and not end.kay.secured for end in ends]
    return LinkStatus.PLAIN if any(plain) else LinkStatus.CLOSED


def _server(sites: tuple[str, str], ends: Sequence[LinkEnd]) -> str | None:
    for site, end in zip(sites, ends, strict=True):
        if end.kay.principal is not None and end.kay.principal.is_server:
            return site
    return None
