"""Our own contestants: the C call with everything prepared, the Python API, the reference plane."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from macsec.errors import MACsecError
from macsec.keys import Key
from macsec.measure.contestant import Contestant
from macsec.measure.task import PROTECT, SALT, SCI, SECRET, SSCI, Task, plane_for
from macsec.native import load
from macsec.secy.controls import Controls
from macsec.secy.lmi import SecY

BACKEND = "native"
PYTHON_BATCH = "python-api/batch"
PYTHON_FRAME = "python-api/frame"
REFERENCE = "reference"
REFERENCE_FRAMES = 16
PYTHON_FRAMES = 32


def contestants(task: Task, kernels: list[str]) -> Iterator[Contestant]:
    """Return the C call on each of these kernels; "reference" is the reference plane."""
    for kernel in kernels:
        if kernel == REFERENCE:
            yield Api(task.first(REFERENCE_FRAMES), REFERENCE, REFERENCE, None)
        else:
            yield Prepared(task, kernel)


def api_contestants(task: Task, kernel: str) -> Iterator[Contestant]:
    """Return the same through Python: a batch a call, and a frame a call."""
    yield Api(task, PYTHON_BATCH, "native", kernel)
    yield OneFrame(task.first(PYTHON_FRAMES), kernel)


class Prepared:
    """One C call for a batch, with SecTAG, PN, IV, look-up, replay, cipher and counters.

    The columns and arenas that the call is given are prepared. The call goes through a function
    pointer, as those of the C peers do, so that getting into C costs the same for all.
    """

    backend = BACKEND

    def __init__(self, task: Task, kernel: str) -> None:
        library = load("native")
        ffi, lib = library.ffi, library.lib
        self._task, self.kernel = task, kernel
        self.frames = self.batch = rows = task.frames
        self._plane: Any = plane_for(task, "native", kernel)
        name = "macsec_protect" if task.stage == PROTECT else "macsec_validate"
        self._call: Callable[[Any, Any, Any], int] = ffi.addressof(lib, name)
        self._wide, self._narrow = np.zeros((5, rows), np.int64), np.zeros((2, rows), np.uint8)
        given = ffi.new("macsec_frames *")
        given.arena = ffi.from_buffer("uint8_t[]", task.given.arena)
        given.start = ffi.from_buffer("int64_t[]", task.given.start)
        given.length = ffi.from_buffer("int64_t[]", task.given.length)
        given.wire_length = given.length
        given.count = rows
        out = ffi.new("macsec_outcome *")
        out.capacity = lib.macsec_capacity(given)
        out.arena = ffi.from_buffer("uint8_t[]", task.out, require_writable=True)
        if out.capacity > len(task.out):
            raise MACsecError("the arena of the measurement is too small")
        wide = ffi.from_buffer("int64_t[]", self._wide)
        narrow = ffi.from_buffer("uint8_t[]", self._narrow)
        lib.macsec_outcome_columns(out, wide, narrow, rows)
        self._given, self._out = given, out
        task.forget()
        self.run(1)
        made = [self._made(row) for row in range(self._out.frames)]
        if made != task.wanted.frames():
            raise MACsecError(f"kernel {kernel}: a frame of {task.stage} is not what it should be")

    def _made(self, row: int) -> bytes:
        start = int(self._wide[0, row])
        return self._task.out[start : start + int(self._wide[1, row])].tobytes()

    def run(self, times: int) -> None:
        """Handle `times` batches."""
        call, secy, given, out = self._call, self._plane._open(), self._given, self._out
        for _ in range(times):
            call(secy, given, out)

    def check(self) -> None:
        """Raise MACsecError if a frame of the last batch was not delivered or sent."""
        if self._out.frames != self.frames:
            raise MACsecError(f"kernel {self.kernel}: {self._task.stage} stopped letting frames on")

    def close(self) -> None:
        """Wipe the key."""
        self._plane.close()


class Api:
    """`secy.protect(batch)` or `secy.validate(batch)`."""

    def __init__(self, task: Task, backend: str, plane: str, kernel: str | None) -> None:
        self._task, self.backend = task, backend
        self.frames = self.batch = task.frames
        self._secy = _secy(task, plane, kernel)
        self.kernel = self._secy.kernel
        self._call = self._secy.protect if task.stage == PROTECT else self._secy.validate
        self._last = self._call(task.given)
        if self._last.batch.frames() != task.wanted.frames():
            raise MACsecError(f"{backend}: a frame of {task.stage} is not what it should be")

    def run(self, times: int) -> None:
        """Handle `times` batches."""
        call, batch = self._call, self._task.given
        for _ in range(times):
            out = call(batch)
        self._last = out

    def check(self) -> None:
        """Raise MACsecError if a frame of the last batch was not delivered or sent."""
        if len(self._last.batch) != self.frames:
            raise MACsecError(f"{self.backend}: {self._task.stage} stopped letting frames on")

    def close(self) -> None:
        """Wipe the key."""
        self._secy.close()


class OneFrame:
    """`secy.protect_frame(frame)` or `secy.validate_frame(frame)`, frame by frame."""

    backend = PYTHON_FRAME
    batch = 1

    def __init__(self, task: Task, kernel: str) -> None:
        self._task, self.frames = task, task.frames
        self._given = task.given.frames()
        self._secy = _secy(task, "native", kernel)
        self.kernel = self._secy.kernel
        protects = task.stage == PROTECT
        self._call: Any = self._secy.protect_frame if protects else self._secy.validate_frame
        made: list[Any] = [self._call(frame) for frame in self._given]
        if (made if protects else [pair[1] for pair in made]) != task.wanted.frames():
            raise MACsecError(f"{self.backend}: a frame is not what it should be")

    def run(self, times: int) -> None:
        """Handle all frames `times` times."""
        call, frames = self._call, self._given
        for _ in range(times):
            for frame in frames:
                call(frame)

    def check(self) -> None:
        """Raise MACsecError if one more frame is not delivered or sent."""
        made = self._call(self._given[0])
        if made is None or (self._task.stage != PROTECT and made[1] is None):
            raise MACsecError(f"{self.backend}: {self._task.stage} stopped letting frames on")

    def close(self) -> None:
        """Wipe the key."""
        self._secy.close()


def _secy(task: Task, plane: str, kernel: str | None) -> SecY:
    suite = task.suite
    window = suite.window_limit
    controls = Controls(cipher=suite, encrypt=task.encrypt, replay=True, window=window)
    secy = SecY(controls, plane, kernel)
    xpn: dict[str, Any] = {"ssci": SSCI, "salt": SALT} if suite.xpn else {}
    key = Key(SECRET[: suite.key_length])
    if task.stage == PROTECT:
        secy.create_tx_sc(SCI)
        secy.create_tx_sa(0, key, **xpn)
    else:
        secy.create_rx_sc(SCI)
        secy.create_rx_sa(SCI, 0, key, **xpn)
    return secy
