"""SAs, SCs and their keys: creating, replacing, deleting (10.7.11, 10.7.13, 10.7.22)."""

from __future__ import annotations

from typing import Any

import pytest
from support.planes import (
    CONFIDENTIAL,
    INTEGRITY,
    KEYS,
    SALT,
    SCI_A,
    SCI_B,
    SUITE_NAMES,
    Craft,
    Plane,
    add_rx,
    add_tx,
    batch_of,
    frame_of,
    good_frame,
    judged,
    labels,
    nonzero,
    pair,
    pn_state,
    sender,
    spoiled,
)

from macsec.errors import ConfigError
from macsec.keys import Key


@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_two_saks_receive_side_by_side(plane: Plane, cipher: str) -> None:
    """Make before break: two SAKs receive side by side, deleting one leaves the other (N22)."""
    sends, receives = plane.secy(cipher=cipher), plane.secy(cipher=cipher, window=100)
    for an in (0, 1):
        add_tx(sends, an=an, key=KEYS[an])
        add_rx(receives, an=an, key=KEYS[an])
    for an in (0, 1, 0, 1, 1, 0):
        sends.set_controls(encodingsa=an)
        sent = sends.protect_frame(frame_of(60))
        assert sent is not None
        assert receives.validate_frame(sent) == (0, frame_of(60))
    receives.delete_rx_sa(SCI_A, 0)
    sends.delete_tx_sa(0)
    sends.set_controls(encodingsa=1)
    assert judged(receives, [sends.protect_frame(frame_of(60)) or b""]) == ["ok"]
    assert judged(receives, [good_frame(9, cipher=cipher, key=KEYS[0])]) == ["not-using-sa"]
    assert list(receives.rx[SCI_A].sa) == list(sends.tx.sa) == [1]


@pytest.mark.parametrize("profile", ["ieee", "linux"])
def test_reused_an_keeps_nothing_of_its_earlier_sa(plane: Plane, profile: str) -> None:
    """Eight SAKs over AN 0 to 3: no octet of an earlier SA is left under its AN (N23)."""
    sends, receives = plane.secy(profile=profile), plane.secy(profile=profile)
    old: list[bytes] = []
    for number, key in enumerate(KEYS):
        an = number % 4
        if number >= 4 and profile == "linux":  # the kernel wants it off and gone first
            for secy in (sends, receives):
                with pytest.raises(ConfigError, match=f"SA {an} of SC .* exists: delete it first"):
                    (add_tx if secy is sends else add_rx)(secy, an=an, key=key)
            with pytest.raises(ConfigError, match=f"SA {an} is in use: disable it"):
                receives.delete_rx_sa(SCI_A, an)
            sends.enable_tx_sa(an, False)
            sends.delete_tx_sa(an)
            receives.enable_rx_sa(SCI_A, an, False)
            receives.delete_rx_sa(SCI_A, an)
        add_tx(sends, an=an, key=key)
        add_rx(receives, an=an, key=key)
        assert sends.tx.sa[an].next_pn == receives.rx[SCI_A].sa[an].next_pn == 1
        assert nonzero(receives.rx[SCI_A].sa[an].counters) == {}
        sends.set_controls(encodingsa=an)
        sent = sends.protect(batch_of([frame_of(60)] * 3)).batch
        assert sent.frames()[0] == good_frame(key=key, an=an)
        assert labels(receives.validate(sent).codes) == ["ok"] * 3
        assert receives.rx[SCI_A].sa[an].next_pn == 4
        if number >= 4:  # the frames of the AN's first SAK are late or not its own
            late = good_frame(50, key=KEYS[number - 4], an=an)
            assert judged(receives, [old[number - 4], late]) == ["late", "not-valid"]
        old.append(sent.frames()[0])
    assert receives.counters["InPktsOK"] == 24  # an SC's counters outlive its SAs
    assert receives.rx[SCI_A].counters["InPktsOK"] == 24
    assert sends.tx.counters["OutPktsEncrypted"] == 24


@pytest.mark.parametrize("cipher", SUITE_NAMES)
@pytest.mark.parametrize("tci", [CONFIDENTIAL, INTEGRITY])
def test_frame_under_another_an_is_not_valid(plane: Plane, cipher: str, tci: int) -> None:
    """The AN is authenticated: the same key under another AN accepts no frame of this one (N24)."""
    secy = plane.secy(cipher=cipher)
    for an in range(4):
        if "xpn" in cipher:
            secy = add_rx(secy, an=an)
        else:
            add_rx(secy, an=an)
    for an in range(4):
        for other in range(4):
            frame = good_frame(5, cipher=cipher, tci=tci, an=an)
            moved_over = frame[:14] + bytes((frame[14] & 0xFC | other,)) + frame[15:]
            expected = "ok" if an == other else "not-valid"
            assert judged(secy, [moved_over])[0] in (expected, "late"), (an, other)
    assert secy.counters["InPktsOK"] == 4


@pytest.mark.parametrize("cipher", ["gcm-aes-256", "gcm-aes-xpn-256"])
def test_change_in_any_octet_of_a_256_bit_key_is_seen(plane: Plane, cipher: str) -> None:
    """256-bit keys are used whole on both sides: a change in any octet is seen (N25)."""
    base = bytes(range(32))
    sends = plane.secy(cipher=cipher)
    add_tx(sends, key=base)
    sent = sends.protect_frame(frame_of(60))
    assert sent == good_frame(cipher=cipher, key=base)
    for at in range(32):
        key = spoiled(base, at)
        assert judged(add_rx(plane.secy(cipher=cipher), key=key), [sent]) == ["not-valid"]
        other = add_tx(plane.secy(cipher=cipher), key=key).protect_frame(frame_of(60))
        assert other == good_frame(cipher=cipher, key=key) != sent


def test_new_sa_replaces_one_with_the_same_an(plane: Plane) -> None:
    """Creating an SA over another takes its place, counters at zero, the SC's go on (10.7.13)."""
    secy = add_rx(plane.secy(), key=KEYS[0])
    assert judged(secy, [good_frame(7, key=KEYS[0])]) == ["ok"]
    add_rx(secy, key=KEYS[1])
    sa = secy.rx[SCI_A].sa[0]
    assert (sa.next_pn, sa.lowest_pn, nonzero(sa.counters)) == (1, 1, {})
    assert judged(secy, [good_frame(8, key=KEYS[0]), good_frame(1, key=KEYS[1])]) == [
        "not-valid",
        "ok",
    ]
    assert secy.rx[SCI_A].counters["InPktsOK"] == 2


def test_stopped_sa_keeps_its_pns_and_counters(plane: Plane) -> None:
    """Stopping and starting an SA keeps its PNs and counters (10.7.15, 10.7.24)."""
    sends, receives = pair(plane)
    first, second, third = (sends.protect_frame(frame_of(60)) or b"" for _ in range(3))
    assert judged(receives, [first]) == ["ok"]
    receives.enable_rx_sa(SCI_A, 0, False)
    assert not receives.rx[SCI_A].sa[0].enabled
    assert judged(receives, [second]) == ["not-using-sa"]
    receives.enable_rx_sa(SCI_A, 0)
    assert judged(receives, [first, third]) == ["late", "ok"]
    sends.enable_tx_sa(0, False)
    assert sends.protect_frame(frame_of(60)) is None
    sends.enable_tx_sa(0)
    assert sends.protect_frame(frame_of(60)) == good_frame(4)


def test_deleted_sc_loses_its_sas(plane: Plane) -> None:
    """Frames of a deleted SC meet no SC; made again it starts afresh (10.7.11)."""
    secy = add_rx(add_rx(plane.secy(), SCI_B), key=KEYS[0])
    frame = good_frame(3, key=KEYS[0])
    assert judged(secy, [frame]) == ["ok"]
    secy.delete_rx_sc(SCI_A)
    assert list(secy.rx) == [SCI_B]
    assert judged(secy, [frame]) == ["no-sci"]
    secy.create_rx_sc(SCI_A)
    assert judged(secy, [frame]) == ["not-using-sa"]
    add_rx(secy, key=KEYS[0])
    assert judged(secy, [frame]) == ["ok"]
    assert nonzero(secy.rx[SCI_A].counters)["InPktsOK"] == 1
    assert secy.counters["InPktsOK"] == 2  # the SecY's counters outlive the SC


def test_each_of_a_thousand_scs_is_found_by_its_whole_sci(plane: Plane) -> None:
    """Every SC is found by its whole SCI, while others come and go."""
    secy = plane.secy()
    scis = [f"02{n >> 8:02x}{n & 255:02x}0000{n % 7:02x}{n % 5:04x}" for n in range(1000)]
    for sci in scis:
        secy.create_rx_sc(sci)
    kept = scis[::3]
    for sci in sorted(set(scis) - set(kept), reverse=True):
        secy.delete_rx_sc(sci)
    for sci in kept[::20]:
        add_rx(secy, sci)
    frames = [Craft(sci=sci).protect(frame_of(60)) for sci in scis]
    expected = [
        "no-sci" if sci not in kept else "ok" if sci in kept[::20] else "not-using-sa"
        for sci in scis
    ]
    assert judged(secy, frames) == expected
    assert sorted(secy.rx) == sorted(kept)


def test_sci_is_the_same_in_every_notation(plane: Plane) -> None:
    """Hex with or without separators, or a number: the same SC (9.9)."""
    secy = plane.secy()
    secy.create_rx_sc("52:54:00:13:01:56:00:01")
    for sci in (SCI_A, SCI_A.upper(), int(SCI_A, 16), "5254.0013.0156.0001"):
        assert sci in secy.rx
        assert secy.rx[sci].sci == SCI_A
    for sci in (SCI_B, "nonsense", "", "ff" * 8):
        assert sci not in secy.rx
    with pytest.raises(KeyError):
        secy.rx[SCI_B]


def test_views_of_counters_and_sas_are_read_only(plane: Plane) -> None:
    """Counters and SAs are read-only mappings: state changes by management calls alone."""
    secy = add_rx(sender(plane))
    views: list[Any] = [secy.counters, secy.interface_counters, secy.tx.sa, secy.rx[SCI_A].sa]
    views += [secy.tx.sa[0].counters, secy.rx[SCI_A].counters]
    for view in views:
        with pytest.raises(TypeError):
            view["InPktsOK"] = 1


def test_ssci_belongs_to_one_sci_under_one_sak(plane: Plane) -> None:
    """Under one SAK an SSCI cannot serve two SCIs; under another SAK it can (10.7.13)."""
    secy = plane.secy(cipher="gcm-aes-xpn-128")
    add_tx(secy, SCI_A, key=KEYS[0])
    secy.create_rx_sc(SCI_B)
    with pytest.raises(ConfigError, match=f"SSCI 00000001 belongs to SCI {SCI_A}"):
        add_rx(secy, SCI_B, key=KEYS[0])
    secy.create_rx_sa(SCI_B, 0, Key(KEYS[0][:16]), ssci=2, salt=SALT)
    add_rx(secy, SCI_B, 1, key=KEYS[1])
    add_rx(secy, SCI_A, 0, key=KEYS[0])  # the same SCI, received
    with pytest.raises(ConfigError, match=f"SSCI 00000002 belongs to SCI {SCI_B}"):
        secy.create_tx_sa(0, Key(KEYS[0][:16]), ssci=2, salt=SALT)
    secy.delete_rx_sa(SCI_B, 0)
    secy.create_tx_sa(0, Key(KEYS[0][:16]), ssci=2, salt=SALT)  # free again


def test_refused_sa_leaves_the_old_one(plane: Plane) -> None:
    """An SA that cannot be made changes nothing, not even the one in its place."""
    secy = plane.secy(cipher="gcm-aes-xpn-128")
    add_tx(secy, SCI_A, key=KEYS[0])
    secy.create_rx_sc(SCI_B)
    secy.create_rx_sa(SCI_B, 0, Key(KEYS[0][:16]), ssci=2, salt=SALT, next_pn=9)
    before = pn_state(secy)
    with pytest.raises(ConfigError):
        secy.create_rx_sa(SCI_B, 0, Key(KEYS[0][:16]), ssci=1, salt=SALT)
    with pytest.raises(ConfigError):
        secy.create_rx_sa(SCI_B, 0, Key(KEYS[0]), ssci=3, salt=SALT)
    with pytest.raises(ConfigError):
        secy.create_tx_sa(0, Key(KEYS[0][:16]), ssci=2, salt=SALT)
    assert pn_state(secy) == before
    frame = Craft(cipher="gcm-aes-xpn-128", key=KEYS[0], sci=SCI_B, ssci=2, pn=9).protect(
        frame_of(60)
    )
    assert judged(secy, [frame]) == ["ok"]
