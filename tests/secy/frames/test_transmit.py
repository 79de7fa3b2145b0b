"""Transmit (10.5): PN assignment and exhaustion, SecTAG, protection, length, what is never sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.planes import (
    CONFIDENTIAL,
    DA,
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
    add_rx,
    add_tx,
    all_counters,
    batch_of,
    frame_of,
    key_for,
    labels,
    nonzero,
    pair,
    pn_state,
    receiver,
    sender,
    xpn_of,
)

from macsec.frames import FrameBatch
from macsec.secy import SecY

OTHER_KEY = bytes(range(200, 232))
SIZES = [1, 2, 13, 29, 30, 31, 46, 47, 48, 49, 50, 51, 60, 255, 256, 1500, 9000]
LIMITS = [("gcm-aes-128", 1 << 32), ("gcm-aes-256", 1 << 32)]
LIMITS += [("gcm-aes-xpn-128", 1 << 64), ("gcm-aes-xpn-256", 1 << 64)]


def ends(secy: SecY, frames: list[bytes]) -> list[str]:
    """Return the verdicts of frames sent as one batch."""
    return labels(secy.protect(batch_of(frames)).codes)


# ---------------------------------------------------------------- octets


@pytest.mark.parametrize("cipher", SUITE_NAMES)
@pytest.mark.parametrize("encrypt", [True, False])
def test_protected_octets_follow_the_text(every_plane: Plane, cipher: str, encrypt: bool) -> None:
    """DA, SA, SecTAG, Secure Data and ICV follow from the text alone (10.5, 14.5)."""
    secy = sender(every_plane, cipher=cipher, encrypt=encrypt)
    craft = Craft(cipher=cipher, tci=CONFIDENTIAL if encrypt else INTEGRITY)
    expected = [replace(craft, pn=pn).protect(frame_of(n)) for pn, n in enumerate(SIZES, 1)]
    assert secy.protect(batch_of(map(frame_of, SIZES))).batch.frames() == expected


@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-256"])
@pytest.mark.parametrize("offset", [0, 30, 50])
@pytest.mark.parametrize("around", range(-3, 4))
def test_user_data_within_the_offset_stays_clear(
    every_plane: Plane, cipher: str, offset: int, around: int
) -> None:
    """User Data no longer than the offset is all in clear, and still E=C=1 (14.5)."""
    user = max(offset + around, 1)
    secy = sender(every_plane, cipher=cipher, offset=offset)
    sent = secy.protect_frame(frame_of(user))
    assert sent == Craft(cipher=cipher, offset=offset).protect(frame_of(user))
    clear = min(user, offset)
    assert sent[28 : 28 + clear] == frame_of(user)[12 : 12 + clear]
    assert secy.counters["OutOctetsEncrypted"] == user


@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_pair_with_the_same_keys_delivers_every_size(every_plane: Plane, cipher: str) -> None:
    """A pair with the same keys delivers every size of frame as it was, from 13 octets on."""
    sends, receives = pair(every_plane, cipher=cipher)
    frames = [frame_of(n) for n in range(1, 200)]
    assert receives.validate(sends.protect(batch_of(frames)).batch).batch.frames() == frames


def test_sl_is_the_length_of_short_user_data(plane: Plane) -> None:
    """SL is the octets of User Data below 48, else 0 (9.7)."""
    secy = sender(plane)
    frames = secy.protect(batch_of(map(frame_of, range(1, 80)))).batch.frames()
    assert [frame[15] for frame in frames] == [*range(1, 48), *[0] * 32]


def test_protected_frame_is_never_padded(plane: Plane) -> None:
    """A protected frame is 24 or 32 octets longer than the clear one, however short (9.10)."""
    for send_sci, more in ((True, 32), (False, 24)):
        secy = sender(plane, send_sci=send_sci)
        frames = secy.protect(batch_of(map(frame_of, range(1, 100)))).batch.frames()
        assert [len(frame) for frame in frames] == [12 + n + more for n in range(1, 100)]


# ---------------------------------------------------------------- SecTAG


@pytest.mark.parametrize("send_sci", [True, False])
@pytest.mark.parametrize("end_station", [True, False])
@pytest.mark.parametrize("scb", [True, False])
@pytest.mark.parametrize("receiving", [0, 1, 2, 3])
@pytest.mark.parametrize("encrypt", [True, False])
def test_tci_follows_table_10_1_and_the_service(
    plane: Plane, send_sci: bool, end_station: bool, scb: bool, receiving: int, encrypt: bool
) -> None:
    """SC, ES and SCB by Table 10-1, E and C by the service (9.5, 10.5.3)."""
    sci = SA.hex() + ("0000" if scb else "0001")
    secy = plane.secy(
        send_sci=send_sci, end_station=end_station, scb=scb, encrypt=encrypt, encodingsa=3
    )
    add_tx(secy, sci, 3)
    for port in range(receiving):
        add_rx(secy, f"5254001301570{port:03x}")
    sent = secy.protect_frame(frame_of(100))
    assert sent is not None
    explicit = send_sci or (receiving > 1 and not end_station and not scb)
    expected = SC if explicit else ES * end_station | SCB * scb
    expected |= E | C if encrypt else 0
    assert sent[14] == expected | 3
    assert sent == Craft(tci=expected, an=3, sci=sci).protect(frame_of(100))
    assert len(sent) == 12 + (16 if explicit else 8) + 100 + 16


def test_an_inactive_receive_sc_does_not_count(plane: Plane) -> None:
    """Only enabled receive SCs make the SCI appear, created or switched off (10.5.3, N9)."""
    secy = sender(plane, send_sci=False)
    steps = [
        (lambda: secy.create_rx_sc("0200000000010001"), 0),
        (lambda: secy.create_rx_sc("0200000000020001", enabled=False), 0),
        (lambda: secy.create_rx_sc("0200000000030001", enabled=False), 0),
        (lambda: secy.enable_rx_sc("0200000000020001"), SC),
        (lambda: secy.enable_rx_sc("0200000000020001"), SC),
        (lambda: secy.enable_rx_sc("0200000000020001", False), 0),
        (lambda: secy.enable_rx_sc("0200000000030001", False), 0),
        (lambda: secy.enable_rx_sc("0200000000030001"), SC),
        (lambda: secy.delete_rx_sc("0200000000030001"), 0),
        (lambda: secy.delete_rx_sc("0200000000020001"), 0),
        (lambda: secy.create_rx_sc("0200000000020001"), SC),
        (lambda: secy.delete_rx_sc("0200000000010001"), 0),
    ]
    for number, (step, expected) in enumerate(steps):
        step()
        sent = secy.protect_frame(frame_of(50))
        assert sent is not None
        assert sent[14] & SC == expected, f"step {number}"


def test_short_icv_of_linux_sets_c_without_e(plane: Plane) -> None:
    """With a shorter ICV an integrity-only frame has C=1 E=0 (9.5); one of 16 octets has not."""
    for icv_length in range(8, 17):
        secy = sender(plane, profile="linux", icv_length=icv_length, encrypt=False)
        sent = secy.protect_frame(frame_of(100))
        tci = INTEGRITY if icv_length == 16 else INTEGRITY | C
        assert sent == Craft(tci=tci, icv_length=icv_length).protect(frame_of(100))
        encrypting = sender(plane, profile="linux", icv_length=icv_length)
        expected = Craft(icv_length=icv_length).protect(frame_of(100))
        assert encrypting.protect_frame(frame_of(100)) == expected


# ---------------------------------------------------------------- PN


@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_every_frame_uses_the_next_pn(plane: Plane, cipher: str) -> None:
    """PN = nextPN, then nextPN += 1, one frame or many in a call (10.5.2)."""
    secy = sender(plane, cipher=cipher)
    seen: list[int] = []
    for size in (1, 3, 1, 40, 2):
        outcome = secy.protect(batch_of([frame_of(70)] * size))
        seen += outcome.pn.tolist()
        on_the_wire = [int.from_bytes(frame[16:20]) for frame in outcome.batch]
        assert on_the_wire == outcome.pn.tolist()
        assert secy.tx.sa[0].next_pn == seen[-1] + 1
    assert seen == list(range(1, 48))


@pytest.mark.parametrize("cipher, limit", LIMITS)
@pytest.mark.parametrize("profile", ["ieee", "linux"])
def test_no_frame_is_sent_after_the_last_pn(
    plane: Plane, profile: str, cipher: str, limit: int
) -> None:
    """The last PN is used, then nothing is sent for good: no wrap, no clear frame (10.5.2)."""
    secy = plane.secy(profile=profile, cipher=cipher)
    add_tx(secy, next_pn=limit - 3)
    frames = [frame_of(64)] * 8
    outcome = secy.protect(batch_of(frames))  # across the edge in one batch
    assert labels(outcome.codes) == ["encrypted"] * 3 + ["exhausted"] * 5
    assert outcome.pn.tolist() == [limit - 3, limit - 2, limit - 1, 0, 0, 0, 0, 0]
    assert outcome.delivered.tolist() == [0, 1, 2]
    expected = [Craft(cipher=cipher, pn=limit - n).protect(frame_of(64)) for n in (3, 2, 1)]
    assert outcome.batch.frames() == expected
    assert secy.tx.sa[0].next_pn == limit
    for _ in range(3):
        assert secy.protect_frame(frame_of(64)) is None
        assert ends(secy, frames) == ["exhausted"] * 8
    assert secy.tx.sa[0].next_pn == limit
    assert not secy.mac_operational
    assert nonzero(secy.counters) == {"OutPktsEncrypted": 3, "OutOctetsEncrypted": 192}


@pytest.mark.parametrize("cipher, limit", LIMITS)
def test_last_pn_makes_the_round_trip(plane: Plane, cipher: str, limit: int) -> None:
    """PN 2^32-1 and 2^64-1 make the round trip (N15); nextPN is then the limit."""
    sends, receives = plane.secy(cipher=cipher), plane.secy(cipher=cipher)
    add_tx(sends, next_pn=limit - 1)
    add_rx(receives, next_pn=limit - 5)
    outcome = receives.validate(sends.protect(batch_of([frame_of(64)])).batch)
    assert labels(outcome.codes) == ["ok"]
    assert outcome.sci_an_pn(0) == (int(SCI_A, 16), 0, limit - 1)
    assert receives.rx[SCI_A].sa[0].next_pn == limit
    assert receives.rx[SCI_A].sa[0].lowest_pn == limit


def test_exhaustion_of_one_sa_leaves_the_others(plane: Plane) -> None:
    """A new SA under the next AN sends again; the old one stays exhausted (7.1.3)."""
    secy = add_tx(plane.secy(), next_pn=(1 << 32) - 1)
    add_tx(secy, an=1, key=OTHER_KEY)
    assert ends(secy, [frame_of(64)] * 2) == ["encrypted", "exhausted"]
    secy.set_controls(encodingsa=1)
    assert ends(secy, [frame_of(64)] * 2) == ["encrypted"] * 2
    secy.set_controls(encodingsa=0)
    assert ends(secy, [frame_of(64)]) == ["exhausted"]
    assert (secy.tx.sa[0].next_pn, secy.tx.sa[1].next_pn) == (1 << 32, 3)


def test_exhausted_sa_cannot_be_revived(plane: Plane) -> None:
    """Stopping and starting it, other controls or clearing counters do not revive it."""
    secy = add_tx(plane.secy(), next_pn=(1 << 32) - 1)
    secy.protect_frame(frame_of(64))
    secy.enable_tx_sa(0, False)
    secy.enable_tx_sa(0, True)
    secy.set_controls(encrypt=False, window=9)
    secy.clear_counters()
    secy.create_tx_sc(SCI_A)
    assert ends(secy, [frame_of(64)] * 2) == ["exhausted"] * 2
    assert secy.tx.sa[0].next_pn == 1 << 32


def test_next_pn_raised_to_the_limit_sends_nothing(plane: Plane) -> None:
    """NextPN can be raised up to the limit itself; then nothing is sent."""
    for cipher, limit in LIMITS:
        secy = sender(plane, cipher=cipher)
        secy.raise_tx_pn(0, limit)
        assert ends(secy, [frame_of(64)]) == ["exhausted"]
        assert secy.tx.sa[0].next_pn == limit


# ---------------------------------------------------------------- too long


@pytest.mark.parametrize("profile", ["ieee", "linux"])
@pytest.mark.parametrize("encrypt", [True, False])
def test_too_long_frame_uses_its_pn_and_is_not_sent(
    plane: Plane, profile: str, encrypt: bool
) -> None:
    """Over the limit: not sent, the PN is used up, octets by profile (10.5.4, 10.5.5)."""
    secy = sender(plane, profile=profile, encrypt=encrypt, mtu=100)
    fits = 100 + 14 - 12 - 32  # User Data of the longest frame that fits
    sizes = [fits - 1, fits + 1, fits, 1000]
    outcome = secy.protect(batch_of(map(frame_of, sizes)))
    kind = "Encrypted" if encrypt else "Protected"
    good = kind.lower()
    assert labels(outcome.codes) == [good, "too-long", good, "too-long"]
    assert outcome.pn.tolist() == [1, 2, 3, 4]
    assert [len(frame) for frame in outcome.batch] == [113, 114]
    assert secy.tx.sa[0].next_pn == 5
    octets = sum(sizes) if profile == "ieee" else fits + fits - 1
    expected = {f"OutPkts{kind}": 2, "OutPktsTooLong": 2, f"OutOctets{kind}": octets}
    assert nonzero(secy.counters) == expected
    assert nonzero(secy.tx.counters) == {f"OutPkts{kind}": 2, f"OutOctets{kind}": octets}
    assert nonzero(secy.tx.sa[0].counters) == {f"OutPkts{kind}": 2}
    assert secy.interface_counters["ifOutErrors"] == 2
    assert secy.interface_counters["ifOutOctets"] == 2 * 12 + fits + fits - 1


def test_mtu_counts_clear_tags_and_sectag(plane: Plane) -> None:
    """The limit holds for the frame as it would be sent: SecTAG and tags left in clear."""
    tag = bytes.fromhex("81000001")
    for more, controls in ((32, {}), (24, {"send_sci": False}), (32, {"clear_tags": 1})):
        for room, expected in ((0, "encrypted"), (-1, "too-long")):
            frame = DA + SA + tag + frame_of(80)[12:]
            secy = sender(plane, mtu=len(frame) + more - 14 + room, **controls)
            assert ends(secy, [frame]) == [expected]


def test_frame_of_any_length_is_sent_without_mtu(plane: Plane) -> None:
    """Without an mtu a frame of any length is sent."""
    sends, receives = pair(plane)
    frame = frame_of(65535)
    sent = sends.protect_frame(frame)
    assert sent is not None
    assert receives.validate_frame(sent) == (0, frame)


# ---------------------------------------------------------------- unprotected and not sent


@pytest.mark.parametrize("controls", [{"protect": False}, {"validate": "null"}], ids=str)
def test_unprotected_frame_is_unchanged_and_takes_no_pn(
    plane: Plane, controls: dict[str, Any]
) -> None:
    """ProtectFrames False, and Null makes it so: unchanged, OutPktsUntagged, no PN (10.5, 10.6)."""
    secy = sender(plane, mtu=10, **controls)
    frames = [frame_of(n) for n in (1, 50, 3000)]
    outcome = secy.protect(batch_of(frames))
    assert outcome.batch.frames() == frames
    assert labels(outcome.codes) == ["unprotected"] * 3
    assert [outcome.sci_an_pn(row) for row in range(3)] == [(None, None, None)] * 3
    assert nonzero(secy.counters) == {"OutPktsUntagged": 3}
    assert secy.tx.sa[0].next_pn == 1


@pytest.mark.parametrize("controls", [{"protect": False}, {"validate": "null"}], ids=str)
def test_unprotected_frame_needs_no_sa(plane: Plane, controls: dict[str, Any]) -> None:
    """Without any SC or SA an unprotected frame is sent."""
    assert plane.secy(**controls).protect_frame(frame_of(60)) == frame_of(60)


def no_sc(secy: SecY) -> None:
    """Create nothing."""


def no_sa(secy: SecY) -> None:
    """Create an SC only."""
    secy.create_tx_sc(SCI_A)


def other_sa(secy: SecY) -> None:
    """Create an SA that encodingSA does not name."""
    add_tx(secy, an=1)


def stopped_sa(secy: SecY) -> None:
    """Create an SA and stop it."""
    add_tx(secy, enabled=False)


def stopped_sc(secy: SecY) -> None:
    """Create an SA on an SC that is off."""
    secy.create_tx_sc(SCI_A, enabled=False)
    add_tx(secy)


def deleted_sa(secy: SecY) -> None:
    """Create an SA and delete it."""
    add_tx(secy)
    secy.delete_tx_sa(0)


def deleted_by_sci(secy: SecY) -> None:
    """Create an SA, then change the SCI, which deletes it."""
    add_tx(secy)
    secy.create_tx_sc(SCI_B)


@pytest.mark.parametrize(
    "setup",
    [no_sc, no_sa, other_sa, stopped_sa, stopped_sc, deleted_sa, deleted_by_sci],
    ids=lambda setup: setup.__name__,
)
def test_no_frame_is_sent_without_a_usable_sa(plane: Plane, setup: Any) -> None:
    """No usable SA while protectFrames: nothing is sent, least of all in clear (10.5.1)."""
    secy = plane.secy()
    setup(secy)
    before = pn_state(secy)
    outcome = secy.protect(batch_of([frame_of(60)] * 3))
    assert labels(outcome.codes) == ["not-operational"] * 3
    assert len(outcome.batch) == 0
    assert nonzero(secy.counters) == {}
    assert pn_state(secy) == before
    assert not secy.mac_operational


def test_frame_without_user_data_is_a_runt(plane: Plane) -> None:
    """Under 13 octets there is no User Data: runt, in every mode, and no PN is used (N7)."""
    for controls in ({}, {"protect": False}, {"validate": "null"}, {"clear_tags": 2}):
        secy = sender(plane, **controls)
        frames = [frame_of(6)[:n] for n in range(18)]
        outcome = secy.protect(batch_of(frames))
        went = "unprotected" if controls.get("validate") or "protect" in controls else "encrypted"
        assert labels(outcome.codes) == ["runt"] * 13 + [went] * 5
        assert secy.tx.sa[0].next_pn == (6 if went == "encrypted" else 1)


def test_frame_cut_by_the_capture_is_not_protected(plane: Plane) -> None:
    """A frame shorter than it was on the wire is not protected and takes no PN."""
    secy = sender(plane)
    frame = frame_of(60)
    cut = FrameBatch(frame * 2, [0, 72], [72, 72], wire_length=[73, 72])
    outcome = secy.protect(cut)
    assert labels(outcome.codes) == ["truncated", "encrypted"]
    assert outcome.pn.tolist() == [0, 1]
    assert nonzero(secy.counters) == {"OutPktsEncrypted": 1, "OutOctetsEncrypted": 60}


# ---------------------------------------------------------------- several SAs


def test_encoding_sa_changes_with_the_next_frame(plane: Plane) -> None:
    """EncodingSA takes effect with the next frame; every SA has its own PNs (7.1.3)."""
    secy = plane.secy()
    keys = [bytes([an]) * 32 for an in range(4)]
    for an, key in enumerate(keys):
        add_tx(secy, an=an, key=key, next_pn=10 * an + 1)
    for an in (0, 1, 1, 3, 2, 0):
        secy.set_controls(encodingsa=an)
        pn = secy.tx.sa[an].next_pn
        expected = Craft(an=an, key=keys[an], pn=pn).protect(frame_of(99))
        assert secy.protect_frame(frame_of(99)) == expected
    assert [secy.tx.sa[an].next_pn for an in range(4)] == [3, 13, 22, 32]
    assert [secy.tx.sa[an].counters["OutPktsEncrypted"] for an in range(4)] == [2, 2, 1, 1]


def test_both_services_share_the_pns_of_an_sa(plane: Plane) -> None:
    """Both services on one SA share its PNs; each counts its own octets of User Data (10.7.18)."""
    secy = sender(plane)
    assert secy.protect_frame(frame_of(40)) == Craft().protect(frame_of(40))
    secy.set_controls(encrypt=False)
    expected = Craft(tci=INTEGRITY, pn=2).protect(frame_of(70))
    assert secy.protect_frame(frame_of(70)) == expected
    assert nonzero(secy.counters) == {
        "OutPktsEncrypted": 1,
        "OutPktsProtected": 1,
        "OutOctetsEncrypted": 40,
        "OutOctetsProtected": 70,
    }
    assert nonzero(secy.tx.sa[0].counters) == {"OutPktsEncrypted": 1, "OutPktsProtected": 1}
    assert secy.interface_counters["ifOutOctets"] == 12 + 40 + 12 + 70


# ---------------------------------------------------------------- clear tags

C_TAG, S_TAG, OLD_TAG = (bytes.fromhex(tag) for tag in ("81000064", "88a80fff", "91000001"))
TAGS = [b"", C_TAG, S_TAG + C_TAG, OLD_TAG + S_TAG + C_TAG]


@pytest.mark.parametrize("authenticated", [False, True])
@pytest.mark.parametrize("tags", TAGS, ids=["0", "1", "2", "3"])
@pytest.mark.parametrize("clear_tags", [0, 1, 2])
@pytest.mark.parametrize("encrypt, offset", [(True, 0), (True, 30), (True, 50), (False, 0)])
def test_clear_tags_stay_before_the_sectag(
    plane: Plane, clear_tags: int, tags: bytes, authenticated: bool, encrypt: bool, offset: int
) -> None:
    """At most `clear_tags` VLAN tags stay before the SecTAG, the others are User Data (11.4)."""
    controls = {
        "clear_tags": clear_tags,
        "clear_tags_authenticated": authenticated,
        "encrypt": encrypt,
        "offset": offset,
    }
    sends, receives = pair(plane, **controls)
    outside, inside = tags[: 4 * clear_tags], tags[4 * clear_tags :]
    craft = Craft(
        tci=CONFIDENTIAL if encrypt else INTEGRITY,
        offset=offset,
        tags=outside,
        tags_authenticated=authenticated,
    )
    for pn, user in enumerate([1, 13, 30 - len(inside), 50, 200], 1):
        body = frame_of(user)[12:]
        frame = DA + SA + tags + body
        sent = sends.protect_frame(frame)
        assert sent == replace(craft, pn=pn).protect(DA + SA + inside + body)
        assert receives.validate_frame(sent)[1] == frame


@pytest.mark.parametrize("clear_tags", [1, 2])
def test_frame_of_tags_alone_protects_its_tags(plane: Plane, clear_tags: int) -> None:
    """One octet at least is protected: a frame of tags alone has them as its User Data."""
    for tags in (C_TAG, S_TAG + C_TAG):
        secy = sender(plane, clear_tags=clear_tags)
        sent = secy.protect_frame(DA + SA + tags)
        inside = tags if len(tags) <= 4 * clear_tags else tags[4 * clear_tags :]
        outside = tags[: len(tags) - len(inside)]
        assert sent == Craft(tags=outside).protect(DA + SA + inside)


def test_vlan_tag_cut_short_is_user_data(plane: Plane) -> None:
    """Two or three octets that begin like a VLAN tag are no tag."""
    secy = sender(plane, clear_tags=2)
    for pn, body in enumerate((C_TAG[:1], C_TAG[:2], C_TAG[:3]), 1):
        assert secy.protect_frame(DA + SA + body) == Craft(pn=pn).protect(DA + SA + body)


# ---------------------------------------------------------------- batches


def test_sent_frames_keep_order_time_and_source(plane: Plane) -> None:
    """Sent frames keep order, time and source; each row has SCI, AN and PN."""
    secy = sender(plane, mtu=200)
    frames = [frame_of(60), b"", frame_of(300), frame_of(61)]
    given = FrameBatch.from_frames(frames, time_ns=[10, 20, 30, 40], source=[1, 2, 3, 4])
    outcome = secy.protect(given)
    assert outcome.delivered.tolist() == [0, 3]
    assert outcome.batch.time_ns.tolist() == [10, 40]
    assert outcome.batch.source.tolist() == [1, 4]
    sci, none = int(SCI_A, 16), (None, None, None)
    assert [outcome.sci_an_pn(row) for row in range(4)] == [
        (sci, 0, 1),
        none,
        (sci, 0, 2),
        (sci, 0, 3),
    ]


def test_every_frame_raises_exactly_one_packet_counter(plane: Plane) -> None:
    """Every frame raises one of Untagged, TooLong, Protected, Encrypted (10.7.18)."""
    secy = sender(plane, mtu=1000)
    sent = 0
    for controls in ({}, {"encrypt": False}, {"protect": False}, {"protect": True}):
        secy.set_controls(**controls)
        frames = [frame_of(n) for n in (1, 100, 990, 2000)]
        secy.protect(batch_of(frames))
        sent += len(frames)
        counted = nonzero(secy.counters)
        assert sum(n for name, n in counted.items() if name.startswith("OutPkts")) == sent
    assert all_counters(secy)["tx sa"][0] == {"OutPktsEncrypted": 2, "OutPktsProtected": 4}


def test_own_frames_are_not_accepted(plane: Plane) -> None:
    """A frame that comes back meets no receive SC of its SCI (10.6.1)."""
    secy = add_rx(sender(plane), SCI_B)
    sent = secy.protect_frame(frame_of(60))
    assert sent is not None
    assert secy.validate_frame(sent)[0].label == "no-sci"


@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_any_change_of_key_or_nonce_changes_the_octets(every_plane: Plane, cipher: str) -> None:
    """Another key, SCI, PN, SSCI or Salt gives other octets behind the same header (14.5)."""
    frame = frame_of(100)
    base = sender(every_plane, cipher=cipher).protect_frame(frame)
    assert base is not None
    variants = [add_tx(every_plane.secy(cipher=cipher), key=OTHER_KEY)]
    if "xpn" in cipher:
        for more in ({"ssci": 2}, {"salt": bytes(12)}, {"next_pn": (1 << 32) + 1}):
            secy = every_plane.secy(cipher=cipher)
            secy.create_tx_sc(SCI_A)
            secy.create_tx_sa(0, key_for(secy), **(xpn_of(secy) | more))
            variants.append(secy)
    for secy in variants:
        other = secy.protect_frame(frame)
        assert other is not None
        assert other[:28] == base[:28]
        assert other[28:] != base[28:]
        assert receiver(every_plane, cipher=cipher).validate_frame(other)[0].label == "not-valid"
