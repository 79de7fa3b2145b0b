"""One thing to do, the same for every contestant: a stage, a suite, and frames on both sides."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from macsec.frames import FrameBatch, Octets
from macsec.keys import Key
from macsec.measure.workload import Workload
from macsec.secy.backends import make_plane
from macsec.secy.controls import Controls
from macsec.secy.plane import DataPlane, SAParameters
from macsec.suites import CipherSuite

PROTECT, VALIDATE = STAGES = ("protect", "validate")
SCI = 0x5254001301560001
SSCI = 1
SECRET = bytes(range(32))
SALT = bytes(range(100, 112))
HEAD = 28
"""Octets before the User Data of a protected frame: addresses and SecTAG with SCI."""
ROOM = 64
"""Octets of output for each frame beside its own, and at the end: more than anyone asks for."""


@dataclass(frozen=True, slots=True)
class Task:
    """`clear` frames, and the same `sealed` with PNs from 1; `encrypt` off is integrity only.

    `out` is where contestants in C write, all of them: where its pages happen to lie can double the
    time of those that are close to the speed of the memory, so it has to be the same for all.
    """

    stage: str
    suite: CipherSuite
    encrypt: bool
    workload: Workload
    clear: FrameBatch
    sealed: FrameBatch
    out: Octets

    @property
    def frames(self) -> int:
        """How many."""
        return len(self.clear)

    @property
    def key(self) -> bytes:
        """The SAK: known to everybody."""
        return SECRET[: self.suite.key_length]

    @property
    def given(self) -> FrameBatch:
        """What a contestant gets."""
        return self.clear if self.stage == PROTECT else self.sealed

    @property
    def wanted(self) -> FrameBatch:
        """What it is to make."""
        return self.sealed if self.stage == PROTECT else self.clear

    @property
    def digest(self) -> str:
        """A short name for the octets of the sealed frames."""
        return hashlib.sha256(b"".join(self.sealed.frames())).hexdigest()[:16]

    def iv(self, row: int) -> bytes:
        """The IV of a frame."""
        if self.suite.xpn:
            return self.suite.iv(SCI, row + 1, SSCI, SALT)
        return self.suite.iv(SCI, row + 1)

    def forget(self) -> None:
        """Spoil what the contestant before has written, so that the next one has to write it."""
        self.out.fill(0xA5)

    def at_stage(self, stage: str) -> Task:
        """The same frames, the other way."""
        return replace(self, stage=stage)

    def first(self, frames: int) -> Task:
        """Fewer frames, for contestants that take long."""
        rows = slice(0, frames)
        return replace(self, clear=self.clear.take(rows), sealed=self.sealed.take(rows))


def make_task(suite: CipherSuite, encrypt: bool, workload: Workload, frames: int) -> Task:
    """A task with its frames, sealed by whatever data plane is best here."""
    clear = workload.batch(frames)
    plane = sending_plane(suite, encrypt)
    sealed = plane.protect(clear).batch
    plane.close()
    # In an arena of its own: what a plane writes, it may write again.
    copy = FrameBatch(np.array(sealed.arena), sealed.start, sealed.length)
    out: Octets = np.zeros(len(copy.arena) + ROOM * frames + ROOM, np.uint8)
    return Task(PROTECT, suite, encrypt, workload, clear, copy, out)


def sending_plane(
    suite: CipherSuite, encrypt: bool, backend: str = "auto", kernel: str | None = None
) -> DataPlane:
    """A data plane with one transmit SA, its next PN 1."""
    plane = make_plane(_controls(suite, encrypt), backend, kernel)
    plane.set_tx_sc(SCI, True)
    plane.add_tx_sa(_parameters(suite))
    return plane


def receiving_plane(
    suite: CipherSuite, encrypt: bool, backend: str = "auto", kernel: str | None = None
) -> DataPlane:
    """A data plane that takes the same frames over and over: its window is as large as can be."""
    plane = make_plane(_controls(suite, encrypt), backend, kernel)
    plane.add_rx_sc(SCI, True)
    plane.add_rx_sa(SCI, _parameters(suite))
    return plane


def plane_for(task: Task, backend: str = "auto", kernel: str | None = None) -> DataPlane:
    """The data plane of a task's stage."""
    make = sending_plane if task.stage == PROTECT else receiving_plane
    return make(task.suite, task.encrypt, backend, kernel)


def _controls(suite: CipherSuite, encrypt: bool) -> Controls:
    return Controls(cipher=suite, encrypt=encrypt, replay=True, window=suite.window_limit)


def _parameters(suite: CipherSuite) -> SAParameters:
    xpn: dict[str, Any] = {"ssci": SSCI, "salt": SALT} if suite.xpn else {}
    return SAParameters(0, Key(SECRET[: suite.key_length]), **xpn)
