"""Floods of forged frames: none is delivered, and no PN moves (10.6, 10.6.5)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from macsec.frames import Column, FrameBatch, Octets
from macsec.frames.sectag import TCI
from macsec.secy import Verdict
from macsec.terms import ADDRESSES_LENGTH, ETHERTYPE_MACSEC, ICV_LENGTH, SHORT_LENGTH_LIMIT

from .attack import CUT, INJECT, Attack
from .bits import TARGET_PN, target
from .craft import DATA_AT, PN_AT, SCI_AT, TCI_AT
from .scene import Scene
from .setting import SCI, Party

QUICK = {"native": 1_000_000, "reference": 20_000}
"""Default number of frames of a flood: takes seconds on either data plane."""
BATCH = 1 << 15
AROUND = DATA_AT + ICV_LENGTH
SHORTEST = AROUND + SHORT_LENGTH_LIMIT
"""Octets of the shortest frame with an SCI and an SL of 0."""

Generator = np.random.Generator


class Forged(NamedTuple):
    """Forged frames: rows of one matrix, with length and expected verdict of each."""

    rows: Octets
    length: Column
    ends: NDArray[np.uint8]

    def batch(self) -> FrameBatch:
        """Return the frames as a batch."""
        count, width = self.rows.shape
        return FrameBatch(self.rows.reshape(-1), np.arange(count) * width, self.length)


class Flood(Attack):
    """Base of floods: sends many forged frames.

    A genuine frame that was held back comes last, and must be valid.
    """

    clause = "9.12, 10.6, 10.6.5"

    def act(self, scene: Scene) -> None:
        """Deliver batch after batch; the seed decides every octet."""
        _, b, held = target(scene)
        drawn = np.random.Generator(np.random.PCG64(int.from_bytes(scene.draw("flood", 16))))
        left = self.frames(scene, b)
        while left:
            count = min(left, BATCH)
            forged = self.forge(drawn, count, held)
            octets = forged.length - AROUND
            scene.deliver_none(b, forged.batch(), forged.ends, SCI["A"], octets)
            left -= count
        scene.deliver(b, [held], Verdict.OK)

    @staticmethod
    def frames(scene: Scene, at: Party) -> int:
        """Return the number of frames: that of the setting, or the default of the data plane."""
        frames = scene.setting.frames
        return QUICK[at.secy.backend] if frames is None else frames

    @abstractmethod
    def forge(self, drawn: Generator, count: int, genuine: bytes) -> Forged:
        """Return `count` forged frames; `genuine` is a valid frame."""


class FloodRandom(Flood):
    """Sends random frames, half of them behind genuine addresses, SecTAG and SCI."""

    name = "flood-random"
    does = "sends random frames, half of them behind a genuine SecTAG"
    needs = INJECT
    why = "random octets are no SecTAG, and a random ICV is right once in 2^128"
    LONGEST = 256

    def forge(self, drawn: Generator, count: int, genuine: bytes) -> Forged:
        """Make even rows random, and odd rows random behind a header with a PN ahead."""
        rows = _noise(drawn, count, self.LONGEST)
        length = drawn.integers(SHORTEST, self.LONGEST + 1, count)
        ethertype = rows[:, ADDRESSES_LENGTH : ADDRESSES_LENGTH + 2]
        by_chance = (ethertype == list(ETHERTYPE_MACSEC.to_bytes(2))).all(axis=1)
        ethertype[by_chance, 1] ^= 1
        rows[1::2, :PN_AT] = np.frombuffer(genuine[:PN_AT], np.uint8)
        rows[1::2, SCI_AT:DATA_AT] = np.frombuffer(genuine[SCI_AT:DATA_AT], np.uint8)
        _set_pn(rows[1::2], drawn.integers(TARGET_PN, 1 << 31, len(rows[1::2])))
        ends = np.full(count, Verdict.NO_TAG, np.uint8)
        ends[1::2] = Verdict.NOT_VALID
        return Forged(rows, length, ends)


class FloodNearValid(Flood):
    """Sends a genuine frame with one random change each time."""

    name = "flood-near-valid"
    does = "sends a captured frame with one change, in each of ten ways"
    needs = CUT
    why = "each change has its check: tag, SCI, AN, PN, and the ICV for all others"

    def forge(self, drawn: Generator, count: int, genuine: bytes) -> Forged:
        """Choose the change of each row at random."""
        rows = np.tile(np.frombuffer(genuine, np.uint8), (count, 1))
        length = np.full(count, len(genuine), np.int64)
        ends = np.zeros(count, np.uint8)
        way = drawn.integers(0, len(WAYS), count)
        for number, (end, change) in enumerate(WAYS):
            chosen = np.flatnonzero(way == number)
            part, cut = rows[chosen], length[chosen]
            change(drawn, part, cut)
            rows[chosen], length[chosen], ends[chosen] = part, cut, end
        return Forged(rows, length, ends)


Change = Callable[[Generator, Octets, Column], None]
"""A function that changes rows and their lengths in place."""


def _noise(drawn: Generator, count: int, width: int) -> Octets:
    octets = np.frombuffer(bytearray(drawn.bytes(count * width)), np.uint8)
    return octets.reshape(count, width)


def _spoil(first: int, stop: int) -> Change:
    """Return a change of one octet in this range; a negative place counts from the end."""

    def change(drawn: Generator, rows: Octets, _: Column) -> None:
        count, width = rows.shape
        at = drawn.integers(first % width, (stop - 1) % width + 1, count)
        rows[np.arange(count), at] ^= drawn.integers(1, 256, count, np.uint8)

    return change


def _set_bit(drawn: Generator, rows: Octets, _: Column) -> None:
    bits = np.array([TCI.V, TCI.ES, TCI.SCB], np.uint8)
    rows[:, TCI_AT] |= drawn.choice(bits, len(rows))


def _other_an(drawn: Generator, rows: Octets, _: Column) -> None:
    rows[:, TCI_AT] ^= drawn.integers(1, 4, len(rows), np.uint8)


def _pn(first: int, stop: int) -> Change:
    def change(drawn: Generator, rows: Octets, _: Column) -> None:
        _set_pn(rows, drawn.integers(first, stop, len(rows)))

    return change


def _set_pn(rows: Octets, pn: Column) -> None:
    rows[:, PN_AT:SCI_AT] = pn.astype(">u4").view(np.uint8).reshape(-1, 4)


def _cut(drawn: Generator, _: Octets, length: Column) -> None:
    length[:] = drawn.integers(DATA_AT + 2, SHORTEST, len(length))


WAYS: tuple[tuple[Verdict, Change], ...] = (
    (Verdict.NOT_VALID, _spoil(0, ADDRESSES_LENGTH)),
    (Verdict.NO_TAG, _spoil(ADDRESSES_LENGTH, TCI_AT)),
    (Verdict.BAD_TAG, _set_bit),
    (Verdict.NOT_USING_SA, _other_an),
    (Verdict.LATE, _pn(1, TARGET_PN)),
    (Verdict.NOT_VALID, _pn(TARGET_PN + 1, 1 << 31)),
    (Verdict.NO_SCI, _spoil(SCI_AT, DATA_AT)),
    (Verdict.NOT_VALID, _spoil(DATA_AT, -ICV_LENGTH)),
    (Verdict.NOT_VALID, _spoil(-ICV_LENGTH, 0)),
    (Verdict.BAD_TAG, _cut),
)
"""The expected verdict of each change, and the change."""

ATTACKS = (FloodRandom(), FloodNearValid())
