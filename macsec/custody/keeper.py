"""All transmit SAs of a SecY under their records: none sends a PN that is not reserved."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, Self

from macsec.custody.folder import Folder
from macsec.custody.numbers import PacketNumbers
from macsec.custody.record import Nonces
from macsec.custody.system import System
from macsec.errors import ConfigError, MACsecError

LOG = logging.getLogger("macsec")

BLOCK = 1 << 16
"""PNs reserved at a time, at first; a kill wastes so many at most."""

LONGEST_BLOCK = 1 << 20
"""What a block grows to, doubled each time, so that a fast sender seldom waits for the disk."""


class Transmitter(Protocol):
    """What is asked of a SecY."""

    @property
    def controls(self) -> Any:
        """Its controls."""

    @property
    def tx(self) -> Any:
        """Its transmit SC."""

    def raise_tx_pn(self, an: int, next_pn: int) -> None:
        """Raise nextPN."""

    def limit_tx_pn(self, an: int, limit: int) -> None:
        """Use no PN from `limit` on."""


class Keeper:
    """Keeps the PNs of a SecY in `folder` while it is entered. Raises ConfigError, MACsecError.

    Each transmit SA goes on where its record says; then it sends only what `reserve` allowed.
    `init` makes the folder, and records for keys that have none. The way out writes the exact PNs:
    by then nothing is sent any more. SAs made later are not kept: take a Keeper for them.
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
        """Let encodingSA send so many frames more at least; `block` if any have to be reserved.

        Raises MACsecError, or CustodyError where an earlier call did or the process was forked.
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
            self._secy.limit_tx_pn(an, 1)  # from here on nextPN stands still
            numbers.settle(self._secy.tx.sa[an].next_pn)
        except MACsecError as error:
            LOG.warning("%s: the next run skips the PNs that are left", error)
