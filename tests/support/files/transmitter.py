"""Sends frames under kept PNs until it is killed: for test_kills.py.

Each line of standard input is a job. It runs in a child that this process forks while it has no
SecY, so a run costs no imports. All output is in records of one size, which the system writes whole
or not at all: `P` and the child's number, `F` and a frame, `E` and the reason why the child ended
by itself, `D` once it is dead.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from typing import Any

from macsec.custody import Keeper
from macsec.custody.system import System
from macsec.errors import MACsecError
from support.planes import SAK, SCI_A, SCI_B, Plane, add_tx, frame_of

RECORD = 64
BLOCK = 16
LINKS = ((SAK, SCI_A), (SAK, SCI_B), (bytes(reversed(SAK)), SCI_A))
"""Key and SCI of each link."""


def report(kind: str, octets: bytes) -> None:
    """Write one record."""
    os.write(1, (kind.encode() + octets).ljust(RECORD, b"\0"))


def transmit(state: str, link: int, init: bool, frames: int, backend: str, forgets: bool) -> None:
    """Send `frames` frames on a link; `forgets`: with a disk that keeps no record."""
    key, sci = LINKS[link]
    system = System()
    if forgets:
        system = dataclasses.replace(system, rename=lambda *_, **__: None)
    secy = add_tx(Plane(backend).secy(), sci, key=key)
    with secy, Keeper(secy, state, init, block=BLOCK, system=system) as keeper:
        for _ in range(frames):
            keeper.reserve(1)
            out = secy.protect_frame(frame_of(RECORD - 1 - 12 - 16 - 16))
            report("F", out or b"")


def run(job: dict[str, Any]) -> None:
    """Run one child from its start to its end."""
    child = os.fork()
    if child == 0:
        try:
            report("P", str(os.getpid()).encode())
            transmit(**job)
        except MACsecError as error:
            report("E", str(error)[-40:].encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    report("D", b"")


if __name__ == "__main__":
    for line in sys.stdin:
        run(json.loads(line))
