"""Recorded frames sent again, twice, late or in another order (10.6.2, 10.6.4, 10.6.5)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from macsec.secy import Verdict

from .attack import CUT, RECORD, Attack
from .scene import Scene
from .setting import Party

FRAMES = 40
WINDOW = 8
OK, LATE, DELAYED = Verdict.OK, Verdict.LATE, Verdict.DELAYED

NO_BITMAP = {"linux": "duplicates: reject is no part of profile linux"}


class Recorded(Attack):
    """Base of replays: traffic is recorded on its way and used afterwards."""

    needs = RECORD
    clause = "10.6.2, 10.6.4"
    controls: ClassVar[dict[str, Any]] = {"window": WINDOW}

    def act(self, scene: Scene) -> None:
        """Let traffic pass and use the record; later traffic must be valid as before."""
        a, b = scene.sender(), scene.receiver(**self.controls)
        record = scene.send(a, scene.clear(FRAMES))
        scene.deliver(b, record, OK)
        self.play(scene, b, record)
        scene.deliver(b, scene.send(a, scene.clear(FRAMES)), OK)

    @abstractmethod
    def play(self, scene: Scene, b: Party, record: Sequence[bytes]) -> None:
        """Use the record."""


class ReplayAll(Recorded):
    """Plays back all recorded frames, to a receiver with window 0."""

    name = "replay"
    does = "plays back all recorded frames; window 0"
    why = "every PN is below lowestPN, which is nextPN with a window of 0"
    controls: ClassVar[dict[str, Any]] = {"window": 0}

    def play(self, scene: Scene, b: Party, record: Sequence[bytes]) -> None:
        """Expect late for all of them."""
        scene.deliver(b, record, LATE)


class ReplayBelow(Recorded):
    """Plays back the frames older than the window."""

    name = "replay-below-window"
    does = f"plays back frames older than the window of {WINDOW}"
    why = "their PNs are below lowestPN"

    def play(self, scene: Scene, b: Party, record: Sequence[bytes]) -> None:
        """Expect late for all of them."""
        scene.deliver(b, record[:-WINDOW], LATE)


class ReplayAtEdge(Recorded):
    """Plays back the frames on both sides of lowestPN."""

    name = "replay-at-window-edge"
    does = "plays back the frame at lowestPN, and the one before it"
    clause = "10.6.2, 10.6.4, 10.4"
    why = "lowestPN itself is acceptable, and so is delivered again; one below is late"

    def play(self, scene: Scene, b: Party, record: Sequence[bytes]) -> None:
        """Use the eighth frame from the end, which has lowestPN: nextPN minus the window."""
        scene.deliver(b, [record[-WINDOW]], OK)
        scene.deliver(b, [record[-WINDOW - 1]], LATE)


class ReplayInside(Recorded):
    """Plays back frames inside the window: the standard keeps no list of received PNs."""

    name = "replay-inside-window"
    does = f"plays back the {WINDOW} frames inside the window"
    clause = "10.4"
    why = "inside the window the standard delivers duplicates: only duplicates: reject stops them"

    def play(self, scene: Scene, b: Party, record: Sequence[bytes]) -> None:
        """Expect all of them to be delivered again."""
        scene.deliver(b, record[-WINDOW:], OK)


class ReplayRejected(Recorded):
    """Plays back frames inside the window of a receiver that remembers received PNs."""

    name = "replay-inside-window-rejected"
    does = f"plays back the {WINDOW} frames inside the window; duplicates: reject"
    why = "an extension keeps a bitmap of the window, and a repeated PN is late"
    controls: ClassVar[dict[str, Any]] = {"window": WINDOW, "duplicates": "reject"}
    refused_by = NO_BITMAP

    def play(self, scene: Scene, b: Party, record: Sequence[bytes]) -> None:
        """Expect late for all of them."""
        scene.deliver(b, record, LATE)


class ReplayUnprotected(Recorded):
    """Plays back all frames to a receiver with replayProtect off, for comparison."""

    name = "replay-unprotected"
    does = "plays back all recorded frames; replay: off"
    clause = "10.6.5"
    why = "without replayProtect a frame below lowestPN is delivered and counted as delayed"
    controls: ClassVar[dict[str, Any]] = {"window": 0, "replay": False}

    def play(self, scene: Scene, b: Party, record: Sequence[bytes]) -> None:
        """Expect all of them to be delivered again."""
        scene.deliver(b, record, DELAYED)


class Duplicate(Attack):
    """Sends every frame twice in a row."""

    needs = RECORD

    def __init__(self, name: str, second: Verdict, clause: str, why: str, **controls: Any) -> None:
        given = ", ".join(f"{control} {value}" for control, value in controls.items())
        self.name, self.does = name, f"sends every frame twice; {given}"
        self.clause, self.why = clause, why
        self._second, self._controls = second, controls
        if "duplicates" in controls:
            self.refused_by = NO_BITMAP

    def act(self, scene: Scene) -> None:
        """Expect the first of each two to be valid."""
        a, b = scene.sender(), scene.receiver(**self._controls)
        wire = scene.send(a, scene.clear(FRAMES))
        twice = [frame for frame in wire for _ in range(2)]
        scene.deliver(b, twice, [OK, self._second] * FRAMES)


class ReorderWithin(Attack):
    """Reorders frames by less than the window."""

    name = "reorder-within-window"
    does = f"shuffles each {WINDOW} frames; window {WINDOW}"
    needs = CUT
    clause = "10.6.5"
    why = "no frame is overtaken by as many frames as the window: all are acceptable"

    def act(self, scene: Scene) -> None:
        """Expect all to be delivered, in the order of arrival."""
        a, b = scene.sender(), scene.receiver(window=WINDOW)
        wire = scene.send(a, scene.clear(FRAMES))
        for at in range(0, FRAMES, WINDOW):
            block = scene.shuffled(f"order {at}", wire[at : at + WINDOW])
            scene.deliver(b, block, OK)


class ReorderBeyond(Attack):
    """Reorders frames by more than the window."""

    name = "reorder-beyond-window"
    does = f"reverses the order of each {2 * WINDOW} frames; window {WINDOW}"
    needs = CUT
    clause = "10.6.2, 10.6.4"
    why = f"the first to arrive is the last sent; all but the {WINDOW} below it are late"

    def act(self, scene: Scene) -> None:
        """Expect the later half of each block, which arrives first, to be valid."""
        a, b = scene.sender(), scene.receiver(window=WINDOW)
        size = 2 * WINDOW
        wire = scene.send(a, scene.clear(3 * size))
        for at in range(0, len(wire), size):
            scene.deliver(b, wire[at : at + size][::-1], [OK] * WINDOW + [LATE] * WINDOW)


class Delay(Attack):
    """Holds one frame back while others pass."""

    needs = CUT
    clause = "10.6.2, 10.6.4"

    def __init__(self, name: str, overtaken_by: int, end: Verdict, why: str) -> None:
        self.name, self.why = name, why
        self.does = f"holds a frame back while {overtaken_by} pass; window {WINDOW}"
        self._overtaken_by, self._end = overtaken_by, end

    def act(self, scene: Scene) -> None:
        """Deliver the held frame last."""
        a, b = scene.sender(), scene.receiver(window=WINDOW)
        scene.deliver(b, scene.send(a, scene.clear(FRAMES)), OK)
        held, *passing = scene.send(a, scene.clear(1 + self._overtaken_by))
        scene.deliver(b, passing, OK)
        scene.deliver(b, [held], self._end)


ATTACKS = (
    ReplayAll(),
    ReplayBelow(),
    ReplayAtEdge(),
    ReplayInside(),
    ReplayRejected(),
    ReplayUnprotected(),
    Duplicate(
        "duplicate",
        LATE,
        "10.6.2, 10.6.4",
        "the first of two moves lowestPN past them",
        window=0,
    ),
    Duplicate(
        "duplicate-in-window",
        OK,
        "10.4",
        "inside the window the standard delivers duplicates",
        window=WINDOW,
    ),
    Duplicate(
        "duplicate-rejected",
        LATE,
        "10.6.2, 10.6.4",
        "an extension keeps a bitmap of the window, and a repeated PN is late",
        window=WINDOW,
        duplicates="reject",
    ),
    ReorderWithin(),
    ReorderBeyond(),
    Delay("delay-within-window", WINDOW - 1, OK, "its PN is lowestPN exactly: the last acceptable"),
    Delay("delay-beyond-window", WINDOW, LATE, "its PN is one below lowestPN"),
)
