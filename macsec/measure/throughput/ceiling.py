"""The arithmetic ceiling of this CPU, and the clock of its core: contestants without data."""

from __future__ import annotations

from macsec.measure.compiled import Lacking, Library, library
from macsec.measure.task import HEAD, Task

BACKEND = "ceiling"
WIDTHS = ("aesni", "vaes-avx2", "vaes-avx512")
BLOCK = 16
STEP = 8
"""Registers in a step of ceiling.c."""
CHAIN = 64
"""Additions in a step of the clock."""
REDUCTION = 2 / 3
"""One reduction takes two multiplications, two thirds of a product."""


def blocks(text: int, aad: int) -> tuple[int, float]:
    """Return blocks of AES and products of GHASH, with the reduction, of one message."""
    whole = -(-text // BLOCK)
    return whole + 1, -(-aad // BLOCK) + whole + 1 + REDUCTION


class Ceiling:
    """The arithmetic of a batch, on registers of one width."""

    backend = BACKEND

    def __init__(self, task: Task, kernel: str) -> None:
        self._compiled = _library()
        self.kernel = kernel
        self.frames = self.batch = task.frames
        self._wide: int = self._compiled.lib.ceiling_blocks(kernel.encode())
        wide = self._wide
        if wide == 0:
            raise Lacking(f"this CPU has no {kernel}")
        aes, products = 0, 0.0
        for length in task.clear.length.tolist():
            user_data = length - 12
            sealed = user_data if task.encrypt else 0
            each_aes, each_products = blocks(sealed, HEAD + user_data - sealed)
            aes, products = aes + each_aes, products + each_products
        self._rounds = 10 if task.suite.key_length == BLOCK else 14
        self._both = round(aes / STEP / wide)
        self._products = round(max(products - aes, 0) / STEP / wide)

    def run(self, times: int) -> None:
        """Run the arithmetic of `times` batches."""
        run = self._compiled.lib.ceiling_run
        for _ in range(times):
            run(self._wide, self._rounds, self._both, self._products)

    def check(self) -> None:
        """Check nothing: there is no output."""

    def close(self) -> None:
        """Release nothing: no resource is held."""


class CycleCounter:
    """Additions that wait for one another: `frames` of them a repetition, a cycle each."""

    backend = kernel = "clock"
    batch = frames = 1000 * CHAIN

    def __init__(self) -> None:
        self._compiled = _library()

    def run(self, times: int) -> None:
        """Run `times` chains."""
        run = self._compiled.lib.clock_run
        for _ in range(times):
            run(self.frames // CHAIN)

    def check(self) -> None:
        """Check nothing: there is no output."""

    def close(self) -> None:
        """Release nothing: no resource is held."""


def _library() -> Library:
    return library("ceiling", "ceiling.c")
