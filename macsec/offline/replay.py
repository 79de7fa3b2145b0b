"""A capture across an emulated link: two stations, MACsec between them, every octet compared.

The experiment has no clock and draws nothing: keys come as an argument, batches one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from macsec.config.static_keys import Draw, Pair
from macsec.frames import Column, FrameBatch
from macsec.frames.columns import equal
from macsec.frames.sides import Split
from macsec.secy import Outcome, SecY

SYSTEM = (0x02000000000A, 0x02000000000B)
"""The MAC addresses of the two Common Ports: locally administered, no station's."""

WAYS = ("a-to-b", "b-to-a")


class Link(Pair):
    """The configurations of the link between both stations."""

    def __init__(self, cipher: str, draw: Draw) -> None:
        super().__init__({"cipher": cipher}, SYSTEM, draw)

    def files(self) -> dict[str, Mapping[str, Any]]:
        """Configurations to keep: of each direction both ends; of the whole wire the receiver."""
        ways = {f"{way}.yaml": self.config(side, (side,)) for side, way in enumerate(WAYS)}
        return {**ways, "wire.yaml": self.config(None, (0, 1))}


@dataclass(frozen=True, slots=True, eq=False)
class Departure:
    """What one direction sent of a batch.

    `rows`: which frames of the batch. `request`: the outcome at the sending Controlled Port.
    """

    side: int
    rows: Column
    request: Outcome

    @property
    def sent(self) -> Column:
        """The rows that went on the wire."""
        return self.rows[self.request.delivered]


@dataclass(frozen=True, slots=True, eq=False)
class Passage(Departure):
    """A departure, and its `indication`: the outcome at the receiving Controlled Port."""

    indication: Outcome


@dataclass(frozen=True, slots=True, eq=False)
class Sending:
    """A batch that was sent: as it was, and the departure of each direction that had frames."""

    clear: FrameBatch
    passages: Sequence[Departure]

    def on_wire(self) -> FrameBatch:
        """The protected frames in the order of the clear ones; `source` is the direction."""
        parts = [_from_side(part.request.batch, part.side) for part in self.passages]
        if len(parts) == 1:
            return parts[0]
        together = FrameBatch.concat(parts)
        if not parts:
            return together
        # Two runs, each in order: a stable sort merges them.
        sent = np.concatenate([part.sent for part in self.passages])
        return together.take(np.argsort(sent, kind="stable"))


@dataclass(frozen=True, slots=True, eq=False)
class Crossing(Sending):
    """A batch that went across, and the passage of each direction that had frames."""

    passages: Sequence[Passage]


@dataclass(slots=True)
class Score:
    """What crossed so far, over both directions."""

    frames: int = 0
    octets: int = 0
    protected: int = 0
    protected_octets: int = 0
    protected_from_octets: int = 0
    delivered: int = 0
    equal: int = 0

    @property
    def perfect(self) -> bool:
        """Whether every frame arrived as it was."""
        return self.frames == self.delivered == self.equal

    @property
    def overhead(self) -> int:
        """Octets that protection added to the frames that were sent."""
        return self.protected_octets - self.protected_from_octets


class Replay:
    """The experiment: `carry` each batch of a capture, then `compare` what came of it."""

    def __init__(self, link: Link, backend: str = "auto", kernel: str | None = None) -> None:
        self.secys = tuple(
            SecY.from_config(link.station(side), backend, kernel) for side in range(2)
        )
        self.score = Score()
        self._split = Split()

    def carry(self, batch: FrameBatch) -> Crossing:
        """Split, protect, send, validate."""
        return self.receive(self.send(batch))

    def send(self, batch: FrameBatch) -> Sending:
        """Split a batch and protect each side's part. Batches are given in their order."""
        sides = self._split.sides(batch)
        departures = []
        for side, sender in enumerate(self.secys):
            rows = np.flatnonzero(sides == side)
            if len(rows):
                part = batch if len(rows) == len(batch) else batch.take(rows)
                departures.append(Departure(side, rows, sender.protect(part)))
        return Sending(batch, departures)

    def receive(self, sending: Sending) -> Crossing:
        """Carry what was sent over the wire and validate it. Given in the order of sending."""
        passages = []
        for part in sending.passages:
            indication = self.secys[1 - part.side].validate(part.request.batch)
            passages.append(Passage(part.side, part.rows, part.request, indication))
        return Crossing(sending.clear, passages)

    def compare(self, crossing: Crossing) -> None:
        """Add a crossing to the score: what arrived against what was sent, octet for octet."""
        score, clear = self.score, crossing.clear
        score.frames += len(clear)
        score.octets += clear.octets
        for passage in crossing.passages:
            sent = passage.sent
            arrived = sent[passage.indication.delivered]
            score.protected += len(sent)
            score.protected_octets += passage.request.batch.octets
            score.protected_from_octets += int(clear.length[sent].sum())
            score.delivered += len(arrived)
            same = equal(clear.take(arrived), passage.indication.batch)
            score.equal += int(np.count_nonzero(same))

    def counters(self, side: int) -> dict[str, int]:
        """The counters of a direction: what its sender sent, what its receiver received."""
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


def _from_side(batch: FrameBatch, side: int) -> FrameBatch:
    source = np.full(len(batch), side, np.int64)
    return FrameBatch.trusted(
        batch.arena, batch.start, batch.length, batch.time_ns, source, batch.wire_length
    )
