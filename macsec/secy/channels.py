"""SCs and SAs of a SecY as read-only objects (10.7.11 to 10.7.24); the LMI changes them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from macsec.keys import Uncopyable
from macsec.terms import sci_of, sci_text

from . import counters as names
from .counters import Counters
from .plane import DataPlane


class TransmitSA(Uncopyable):
    """A transmit SA: `an`, `enabled`, `next_pn`, `counters` (10.7.23).

    `check_value` identifies its key; `iv` is its IV with a PN of zero, 12 octets.
    """

    def __init__(self, plane: DataPlane, an: int, check_value: str, iv: bytes) -> None:
        self._plane = plane
        self.an, self.check_value, self.iv = an, check_value, iv

    @property
    def enabled(self) -> bool:
        """enableTransmit."""
        return self._plane.tx_sa(self.an).enabled

    @property
    def next_pn(self) -> int:
        """nextPN; after the last PN, 2^32 (2^64 under XPN)."""
        return self._plane.tx_sa(self.an).next_pn

    @property
    def counters(self) -> Counters:
        """OutPktsProtected and OutPktsEncrypted of this SA."""
        return names.tx_sa_counters(self._plane.tx_sa(self.an).tally)


class ReceiveSA(Uncopyable):
    """A receive SA: `an`, `enabled`, `next_pn`, `lowest_pn`, `counters` (10.7.14)."""

    def __init__(self, plane: DataPlane, sci: int, an: int) -> None:
        self._plane, self._sci = plane, sci
        self.an = an

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


class TransmitSC(Uncopyable):
    """The transmit SC: `sci` (16 hex digits or None), `enabled`, `sa` by AN, `counters`."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._sa: dict[int, TransmitSA] = {}
        self.sci: str | None = None
        self.enabled = False

    @property
    def sa(self) -> Mapping[int, TransmitSA]:
        """Its SAs by AN."""
        return MappingProxyType(self._sa)

    @property
    def counters(self) -> Counters:
        """Counters of this SC."""
        return names.tx_sc_counters(self._plane.tally())


class ReceiveSC(Uncopyable):
    """A receive SC: `sci` (16 hex digits), `enabled`, `sa` by AN, `counters` (10.7.12)."""

    def __init__(self, plane: DataPlane, sci: int, enabled: bool) -> None:
        self._plane, self._sci = plane, sci
        self._sa: dict[int, ReceiveSA] = {}
        self.sci = sci_text(sci)
        self.enabled = enabled

    @property
    def sa(self) -> Mapping[int, ReceiveSA]:
        """Its SAs by AN."""
        return MappingProxyType(self._sa)

    @property
    def counters(self) -> Counters:
        """Counters of this SC."""
        return names.rx_sc_counters(self._plane.rx_sc_tally(self._sci))


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
