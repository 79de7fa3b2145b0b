"""Custody of all transmit SAs of a SecY: none sends a PN that is not reserved."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, Self

from macsec.errors import ConfigError, MACsecError

from .folder import Folder
from .numbers import PacketNumbers
from .record import Nonces
from .system import System

LOG = logging.getLogger("macsec")

BLOCK = 1 << 16
"""PNs in the first block reserved; a kill wastes at most one block."""

LONGEST_BLOCK = 1 << 20
"""Limit of a block, which doubles each time, so that a fast sender seldom waits for the disk."""


class Transmitter(Protocol):
    """SecY calls that a Keeper needs."""

    @property
    def controls(self) -> Any:
        """Controls in force."""

    @property
    def tx_classes(self) -> Mapping[int, Any]:
        """The transmit SCs by traffic class."""

    def raise_tx_pn(self, an: int, next_pn: int, traffic_class: int = 0) -> None:
        """Raise nextPN of a transmit SA."""

    def limit_tx_pn(self, an: int, limit: int, traffic_class: int = 0) -> None:
        """Use no PN from `limit` on."""


class Keeper:
    """Context that keeps the PNs of a SecY in `folder`. Raises ConfigError, MACsecError.

    Each transmit SA continues at the PN of its record, and then sends only PNs that `reserve`
    allowed. `init` makes the folder, and records for keys that have none. The exit stops the SAs
    and writes the exact PNs. SAs created later are not covered: they need another Keeper.
    """

    def __init__(
        self,
        secy: Transmitter,
        folder: str | Path,
        init: bool = False,
        *,
        block: int = BLOCK,
        system: System | None = None,
    ) -> None:
        self._secy, self._path, self._init = secy, Path(folder), init
        self._block, self._system = block, system
        self._numbers: dict[tuple[int, int], PacketNumbers] = {}  # by AN and traffic class
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            folder = Folder(self._path, self._init, self._system)
            opened.callback(folder.close)
            for traffic_class, sc in self._secy.tx_classes.items():
                self._take(folder, opened, traffic_class, sc)
            self._open = opened.pop_all()
        return self

    def _take(self, folder: Folder, opened: ExitStack, traffic_class: int, sc: Any) -> None:
        """Continue the SAs of one SC at their records."""
        taken: dict[str, int] = {}
        for an, sa in sc.sa.items():
            of = Nonces(sa.check_value, sc.sci, self._secy.controls.cipher.name, sa.iv.hex())
            if taken.setdefault(of.name, an) != an:
                raise ConfigError(f"transmit SAs {taken[of.name]} and {an} have the same key")
            numbers = PacketNumbers(folder, of, sa.next_pn, self._init)
            opened.callback(numbers.close)
            self._numbers[an, traffic_class] = numbers
            self._secy.raise_tx_pn(an, numbers.mark, traffic_class)
            self._secy.limit_tx_pn(an, numbers.mark, traffic_class)

    def reserve(self, frames: int, block: int = 0) -> None:
        """Let encodingSA send at least `frames` more; if that needs new PNs, reserve `block`.

        Of several transmit SCs each may send as many. Raises MACsecError, or CustodyError after an
        earlier error or in a forked process.
        """
        an = self._secy.controls.encodingsa
        for traffic_class in self._secy.tx_classes:
            if (an, traffic_class) in self._numbers:
                self._reserve(an, traffic_class, frames, block)

    def _reserve(self, an: int, traffic_class: int, frames: int, block: int) -> None:
        numbers = self._numbers[an, traffic_class]
        limit = self._secy.controls.cipher.pn_limit
        next_pn = self._secy.tx_classes[traffic_class].sa[an].next_pn
        if min(next_pn + frames, limit) <= numbers.mark:
            return
        numbers.reserve(min(next_pn + max(frames, block or self._block), limit))
        self._secy.limit_tx_pn(an, numbers.mark, traffic_class)
        self._block = max(self._block, min(2 * self._block, LONGEST_BLOCK))

    def __exit__(self, *_: object) -> None:
        with self._open:
            for (an, traffic_class), numbers in self._numbers.items():
                self._settle(an, traffic_class, numbers)

    def _settle(self, an: int, traffic_class: int, numbers: PacketNumbers) -> None:
        try:
            # From here on nextPN does not change.
            self._secy.limit_tx_pn(an, 1, traffic_class)
            numbers.settle(self._secy.tx_classes[traffic_class].sa[an].next_pn)
        except MACsecError as error:
            LOG.warning("%s: the next run skips the PNs that are left", error)
