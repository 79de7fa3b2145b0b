"""Hundreds of receive SCs: found after any creations and deletions, in batches as one by one.

Enough SCs that a data plane which prefetches in a batch does so.
"""

from __future__ import annotations

import random

import pytest
from support.planes import (
    ES,
    SC,
    SCB,
    C,
    Craft,
    E,
    Plane,
    all_counters,
    batch_of,
    frame_of,
    judged,
    labels,
    pn_state,
)

from macsec.keys import Key
from macsec.secy import SecY

SCS = 420
CLEAR = frame_of(46)


def sci_of_number(number: int) -> str:
    """Return an SCI: some adjacent, like addresses in a datacenter, some random."""
    near = 0x5254000000000001 + (number << 16)
    return f"{near if number % 3 else random.Random(number).getrandbits(64):016x}"


SCIS = [sci_of_number(number) for number in range(SCS)]
ANS = [number % 4 for number in range(SCS)]
SAKS = [number.to_bytes(16) for number in range(SCS)]


def add(secy: SecY, number: int) -> None:
    """Create an SC with its SA."""
    secy.create_rx_sc(SCIS[number])
    secy.create_rx_sa(SCIS[number], ANS[number], Key(SAKS[number]))


def craft(number: int, tci: int = SC | E | C, tags: bytes = b"") -> bytes:
    """Return a frame to an SC, by the text of the standard."""
    sci = SCIS[number]
    addresses = bytes.fromhex("525400130157" + sci[:12])
    making = Craft(sci=sci, key=SAKS[number], an=ANS[number], tci=tci, addresses=addresses)
    frame = making.protect(CLEAR)
    return frame[:12] + tags + frame[12:]


FRAMES = [craft(number) for number in range(SCS)]


def test_scs_are_found_after_creation_and_deletion_in_any_order(plane: Plane) -> None:
    """After SCs were created and deleted in any order, each is found with its own state."""
    draw = random.Random(2)
    secy = plane.secy(window=1000)
    there: dict[int, int] = {}
    for step in range(40):
        for number in draw.sample(range(SCS), draw.choice([1, 20, 200, SCS])):
            if number in there and draw.random() < 0.7:
                secy.delete_rx_sc(SCIS[number])
                del there[number]
            elif number not in there and draw.random() < (0.9 if step % 8 < 5 else 0.1):
                add(secy, number)
                there[number] = 0
        wanted = ["ok" if number in there else "no-sci" for number in range(SCS)]
        assert judged(secy, FRAMES) == wanted
        for number in there:
            there[number] += 1
        valid = {number: secy.rx[SCIS[number]].counters["InPktsOK"] for number in there}
        assert valid == there


def test_frame_without_sci_belongs_to_the_only_sc_left(plane: Plane) -> None:
    """A frame without an SCI belongs to the only SC, when all others are gone again (9.9)."""
    secy = plane.secy(window=1000)
    for left in (0, 1, 200, SCS - 1):
        anonymous = craft(left, tci=E | C)
        others = [number for number in range(SCS) if number != left]
        random.Random(left).shuffle(others)
        for number in (*others[:200], left, *others[200:]):
            add(secy, number)
        assert judged(secy, [anonymous]) == ["no-sci"]
        for number in others:
            secy.delete_rx_sc(SCIS[number])
        assert judged(secy, [anonymous, FRAMES[left]]) == ["ok", "ok"]
        secy.delete_rx_sc(SCIS[left])
        assert judged(secy, [anonymous, FRAMES[left]]) == ["no-sci", "no-sci"]


def arriving(draw: random.Random, clear_tags: int) -> bytes:
    """Return a frame in any of the forms that name an SC, or a spoiled one."""
    number = draw.randrange(SCS)
    tags = b"\x81\x00\x00\x05" * draw.choice([0, clear_tags, clear_tags, 3])
    tci = draw.choice([SC, SC, SC, ES, SCB, 0]) | draw.choice([E | C, E | C, 0])
    frame = bytearray(craft(number, tci, tags))
    if draw.random() < 0.2:
        frame[draw.randrange(12, len(frame))] ^= 1 << draw.randrange(8)
    if draw.random() < 0.2:
        del frame[draw.randrange(len(frame) + 1) :]
    return bytes(frame)


@pytest.mark.parametrize("clear_tags", [0, 2])
@pytest.mark.parametrize("validate", ["strict", "check", "disabled", "null"])
def test_batch_gives_the_results_of_its_frames(
    plane: Plane, validate: str, clear_tags: int
) -> None:
    """A batch gives what its frames give one by one, and leaves the same state."""
    draw = random.Random(3)
    whole, single = (
        plane.secy(validate=validate, clear_tags=clear_tags, window=1000) for _ in range(2)
    )
    for number in range(SCS - 100):
        add(whole, number)
        add(single, number)
    for size in (1, 5, 6, 7, 12, 24, 25, 300):
        frames = [arriving(draw, clear_tags) for _ in range(size)]
        outcome = whole.validate(batch_of(frames))
        results = [single.validate_frame(frame) for frame in frames]
        assert labels(outcome.codes) == [verdict.label for verdict, _ in results]
        assert outcome.batch.frames() == [clear for _, clear in results if clear is not None]
    assert pn_state(whole) == pn_state(single)
    assert all_counters(whole) == all_counters(single)
