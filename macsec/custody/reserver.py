"""Packet numbers reserved ahead of a pump, which uses them up without Python."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

from macsec.custody import LONGEST_BLOCK, Keeper
from macsec.errors import MACsecError

LOOK_S = 0.1
"""Seconds between two looks: half of the reserve lasts so long at five million frames a second."""


class Ahead:
    """Has `frames` PNs in reserve, or half of them at the least, while it is entered.

    Should the disk be slower than the frames, frames are lost until it is done: none leaves with a
    PN that is not reserved. Where PNs can be reserved no more, `failed` is called, from a thread.
    """

    def __init__(
        self, keeper: Keeper, failed: Callable[[], None], frames: int = LONGEST_BLOCK
    ) -> None:
        self._keeper, self._failed, self._frames = keeper, failed, frames
        self._error: MACsecError | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="macsec ahead", daemon=True)

    def _run(self) -> None:
        try:
            while not self._over.wait(LOOK_S):
                self._keeper.reserve(self._frames // 2, self._frames)
        except MACsecError as error:
            self._error = error
            self._failed()

    def check(self) -> None:
        """Raise what kept PNs from being reserved."""
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        self._keeper.reserve(self._frames // 2, self._frames)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
