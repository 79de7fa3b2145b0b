"""Receive (10.6): the truth table, the order of the checks, SCIs, octets delivered and counted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from support.planes import (
    CONFIDENTIAL,
    ES,
    INTEGRITY,
    SA,
    SC,
    SCB,
    SCI_A,
    SCI_B,
    SUITE_NAMES,
    C,
    Craft,
    E,
    Plane,
    V,
    add_rx,
    all_counters,
    batch_of,
    frame_of,
    judged,
    key_for,
    nonzero,
    pn_state,
    spoiled,
    xpn_of,
)

from macsec.frames import FrameBatch
from macsec.secy import SecY

# Verdict: counter, delivered, counted on the SC, counted on the SA. Written out here so that the
# table of the package is tested and not used.
RESULTS: dict[str, tuple[str | None, bool, bool, bool]] = {
    "ok": ("InPktsOK", True, True, True),
    "invalid": ("InPktsInvalid", True, True, True),
    "not-valid": ("InPktsNotValid", False, True, True),
    "delayed": ("InPktsDelayed", True, True, False),
    "unchecked": ("InPktsUnchecked", True, True, False),
    "late": ("InPktsLate", False, True, False),
    "unused-sa": ("InPktsUnusedSA", True, True, False),
    "not-using-sa": ("InPktsNotUsingSA", False, True, False),
    "untagged": ("InPktsUntagged", True, False, False),
    "no-tag": ("InPktsNoTag", False, False, False),
    "bad-tag": ("InPktsBadTag", False, False, False),
    "unknown-sci": ("InPktsUnknownSCI", True, False, False),
    "no-sci": ("InPktsNoSCI", False, False, False),
    "uncontrolled": (None, False, False, False),
    "bypass": (None, True, False, False),
    "dropped": (None, False, False, False),
    "runt": (None, False, False, False),
}
MODES = ("strict", "check", "disabled")
NEXT_PN, LOWEST_PN, WINDOW = 100, 50, 50
USER_OCTETS = 60
CLEAR = frame_of(USER_OCTETS)


@dataclass(frozen=True)
class Case:
    """One row: a frame, and its verdicts under strict, check and disabled."""

    name: str
    ends: tuple[str, str, str]
    craft: dict[str, Any] = field(default_factory=dict)
    spoil: int | None = None
    replay: bool = True
    tagged: bool = True
    rx_enabled: bool = True

    def frame(self) -> bytes:
        """Frame that arrives."""
        if not self.tagged:
            return CLEAR
        made = Craft(**({"pn": NEXT_PN} | self.craft)).protect(CLEAR)
        return made if self.spoil is None else spoiled(made, self.spoil)

    def __str__(self) -> str:
        return self.name


def same(verdict: str) -> tuple[str, str, str]:
    """Return a row with one verdict in every mode."""
    return (verdict, verdict, verdict)


IC = {"tci": INTEGRITY}
IC_C = {"tci": INTEGRITY | C}
LATE_PN = {"pn": LOWEST_PN - 1}
LOW_PN = {"pn": LOWEST_PN}

COMMON = [
    Case("1 no SecTAG", ("no-tag", "untagged", "untagged"), tagged=False),
    Case("2 E without C", same("uncontrolled"), {"tci": SC | E}),
    Case("3 bad tag: V", same("bad-tag"), {"tci": CONFIDENTIAL | V}),
    Case("3 bad tag: V, C=0", same("bad-tag"), {"tci": INTEGRITY | V}),
    Case("3 bad tag: ES with SC", same("bad-tag"), {"tci": CONFIDENTIAL | ES}),
    Case("3 bad tag: SCB with SC", same("bad-tag"), {"tci": INTEGRITY | SCB}),
    Case("3 bad tag: SL bit 7", same("bad-tag"), {"sl": 0x40}),
    Case("3 bad tag: SL bit 8", same("bad-tag"), {"sl": 0x80}),
    Case("3 bad tag: PN zero, C=0", same("bad-tag"), {"pn": 0} | IC),
    Case("3 bad tag: PN zero", same("bad-tag"), {"pn": 0}),
    Case("4 SC unknown, C=1", same("no-sci"), {"sci": SCI_B}),
    Case("4 SC unknown, E=0 C=1", same("no-sci"), {"sci": SCI_B} | IC_C),
    Case("4 no SA, C=1", same("not-using-sa"), {"an": 2}),
    Case("4 SA not in use, C=1", same("not-using-sa"), {"an": 1}),
    Case("4 SA not in use, E=0 C=1", same("not-using-sa"), {"an": 1} | IC_C),
    Case("5 SC unknown, C=0", ("no-sci", "unknown-sci", "unknown-sci"), {"sci": SCI_B} | IC),
    Case("5 no SA, C=0", ("not-using-sa", "unused-sa", "unused-sa"), {"an": 2} | IC),
    Case("5 SA not in use, C=0", ("not-using-sa", "unused-sa", "unused-sa"), {"an": 1} | IC),
    Case("6 late, C=1", same("late"), LATE_PN),
    Case("6 late, C=0", same("late"), LATE_PN | IC),
    Case("6 late before the cipher: bad ICV, C=1", same("late"), LATE_PN, spoil=-1),
    Case("6 late before the cipher: bad ICV, C=0", same("late"), LATE_PN | IC, spoil=-1),
    Case("8, 13 good, C=0", ("ok", "ok", "unchecked"), IC),
    Case("8, 13 good, at lowestPN, C=0", ("ok", "ok", "unchecked"), LOW_PN | IC),
    Case("9, 12 delayed, C=0", same("delayed"), LATE_PN | IC, replay=False),
    Case("10, 13 bad ICV, C=0", ("not-valid", "invalid", "unchecked"), IC, spoil=-1),
    Case("10, 13 bad data, C=0", ("not-valid", "invalid", "unchecked"), IC, spoil=40),
    Case(
        "10, 12 bad before delayed, C=0",
        ("not-valid", "invalid", "delayed"),
        LATE_PN | IC,
        spoil=-1,
        replay=False,
    ),
    Case("10, 11 bad ICV, C=1", same("not-valid"), spoil=-1),
    Case("10, 11 bad data, C=1", same("not-valid"), spoil=40),
    Case("10, 11 bad ICV, E=0 C=1", same("not-valid"), IC_C, spoil=-1),
    Case("10, 11 bad and old, C=1", same("not-valid"), LATE_PN, spoil=-1, replay=False),
]
IEEE = [
    *COMMON,
    Case("3 bad tag, SC unknown", same("bad-tag"), {"sci": SCI_B, "tci": CONFIDENTIAL | V}),
    Case("3 bad tag, SA unused", same("bad-tag"), {"an": 2, "tci": CONFIDENTIAL | V}),
    Case("3 SL of 48", same("bad-tag"), {"sl": 48}),
    Case("4 SC off, C=1", same("not-using-sa"), rx_enabled=False),
    Case("5 SC off, C=0", ("not-using-sa", "unused-sa", "unused-sa"), IC, rx_enabled=False),
    Case("8, 11 good, C=1", ("ok", "ok", "not-valid")),
    Case("8, 11 good, at lowestPN, C=1", ("ok", "ok", "not-valid"), LOW_PN),
    Case("8, 11 good, E=0 C=1", ("ok", "ok", "not-valid"), IC_C),
    Case("8, 11 good, replay off, C=1", ("ok", "ok", "not-valid"), replay=False),
    Case("9, 11 delayed, C=1", ("delayed", "delayed", "not-valid"), LATE_PN, replay=False),
    Case("8, 13 good, replay off, C=0", ("ok", "ok", "unchecked"), IC, replay=False),
]
LINUX = [
    *COMMON,
    Case(
        "3 bad tag hidden by an unknown SC", same("no-sci"), {"sci": SCI_B, "tci": CONFIDENTIAL | V}
    ),
    Case(
        "3 bad tag hidden by an unknown SC, C=0",
        ("no-sci", "unknown-sci", "unknown-sci"),
        {"sci": SCI_B, "tci": INTEGRITY | V},
    ),
    Case("3 bad tag, SA unused", same("bad-tag"), {"an": 2, "tci": CONFIDENTIAL | V}),
    Case("3 padding", same("bad-tag"), {"sl": 47}),
    Case("8, 13 SC off receives, C=0", ("ok", "ok", "unchecked"), IC, rx_enabled=False),
    Case("8 SC off receives, C=1", same("ok"), rx_enabled=False),
    Case("8 good, C=1", same("ok")),
    Case("8 good, at next - window, C=1", same("ok"), LOW_PN),
    Case("8 good, E=0 C=1", same("ok"), IC_C),
    Case("9 delayed, C=1", same("delayed"), LATE_PN, replay=False),
]
CASES = [("ieee", case) for case in IEEE] + [("linux", case) for case in LINUX]
CIPHER_RAN = ("ok", "delayed", "invalid", "not-valid")


def receiver_of(plane: Plane, profile: str, case: Case, **controls: Any) -> SecY:
    """Return a SecY with SC A: AN 0 in use, AN 1 off, no AN 2 and 3."""
    secy = plane.secy(profile=profile, window=WINDOW, replay=case.replay, **controls)
    secy.create_rx_sc(SCI_A, case.rx_enabled)
    for an in (0, 1):
        secy.create_rx_sa(
            SCI_A,
            an,
            key_for(secy),
            next_pn=NEXT_PN,
            lowest_pn=LOWEST_PN,
            enabled=an == 0,
            **xpn_of(secy),
        )
    return secy


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("profile, case", CASES, ids=str)
def test_row_of_the_truth_table(plane: Plane, profile: str, case: Case, mode: str) -> None:
    """Verdict, exact counters at all levels, octets delivered and PN state of a row (10.6)."""
    secy = receiver_of(plane, profile, case, validate=mode)
    frame, before = case.frame(), pn_state(secy)
    verdict, clear = secy.validate_frame(frame)
    expected = case.ends[MODES.index(mode)]
    counter, delivered, on_sc, on_sa = RESULTS[expected]

    assert verdict.label == expected
    assert (verdict.counter, verdict.delivered) == (counter, delivered)
    if not delivered:
        assert clear is None
    elif not case.tagged:
        assert clear == frame
    elif frame[14] & E:
        assert clear == CLEAR
    else:  # what a bad octet did to it stays
        assert clear == frame[:12] + frame[28:-16]

    octets = {}
    if expected in CIPHER_RAN and mode != "disabled":
        kind = "InOctetsDecrypted" if frame[14] & E else "InOctetsValidated"
        octets = {kind: USER_OCTETS}
    packets = {counter: 1} if counter else {}
    assert nonzero(secy.counters) == packets | octets
    assert nonzero(secy.rx[SCI_A].counters) == (packets if on_sc else {}) | octets
    assert nonzero(secy.rx[SCI_A].sa[0].counters) == (packets if on_sa else {})
    assert nonzero(secy.rx[SCI_A].sa[1].counters) == {}

    after = pn_state(secy)
    validated = expected == "ok"
    pn = int.from_bytes(frame[16:20]) if case.tagged else 0
    if validated and pn >= NEXT_PN:
        assert after["rx"][SCI_A] == {
            0: (True, pn + 1, pn + 1 - WINDOW),
            1: before["rx"][SCI_A][1],
        }
    else:
        assert after == before


@pytest.mark.parametrize("profile, case", CASES, ids=str)
def test_null_delivers_every_frame_unchanged(plane: Plane, profile: str, case: Case) -> None:
    """validateFrames Null: tags and all, no counter, no state (10.6)."""
    secy = receiver_of(plane, profile, case, validate="null")
    before = pn_state(secy)
    verdict, clear = secy.validate_frame(case.frame())
    assert (verdict.label, clear) == ("bypass", case.frame())
    assert nonzero(secy.counters) == nonzero(secy.rx[SCI_A].counters) == {}
    assert pn_state(secy) == before


@pytest.mark.parametrize("profile, case", CASES, ids=str)
def test_suites_end_each_row_alike_but_for_pn_zero(plane: Plane, profile: str, case: Case) -> None:
    """Under strict the suites end each row alike, but for a PN field of zero (10.6.2, 9.12)."""
    for cipher in SUITE_NAMES:
        row = replace(case, craft=case.craft | {"cipher": cipher})
        expected = case.ends[0]
        if "xpn" in cipher and case.craft.get("pn") == 0:
            expected = "late"
        secy = receiver_of(plane, profile, row, cipher=cipher)
        assert secy.validate_frame(row.frame())[0].label == expected, cipher
        assert sum(n for name, n in nonzero(secy.counters).items() if "Pkts" in name) == (
            RESULTS[expected][0] is not None
        ), cipher


# ---------------------------------------------------------------- two faults at once

SHORT = CLEAR[:12] + bytes((0x88, 0xE5))


def made(**craft: Any) -> bytes:
    """Return the clear frame, protected."""
    return Craft(**craft).protect(CLEAR)


STRICT: dict[str, Any] = {}
CHECK, DISABLED, NULL = {"validate": "check"}, {"validate": "disabled"}, {"validate": "null"}
OFF = {"replay": False}
ORDER: list[tuple[str, bytes, str, str, dict[str, Any]]] = [
    # name, frame, end under ieee, end under linux, controls
    ("E without C before V", made(tci=SC | E | V), "uncontrolled", "uncontrolled", STRICT),
    ("E without C before the SC", made(tci=SC | E, sci=SCI_B), *["uncontrolled"] * 2, STRICT),  # type: ignore[list-item]
    ("E without C, nothing else", SHORT + b"\x08", "uncontrolled", "dropped", STRICT),
    ("an EtherType, nothing else", SHORT, "bad-tag", "dropped", STRICT),
    ("SecTAG of SC cut short", SHORT + b"\x20" + bytes(8), "bad-tag", "dropped", STRICT),
    ("bad tag before the SC", made(pn=0, sci=SCI_B), "bad-tag", "no-sci", STRICT),
    ("bad tag before late", made(pn=1, sl=0x40), "bad-tag", "bad-tag", STRICT),
    ("bad tag before the ICV", spoiled(made(tci=CONFIDENTIAL | V)), *["bad-tag"] * 2, STRICT),  # type: ignore[list-item]
    ("unknown SC before AN", made(sci=SCI_B, an=3), "no-sci", "no-sci", STRICT),
    ("unused SA before late", made(an=3, pn=1), "not-using-sa", "not-using-sa", STRICT),
    ("unused SA before the ICV", spoiled(made(an=3)), "not-using-sa", "not-using-sa", STRICT),
    ("late before the ICV", spoiled(made(pn=49)), "late", "late", STRICT),
    ("late before Disabled discards", made(pn=49), "late", "late", DISABLED),
    ("ICV before Delayed", spoiled(made(pn=49)), "not-valid", "not-valid", OFF),
    ("ICV before Delayed, C=0", spoiled(made(pn=49, tci=SC)), *["invalid"] * 2, OFF | CHECK),  # type: ignore[list-item, operator]
    ("runt before Null", CLEAR[:13], "runt", "runt", NULL),
    ("runt before no tag", CLEAR[:13], "runt", "runt", STRICT),
]


@pytest.mark.parametrize("profile", ["ieee", "linux"])
@pytest.mark.parametrize("name, frame, ieee, linux, controls", ORDER, ids=[row[0] for row in ORDER])
def test_first_fault_in_the_order_of_10_6_counts(
    plane: Plane,
    name: str,
    frame: bytes,
    ieee: str,
    linux: str,
    controls: dict[str, Any],
    profile: str,
) -> None:
    """Of two faults the first by 10.6 counts, and only that one (10.7.9)."""
    secy = plane.secy(**({"profile": profile, "window": WINDOW} | controls))
    add_rx(secy, next_pn=NEXT_PN, lowest_pn=LOWEST_PN)
    expected = ieee if profile == "ieee" else linux
    assert secy.validate_frame(frame)[0].label == expected, name
    packets = {n: c for n, c in nonzero(secy.counters).items() if "Pkts" in n}
    counter = RESULTS[expected][0]
    assert packets == ({counter: 1} if counter else {})


def test_frame_cut_by_the_capture_is_truncated(plane: Plane) -> None:
    """A frame shorter in the capture than on the wire ends before everything else."""
    whole = Craft().protect(CLEAR)
    frames = [whole, CLEAR, CLEAR[:5]]
    arena = b"".join(frames)
    starts, lengths = [0, len(whole), len(whole) + len(CLEAR)], list(map(len, frames))
    cut = FrameBatch(arena, starts, lengths, wire_length=[n + 1 for n in lengths])
    for mode in ("strict", "check", "disabled", "null"):
        secy = add_rx(plane.secy(validate=mode))
        before = pn_state(secy)
        outcome = secy.validate(cut)
        assert [v.label for v in outcome.verdict] == ["truncated"] * 3
        assert len(outcome.batch) == 0
        assert nonzero(secy.counters) == {}
        assert pn_state(secy) == before


# ---------------------------------------------------------------- whose frame is it (9.9)

OWN_1, OWN_0 = SA.hex() + "0001", SA.hex() + "0000"
FOREIGN = "0a0b0c0d0e0f0007"
NO_SCI_FLAGS = E | C
SCI_TABLE: list[tuple[int, tuple[str, ...], str | None, str | None]] = [
    # TCI, receive SCs, the SCI by ieee, by linux (None: there is none)
    (ES | E | C, (OWN_1,), OWN_1, OWN_1),
    (ES | E | C, (OWN_1, OWN_0, FOREIGN), OWN_1, OWN_1),
    (SCB | E | C, (OWN_0,), OWN_0, OWN_0),
    (SCB | E | C, (OWN_1, OWN_0, FOREIGN), OWN_0, None),
    (ES | SCB | E | C, (OWN_1, OWN_0), OWN_0, OWN_1),
    (NO_SCI_FLAGS, (FOREIGN,), FOREIGN, FOREIGN),
    (NO_SCI_FLAGS, (OWN_1,), OWN_1, OWN_1),
    (NO_SCI_FLAGS, (OWN_1, FOREIGN), None, None),
    (NO_SCI_FLAGS, (), None, None),
    (SC | E | C, (OWN_1, FOREIGN), FOREIGN, FOREIGN),
]


@pytest.mark.parametrize("profile", ["ieee", "linux"])
@pytest.mark.parametrize("tci, peers, ieee, linux", SCI_TABLE)
def test_sci_comes_from_sc_scb_es_or_the_only_peer(
    plane: Plane,
    tci: int,
    peers: tuple[str, ...],
    ieee: str | None,
    linux: str | None,
    profile: str,
) -> None:
    """SC, SCB, ES or the only peer give the SCI; without flags never the source address (N8)."""
    sci = ieee if profile == "ieee" else linux
    secy = plane.secy(profile=profile)
    for peer in peers:
        add_rx(secy, peer)
    frame = Craft(tci=tci, sci=sci or SCI_A).protect(CLEAR)
    outcome = secy.validate(batch_of([frame]))
    if sci is None:
        silent = profile == "linux"
        assert [v.label for v in outcome.verdict] == ["dropped" if silent else "no-sci"]
        assert nonzero(secy.counters) == ({} if silent else {"InPktsNoSCI": 1})
        assert outcome.sci_an_pn(0)[0] is None
    else:
        assert [v.label for v in outcome.verdict] == ["ok"]
        assert outcome.sci_an_pn(0) == (int(sci, 16), 0, 1)
        assert secy.rx[sci].counters["InPktsOK"] == 1


@pytest.mark.parametrize("profile, expected", [("ieee", "no-sci"), ("linux", "dropped")])
def test_disabled_sc_is_not_the_only_peer(plane: Plane, profile: str, expected: str) -> None:
    """A frame without an SCI is not taken for a receive SC that is off (10.6.1)."""
    secy = add_rx(plane.secy(profile=profile))
    frame = Craft(tci=NO_SCI_FLAGS).protect(CLEAR)
    secy.enable_rx_sc(SCI_A, False)
    assert secy.validate_frame(frame)[0].label == expected
    secy.enable_rx_sc(SCI_A, True)
    assert secy.validate_frame(frame)[0].label == "ok"


def test_wrong_implicit_sci_fails_the_icv(plane: Plane) -> None:
    """The IV holds the SCI even where the tag does not (14.1 note 2)."""
    secy = add_rx(plane.secy(), SCI_B)
    assert judged(secy, [Craft(tci=NO_SCI_FLAGS, sci=SCI_A).protect(CLEAR)]) == ["not-valid"]


def test_xpn_iv_does_not_hold_the_sci(plane: Plane) -> None:
    """Under XPN the SSCI takes the SCI's place: the SCI is bound by AAD only if sent (14.7)."""
    secy = add_rx(plane.secy(cipher="gcm-aes-xpn-128"), SCI_B)
    craft = Craft(cipher="gcm-aes-xpn-128", tci=NO_SCI_FLAGS, sci=SCI_A)
    assert judged(secy, [craft.protect(CLEAR)]) == ["ok"]
    other = replace(craft, ssci=2, pn=2)
    assert judged(secy, [other.protect(CLEAR)]) == ["not-valid"]


# ---------------------------------------------------------------- octets


@pytest.mark.parametrize("user", [1, 2, 15, 16, 17, 23, 24, 30, 46, 47, 48, 49, 63, 64, 1500, 9000])
@pytest.mark.parametrize("padding", [0, 1, 30, 64])
def test_padding_behind_the_icv_is_dropped(plane: Plane, user: int, padding: int) -> None:
    """SL finds the ICV; what lies behind is dropped. A frame without SL cannot be padded (9.10)."""
    secy = add_rx(plane.secy())
    clear = frame_of(user)
    verdict, out = secy.validate_frame(Craft(padding=bytes(padding)).protect(clear))
    if user >= 48 and padding:
        assert (verdict.label, out) == ("not-valid", None)
    else:
        assert (verdict.label, out) == ("ok", clear)
        assert secy.counters["InOctetsDecrypted"] == user


@pytest.mark.parametrize("cipher", SUITE_NAMES)
@pytest.mark.parametrize("tci", [CONFIDENTIAL, INTEGRITY, E | C, 0, ES | E | C])
def test_frames_of_every_suite_and_service_are_validated(
    every_plane: Plane, cipher: str, tci: int
) -> None:
    """Frames made by the text alone are validated, both services by E and C per frame (10.7.25)."""
    secy = add_rx(every_plane.secy(cipher=cipher, encrypt=False))
    for pn, user in enumerate([1, 13, 47, 48, 64, 255, 1500], 1):
        clear = frame_of(user)
        frame = Craft(cipher=cipher, tci=tci, pn=pn).protect(clear)
        assert secy.validate_frame(frame)[1] == clear
    assert secy.counters["InPktsOK"] == 7


@pytest.mark.parametrize("offset", [0, 30, 50])
@pytest.mark.parametrize("around", range(-3, 4))
def test_user_data_around_the_offset_is_validated(
    every_plane: Plane, offset: int, around: int
) -> None:
    """User Data shorter than, as long as and longer than the confidentiality offset (14.5)."""
    user = max(offset + around, 1)
    secy = add_rx(every_plane.secy(offset=offset))
    clear = frame_of(user)
    assert secy.validate_frame(Craft(offset=offset).protect(clear)) == (0, clear)


@pytest.mark.parametrize("offset", [30, 50])
def test_frame_without_e_ignores_the_offset(plane: Plane, offset: int) -> None:
    """A frame with E=0 is wholly in the AAD, with any offset (14.5)."""
    secy = add_rx(plane.secy(offset=offset))
    clear = frame_of(100)
    assert secy.validate_frame(Craft(tci=INTEGRITY).protect(clear)) == (0, clear)


VLAN = bytes.fromhex("8100a123")
S_VLAN = bytes.fromhex("88a80456")


@pytest.mark.parametrize("authenticated", [False, True])
@pytest.mark.parametrize("offset", [0, 30, 50])
@pytest.mark.parametrize("tags", [b"", VLAN, S_VLAN + VLAN], ids=["0", "1", "2"])
@pytest.mark.parametrize("clear_tags", [0, 1, 2])
def test_clear_tags_before_the_sectag_are_delivered(
    plane: Plane, clear_tags: int, tags: bytes, offset: int, authenticated: bool
) -> None:
    """At most `clear_tags` VLAN tags come before the SecTAG; they are delivered too."""
    secy = add_rx(
        plane.secy(clear_tags=clear_tags, clear_tags_authenticated=authenticated, offset=offset)
    )
    craft = Craft(tags=tags, tags_authenticated=authenticated, offset=offset)
    for pn, user in enumerate([1, 13, 29, 30, 31, 49, 50, 51, 200], 1):
        clear = frame_of(user)
        verdict, out = secy.validate_frame(replace(craft, pn=pn).protect(clear))
        if len(tags) > 4 * clear_tags:
            assert (verdict.label, out) == ("no-tag", None)
        else:
            assert (verdict.label, out) == ("ok", clear[:12] + tags + clear[12:])


@pytest.mark.parametrize("authenticated", [False, True])
def test_changed_clear_tag_is_seen_only_if_authenticated(plane: Plane, authenticated: bool) -> None:
    """A tag left in clear can be changed unseen, unless it is authenticated."""
    secy = add_rx(plane.secy(clear_tags=1, clear_tags_authenticated=authenticated))
    craft = Craft(tags=VLAN, tags_authenticated=authenticated)
    verdict, clear = secy.validate_frame(spoiled(craft.protect(CLEAR), 15))
    if authenticated:
        assert (verdict.label, clear) == ("not-valid", None)
    else:
        assert (verdict.label, clear) == ("ok", CLEAR[:12] + spoiled(VLAN) + CLEAR[12:])


@pytest.mark.parametrize("mode", ["strict", "check", "disabled", "null"])
@pytest.mark.parametrize("profile", ["ieee", "linux"])
@pytest.mark.parametrize("clear_tags", [0, 2])
def test_short_frame_ends_in_a_verdict(
    plane: Plane, mode: str, profile: str, clear_tags: int
) -> None:
    """However few octets, a frame ends in a verdict and raises nothing (N7); under 14: runt."""
    secy = add_rx(plane.secy(profile=profile, validate=mode, clear_tags=clear_tags))
    whole = [
        CLEAR,
        Craft().protect(CLEAR),
        Craft(tci=INTEGRITY).protect(frame_of(1)),
        CLEAR[:12] + VLAN * 3,
        CLEAR[:12] + VLAN + b"\x88\xe5\x20",
    ]
    frames = [frame[:n] for frame in whole for n in range(min(60, len(frame)))]
    outcome = secy.validate(batch_of(frames))
    assert len(outcome.codes) == len(frames)
    for frame, verdict in zip(frames, outcome.verdict, strict=True):
        assert (verdict.label == "runt") == (len(frame) < 14)
    if mode == "null":
        assert outcome.batch.frames() == [frame for frame in frames if len(frame) >= 14]


@pytest.mark.parametrize("icv_length", range(8, 17))
@pytest.mark.parametrize("tci", [CONFIDENTIAL, INTEGRITY | C, INTEGRITY])
def test_linux_takes_icvs_of_8_to_16_octets(every_plane: Plane, icv_length: int, tci: int) -> None:
    """Profile linux takes ICVs of 8 to 16 octets; one wrong bit in any of them is seen."""
    secy = add_rx(every_plane.secy(profile="linux", icv_length=icv_length, window=10))
    craft = Craft(tci=tci, icv_length=icv_length)
    for pn, user in enumerate([1, 47, 48, 100], 1):
        clear = frame_of(user)
        frame = replace(craft, pn=pn).protect(clear)
        assert secy.validate_frame(frame) == (0, clear)
        ends = judged(secy, [spoiled(frame, -1 - at) for at in range(icv_length)])
        assert ends == ["not-valid"] * icv_length


# ---------------------------------------------------------------- counters over many frames


def test_counters_add_up_over_levels(plane: Plane) -> None:
    """A SecY's counters are the sums over its SCs, an SC's over its SAs (10.7.9, 10.7.12)."""
    secy = plane.secy(validate="check", window=5)
    for sci in (SCI_A, SCI_B):
        for an in (0, 1):
            add_rx(secy, sci, an)
    frames = []
    for pn in (1, 2, 9, 3, 2):
        for sci in (SCI_A, SCI_B):
            for an in (0, 1, 2):
                for tci in (CONFIDENTIAL, INTEGRITY):
                    made = Craft(sci=sci, an=an, tci=tci, pn=pn).protect(frame_of(10 + 13 * pn))
                    frames += [made, spoiled(made)]
    secy.validate(batch_of(frames))
    counted = all_counters(secy)
    per_sc = ("InPktsOK", "InPktsInvalid", "InPktsNotValid", "InPktsDelayed", "InPktsLate")
    per_sc += ("InPktsUnusedSA", "InPktsNotUsingSA", "InOctetsValidated", "InOctetsDecrypted")  # type: ignore[assignment]
    for name in per_sc:
        assert counted["secy"][name] == sum(sc[name] for sc in counted["rx"].values()), name
    for name in ("InPktsOK", "InPktsInvalid", "InPktsNotValid"):
        for sci in (SCI_A, SCI_B):
            of_sas = sum(sa[name] for (of, _), sa in counted["rx sa"].items() if of == sci)
            assert counted["rx"][sci][name] == of_sas, name
    sums = ("InPktsNoSA", "InPktsNoSAError")
    packets = [n for name, n in counted["secy"].items() if "InPkts" in name and name not in sums]
    assert sum(packets) == len(frames)
    assert min(counted["secy"][name] for name in ("InPktsOK", "InPktsInvalid", "InPktsLate")) > 0


def test_outcome_keeps_order_time_source_and_tag_fields(plane: Plane) -> None:
    """Delivered frames keep order, time and source; each row has SCI, AN and PN if known."""
    secy = add_rx(plane.secy(window=100))
    frames = [
        CLEAR,
        Craft(pn=7).protect(CLEAR),
        spoiled(Craft(pn=8).protect(CLEAR)),
        b"",
        CLEAR[:20],
    ]
    frames += [Craft(pn=9, an=3).protect(CLEAR), Craft(pn=10, sci=SCI_B).protect(CLEAR)]
    frames += [Craft(pn=5).protect(frame_of(200))]
    n = len(frames)
    given = FrameBatch.from_frames(frames, time_ns=np.arange(n) * 1000, source=np.arange(n) + 5)
    outcome = secy.validate(given)
    assert outcome.delivered.tolist() == [1, 7]
    assert outcome.batch.frames() == [CLEAR, frame_of(200)]
    assert outcome.batch.time_ns.tolist() == [1000, 7000]
    assert outcome.batch.source.tolist() == [6, 12]
    a, b, none = int(SCI_A, 16), int(SCI_B, 16), (None, None, None)
    fields = [outcome.sci_an_pn(row) for row in range(n)]
    assert fields == [none, (a, 0, 7), (a, 0, 8), none, none, (a, 3, 9), (b, 0, 10), (a, 0, 5)]


def test_empty_batch_delivers_and_counts_nothing(plane: Plane) -> None:
    """No frames in, no frames out, nothing counted."""
    secy = add_rx(plane.secy())
    outcome = secy.validate(batch_of([]))
    assert len(outcome.batch) == len(outcome.codes) == len(outcome.delivered) == 0
    assert nonzero(secy.counters) == {}
