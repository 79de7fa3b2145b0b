"""Background thread that keeps PNs reserved for a running pump, which runs without Python."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

from macsec.errors import MACsecError

from .keeper import LONGEST_BLOCK, Keeper

CHECK_S = 0.1
"""Seconds between checks; half of the reserve lasts that long at five million frames a second."""


class Reserver:
    """Context that keeps between half of `frames` and `frames` PNs in reserve.

    If the disk is slower than the traffic, frames are lost until it catches up: none leaves with a
    PN that is not reserved. If no more PNs can be reserved, the thread calls `failed`.
    """

    def __init__(
        self, keeper: Keeper, failed: Callable[[], None], frames: int = LONGEST_BLOCK
    ) -> None:
        self._keeper, self._failed, self._frames = keeper, failed, frames
        self._error: MACsecError | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="macsec reserver", daemon=True)

    def _run(self) -> None:
        try:
            while not self._over.wait(CHECK_S):
                self._keeper.reserve(self._frames // 2, self._frames)
        except MACsecError as error:
            self._error = error
            self._failed()

    def check(self) -> None:
        """Raise the error that kept PNs from being reserved."""
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        self._keeper.reserve(self._frames // 2, self._frames)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
