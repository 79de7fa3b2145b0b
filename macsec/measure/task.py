"""A task, the same for every contestant: a stage, a suite, and frames on both sides."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from macsec.frames import FrameBatch, Octets
from macsec.keys import Key
from macsec.measure.workload import Workload
from macsec.secy.backends import make_plane
from macsec.secy.controls import Controls
from macsec.secy.plane import DataPlane, SAParameters
from macsec.suites import CipherSuite

Stage = Literal["protect", "validate"]
PROTECT: Final = "protect"
VALIDATE: Final = "validate"
STAGES: tuple[Stage, ...] = (PROTECT, VALIDATE)
SCI = 0x5254001301560001
SSCI = 1
SECRET = bytes(range(32))
SALT = bytes(range(100, 112))
HEAD = 28
"""Octets before the User Data of a protected frame: addresses and SecTAG with SCI."""
ROOM = 64
"""Extra octets of output for each frame, and at the end; more than any contestant needs."""


@dataclass(frozen=True, slots=True)
class Task:
    """`clear` frames, and the same `sealed` with PNs from 1; `encrypt` off is integrity only.

    `out` is the output of all contestants in C. The place of its pages can double the time of a
    contestant that is close to the speed of the memory, so it has to be the same for all.
    """

    stage: Stage
    suite: CipherSuite
    encrypt: bool
    workload: Workload
    clear: FrameBatch
    sealed: FrameBatch
    out: Octets

    @property
    def frames(self) -> int:
        """The number of frames."""
        return len(self.clear)

    @property
    def key(self) -> bytes:
        """The SAK, which is no secret."""
        return SECRET[: self.suite.key_length]

    @property
    def given(self) -> FrameBatch:
        """The input of a contestant."""
        return self.clear if self.stage == PROTECT else self.sealed

    @property
    def wanted(self) -> FrameBatch:
        """The expected output."""
        return self.sealed if self.stage == PROTECT else self.clear

    @property
    def digest(self) -> str:
        """A short name for the octets of the sealed frames."""
        return hashlib.sha256(b"".join(self.sealed.frames())).hexdigest()[:16]

    def iv(self, row: int) -> bytes:
        """Return the IV of a frame."""
        if self.suite.xpn:
            return self.suite.iv(SCI, row + 1, SSCI, SALT)
        return self.suite.iv(SCI, row + 1)

    def forget(self) -> None:
        """Spoil the output of the previous contestant, so that the next one has to write it."""
        self.out.fill(0xA5)

    def at_stage(self, stage: Stage) -> Task:
        """Return the task with the same frames at another stage."""
        return replace(self, stage=stage)

    def first(self, frames: int) -> Task:
        """Return the task with its first frames only, for slow contestants."""
        rows = slice(0, frames)
        return replace(self, clear=self.clear.take(rows), sealed=self.sealed.take(rows))


def make_task(suite: CipherSuite, encrypt: bool, workload: Workload, frames: int) -> Task:
    """Make a task with its frames, sealed by the best data plane here."""
    clear = workload.batch(frames)
    plane = sending_plane(suite, encrypt)
    sealed = plane.protect(clear).batch
    plane.close()
    # In an arena of its own: a plane may overwrite its own output.
    copy = FrameBatch(np.array(sealed.arena), sealed.start, sealed.length)
    out: Octets = np.zeros(len(copy.arena) + ROOM * frames + ROOM, np.uint8)
    return Task(PROTECT, suite, encrypt, workload, clear, copy, out)


def sending_plane(
    suite: CipherSuite, encrypt: bool, backend: str = "auto", kernel: str | None = None
) -> DataPlane:
    """Return a data plane with one transmit SA, its next PN 1."""
    plane = make_plane(_controls(suite, encrypt), backend, kernel)
    plane.set_tx_sc(SCI, True)
    plane.add_tx_sa(_parameters(suite))
    return plane


def receiving_plane(
    suite: CipherSuite, encrypt: bool, backend: str = "auto", kernel: str | None = None
) -> DataPlane:
    """Return a data plane that accepts the same frames again, by the largest possible window."""
    plane = make_plane(_controls(suite, encrypt), backend, kernel)
    plane.add_rx_sc(SCI, True)
    plane.add_rx_sa(SCI, _parameters(suite))
    return plane


def plane_for(task: Task, backend: str = "auto", kernel: str | None = None) -> DataPlane:
    """Return the data plane of a task's stage."""
    make = sending_plane if task.stage == PROTECT else receiving_plane
    return make(task.suite, task.encrypt, backend, kernel)


def _controls(suite: CipherSuite, encrypt: bool) -> Controls:
    return Controls(cipher=suite, encrypt=encrypt, replay=True, window=suite.window_limit)


def _parameters(suite: CipherSuite) -> SAParameters:
    xpn: dict[str, Any] = {"ssci": SSCI, "salt": SALT} if suite.xpn else {}
    return SAParameters(0, Key(SECRET[: suite.key_length]), **xpn)
