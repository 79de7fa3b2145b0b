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
    def tx(self) -> Any:
        """The transmit SC."""

    def raise_tx_pn(self, an: int, next_pn: int) -> None:
        """Raise nextPN of a transmit SA."""

    def limit_tx_pn(self, an: int, limit: int) -> None:
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
        self._numbers: dict[int, PacketNumbers] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        sas: Mapping[int, Any] = self._secy.tx.sa
        with ExitStack() as opened:
            folder = Folder(self._path, self._init, self._system)
            opened.callback(folder.close)
            taken: dict[str, int] = {}
            for an, sa in sas.items():
                cipher = self._secy.controls.cipher.name
                of = Nonces(sa.check_value, self._secy.tx.sci, cipher, sa.iv.hex())
                if taken.setdefault(of.name, an) != an:
                    raise ConfigError(f"transmit SAs {taken[of.name]} and {an} have the same key")
                numbers = PacketNumbers(folder, of, sa.next_pn, self._init)
                opened.callback(numbers.close)
                self._numbers[an] = numbers
                self._secy.raise_tx_pn(an, numbers.mark)
                self._secy.limit_tx_pn(an, numbers.mark)
            self._open = opened.pop_all()
        return self

    def reserve(self, frames: int, block: int = 0) -> None:
        """Let encodingSA send at least `frames` more; if that needs new PNs, reserve `block`.

        Raises MACsecError, or CustodyError after an earlier error or in a forked process.
        """
        an = self._secy.controls.encodingsa
        numbers = self._numbers.get(an)
        if numbers is None:
            return
        limit = self._secy.controls.cipher.pn_limit
        next_pn = self._secy.tx.sa[an].next_pn
        if min(next_pn + frames, limit) <= numbers.mark:
            return
        numbers.reserve(min(next_pn + max(frames, block or self._block), limit))
        self._secy.limit_tx_pn(an, numbers.mark)
        self._block = max(self._block, min(2 * self._block, LONGEST_BLOCK))

    def __exit__(self, *_: object) -> None:
        with self._open:
            for an, numbers in self._numbers.items():
                self._settle(an, numbers)

    def _settle(self, an: int, numbers: PacketNumbers) -> None:
        try:
            self._secy.limit_tx_pn(an, 1)  # from here on nextPN does not change
            numbers.settle(self._secy.tx.sa[an].next_pn)
        except MACsecError as error:
            LOG.warning("%s: the next run skips the PNs that are left", error)
