"""SCs and SAs of a SecY as read-only objects (10.7.11 to 10.7.24); the LMI changes them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from macsec.errors import MACsecError
from macsec.keys import Uncopyable
from macsec.terms import sci_of, sci_text

from . import counters as names
from .counters import Counters
from .management.records import Association, Times
from .plane import DataPlane


class _Shown(Uncopyable):
    """Base with a repr that names what `_facts` returns, and never raises."""

    def _facts(self) -> str:
        raise NotImplementedError

    def __repr__(self) -> str:
        try:
            facts = self._facts()
        except MACsecError:
            facts = "of a SecY that is closed"
        return f"<{type(self).__name__} {facts}>"


def _on(enabled: bool) -> str:
    return "on" if enabled else "off"


def _ans(sas: Mapping[int, Any]) -> str:
    return f"SAs {', '.join(map(str, sorted(sas)))}" if sas else "no SA"


class TransmitSA(_Shown):
    """A transmit SA: `an`, `enabled`, `next_pn`, `counters`, `times` (10.7.23).

    `check_value` identifies its key; `iv` is its IV with a PN of zero, 12 octets.
    """

    def __init__(
        self, plane: DataPlane, an: int, check_value: str, iv: bytes, traffic_class: int = 0
    ) -> None:
        self.times = Times()
        self._plane, self._class = plane, traffic_class
        self.an, self.check_value, self.iv = an, check_value, iv

    def _facts(self) -> str:
        return f"{self.an}, {_on(self.enabled)}, next PN {self.next_pn}, key {self.check_value}"

    @property
    def enabled(self) -> bool:
        """enableTransmit."""
        return self._plane.tx_sa(self.an, self._class).enabled

    @property
    def next_pn(self) -> int:
        """nextPN; after the last PN, 2^32 (2^64 under XPN)."""
        return self._plane.tx_sa(self.an, self._class).next_pn

    @property
    def counters(self) -> Counters:
        """OutPktsProtected and OutPktsEncrypted of this SA."""
        return names.tx_sa_counters(self._plane.tx_sa(self.an, self._class).tally)


class ReceiveSA(_Shown):
    """A receive SA: `an`, `enabled`, `next_pn`, `lowest_pn`, `counters`, `times` (10.7.14)."""

    def __init__(self, plane: DataPlane, sci: int, an: int) -> None:
        self.times = Times()
        self._plane, self._sci = plane, sci
        self.an = an

    def _facts(self) -> str:
        lowest = f"lowest PN {self.lowest_pn}"
        return f"{self.an}, {_on(self.enabled)}, next PN {self.next_pn}, {lowest}"

    @property
    def enabled(self) -> bool:
        """enableReceive."""
        return self._plane.rx_sa(self._sci, self.an).enabled

    @property
    def next_pn(self) -> int:
        """nextPN: one past the highest PN of a valid frame."""
        return self._plane.rx_sa(self._sci, self.an).next_pn

    @property
    def lowest_pn(self) -> int:
        """lowestPN: the lowest acceptable one."""
        return self._plane.rx_sa(self._sci, self.an).lowest_pn

    @property
    def counters(self) -> Counters:
        """Counters of this SA."""
        return names.rx_sa_counters(self._plane.rx_sa(self._sci, self.an).tally)


class TransmitSC(_Shown):
    """A transmit SC: `sci` (16 hex digits or None), `enabled`, `sa` by AN, `counters`, `times`.

    `in_use`: it is enabled, and so is one of its SAs (transmitting, 10.7.21).
    `traffic_class`: 0 for the default SC, which every SecY has (10.7.17, 10.7.20).
    """

    def __init__(self, plane: DataPlane, traffic_class: int = 0) -> None:
        self.times, self.in_use = Times(), False
        self._plane = plane
        self.traffic_class = traffic_class
        self._sa: dict[int, TransmitSA] = {}
        self.sci: str | None = None
        self.enabled = False

    def _facts(self) -> str:
        return f"{self.sci or 'without an SCI'}, {_on(self.enabled)}, {_ans(self._sa)}"

    @property
    def sa(self) -> Mapping[int, TransmitSA]:
        """Its SAs by AN."""
        return MappingProxyType(self._sa)

    @property
    def counters(self) -> Counters:
        """Counters of this SC."""
        return names.tx_sc_counters(self._plane.tx_sc_tally(self.traffic_class))

    transmits = True

    @property
    def sci_shown(self) -> str:
        """SCI as text, empty without one."""
        return self.sci or ""

    @property
    def associations(self) -> Mapping[int, Association]:
        """Its SAs by AN."""
        return self._sa


class ReceiveSC(_Shown):
    """A receive SC: `sci` (16 hex digits), `enabled`, `sa` by AN, `counters`, `times` (10.7.12).

    `in_use`: it is enabled, and so is one of its SAs (receiving).
    """

    def __init__(self, plane: DataPlane, sci: int, enabled: bool) -> None:
        self.times, self.in_use = Times(), False
        self._plane, self._sci = plane, sci
        self._sa: dict[int, ReceiveSA] = {}
        self.sci = sci_text(sci)
        self.enabled = enabled

    def _facts(self) -> str:
        return f"{self.sci}, {_on(self.enabled)}, {_ans(self._sa)}"

    @property
    def sa(self) -> Mapping[int, ReceiveSA]:
        """Its SAs by AN."""
        return MappingProxyType(self._sa)

    @property
    def counters(self) -> Counters:
        """Counters of this SC."""
        return names.rx_sc_counters(self._plane.rx_sc_tally(self._sci))

    transmits = False

    @property
    def sci_shown(self) -> str:
        """SCI as text."""
        return self.sci

    @property
    def associations(self) -> Mapping[int, Association]:
        """Its SAs by AN."""
        return self._sa


class ReceiveSCs(Uncopyable, Mapping[str, ReceiveSC]):
    """Receive SCs by SCI: 16 hex digits, separators allowed, or a number."""

    def __init__(self) -> None:
        self._by_sci: dict[int, ReceiveSC] = {}

    def __getitem__(self, sci: str | int) -> ReceiveSC:
        try:
            return self._by_sci[sci_of(sci)]
        except (KeyError, ValueError):
            raise KeyError(sci) from None

    def __iter__(self) -> Any:
        return (sc.sci for sc in self._by_sci.values())

    def __len__(self) -> int:
        return len(self._by_sci)

    def __repr__(self) -> str:
        return f"<ReceiveSCs {', '.join(self) or 'none'}>"
