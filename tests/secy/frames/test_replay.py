"""Replay protection (10.6.2, 10.6.4, 10.6.5) against naive models, on random schedules."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pytest
from support.planes import (
    INTEGRITY,
    SCI_A,
    SUITE_NAMES,
    C,
    Craft,
    E,
    Plane,
    add_rx,
    all_counters,
    batch_of,
    frame_of,
    judged,
    labels,
    pn_state,
    receiver,
    spoiled,
)

from macsec.frames import FrameBatch
from macsec.secy import SecY, Verdict

WINDOW_XPN = (1 << 30) - 1
WINDOW_32 = (1 << 32) - 1


@dataclass
class Lowest:
    """The lower-bound model of the text, with numbers that never wrap."""

    window: int
    next_pn: int
    lowest_pn: int
    xpn: bool = False
    protect: bool = True
    reject: bool = False
    taken: set[int] = field(default_factory=set)

    def recovered(self, sent: int) -> int:
        """Return the PN as the receiver recovers it: the low half, and a guess (Table 10-2)."""
        if not self.xpn:
            return sent
        low = sent % 2**32
        above = self.lowest_pn - self.lowest_pn % 2**32 + low
        crossed = self.lowest_pn % 2**32 >= 2**31 and low < 2**31
        return (above + (2**32 if crossed else 0)) % 2**64

    def receive(self, sent: int, forged: bool = False) -> str:
        """Return the verdict of a frame with this PN under Strict."""
        pn = self.recovered(sent)
        if self.protect and (pn < self.lowest_pn or (self.reject and pn in self.taken)):
            return "late"
        if forged or pn != sent:
            return "not-valid"
        verdict = "delayed" if 0 < pn < self.lowest_pn else "ok"
        self.taken.add(pn)
        self.next_pn = max(self.next_pn, pn + 1)
        self.lowest_pn = max(self.lowest_pn, self.next_pn - self.window)
        return verdict

    def raise_pns(self, next_pn: int, lowest_pn: int) -> None:
        """Raise PNs as the KaY may (10.7.15)."""
        self.lowest_pn = max(self.lowest_pn, lowest_pn)
        self.next_pn = max(self.next_pn, next_pn, self.lowest_pn)
        if self.reject:  # a bitmap remembers no further back
            self.lowest_pn = max(self.lowest_pn, self.next_pn - self.window)


@cache
def sealed(cipher: str, pn: int) -> bytes:
    """Return one good frame."""
    return Craft(cipher=cipher, tci=INTEGRITY, pn=pn).protect(frame_of(48))


class FrameStock:
    """Frames by PN, created once and sent in any order."""

    def __init__(self, cipher: str, pns: Sequence[int]) -> None:
        frames = [sealed(cipher, pn) for pn in pns]
        forged = [spoiled(frame) for frame in frames]
        self.row = {pn: row for row, pn in enumerate(pns)}
        self.batch = FrameBatch.from_frames(frames + forged)

    def schedule(self, sent: Sequence[tuple[int, bool]]) -> FrameBatch:
        """Return a batch of PNs in this order, some forged."""
        half = len(self.row)
        rows = [self.row[pn] + (half if forged else 0) for pn, forged in sent]
        return self.batch.take(np.array(rows, np.int64))


def schedule_of(
    draw: random.Random, around: int, limit: int, window: int, length: int
) -> list[tuple[int, bool]]:
    """Return PNs that rise from `around`, with gaps, duplicates, late ones and forgeries."""
    reach = min(window, 200) + 3
    at, sent = around, []
    for _ in range(length):
        kind = draw.random()
        if kind < 0.55:
            at = min(at + (1 if draw.random() < 0.8 else draw.randrange(2, reach + 2)), limit - 1)
            pn = at
        elif kind < 0.95:
            pn = at - draw.randrange(0, reach + 2)
        else:
            pn = at + draw.randrange(1, 3 * reach)
        pn = max(1, min(pn, limit - 1))
        sent.append((pn, draw.random() < 0.05))
        if kind >= 0.95 and not sent[-1][1]:
            at = max(at, pn)
    return sent


def check(secy: SecY, model: Lowest, stock: FrameStock, sent: list[tuple[int, bool]]) -> list[str]:
    """Assert that all verdicts, and the state at the end, are those of the model."""
    found = labels(secy.validate(stock.schedule(sent)).codes)
    expected = [model.receive(pn, forged) for pn, forged in sent]
    assert found == expected
    sa = secy.rx[SCI_A].sa[0]
    assert (sa.next_pn, sa.lowest_pn) == (model.next_pn, model.lowest_pn)
    return found


STARTS_32 = [1, 2**16, 2**31 - 60, 2**32 - 400]
STARTS_64 = [1, 2**31 - 60, 2**32 - 60, 2**32 + 2**31 - 60, 3 * 2**32 - 60]
STARTS_64 += [2**63 - 60, 2**64 - 400]
PLACES = [("gcm-aes-128", start) for start in STARTS_32]
PLACES += [("gcm-aes-xpn-256", start) for start in STARTS_64]


@pytest.mark.parametrize(
    "protect, window",
    [(True, w) for w in (0, 1, 2, 63, 64, 65, 1000, WINDOW_XPN)] + [(False, 0), (False, 20)],
)
@pytest.mark.parametrize("cipher, start", PLACES)
def test_pns_from_lowest_pn_on_are_accepted(
    plane: Plane, window: int, cipher: str, start: int, protect: bool
) -> None:
    """Exactly the PNs from lowestPN on are accepted, in any order, duplicates too (10.6.5)."""
    draw = random.Random(f"{window} {start} {protect}")
    xpn = "xpn" in cipher
    length = 2000 if plane.backend == "native" else 400
    sent = schedule_of(draw, start, 2 ** (64 if xpn else 32), window, length)
    stock = FrameStock(cipher, sorted({pn for pn, _ in sent}))
    secy = add_rx(
        plane.secy(cipher=cipher, window=window, replay=protect), next_pn=start, lowest_pn=start
    )
    found = check(secy, Lowest(window, start, start, xpn, protect), stock, sent)
    assert {"ok", "not-valid"} <= set(found)
    if window < 1000 and start + length > 500:
        assert ("late" if protect else "delayed") in found or xpn


@pytest.mark.parametrize("window", [0, 1, 63, 64, 65, 200, 1 << 20])
@pytest.mark.parametrize("cipher, start", PLACES)
def test_no_pn_is_delivered_twice_with_reject(
    plane: Plane, window: int, cipher: str, start: int
) -> None:
    """Duplicates: reject is the set model: no PN is ever delivered twice, nothing else is lost."""
    draw = random.Random(f"{window} {start}")
    xpn = "xpn" in cipher
    length = 2000 if plane.backend == "native" else 400
    sent = schedule_of(draw, start, 2 ** (64 if xpn else 32), window, length)
    stock = FrameStock(cipher, sorted({pn for pn, _ in sent}))
    secy = add_rx(
        plane.secy(cipher=cipher, window=window, duplicates_reject=True),
        next_pn=start,
        lowest_pn=start,
    )
    found = check(secy, Lowest(window, start, start, xpn, reject=True), stock, sent)
    delivered = [pn for (pn, _), verdict in zip(sent, found, strict=True) if verdict == "ok"]
    assert len(delivered) == len(set(delivered)) > 0


@pytest.mark.parametrize("reject", [False, True], ids=["accept", "reject"])
@pytest.mark.parametrize("cipher, start", PLACES)
def test_lowest_pn_never_falls_while_pns_and_window_change(
    plane: Plane, cipher: str, start: int, reject: bool
) -> None:
    """NextPN, lowestPN and the window change between frames; lowestPN never falls (10.7.15)."""
    draw = random.Random(f"{start} {reject}")
    xpn = "xpn" in cipher
    limit = 2 ** (64 if xpn else 32)
    stock = FrameStock(cipher, range(max(start - 200, 1), min(start + 1500, limit)))
    model = Lowest(5, start, start, xpn, reject=reject)
    secy = add_rx(plane.secy(cipher=cipher, window=5, duplicates_reject=reject), next_pn=start)
    for _ in range(60 if plane.backend == "native" else 25):
        sent = schedule_of(draw, model.next_pn, min(start + 1500, limit), model.window, 12)
        check(secy, model, stock, [(max(pn, start - 200, 1), bad) for pn, bad in sent])
        step = draw.randrange(4)
        if step == 0:
            model.window = draw.choice([0, 1, 5, 60, 64, 200, 1000])
            secy.set_controls(window=model.window)
        elif step == 1:
            next_pn = min(model.next_pn + draw.randrange(0, 150), limit)
            lowest_pn = max(model.lowest_pn, next_pn - draw.randrange(0, 100))
            secy.raise_rx_pn(SCI_A, 0, next_pn=next_pn, lowest_pn=lowest_pn)
            model.raise_pns(next_pn, lowest_pn)
        elif step == 2:
            next_pn = min(model.next_pn + draw.randrange(0, 150), limit)
            secy.raise_rx_pn(SCI_A, 0, next_pn=next_pn)
            model.raise_pns(next_pn, 0)
        else:
            lowest_pn = min(model.lowest_pn + draw.randrange(0, 20), limit)
            secy.raise_rx_pn(SCI_A, 0, lowest_pn=lowest_pn)
            model.raise_pns(0, lowest_pn)


def test_raise_beyond_the_bitmap_leaves_no_stale_bit(plane: Plane) -> None:
    """A PN far below a raised nextPN leaves no bit that counts for another PN."""
    secy = add_rx(plane.secy(window=60, duplicates_reject=True))
    secy.raise_rx_pn(SCI_A, 0, next_pn=10000)
    model = Lowest(60, 10000, 10000 - 60, reject=True)
    sent = [5, *range(9930, 10010), *range(9930, 10010)]
    check(secy, model, FrameStock("gcm-aes-128", sorted(set(sent))), [(pn, False) for pn in sent])


@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_window_0_is_strict_order(plane: Plane, cipher: str) -> None:
    """Window 0 accepts strictly rising PNs and nothing else; it is no "unlimited" (N21)."""
    frames = {pn: Craft(cipher=cipher, pn=pn).protect(frame_of(60)) for pn in range(1, 60)}
    draw = random.Random(0)
    sent = [draw.randrange(1, 60) for _ in range(100)]
    sent = [min(pn, 2 + row // 2) for row, pn in enumerate(sent)]
    secy = add_rx(plane.secy(cipher=cipher))
    highest, expected = 0, []
    for pn in sent:
        expected.append("ok" if pn > highest else "late")
        highest = max(highest, pn)
    assert judged(secy, [frames[pn] for pn in sent]) == expected
    assert expected.count("ok") > 10


@pytest.mark.parametrize("window", [WINDOW_32, WINDOW_32 - 1, 1 << 31])
def test_largest_window_accepts_every_pn(plane: Plane, window: int) -> None:
    """A window of 2^32-1 accepts every PN for as long as the SA lives (10.7.8)."""
    secy = add_rx(plane.secy(window=window))
    pns = [5, 1, 2**32 - 1, 1, 2**31, 7]
    frames = [Craft(pn=pn).protect(frame_of(60)) for pn in pns]
    model = Lowest(window, 1, 1)
    assert judged(secy, frames) == [model.receive(pn) for pn in pns]
    assert secy.rx[SCI_A].sa[0].lowest_pn == model.lowest_pn


# ---------------------------------------------------------------- linux


@dataclass
class Linux:
    """Profile linux with 32-bit PNs: nextPN only, which never passes 2^32-1."""

    window: int
    next_pn: int
    protect: bool = True

    def receive(self, pn: int, forged: bool = False) -> str:
        """Return the verdict of a frame under Strict."""
        old = pn < self.next_pn - self.window
        if old and self.protect:
            return "late"
        if forged:
            return "not-valid"
        if pn < 2**32 - 1:  # the one after the last does not fit: nextPN stays
            self.next_pn = max(self.next_pn, pn + 1)
        return "delayed" if old else "ok"


@pytest.mark.parametrize("window", [0, 1, 5, 64, 1000, WINDOW_32])
@pytest.mark.parametrize("start", STARTS_32)
@pytest.mark.parametrize("protect", [True, False], ids=["on", "off"])
def test_linux_accepts_pns_from_next_pn_minus_window_on(
    plane: Plane, window: int, start: int, protect: bool
) -> None:
    """Profile linux: PN >= nextPN - window, and the last PN for ever (kernel behaviour 1, 12)."""
    draw = random.Random(f"{window} {start} {protect}")
    length = 1500 if plane.backend == "native" else 300
    sent = schedule_of(draw, start, 2**32, window, length)
    if start > 2**31:
        sent += [(2**32 - 1, False), (2**32 - 1, False), (2**32 - 2, False)] * 2
    stock = FrameStock("gcm-aes-128", sorted({pn for pn, _ in sent}))
    secy = add_rx(plane.secy(profile="linux", window=window, replay=protect), next_pn=start)
    model = Linux(window, start, protect)
    found = labels(secy.validate(stock.schedule(sent)).codes)
    assert found == [model.receive(pn, forged) for pn, forged in sent]
    sa = secy.rx[SCI_A].sa[0]
    assert (sa.next_pn, sa.lowest_pn) == (model.next_pn, max(model.next_pn - window, 0))


# ---------------------------------------------------------------- XPN recovery

RECOVERY: list[tuple[int, int, str]] = [
    # lowestPN, the PN sent, how it ends with replay off
    (1, 2**31, "ok"),
    (1, 2**32 - 1, "ok"),
    (1, 2**32, "not-valid"),  # taken for PN 0
    (1, 2**32 + 1, "not-valid"),
    (2**31 - 1, 2**32, "not-valid"),  # bit 31 of lowestPN is clear: no step up
    (2**31, 2**32, "ok"),
    (2**31, 2**32 + 2**31 - 1, "ok"),
    (2**31, 2**32 + 2**31, "not-valid"),
    (2**32 - 1, 2**32, "ok"),
    (2**32 - 1, 2**32 + 2**31 - 1, "ok"),
    (2**32, 2**32 - 1, "not-valid"),  # it never steps down
    (2**32 + 5, 2**32 + 2**31, "ok"),
    (2**32 + 5, 2**32 + 3, "delayed"),
    (2**63 - 1, 2**63, "ok"),
    (2**63, 2**63 + 2**31, "ok"),
    (2**64 - 2**31, 2**64 - 1, "ok"),
    (2**64 - 2, 2**64 - 1, "ok"),
]


@pytest.mark.parametrize("cipher", SUITE_NAMES[2:])
@pytest.mark.parametrize("lowest, sent, expected", RECOVERY)
def test_recovered_pn_takes_the_upper_half_of_lowest_pn(
    plane: Plane, cipher: str, lowest: int, sent: int, expected: str
) -> None:
    """The upper half is lowestPN's, plus one past its middle; a wrong guess fails the ICV."""
    secy = add_rx(plane.secy(cipher=cipher, replay=False, window=0), next_pn=lowest)
    before = pn_state(secy)
    outcome = secy.validate(batch_of([Craft(cipher=cipher, pn=sent).protect(frame_of(60))]))
    assert labels(outcome.codes) == [expected]
    if expected == "not-valid":
        assert pn_state(secy) == before
    else:
        assert outcome.sci_an_pn(0) == (int(SCI_A, 16), 0, sent)
        assert secy.rx[SCI_A].sa[0].next_pn == max(lowest, sent + 1)


def test_recovery_follows_lowest_pn_not_next_pn(plane: Plane) -> None:
    """A frame reordered across 2^32 is taken by the text and refused by linux (10.6.2)."""
    late, cipher = 2**32 - 16, "gcm-aes-xpn-128"
    for profile, expected in (("ieee", ["ok", "ok"]), ("linux", ["delayed", "not-valid"])):
        secy = add_rx(plane.secy(cipher=cipher, profile=profile, window=100), next_pn=2**32 - 50)
        frames = [Craft(cipher=cipher, pn=pn).protect(frame_of(60)) for pn in (2**32 + 4, late)]
        assert judged(secy, frames) == expected


# ---------------------------------------------------------------- forgeries (R12)


@pytest.mark.parametrize("mode", ["strict", "check", "disabled"])
@pytest.mark.parametrize("profile", ["ieee", "linux"])
@pytest.mark.parametrize("cipher", SUITE_NAMES)
@pytest.mark.parametrize("tci", [INTEGRITY, INTEGRITY | E | C], ids=["integrity", "encrypted"])
def test_wrong_icv_moves_no_pn(
    plane: Plane, mode: str, profile: str, cipher: str, tci: int
) -> None:
    """No frame with a wrong ICV moves a PN, with any claimed PN and any verdict."""
    start = 1000
    secy = add_rx(
        plane.secy(cipher=cipher, profile=profile, validate=mode, window=10, replay=False),
        next_pn=start,
    )
    draw = random.Random(1)
    pns = [1, start - 11, start, start + 1, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1]
    pns += [draw.randrange(1, 2**32) for _ in range(1000 if plane.backend == "native" else 100)]
    good = Craft(cipher=cipher, tci=tci).protect(frame_of(60))
    forged = [good[:16] + pn.to_bytes(4) + good[20:-1] + b"\x00" for pn in pns]
    before = pn_state(secy)
    found = judged(secy, forged)
    assert pn_state(secy) == before
    assert "ok" not in found
    assert secy.counters["InPktsOK"] == 0
    # and none spoils the good frames behind them
    if mode != "disabled":
        frame = Craft(cipher=cipher, tci=tci, pn=start).protect(frame_of(60))
        assert judged(secy, [frame]) == ["ok"]
        assert secy.rx[SCI_A].sa[0].next_pn == start + 1


@pytest.mark.parametrize("tci", [INTEGRITY, INTEGRITY | E | C], ids=["integrity", "encrypted"])
def test_wrong_icv_marks_no_pn_as_seen(plane: Plane, tci: int) -> None:
    """With duplicates: reject a forged PN does not count as seen."""
    secy = add_rx(plane.secy(window=100, duplicates_reject=True, validate="check"))
    frames = [Craft(tci=tci, pn=pn).protect(frame_of(60)) for pn in range(1, 60)]
    bad = "invalid" if tci == INTEGRITY else "not-valid"
    assert judged(secy, [spoiled(frame) for frame in frames]) == [bad] * 59
    assert judged(secy, frames) == ["ok"] * 59
    assert judged(secy, frames) == ["late"] * 59


def test_refused_frames_move_no_pn(plane: Plane) -> None:
    """Bad tags, unknown SCs, unused SAs, untagged frames and late ones leave all PNs alone."""
    secy = add_rx(add_rx(plane.secy(window=3), next_pn=50), an=1, next_pn=60, enabled=False)
    frames: list[bytes] = [frame_of(60), b"", frame_of(60)[:13]]
    more: list[dict[str, Any]] = [
        {"pn": 46}, {"pn": 90, "an": 1}, {"pn": 90, "an": 2}, {"pn": 90, "sci": "00" * 8},
        {"pn": 90, "tci": 0xAC}, {"pn": 90, "tci": 0x28}, {"pn": 90, "sl": 50}, {"pn": 0},
    ]  # fmt: skip
    frames += [Craft(**craft).protect(frame_of(60)) for craft in more]
    before = pn_state(secy)
    assert "ok" not in judged(secy, frames)
    assert pn_state(secy) == before


def test_disabled_mode_never_moves_a_pn(plane: Plane) -> None:
    """ValidateFrames Disabled leaves the PNs: only those below the start are late (10.6.5)."""
    for replay, below in ((True, "late"), (False, "delayed")):
        secy = add_rx(plane.secy(validate="disabled", replay=replay), next_pn=50)
        before = pn_state(secy)
        pns = [50, 60, 55, 50, 49, 2**32 - 1]
        frames = [Craft(tci=INTEGRITY, pn=pn).protect(frame_of(60)) for pn in pns]
        expected = ["unchecked"] * 4 + [below, "unchecked"]
        assert judged(secy, frames) == expected
        assert pn_state(secy) == before


def test_replay_protection_acts_at_once_when_turned_on(plane: Plane) -> None:
    """LowestPN is kept up while replayProtect is off, so turning it on acts at once (10.6.5)."""
    secy = add_rx(plane.secy(replay=False, window=4))
    frames = {pn: Craft(pn=pn).protect(frame_of(60)) for pn in (20, 15, 16)}
    assert judged(secy, [frames[20], frames[15], frames[16]]) == ["ok", "delayed", "delayed"]
    secy.set_controls(replay=True)
    assert judged(secy, [frames[15], frames[16], frames[20]]) == ["late", "late", "ok"]
    assert all_counters(secy)["rx"][SCI_A]["InPktsDelayed"] == 2


def test_pn_of_zero_counts_as_the_one_after_the_last(plane: Plane) -> None:
    """10.6.5: under XPN a PN that has passed 2^64 is never delayed."""
    with receiver(plane, cipher="gcm-aes-xpn-128", replay=False) as secy:
        secy.raise_rx_pn(SCI_A, 0, lowest_pn=2**64 - 2**31)
        verdict, _ = secy.validate_frame(sealed("gcm-aes-xpn-128", 0))
        assert verdict is Verdict.OK
        verdict, _ = secy.validate_frame(sealed("gcm-aes-xpn-128", 2**64 - 2**31 + 1))
        assert verdict is not Verdict.NOT_VALID
