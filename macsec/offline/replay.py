"""A capture across an emulated link: two stations, MACsec between them, every octet compared.

The experiment has no clock and no randomness: keys are an argument, batches come one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from macsec.config.static_keys import Draw, Pair
from macsec.frames import Column, FrameBatch, Octets
from macsec.frames.columns import equal
from macsec.frames.sides import Split
from macsec.frames.unsent import Unsent
from macsec.secy import Outcome, SecY
from macsec.secy.own_arena import GROWS_BY

SYSTEM = (0x02000000000A, 0x02000000000B)
"""MAC addresses of the two Common Ports: locally administered, so no real station has them."""

WAYS = ("a-to-b", "b-to-a")


class LinkConfigs(Pair):
    """Configurations of both ends of the link."""

    def __init__(self, cipher: str, draw: Draw) -> None:
        super().__init__({"cipher": cipher}, SYSTEM, draw)

    def files(self) -> dict[str, Mapping[str, Any]]:
        """Return configurations to save: one for each direction, and a receiver of both."""
        ways = {f"{way}.yaml": self.config(side, (side,)) for side, way in enumerate(WAYS)}
        return {**ways, "wire.yaml": self.config(None, (0, 1))}


@dataclass(frozen=True, slots=True, eq=False)
class ProtectedPart:
    """The frames of a batch that one side protected.

    `rows`: their rows in the batch. `protected`: the outcome at the sending Controlled Port, whose
    arena begins at `place` in that of the batch.
    """

    side: int
    rows: Column
    place: int
    protected: Outcome

    @property
    def sent(self) -> Column:
        """The rows that went on the wire."""
        return _chosen(self.rows, self.protected.delivered)


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedPart(ProtectedPart):
    """A protected part, and `validated`: the outcome at the receiving Controlled Port."""

    validated: Outcome


@dataclass(frozen=True, slots=True, eq=False)
class ProtectedBatch:
    """A clear batch, the side of each frame, and the protected part of each side that sent some.

    The protected frames of all parts lie in `arena`.
    """

    clear: FrameBatch
    sides: Column
    arena: Octets
    parts: Sequence[ProtectedPart]

    def on_wire(self) -> FrameBatch:
        """Return the protected frames in the order of the clear ones; `source` is the direction."""
        start, length = np.empty((2, len(self.clear)), np.int64)
        for part in self.parts:
            sent, batch = part.sent, part.protected.batch
            start[sent] = batch.start + part.place
            length[sent] = batch.length
        whole = FrameBatch.trusted(self.arena, start, length, self.clear.time_ns, self.sides)
        rows = self.rows()
        return whole if len(rows) == len(whole) else whole.take(rows)

    def rows(self) -> Column:
        """Return the row of the clear batch for each frame on the wire."""
        if sum(len(part.sent) for part in self.parts) == len(self.clear):
            return np.arange(len(self.clear))
        is_sent = np.zeros(len(self.clear), np.bool_)
        for part in self.parts:
            is_sent[part.sent] = True
        return np.flatnonzero(is_sent)


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedBatch(ProtectedBatch):
    """A clear batch, and the received part of each side that sent frames."""

    parts: Sequence[ReceivedPart]


@dataclass(slots=True)
class ReplayScore:
    """Totals of both directions so far. `unsent`: frames that could not be sent."""

    unsent: Unsent = field(default_factory=Unsent)
    frames: int = 0
    octets: int = 0
    protected: int = 0
    protected_octets: int = 0
    protected_from_octets: int = 0
    delivered: int = 0
    equal: int = 0

    @property
    def perfect(self) -> bool:
        """True if every frame arrived unchanged."""
        return self.frames == self.delivered == self.equal

    @property
    def missing(self) -> int:
        """Frames that were sent and did not arrive as they were."""
        return self.frames - self.unsent.frames - self.equal

    @property
    def intact(self) -> bool:
        """True if every frame that could be sent arrived unchanged."""
        return not self.missing and self.delivered == self.equal

    @property
    def overhead(self) -> int:
        """Octets that protection added to the frames that were sent."""
        return self.protected_octets - self.protected_from_octets


class Replay:
    """The experiment: `carry` each batch of a capture, then `compare` the result."""

    def __init__(self, link: LinkConfigs, backend: str = "auto", kernel: str | None = None) -> None:
        self.secys = tuple(
            SecY.from_config(link.station(side), backend, kernel) for side in range(2)
        )
        self.score = ReplayScore()
        self._split = Split()

    def carry(self, batch: FrameBatch) -> ReceivedBatch:
        """Protect and validate a batch."""
        return self.receive(self.send(batch))

    def send(self, batch: FrameBatch) -> ProtectedBatch:
        """Split a batch and protect the part of each side. Call it in the order of the batches."""
        sides = self._split.sides(batch)
        arena = np.empty(batch.octets + GROWS_BY * len(batch), np.uint8)
        parts: list[ProtectedPart] = []
        place = 0
        for side, sender in enumerate(self.secys):
            rows = np.flatnonzero(sides == side)
            if len(rows):
                part = batch if len(rows) == len(batch) else batch.take(rows)
                parts.append(ProtectedPart(side, rows, place, sender.protect(part, arena[place:])))
                place += len(parts[-1].protected.batch.arena)
        return ProtectedBatch(batch, sides, arena, parts)

    def receive(self, protected: ProtectedBatch) -> ReceivedBatch:
        """Validate protected frames at the other side. Call it in the order of the batches."""
        parts = []
        for part in protected.parts:
            validated = self.secys[1 - part.side].validate(part.protected.batch)
            parts.append(ReceivedPart(part.side, part.rows, part.place, part.protected, validated))
        return ReceivedBatch(protected.clear, protected.sides, protected.arena, parts)

    def compare(self, received: ReceivedBatch) -> None:
        """Compare delivered frames with the clear ones, octet for octet, and add to the score."""
        score, clear = self.score, received.clear
        score.frames += len(clear)
        score.octets += clear.octets
        score.unsent.add(clear)
        for part in received.parts:
            sent = part.sent
            arrived = _chosen(sent, part.validated.delivered)
            score.protected += len(sent)
            score.protected_octets += part.protected.batch.octets
            score.protected_from_octets += int(clear.length[sent].sum())
            score.delivered += len(arrived)
            same = equal(clear, part.validated.batch, arrived)
            score.equal += int(np.count_nonzero(same))

    def counters(self, side: int) -> dict[str, int]:
        """Return the counters of a direction: Out of its sender, In of its receiver."""
        out, into = self.secys[side].counters, self.secys[1 - side].counters
        return {name: (out if name.startswith("Out") else into)[name] for name in out}

    def close(self) -> None:
        """Wipe all keys."""
        for secy in self.secys:
            secy.close()

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _chosen(rows: Column, places: Column) -> Column:
    """Return the rows at some places, which rise: as many places as rows are all of them."""
    return rows if len(places) == len(rows) else rows[places]
