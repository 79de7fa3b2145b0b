"""Several transmit SCs (10.5.1, 10.7.17): an SC for each traffic class, with PNs of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.planes import (
    CONFIDENTIAL,
    DA,
    SA,
    SCI_A,
    SUITE_NAMES,
    Craft,
    Plane,
    add_rx,
    add_tx,
    batch_of,
    frame_of,
    judged,
    key_for,
    labels,
    moved,
    nonzero,
    sender,
)

from macsec.errors import ConfigError
from macsec.frames import FrameBatch
from macsec.secy import Outcome, SecY

CLASSES = range(8)
FRAMES = 40


def sci_of_class(tc: int) -> str:
    """Return the SCI of a traffic class: SCI A with the class on top of its port."""
    return f"{SCI_A[:12]}{tc:x}001"


def of_priority(priority: int, user_data: int = 60, tpid: str = "8100") -> bytes:
    """Return a clear frame with a VLAN tag of a priority."""
    frame = frame_of(user_data)
    return frame[:12] + bytes.fromhex(tpid) + (priority << 13 | 5).to_bytes(2) + frame[12:]


def xpn(secy: SecY, tc: int) -> dict[str, Any]:
    """Return the extra parameters of an SA of a traffic class under an XPN suite."""
    return {"ssci": 9 - tc, "salt": bytes(12)} if secy.controls.cipher.xpn else {}


def classed(secy: SecY, classes: Any = CLASSES) -> SecY:
    """Give a SecY transmit SCs of all these classes, each with an SA of one key."""
    secy.create_tx_sc(SCI_A)
    for tc in classes:
        if tc:
            secy.create_tx_class(tc)
        secy.create_tx_sa(0, key_for(secy), traffic_class=tc, **xpn(secy, tc))
    return secy


def hearing(secy: SecY, classes: Any = CLASSES) -> SecY:
    """Give a SecY a receive SC for the SCI of each of these classes."""
    for tc in classes:
        secy.create_rx_sc(sci_of_class(tc))
        secy.create_rx_sa(sci_of_class(tc), 0, key_for(secy), **xpn(secy, tc))
    return secy


def protected(secy: SecY, frame: bytes, **more: Any) -> bytes:
    """Return the octets of a frame that is sent."""
    sent = secy.protect_frame(frame, **more)
    assert sent is not None
    return sent


def used(outcome: Outcome) -> list[tuple[str, int]]:
    """Return SCI and PN of each frame."""
    return [(f"{sci:016x}", int(pn)) for sci, pn in zip(outcome.sci, outcome.pn, strict=True)]


# ---------------------------------------------------------------- the SC of a frame


def test_priority_of_first_vlan_tag_chooses_the_sc(plane: Plane) -> None:
    """PCP 0 to 7 go to the SCs of classes 0 to 7, untagged frames to that of class 0."""
    secy = classed(plane.secy())
    sent = secy.protect(batch_of([*map(of_priority, CLASSES), frame_of(60)]))
    assert used(sent) == [*((sci_of_class(tc), 1) for tc in CLASSES), (SCI_A, 2)]


@pytest.mark.parametrize("tpid", ["8100", "88a8", "9100"])
def test_each_kind_of_vlan_tag_has_a_priority(plane: Plane, tpid: str) -> None:
    """C-TAG, S-TAG and 0x9100; only the first tag counts, and only a whole one."""
    secy = classed(plane.secy())
    first = of_priority(6, tpid=tpid)
    inner = first[:12] + bytes.fromhex("81002005") + first[12:]
    cut = first[:15]
    sent = secy.protect(batch_of([first, inner, cut]))
    assert used(sent) == [(sci_of_class(6), 1), (sci_of_class(1), 1), (SCI_A, 1)]


def test_priority_of_the_request_goes_before_that_of_the_tag(plane: Plane) -> None:
    """One priority for all frames, one for each, or None: the tag."""
    secy = classed(plane.secy())
    frames = batch_of([of_priority(3), frame_of(60), of_priority(3)])
    assert used(secy.protect(frames, priority=5)) == [(sci_of_class(5), pn) for pn in (1, 2, 3)]
    assert used(secy.protect(frames[1:2])) == [(SCI_A, 1)], "the batch before left no priority"
    mixed = secy.protect(frames, priority=[7, 1, None])
    assert used(mixed) == [(sci_of_class(7), 1), (sci_of_class(1), 1), (sci_of_class(3), 1)]
    assert protected(secy, of_priority(3), priority=2)[20:28].hex() == sci_of_class(2)


@pytest.mark.parametrize(
    "priority", [8, -1, [1], [1, 2, 9]], ids=["high", "low", "few", "one high"]
)
def test_wrong_priority_is_refused(plane: Plane, priority: Any) -> None:
    """It is not 0 to 7, or there is not one for each frame; nothing is sent then."""
    secy = classed(plane.secy())
    with pytest.raises(ConfigError, match=r"priorit"):
        secy.protect(batch_of([frame_of(60)] * 3), priority=priority)
    assert secy.tx.sa[0].next_pn == 1


def test_frames_that_a_capture_cut_keep_the_priorities_in_step(plane: Plane) -> None:
    """A truncated row has its own priority too."""
    secy = classed(plane.secy())
    whole = batch_of([frame_of(60)] * 3)
    longer = whole.length + np.array([0, 1, 0])
    cut = FrameBatch(whole.arena, whole.start, whole.length, whole.time_ns, whole.source, longer)
    sent = secy.protect(cut, priority=[1, 2, 3])
    assert labels(sent.codes) == ["encrypted", "truncated", "encrypted"]
    assert used(sent)[2] == (sci_of_class(3), 1)


def test_traffic_class_table_maps_priorities(plane: Plane) -> None:
    """Two classes for eight priorities; the table may change between batches."""
    secy = classed(plane.secy(traffic_classes=(0, 0, 0, 0, 1, 1, 1, 1)), (0, 1))
    frames = batch_of(map(of_priority, CLASSES))
    assert [sci for sci, _ in used(secy.protect(frames))] == [SCI_A] * 4 + [sci_of_class(1)] * 4
    secy.set_controls(traffic_classes=(1,) + (0,) * 7)
    assert [sci for sci, _ in used(secy.protect(frames))] == [sci_of_class(1)] + [SCI_A] * 7


def test_class_without_an_sc_goes_to_the_default_sc(plane: Plane) -> None:
    """With SCs of classes 0 and 5 only, all other priorities share the default SC."""
    secy = classed(plane.secy(), (0, 5))
    sent = secy.protect(batch_of(map(of_priority, CLASSES)))
    expected = [SCI_A if tc != 5 else sci_of_class(5) for tc in CLASSES]
    assert [sci for sci, _ in used(sent)] == expected


# ---------------------------------------------------------------- octets


@pytest.mark.parametrize("cipher", SUITE_NAMES)
@pytest.mark.parametrize("encrypt", [True, False])
def test_octets_of_every_class_follow_the_text(
    every_plane: Plane, cipher: str, encrypt: bool
) -> None:
    """The SCI of the class is in the SecTAG and in the IV; the SAK and the AN are the same."""
    secy = classed(every_plane.secy(cipher=cipher, encrypt=encrypt, encodingsa=0))
    frames = [of_priority(tc, 20 + tc) for tc in CLASSES for _ in range(2)]
    tci = CONFIDENTIAL if encrypt else CONFIDENTIAL & ~0x0C
    crafted = [
        Craft(
            cipher=cipher,
            sci=sci_of_class(at // 2),
            ssci=9 - at // 2,
            salt=bytes(12),
            tci=tci,
            pn=at % 2 + 1,
        ).protect(frame)
        for at, frame in enumerate(frames)
    ]
    assert secy.protect(batch_of(frames)).batch.frames() == crafted


@pytest.mark.parametrize(
    "flags", [{}, {"end_station": True}, {"scb": True}], ids=["plain", "es", "scb"]
)
def test_several_scs_put_the_sci_into_every_sectag(plane: Plane, flags: dict[str, Any]) -> None:
    """Table 10-1: also with alwaysIncludeSCI off, useES or useSCB; until they are deleted."""
    base = SCI_A[:12] + ("0000" if "scb" in flags else "0001")
    secy = plane.secy(send_sci=False, **flags)
    secy.create_tx_sc(base)
    secy.create_tx_sa(0, key_for(secy))
    before = protected(secy, frame_of(60))
    secy.create_tx_class(4)
    several = protected(secy, frame_of(60))
    secy.delete_tx_class(4)
    after = protected(secy, frame_of(60))
    assert several[14] & 0x70 == 0x20
    assert several[20:28].hex() == base
    assert before[14] & 0x20 == after[14] & 0x20 == 0
    assert before[14] == after[14]


# ---------------------------------------------------------------- from end to end


@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-xpn-256"])
def test_reordering_between_classes_does_not_touch_replay_protection(
    plane: Plane, cipher: str
) -> None:
    """Behind a queue that sends high priorities first, window 0 accepts every frame.

    With one SC the same queue makes most frames late: the reason for an SC a class (Annex E).
    """
    frames = [of_priority(at % 8, 60 + at) for at in range(FRAMES)]
    several = classed(plane.secy(cipher=cipher)).protect(batch_of(frames)).batch.frames()
    single = sender(plane, cipher=cipher).protect(batch_of(frames)).batch.frames()
    order = sorted(range(FRAMES), key=lambda at: -(at % 8))

    receives = hearing(plane.secy(cipher=cipher, window=0))
    delivered = receives.validate(batch_of(several[at] for at in order))
    assert delivered.batch.frames() == [frames[at] for at in order]
    assert moved(receives) == {"InPktsOK": FRAMES}
    assert judged(receives, several) == ["late"] * FRAMES, "nor is a replay let in"

    alone = add_rx(plane.secy(cipher=cipher, window=0))
    assert judged(alone, [single[at] for at in order]).count("late") > FRAMES // 2


def test_late_frame_of_one_class_is_late_only_there(plane: Plane) -> None:
    """PN 1 of class 2 behind PN 2 of it is late; PN 1 of class 3 is not."""
    sends, receives = classed(plane.secy()), hearing(plane.secy())
    first, second = (protected(sends, of_priority(2)) for _ in range(2))
    other = protected(sends, of_priority(3))
    assert judged(receives, [second, first, other]) == ["ok", "late", "ok"]


# ---------------------------------------------------------------- counters, exhaustion, limits


def test_each_sc_counts_its_own_and_the_secy_the_sum(plane: Plane) -> None:
    """Frames and octets of User Data of each SC and SA (10.7.18); TooLong is the SecY's."""
    secy = classed(plane.secy(mtu=200))
    frames = [of_priority(tc, 100 + tc) for tc in CLASSES for _ in range(tc + 1)]
    secy.protect(batch_of([*frames, of_priority(6, 300)]))
    for tc, sc in secy.tx_classes.items():
        octets = (tc + 1) * (104 + tc) + (304 if tc == 6 else 0)
        assert nonzero(sc.counters) == {"OutPktsEncrypted": tc + 1, "OutOctetsEncrypted": octets}
        assert nonzero(sc.sa[0].counters) == {"OutPktsEncrypted": tc + 1}
    total = nonzero(secy.counters)
    assert total["OutPktsEncrypted"] == 36
    assert total["OutPktsTooLong"] == 1
    assert total["OutOctetsEncrypted"] == sum(
        sc.counters["OutOctetsEncrypted"] for sc in secy.tx_classes.values()
    )


def test_counts_of_a_deleted_sc_stay_in_the_sum(plane: Plane) -> None:
    """They are not given to another SC; a new SC of the class starts at zero; clear zeroes all."""
    secy = classed(plane.secy(), (0, 1))
    secy.protect(batch_of([of_priority(1), of_priority(0), of_priority(0)]))
    secy.delete_tx_class(1)
    assert secy.counters["OutPktsEncrypted"] == 3
    assert secy.tx.counters["OutPktsEncrypted"] == 2
    secy.create_tx_class(1)
    assert secy.tx_classes[1].counters["OutPktsEncrypted"] == 0
    secy.clear_counters()
    assert not any(secy.tx.counters.values())
    assert not nonzero(secy.counters)


def test_exhausted_sc_stops_its_class_only(plane: Plane) -> None:
    """Its frames end there, never on another SC and never in clear; MAC_Operational is False."""
    secy = add_rx(classed(plane.secy(), (0, 3)), DA.hex() + "0001")
    secy.raise_tx_pn(0, (1 << 32) - 1, traffic_class=3)
    assert secy.mac_operational
    ends = secy.protect(batch_of([of_priority(3), of_priority(3), of_priority(2)]))
    assert labels(ends.codes) == ["encrypted", "exhausted", "encrypted"]
    assert used(ends)[1:] == [(sci_of_class(3), 0), (SCI_A, 1)]
    assert not secy.mac_operational


def test_limit_holds_for_the_sc_that_it_names(plane: Plane) -> None:
    """`limit_tx_pn` of class 3 stops class 3."""
    secy = classed(plane.secy(), (0, 3))
    secy.limit_tx_pn(0, 2, traffic_class=3)
    ends = secy.protect(batch_of([of_priority(3), of_priority(3), of_priority(2)]))
    assert labels(ends.codes) == ["encrypted", "not-operational", "encrypted"]


def test_stopped_sc_sends_nothing_and_its_frames_go_nowhere_else(plane: Plane) -> None:
    """An SC that is off is still the SC of its class."""
    secy = classed(plane.secy(), (0, 3))
    secy.create_tx_class(3, enabled=False)
    ends = secy.protect(batch_of([of_priority(3), of_priority(2)]))
    assert labels(ends.codes) == ["not-operational", "encrypted"]
    secy.create_tx_class(3, enabled=True)
    secy.create_tx_sc(SCI_A, enabled=False)
    ends = secy.protect(batch_of([of_priority(3), of_priority(2)]))
    assert labels(ends.codes) == ["encrypted", "not-operational"]


def test_frames_of_the_clear_policy_need_no_sc(plane: Plane) -> None:
    """`clear`, and protect off, come before the choice of an SC."""
    secy = plane.secy(clear=("lldp",))
    secy.create_tx_sc(SCI_A)
    secy.create_tx_class(1)
    lldp = bytes.fromhex("0180c200000e") + SA + bytes.fromhex("88cc") + bytes(46)
    assert secy.protect_frame(lldp) == lldp
    secy.set_controls(protect=False)
    assert secy.protect_frame(of_priority(1)) == of_priority(1)


@pytest.mark.parametrize("controls", [{"offset": 30}, {"clear_tags": 1}, {"icv_length": 8}])
def test_classes_with_other_controls_deliver_too(plane: Plane, controls: dict[str, Any]) -> None:
    """An offset, a tag before the SecTAG and a short ICV: all on the SC of the class."""
    profile = {"profile": "linux"} if "icv_length" in controls else {}
    sends = classed(plane.secy(**controls, **profile))
    receives = hearing(plane.secy(**controls, **profile))
    frames = [of_priority(tc, 80) for tc in CLASSES]
    sent = sends.protect(batch_of(frames))
    assert [sci for sci, _ in used(sent)] == [sci_of_class(tc) for tc in CLASSES]
    assert receives.validate(sent.batch).batch.frames() == frames


def test_sc_without_other_classes_is_as_ever(plane: Plane) -> None:
    """Priorities change nothing while there is one SC: octets and PNs are the same."""
    plain, asked = sender(plane), sender(plane, traffic_classes=(3,) * 8)
    frames = batch_of([of_priority(tc) for tc in CLASSES])
    assert plain.protect(frames).batch.frames() == asked.protect(frames, priority=6).batch.frames()
    assert add_tx(plane.secy()).tx_classes[0].counters == sender(plane).tx.counters
