"""Every TCI, SL, truncation, extension and bit flip: the exact end of each, by rules of its own.

The rules below are written from the standard for one receiver (SCI A, AN 0 only) and share no
line with the package. Batches hold thousands of frames; the reference plane takes a sample that
has every octet of the header.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.planes import (
    CONFIDENTIAL,
    ES,
    INTEGRITY,
    SA,
    SC,
    SCB,
    SCI_A,
    SUITE_NAMES,
    C,
    Craft,
    E,
    Plane,
    V,
    add_rx,
    frame_of,
    labels,
    nonzero,
    pn_state,
)

from macsec.frames import FrameBatch
from macsec.secy import SecY, Verdict

COUNTERS = {
    "ok": "InPktsOK",
    "invalid": "InPktsInvalid",
    "not-valid": "InPktsNotValid",
    "unchecked": "InPktsUnchecked",
    "late": "InPktsLate",
    "not-using-sa": "InPktsNotUsingSA",
    "unused-sa": "InPktsUnusedSA",
    "bad-tag": "InPktsBadTag",
    "no-sci": "InPktsNoSCI",
    "unknown-sci": "InPktsUnknownSCI",
    "no-tag": "InPktsNoTag",
    "untagged": "InPktsUntagged",
}
CODES = {verdict.label: int(verdict) for verdict in Verdict}
NO_PORT_ZERO = SA.hex() + "0000"


@dataclass(frozen=True)
class Rules:
    """Expected end of a frame with a SecTAG, by its octets alone; SCI A and AN 0 are in use."""

    strict: bool = True
    disabled: bool = False
    linux: bool = False
    xpn: bool = False
    sci: str = SCI_A
    lowest_pn: int = 1
    good: bool = False  # the ICV is right for any header

    def end(self, frame: bytes, original: bytes = b"") -> str:
        """Return the verdict; `original` is the frame whose ICV is right."""
        if len(frame) < 14:
            return "runt"
        if frame[12:14] != b"\x88\xe5":
            return "no-tag" if self.strict else "untagged"
        mpdu = frame[12:]
        if self.linux and len(mpdu) < 10:
            return "dropped"
        if len(mpdu) > 2 and mpdu[2] & (E | C) == E:
            return "uncontrolled"
        tci = mpdu[2] if len(mpdu) > 2 else 0
        if self.linux and tci & SC and len(mpdu) < 18:
            return "dropped"
        header = 16 if tci & SC else 8
        if len(mpdu) < header:
            return "bad-tag"
        bad = self.is_bad(mpdu, tci, header)
        if bad and not self.linux:
            return "bad-tag"
        sci = self.sci_of(frame, tci)
        if sci != self.sci:
            if self.linux and sci is None:
                return "dropped"
            return "no-sci" if self.strict or tci & C else "unknown-sci"
        if bad:
            return "bad-tag"
        if tci & 3:
            return "not-using-sa" if self.strict or tci & C else "unused-sa"
        return self.on_sa(frame, original, tci)

    def is_bad(self, mpdu: bytes, tci: int, header: int) -> bool:
        """9.12, with the switches of the profile."""
        sl, room = mpdu[3], len(mpdu) - header - 16
        if tci & V or (tci & SC and tci & (ES | SCB)) or sl > 63 or len(mpdu) < 17:
            return True
        if not self.xpn and mpdu[4:8] == bytes(4):
            return True
        if self.linux:
            return room != sl if sl else room < 48
        return sl >= 48 or (room < sl if sl else room < 48)

    def sci_of(self, frame: bytes, tci: int) -> str | None:
        """9.9, with one peer."""
        if tci & SC:
            return frame[20:28].hex()
        if tci & SCB and not self.linux:
            return frame[6:12].hex() + "0000"
        if tci & ES:
            return frame[6:12].hex() + "0001"
        return self.sci

    def on_sa(self, frame: bytes, original: bytes, tci: int) -> str:
        """PN, cipher and delivery."""
        pn = int.from_bytes(frame[16:20])
        if self.xpn:
            pn += self.lowest_pn >> 32 << 32
            if self.lowest_pn >> 31 & 1 and not pn >> 31 & 1:
                pn += 1 << 32
        if pn < self.lowest_pn:
            return "late"
        if self.disabled and not (self.linux and tci & C):
            return "not-valid" if tci & C else "unchecked"
        if self.good or self.same(frame, original):
            return "ok"
        return "not-valid" if self.strict or tci & C else "invalid"

    @staticmethod
    def same(frame: bytes, original: bytes) -> bool:
        """Return whether ICV and all authenticated octets are unchanged."""
        if frame == original:
            return True
        sl = original[15]
        end = 12 + (16 if original[14] & SC else 8) + sl + 16
        return bool(sl) and frame[:end] == original[:end]


def receiver(plane: Plane, rules: Rules, **controls: Any) -> SecY:
    """Return the receiver of the rules, with the widest window of all suites."""
    mode = "disabled" if rules.disabled else "strict" if rules.strict else "check"
    given = {
        "profile": "linux" if rules.linux else "ieee",
        "validate": mode,
        "window": 0 if rules.lowest_pn > 1 else (1 << 30) - 1,
    }
    secy = plane.secy(**(given | controls))
    return add_rx(secy, rules.sci, next_pn=rules.lowest_pn)


def check(secy: SecY, batch: FrameBatch, expected: NDArray[np.uint8], what: str) -> None:
    """Assert that each code is as expected and raises its counter and no other."""
    outcome = secy.validate(batch)
    wrong = np.flatnonzero(outcome.codes != expected)
    if len(wrong):
        row = int(wrong[0])
        found, wanted = labels([outcome.codes[row], expected[row]])
        pytest.fail(f"{what}: {found}, not {wanted}: {batch[row].hex()} ({len(wrong)} rows)")
    counts = Counter(labels(expected.tolist()))
    packets = {name: n for name, n in nonzero(secy.counters).items() if "Pkts" in name}
    assert packets == {COUNTERS[end]: n for end, n in counts.items() if end in COUNTERS}


def codes_of(ends: list[str]) -> NDArray[np.uint8]:
    """Return the Verdict numbers of labels."""
    return np.array([CODES[end] for end in ends], np.uint8)


# ---------------------------------------------------------------- TCI and SL


@lru_cache
def tci_and_sl(xpn: bool, exact: bool) -> list[tuple[bytes, bytes]]:
    """Yield (frame, User Data) for 256 TCI/AN octets times 64 values of SL, all else correct."""
    base = Craft(cipher="gcm-aes-xpn-128" if xpn else "gcm-aes-128")
    frames = []
    for octet in range(256):
        sci = SCI_A
        if octet & SCB and not octet & SC and not exact:
            sci = NO_PORT_ZERO
        craft = replace(base, tci=octet & 0xFC, an=octet & 3, sci=sci)
        for sl in range(64):
            clear = frame_of(sl or 70)
            frames.append((replace(craft, sl=sl).protect(clear), clear))
    return frames


@pytest.mark.parametrize("linux", [False, True], ids=["ieee", "linux"])
@pytest.mark.parametrize("mode", ["strict", "check", "disabled"])
@pytest.mark.parametrize("xpn", [False, True], ids=["32", "xpn"])
def test_every_tci_and_sl_ends_by_9_5_9_7_and_9_12(
    plane: Plane, linux: bool, mode: str, xpn: bool
) -> None:
    """All 256 TCI and AN octets with all 64 values of SL end as 9.5, 9.7 and 9.12 say (R8)."""
    rules = Rules(mode == "strict", mode == "disabled", linux, xpn, good=True)
    pairs = tci_and_sl(xpn, linux)
    if plane.backend == "reference":
        pairs = pairs[::7] + pairs[: 64 * 4]
    secy = receiver(plane, rules, cipher="gcm-aes-xpn-128" if xpn else "gcm-aes-128")
    batch = FrameBatch.from_frames([frame for frame, _ in pairs])
    ends = [rules.end(frame) for frame, _ in pairs]
    check(secy, batch, codes_of(ends), f"{mode} {linux}")
    # "ok" is rare enough to be sure that the table above says something
    assert set(ends) >= {"bad-tag", "uncontrolled", "ok"} - (
        {"ok"} if mode == "disabled" else set()
    )


def test_every_tci_delivers_its_user_data(plane: Plane) -> None:
    """A good frame with any flags delivers its User Data (9.5)."""
    secy = receiver(plane, Rules(good=True))
    add_rx(secy, NO_PORT_ZERO)
    pairs = tci_and_sl(False, False)
    outcome = secy.validate(FrameBatch.from_frames([frame for frame, _ in pairs]))
    clear = [pairs[row][1] for row in outcome.delivered.tolist()]
    assert outcome.batch.frames() == clear
    # SC alone, ES, SCB, both: with E=C or C only, AN 0, 48 lengths. No flag: two peers, no SCI.
    assert len(clear) == 4 * 3 * 48


@pytest.mark.parametrize("sl", range(64))
def test_sl_must_lie_within_the_frame(plane: Plane, sl: int) -> None:
    """SL may be any length that fits into the frame, and must not lie beyond it (9.7, 9.12)."""
    rules = Rules()
    frames, ends = [], []
    for tci in (CONFIDENTIAL, INTEGRITY, E | C, 0):
        for user in range(1, 70, 1 if plane.backend == "native" else 9):
            original = Craft(tci=tci).protect(frame_of(user))
            frame = original[:15] + bytes((sl,)) + original[16:]
            frames.append(frame)
            ends.append(rules.end(frame, original))
    check(receiver(plane, rules), FrameBatch.from_frames(frames), codes_of(ends), f"SL {sl}")


# ---------------------------------------------------------------- truncation and extension

LENGTHS = [1, 2, 15, 16, 17, 24, 46, 47, 48, 49, 64, 100, 300]
TAGS = [CONFIDENTIAL, INTEGRITY, E | C, 0, ES | E | C, ES]


@pytest.mark.parametrize("linux", [False, True], ids=["ieee", "linux"])
@pytest.mark.parametrize("mode", ["strict", "check", "disabled"])
@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-xpn-256"])
def test_frame_cut_to_any_length_is_never_ok(
    every_plane: Plane, linux: bool, mode: str, cipher: str
) -> None:
    """A frame cut to any length is never delivered as good, and counts as it must (R8)."""
    rules = Rules(mode == "strict", mode == "disabled", linux, "xpn" in cipher)
    step = 1 if every_plane.backend == "native" else 11
    secy = receiver(every_plane, rules, cipher=cipher)
    frames, ends = [], []
    for tci in TAGS:
        for user in LENGTHS:
            original = Craft(cipher=cipher, tci=tci).protect(frame_of(user))
            whole = len(original)
            cut = [original[:n] for n in [*range(min(48, whole)), *range(48, whole, step)]]
            frames += cut
            ends += [rules.end(frame, original) for frame in cut]
    check(secy, FrameBatch.from_frames(frames), codes_of(ends), "truncation")
    if mode != "disabled":
        assert "ok" not in ends


@pytest.mark.parametrize("linux", [False, True], ids=["ieee", "linux"])
@pytest.mark.parametrize("mode", ["strict", "check", "disabled"])
@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-xpn-256"])
@pytest.mark.parametrize("fill", [0, 0xA5])
def test_octets_behind_a_frame_are_padding_only_with_sl(
    plane: Plane, linux: bool, mode: str, cipher: str, fill: int
) -> None:
    """1 to 64 octets behind a frame are padding if it has an SL, else the ICV is elsewhere (R8)."""
    rules = Rules(mode == "strict", mode == "disabled", linux, "xpn" in cipher)
    secy = receiver(plane, rules, cipher=cipher)
    frames, ends = [], []
    for tci in TAGS:
        for user in LENGTHS:
            original = Craft(cipher=cipher, tci=tci).protect(frame_of(user))
            longer = [original + bytes([fill]) * n for n in range(1, 65)]
            frames += longer
            ends += [rules.end(frame, original) for frame in longer]
    check(secy, FrameBatch.from_frames(frames), codes_of(ends), "extension")


# ---------------------------------------------------------------- bit flips

SIZES = (60, 64, 77, 128, 600, 1514, 1600)
SERVICES = [(INTEGRITY, 0), (CONFIDENTIAL, 0), (CONFIDENTIAL, 30), (CONFIDENTIAL, 50)]
FLIPS = [
    (cipher, tci, offset)
    for cipher in SUITE_NAMES
    for tci, offset in SERVICES
    if not (offset and "xpn" in cipher)
]
PN_32, PN_64 = 0x80000005, 0x1_80000005


def flipped(frame: bytes, bits: NDArray[np.int64]) -> FrameBatch:
    """Return one frame for each of these bits, with that bit changed."""
    rows = np.tile(np.frombuffer(frame, np.uint8), (len(bits), 1))
    rows[np.arange(len(bits)), bits // 8] ^= (0x80 >> bits % 8).astype(np.uint8)
    starts = np.arange(len(bits)) * len(frame)
    return FrameBatch(rows.reshape(-1), starts, np.full(len(bits), len(frame)))


def expected_of(rules: Rules, frame: bytes, batch: FrameBatch, bits: NDArray[np.int64]) -> Any:
    """Return the expected end: the rules for the header, elsewhere a change spoils the ICV."""
    header = 12 + (16 if frame[14] & SC else 8)
    changed = "not-valid" if rules.strict or frame[14] & C else "invalid"
    codes = np.full(len(bits), CODES[changed], np.uint8)
    for row in np.flatnonzero(bits < header * 8):
        codes[row] = CODES[rules.end(batch[int(row)], frame)]
    return codes


@pytest.mark.slow
@pytest.mark.parametrize("cipher, tci, offset", FLIPS)
@pytest.mark.parametrize("flags", ["sci", "none", "es", "scb"])
def test_frame_with_any_bit_changed_is_never_delivered(
    every_plane: Plane, cipher: str, tci: int, offset: int, flags: str
) -> None:
    """No frame with one bit changed is delivered; each counts as it must; no state moves (R7)."""
    xpn = "xpn" in cipher
    pn = PN_64 if xpn else PN_32
    sci = NO_PORT_ZERO if flags == "scb" else SCI_A
    tci = tci & ~SC | {"sci": SC, "none": 0, "es": ES, "scb": SCB}[flags]
    rules = Rules(xpn=xpn, sci=sci, lowest_pn=pn)
    craft = Craft(cipher=cipher, tci=tci, offset=offset, pn=pn, sci=sci)
    for size in SIZES if flags in ("sci", "none") else SIZES[:3]:
        overhead = 32 if tci & SC else 24
        frame = craft.protect(frame_of(size - overhead - 12))
        assert len(frame) == size
        bits = np.arange(size * 8)
        if every_plane.backend == "reference":
            bits = np.concatenate([bits[: 29 * 8], bits[29 * 8 :: 101], bits[-9:]])
        secy = receiver(every_plane, rules, cipher=cipher, offset=offset)
        before = pn_state(secy)
        batch = flipped(frame, bits)
        check(secy, batch, expected_of(rules, frame, batch, bits), f"{size} octets")
        assert pn_state(secy) == before
        assert secy.interface_counters["ifInOctets"] == 0
        # the frame itself is good
        assert secy.validate_frame(frame)[0] == Verdict.OK


FIELD_BITS = {
    "DA": (0, 48, {"not-valid"}),
    "SA": (48, 96, {"not-valid"}),
    "EtherType": (96, 112, {"no-tag"}),
    "V": (112, 113, {"bad-tag"}),
    "ES": (113, 114, {"bad-tag"}),
    "SC": (114, 115, {"not-valid"}),
    "SCB": (115, 116, {"bad-tag"}),
    "E": (116, 117, {"not-valid"}),
    "C": (117, 118, {"uncontrolled"}),
    "AN": (118, 120, {"not-using-sa"}),
    "SL bits 8 and 7": (120, 122, {"bad-tag"}),
    "SL": (122, 128, {"not-valid"}),
    "PN": (128, 160, {"late", "not-valid"}),
    "SCI": (160, 224, {"no-sci"}),
    "Secure Data and ICV": (224, 600 * 8, {"not-valid"}),
}


@pytest.mark.parametrize("field", FIELD_BITS)
def test_flip_in_each_field_moves_the_counter_of_that_field(every_plane: Plane, field: str) -> None:
    """Each field of an encrypted frame with SCI has its counter (R7)."""
    first, end, ends = FIELD_BITS[field]
    frame = Craft(pn=PN_32).protect(frame_of(600 - 44))
    secy = receiver(every_plane, Rules(lowest_pn=PN_32))
    step = 1 if every_plane.backend == "native" or end - first < 100 else 41
    batch = flipped(frame, np.arange(first, end, step))
    assert set(labels(secy.validate(batch).codes)) == ends


@pytest.mark.parametrize("cipher", SUITE_NAMES)
@pytest.mark.parametrize("tci", [CONFIDENTIAL, INTEGRITY, E | C, ES])
@pytest.mark.parametrize("user", [20, 47, 48, 200])
def test_every_wrong_value_of_a_header_octet_is_refused(
    plane: Plane, cipher: str, tci: int, user: int
) -> None:
    """Each of the 255 wrong values of each octet of addresses, SecTAG and first data (R7)."""
    xpn = "xpn" in cipher
    pn = PN_64 if xpn else PN_32
    rules = Rules(xpn=xpn, lowest_pn=pn)
    frame = Craft(cipher=cipher, tci=tci, pn=pn).protect(frame_of(user))
    values = range(1, 256, 1 if plane.backend == "native" else 37)
    header = 12 + (16 if tci & SC else 8) + 4
    frames = [
        frame[:at] + bytes((frame[at] ^ value,)) + frame[at + 1 :]
        for at in range(header)
        for value in values
    ]
    secy = receiver(plane, rules, cipher=cipher)
    before = pn_state(secy)
    ends = [rules.end(changed, frame) for changed in frames]
    check(secy, FrameBatch.from_frames(frames), codes_of(ends), "octet")
    assert "ok" not in ends
    assert pn_state(secy) == before


def test_pn_field_of_zero_is_a_bad_tag_unless_xpn(every_plane: Plane) -> None:
    """A PN field of zero is a bad tag, and under XPN just a PN (9.12)."""
    for cipher, expected in (("gcm-aes-128", "bad-tag"), ("gcm-aes-xpn-128", "late")):
        for bit in range(32):
            rules = Rules(xpn="xpn" in cipher)
            frame = Craft(cipher=cipher, pn=1 << bit).protect(frame_of(60))
            secy = receiver(every_plane, rules, cipher=cipher)
            batch = flipped(frame, np.array([128 + 31 - bit]))
            assert batch[0][16:20] == bytes(4)
            assert labels(secy.validate(batch).codes) == [expected]


@pytest.mark.parametrize("tci, ends", [(INTEGRITY, "invalid"), (CONFIDENTIAL, "not-valid")])
def test_check_delivers_a_spoiled_frame_only_if_c_is_clear(
    every_plane: Plane, tci: int, ends: str
) -> None:
    """Check delivers a spoiled frame only if C=0, unchanged, and moves no state (10.6.5)."""
    frame = Craft(tci=tci, pn=PN_32).protect(frame_of(200))
    rules = Rules(strict=False, lowest_pn=PN_32)
    secy = receiver(every_plane, rules)
    before = pn_state(secy)
    bits = np.arange(28 * 8, len(frame) * 8, 1 if every_plane.backend == "native" else 29)
    batch = flipped(frame, bits)
    outcome = secy.validate(batch)
    assert set(labels(outcome.codes)) == {ends}
    assert pn_state(secy) == before
    stripped = [changed[:12] + changed[28:-16] for changed in batch]
    assert outcome.batch.frames() == (stripped if ends == "invalid" else [])
