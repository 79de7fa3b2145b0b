"""The Layer Management Interface (10.7): SCs, SAs, keys, controls, counters, custody."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from support.planes import (
    CONFIDENTIAL,
    INTEGRITY,
    SALT,
    SCI_A,
    SCI_B,
    SUITE_NAMES,
    Craft,
    Plane,
    add_rx,
    add_tx,
    all_counters,
    batch_of,
    controls_of,
    frame_of,
    judged,
    key_for,
    labels,
    moved,
    nonzero,
    pair,
    pn_state,
    receiver,
    sender,
    spoiled,
    xpn_of,
)

from macsec.errors import ConfigError, CustodyError, MACsecError
from macsec.keys import Key
from macsec.secy import PROFILES, Controls, SecY, Validate
from macsec.secy.plane import SAParameters
from macsec.suites import SUITES

KEYS = [bytes([n + 1]) * 32 for n in range(8)]
SCI_C = "0a0b0c0d0e0f0001"


def good(pn: int = 1, **craft: Any) -> bytes:
    """A frame that SCI A, AN 0 accepts."""
    return Craft(pn=pn, **craft).protect(frame_of(60))


# ---------------------------------------------------------------- SAs and keys


@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_two_saks_alive(plane: Plane, cipher: str) -> None:
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
    assert judged(receives, [good(9, cipher=cipher, key=KEYS[0])]) == ["not-using-sa"]
    assert list(receives.rx[SCI_A].sa) == list(sends.tx.sa) == [1]


@pytest.mark.parametrize("profile", ["ieee", "linux"])
def test_ans_twice_round(plane: Plane, profile: str) -> None:
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
        assert sent.frames()[0] == good(key=key, an=an)
        assert labels(receives.validate(sent).codes) == ["ok"] * 3
        assert receives.rx[SCI_A].sa[an].next_pn == 4
        if number >= 4:  # the frames of the AN's first SAK are late or not its own
            late = good(50, key=KEYS[number - 4], an=an)
            assert judged(receives, [old[number - 4], late]) == ["late", "not-valid"]
        old.append(sent.frames()[0])
    assert receives.counters["InPktsOK"] == 24  # an SC's counters outlive its SAs
    assert receives.rx[SCI_A].counters["InPktsOK"] == 24
    assert sends.tx.counters["OutPktsEncrypted"] == 24


@pytest.mark.parametrize("cipher", SUITE_NAMES)
@pytest.mark.parametrize("tci", [CONFIDENTIAL, INTEGRITY])
def test_the_wrong_an_fails(plane: Plane, cipher: str, tci: int) -> None:
    """The AN is authenticated: the same key under another AN accepts no frame of this one (N24)."""
    secy = plane.secy(cipher=cipher)
    for an in range(4):
        if "xpn" in cipher:
            secy = add_rx(secy, an=an)
        else:
            add_rx(secy, an=an)
    for an in range(4):
        for other in range(4):
            frame = good(5, cipher=cipher, tci=tci, an=an)
            moved_over = frame[:14] + bytes((frame[14] & 0xFC | other,)) + frame[15:]
            expected = "ok" if an == other else "not-valid"
            assert judged(secy, [moved_over])[0] in (expected, "late"), (an, other)
    assert secy.counters["InPktsOK"] == 4


@pytest.mark.parametrize("cipher", ["gcm-aes-256", "gcm-aes-xpn-256"])
def test_every_octet_of_a_long_key_counts(plane: Plane, cipher: str) -> None:
    """256-bit keys are used whole on both sides: a change in any octet is seen (N25)."""
    base = bytes(range(32))
    sends = plane.secy(cipher=cipher)
    add_tx(sends, key=base)
    sent = sends.protect_frame(frame_of(60))
    assert sent == good(cipher=cipher, key=base)
    for at in range(32):
        key = spoiled(base, at)
        assert judged(add_rx(plane.secy(cipher=cipher), key=key), [sent]) == ["not-valid"]
        other = add_tx(plane.secy(cipher=cipher), key=key).protect_frame(frame_of(60))
        assert other == good(cipher=cipher, key=key) != sent


def test_an_sa_replaces_one_with_its_an(plane: Plane) -> None:
    """Creating an SA over another takes its place, counters at zero, the SC's go on (10.7.13)."""
    secy = add_rx(plane.secy(), key=KEYS[0])
    assert judged(secy, [good(7, key=KEYS[0])]) == ["ok"]
    add_rx(secy, key=KEYS[1])
    sa = secy.rx[SCI_A].sa[0]
    assert (sa.next_pn, sa.lowest_pn, nonzero(sa.counters)) == (1, 1, {})
    assert judged(secy, [good(8, key=KEYS[0]), good(1, key=KEYS[1])]) == ["not-valid", "ok"]
    assert secy.rx[SCI_A].counters["InPktsOK"] == 2


def test_an_sa_can_be_off_and_on(plane: Plane) -> None:
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
    assert sends.protect_frame(frame_of(60)) == good(4)


def test_a_deleted_sc_takes_its_sas_along(plane: Plane) -> None:
    """Frames of a deleted SC meet no SC; made again it starts afresh (10.7.11)."""
    secy = add_rx(add_rx(plane.secy(), SCI_B), key=KEYS[0])
    frame = good(3, key=KEYS[0])
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


def test_a_thousand_receive_scs(plane: Plane) -> None:
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


def test_scis_as_people_write_them(plane: Plane) -> None:
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


def test_the_views_cannot_be_written(plane: Plane) -> None:
    """Counters and SAs are read-only mappings: state changes by management calls alone."""
    secy = add_rx(sender(plane))
    views: list[Any] = [secy.counters, secy.interface_counters, secy.tx.sa, secy.rx[SCI_A].sa]
    views += [secy.tx.sa[0].counters, secy.rx[SCI_A].counters]
    for view in views:
        with pytest.raises(TypeError):
            view["InPktsOK"] = 1


# ---------------------------------------------------------------- PNs only rise


@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_pns_only_rise(plane: Plane, cipher: str) -> None:
    """NextPN and lowestPN can be raised, to the limit at most, and never lowered (10.7.15)."""
    secy = plane.secy(cipher=cipher, window=10)
    limit = secy.controls.cipher.pn_limit
    add_tx(secy, next_pn=100)
    add_rx(secy, next_pn=100, lowest_pn=50)
    before = pn_state(secy)
    for lower in (99, 1, 0, -1, limit + 1, 1 << 70):
        with pytest.raises(ConfigError, match="next_pn can only rise"):
            secy.raise_tx_pn(0, lower)
        with pytest.raises(ConfigError, match="next_pn can only rise"):
            secy.raise_rx_pn(SCI_A, 0, next_pn=lower)
    with pytest.raises(ConfigError, match="lowest_pn can only rise"):
        secy.raise_rx_pn(SCI_A, 0, lowest_pn=49)
    assert pn_state(secy) == before
    secy.raise_tx_pn(0, 100)
    secy.raise_rx_pn(SCI_A, 0)
    assert pn_state(secy) == before
    secy.raise_tx_pn(0, 200)
    secy.raise_rx_pn(SCI_A, 0, next_pn=200, lowest_pn=60)
    sa = secy.rx[SCI_A].sa[0]
    assert (secy.tx.sa[0].next_pn, sa.next_pn, sa.lowest_pn) == (200, 200, 60)
    secy.raise_rx_pn(SCI_A, 0, lowest_pn=300)
    assert (sa.next_pn, sa.lowest_pn) == (300, 300)
    assert (secy.protect_frame(frame_of(60)) or b"")[16:20] == (200).to_bytes(4)
    secy.raise_rx_pn(SCI_A, 0, next_pn=limit, lowest_pn=limit)
    assert (sa.next_pn, sa.lowest_pn) == (limit, limit)
    assert judged(secy, [good(limit - 1, cipher=cipher)]) == ["late"]


def test_the_wrapped_counter_of_linux(plane: Plane) -> None:
    """Under linux nextPN after 2^64-1 is 0; the limit itself cannot be set (behaviour 13)."""
    for cipher, limit in (("gcm-aes-128", 1 << 32), ("gcm-aes-xpn-128", 1 << 64)):
        secy = add_rx(plane.secy(profile="linux", cipher=cipher), next_pn=limit - 2)
        with pytest.raises(ConfigError, match="next_pn can only rise"):
            secy.raise_rx_pn(SCI_A, 0, next_pn=limit)
        secy.raise_rx_pn(SCI_A, 0, next_pn=limit - 1)
        assert judged(secy, [good(limit - 1, cipher=cipher)]) == ["ok"]
        wrapped = 0 if "xpn" in cipher else limit - 1
        assert secy.rx[SCI_A].sa[0].next_pn == wrapped
        secy.raise_rx_pn(SCI_A, 0, next_pn=max(wrapped, 5))
        assert secy.rx[SCI_A].sa[0].next_pn == max(wrapped, 5)


@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_first_pns(plane: Plane, cipher: str) -> None:
    """An SA begins at any PN from 1 to the last; lowestPN defaults to nextPN (10.7.13)."""
    secy = plane.secy(cipher=cipher)
    limit = secy.controls.cipher.pn_limit
    for pn in (1, 2, limit // 2, limit - 1):
        add_tx(secy, next_pn=pn)
        add_rx(secy, next_pn=pn)
        sa = secy.rx[SCI_A].sa[0]
        assert (secy.tx.sa[0].next_pn, sa.next_pn, sa.lowest_pn) == (pn, pn, pn)
    for pn in (0, -1, limit, limit + 1):
        for add in (add_tx, add_rx):
            with pytest.raises(ConfigError, match=r"pn -?\d+ is not within 1 to"):
                add(secy, next_pn=pn)
    with pytest.raises(ConfigError, match="lowest_pn 6 is above pn 5"):
        add_rx(secy, next_pn=5, lowest_pn=6)
    with pytest.raises(ConfigError, match="lowest_pn 0 is not within 1 to"):
        add_rx(secy, next_pn=5, lowest_pn=0)


# ---------------------------------------------------------------- SSCI and Salt


def test_an_ssci_belongs_to_one_sci(plane: Plane) -> None:
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


def test_a_refused_sa_leaves_the_old_one(plane: Plane) -> None:
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


# ---------------------------------------------------------------- controls

WINDOW_XPN = (1 << 30) - 1


def test_the_window_of_xpn_is_limited(plane: Plane) -> None:
    """An XPN window is at most 2^30-1, a 32-bit one at most 2^32-1, also when changed (N14)."""
    for cipher in SUITE_NAMES:
        limit = WINDOW_XPN if "xpn" in cipher else (1 << 32) - 1
        secy = plane.secy(cipher=cipher, window=limit)
        assert secy.controls.window == limit
        for wrong in (limit + 1, 1 << 40, -1):
            with pytest.raises(ConfigError, match=f"window {wrong} is not within 0 to {limit}"):
                plane.secy(cipher=cipher, window=wrong)
            with pytest.raises(ConfigError, match=f"window {wrong}"):
                secy.set_controls(window=wrong)
        assert secy.controls.window == limit
    secy = plane.secy(window=1 << 30)
    with pytest.raises(ConfigError, match="window"):
        secy.change_cipher(SUITES["gcm-aes-xpn-128"])
    assert secy.controls.cipher.name == "gcm-aes-128"


CONTROL_ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"offset": 29}, "offset 29: the offsets are 0, 30 and 50"),
    ({"offset": 30, "cipher": "gcm-aes-xpn-128"}, "offset 30 with gcm-aes-xpn-128: XPN has none"),
    ({"offset": 50, "encrypt": False}, "offset 50 with encrypt: off"),
    ({"icv_length": 8}, "icv_length 8 is not in clause 14"),
    ({"icv_length": 7, "profile": "linux"}, "icv_length 7"),
    ({"icv_length": 17, "profile": "linux"}, "icv_length 17"),
    ({"encodingsa": 4}, "encodingsa 4 is not an AN: 0 to 3"),
    ({"encodingsa": -1}, "encodingsa -1 is not an AN"),
    ({"clear_tags": 3}, "clear_tags 3: 0, 1 or 2"),
    ({"clear_tags": -1}, "clear_tags -1"),
    ({"mtu": -1}, "mtu -1 is negative"),
    ({"duplicates_reject": True, "profile": "linux"}, "no part of profile linux"),
    ({"duplicates_reject": True, "replay": False}, "duplicates: reject needs replay: on"),
    ({"duplicates_reject": True, "window": (1 << 20) + 1}, "window at most 1048576"),
]


@pytest.mark.parametrize(
    "controls, message", CONTROL_ERRORS, ids=[row[1] for row in CONTROL_ERRORS]
)
def test_controls_that_cannot_be(plane: Plane, controls: dict[str, Any], message: str) -> None:
    """A control, or a pair of them, that cannot be used is refused with the reason (10.7)."""
    with pytest.raises(ConfigError, match=message):
        plane.secy(**controls)
    base = {name: controls[name] for name in ("profile", "cipher") if name in controls}
    secy = plane.secy(**base)
    before = secy.controls
    changes = {name: value for name, value in controls.items() if name not in base}
    with pytest.raises(ConfigError, match=message):
        secy.set_controls(**changes)
    assert secy.controls == before


def test_an_sci_that_cannot_be_inferred(plane: Plane) -> None:
    """End station means port 1 and SCB port 0, as far as they take effect (9.9)."""
    port_0, port_1, port_2 = (SCI_A[:12] + port for port in ("0000", "0001", "0002"))
    linux_both = {"scb": True, "end_station": True, "send_sci": False, "profile": "linux"}
    cases: list[tuple[dict[str, Any], str, str | None]] = [
        ({"end_station": True, "send_sci": False}, port_1, None),
        ({"end_station": True, "send_sci": False}, port_2, "end_station means port 1"),
        ({"end_station": True}, port_2, None),
        ({"scb": True, "send_sci": False}, port_0, None),
        ({"scb": True, "send_sci": False}, port_1, "scb means port 0"),
        ({"scb": True}, port_1, None),
        ({"scb": True, "end_station": True, "send_sci": False}, port_0, None),
        ({"scb": True, "send_sci": False, "profile": "linux"}, port_2, None),
        (linux_both, port_1, None),
        (linux_both, port_0, "end_station means port 1"),
    ]
    for controls, sci, message in cases:
        secy = plane.secy(**controls)
        if message is None:
            secy.create_tx_sc(sci)
            continue
        with pytest.raises(ConfigError, match=message):
            secy.create_tx_sc(sci)
        assert secy.tx.sci is None
        profile = {"profile": controls["profile"]} if "profile" in controls else {}
        late = plane.secy(**profile)
        late.create_tx_sc(sci)
        with pytest.raises(ConfigError, match=message):
            late.set_controls(**{n: v for n, v in controls.items() if n != "profile"})
        assert late.controls.send_sci


def test_the_defaults_are_the_standards(plane: Plane) -> None:
    """Strict, protecting, replay on with window 0, GCM-AES-128, offset 0 (10.7, section 14)."""
    controls = plane.secy().controls
    assert controls == Controls()
    assert controls.cipher is SUITES["gcm-aes-128"]
    assert controls.profile is PROFILES["ieee"]
    assert controls.validate is Validate.STRICT
    assert (controls.protect, controls.encrypt, controls.replay) == (True, True, True)
    assert (controls.window, controls.offset, controls.duplicates_reject) == (0, 0, False)
    assert (controls.send_sci, controls.end_station, controls.scb) == (True, False, False)


def test_controls_change_while_frames_flow(plane: Plane) -> None:
    """Controls take effect with the next frame and leave SAs, PNs and counters alone (10.7)."""
    secy = receiver(plane)
    bad = spoiled(good(1, tci=INTEGRITY))
    assert judged(secy, [bad]) == ["not-valid"]
    secy.set_controls(validate=Validate.CHECK)
    assert judged(secy, [bad]) == ["invalid"]
    secy.set_controls(validate=Validate.DISABLED)
    assert judged(secy, [bad]) == ["unchecked"]
    secy.set_controls(validate=Validate.NULL)
    assert judged(secy, [bad]) == ["bypass"]
    secy.set_controls(validate=Validate.STRICT)
    assert judged(secy, [good(1, tci=INTEGRITY)]) == ["ok"]
    assert moved(secy) == {
        "InPktsNotValid": 1,
        "InPktsInvalid": 1,
        "InPktsUnchecked": 1,
        "InPktsOK": 1,
    }


@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_another_cipher_deletes_all_keys(plane: Plane, cipher: str) -> None:
    """Changing the suite deletes all SAs; MAC_Operational drops (10.7.27)."""
    other = SUITES["gcm-aes-256" if cipher != "gcm-aes-256" else "gcm-aes-xpn-256"]
    secy = add_rx(add_rx(sender(plane, cipher=cipher)), an=1)
    assert secy.mac_operational
    secy.change_cipher(other)
    assert secy.controls.cipher is other
    assert not secy.mac_operational
    assert list(secy.tx.sa) == list(secy.rx[SCI_A].sa) == []
    assert (secy.tx.sci, list(secy.rx)) == (SCI_A, [SCI_A])
    assert secy.protect_frame(frame_of(60)) is None
    assert judged(secy, [good(cipher=cipher)]) == ["not-using-sa"]
    add_rx(add_tx(secy))
    assert secy.protect_frame(frame_of(60)) == good(cipher=other.name)
    assert judged(secy, [good(cipher=other.name)]) == ["ok"]


def test_what_set_controls_refuses(plane: Plane) -> None:
    """The suite has its own call; profile and duplicates: reject are fixed while SAs live."""
    secy = receiver(plane)
    with pytest.raises(ConfigError, match="change_cipher changes the suite"):
        secy.set_controls(cipher=SUITES["gcm-aes-256"])
    with pytest.raises(ConfigError, match="the profile cannot change while there are SAs"):
        secy.set_controls(profile=PROFILES["linux"])
    with pytest.raises(ConfigError, match="cannot be turned on while there are SAs"):
        secy.set_controls(duplicates_reject=True)
    with pytest.raises(TypeError):
        secy.set_controls(no_such_control=1)
    secy.set_controls(cipher=SUITES["gcm-aes-128"])  # no change
    assert judged(secy, [good()]) == ["ok"]
    secy.delete_rx_sa(SCI_A, 0)
    secy.set_controls(profile=PROFILES["linux"])
    assert secy.controls.profile.name == "linux"


# ---------------------------------------------------------------- calls that are refused

REFUSED: list[tuple[str, Callable[[SecY], object], str]] = [
    ("SA before its SC", lambda s: s.create_tx_sa(0, key_for(s)), "no transmit SC: create it"),
    ("AN 4", lambda s: add_tx(s, an=4), "AN 4 is not 0 to 3"),
    ("AN -1", lambda s: add_rx(s, an=-1), "AN -1 is not 0 to 3"),
    ("SC twice", lambda s: s.create_rx_sc(SCI_B), f"receive SC {SCI_B} exists"),
    ("no SC", lambda s: s.delete_rx_sc(SCI_C), f"there is no receive SC {SCI_C}"),
    ("no SC to stop", lambda s: s.enable_rx_sc(SCI_C), f"there is no receive SC {SCI_C}"),
    ("no SC for an SA", lambda s: s.create_rx_sa(SCI_C, 0, key_for(s)), "there is no receive SC"),
    ("no SA", lambda s: s.delete_rx_sa(SCI_B, 1), f"there is no SA 1 of receive SC {SCI_B}"),
    ("no SA to stop", lambda s: s.enable_rx_sa(SCI_B, 1), "there is no SA 1 of receive SC"),
    ("no SA to raise", lambda s: s.raise_rx_pn(SCI_B, 1, next_pn=2), "there is no SA 1"),
    ("no tx SA", lambda s: s.delete_tx_sa(0), "there is no transmit SA 0"),
    ("no tx SA to stop", lambda s: s.enable_tx_sa(0), "there is no transmit SA 0"),
    ("no tx SA to raise", lambda s: s.raise_tx_pn(0, 2), "there is no transmit SA 0"),
    ("SCI in words", lambda s: s.create_tx_sc("mine"), "SCI 'mine': not an even number of hex"),
    ("SCI too short", lambda s: s.create_rx_sc("0011"), "SCI '0011': 8 octets wanted, 2 given"),
    ("SCI of ones", lambda s: s.create_rx_sc("f" * 16), "other than all ones"),
    ("SCI of ones, sent", lambda s: s.create_tx_sc("f" * 16), "other than all ones"),
    ("SCI too large", lambda s: s.create_rx_sc(1 << 64), "an SCI is a 64-bit number"),
    ("SCI negative", lambda s: s.create_rx_sc(-1), "an SCI is a 64-bit number"),
]


@pytest.mark.parametrize("name, call, message", REFUSED, ids=[row[0] for row in REFUSED])
def test_refused_calls(
    plane: Plane, name: str, call: Callable[[SecY], object], message: str
) -> None:
    """A management call that cannot be done says why and changes nothing."""
    secy = add_rx(plane.secy(), SCI_B)
    before = pn_state(secy)
    with pytest.raises(ConfigError, match=message):
        call(secy)
    after = pn_state(secy)
    after["rx"].pop(SCI_A, None)  # the helper makes the SC before it asks for the SA
    assert after == before


@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_sa_parameters_that_do_not_fit(plane: Plane, cipher: str) -> None:
    """Key length, SSCI and Salt must be those of the suite (Table 14-1, 10.7.13)."""
    secy = plane.secy(cipher=cipher)
    secy.create_tx_sc(SCI_A)
    secy.create_rx_sc(SCI_A)
    xpn, length = "xpn" in cipher, 16 if cipher.endswith("128") else 32
    right: dict[str, Any] = {"ssci": 1, "salt": SALT} if xpn else {}
    cases: list[tuple[int, dict[str, Any], str]] = [
        (n, right, f"takes a key of {length} octets, {n} given")
        for n in (0, 1, 15, 16, 17, 24, 31, 32, 33, 64)
        if n != length
    ]
    if xpn:
        cases += [
            (length, {}, "needs an ssci and a salt"),
            (length, {"ssci": 1}, "needs an ssci and a salt"),
            (length, {"salt": SALT}, "needs an ssci and a salt"),
            (length, {"ssci": 1, "salt": SALT[:11]}, "a salt has 12 octets, 11 given"),
            (length, {"ssci": 1, "salt": b""}, "a salt has 12 octets, 0 given"),
            (length, {"ssci": -1, "salt": SALT}, "an SSCI has 32 bits"),
            (length, {"ssci": 1 << 32, "salt": SALT}, "an SSCI has 32 bits"),
        ]
    else:
        cases += [
            (length, {"ssci": 1}, "takes no ssci and no salt"),
            (length, {"salt": SALT}, "takes no ssci and no salt"),
        ]
    for octets, more, message in cases:
        with pytest.raises(ConfigError, match=message):
            secy.create_tx_sa(0, Key(bytes(octets)), **more)
        with pytest.raises(ConfigError, match=message):
            secy.create_rx_sa(SCI_A, 0, Key(bytes(octets)), **more)
    assert list(secy.tx.sa) == list(secy.rx[SCI_A].sa) == []


def test_linux_has_no_lowest_pn(plane: Plane) -> None:
    """Profile linux: lowestPN is nextPN - window, never set (kernel behaviour 1)."""
    secy = receiver(plane, profile="linux", window=20)
    with pytest.raises(ConfigError, match="profile linux has no lowest PN"):
        secy.raise_rx_pn(SCI_A, 0, lowest_pn=5)
    secy.raise_rx_pn(SCI_A, 0, next_pn=100)
    sa = secy.rx[SCI_A].sa[0]
    assert (sa.next_pn, sa.lowest_pn) == (100, 80)
    secy.set_controls(window=99)
    assert sa.lowest_pn == 1
    secy.set_controls(window=200)
    assert sa.lowest_pn == 0


# ---------------------------------------------------------------- counters


def busy(plane: Plane) -> SecY:
    """A SecY on which many counters moved."""
    secy = add_rx(add_rx(sender(plane, validate="check", window=3)), SCI_B)
    add_rx(secy, an=1, enabled=False)
    secy.protect(batch_of([frame_of(60), frame_of(20)]))
    frames = [good(5), good(6), good(1), spoiled(good(7)), spoiled(good(8, tci=INTEGRITY))]
    frames += [good(9, an=1), good(9, an=1, tci=INTEGRITY), good(9, sci=SCI_C), frame_of(60)]
    frames += [good(9, sci=SCI_C, tci=INTEGRITY), good(9, sl=50), good(4, tci=INTEGRITY)]
    secy.validate(batch_of(frames))
    return secy


def test_clearing_counters_leaves_the_pns(plane: Plane) -> None:
    """All counters at all levels go to zero; no PN moves, no key is lost."""
    secy = busy(plane)
    before = pn_state(secy)
    assert len(moved(secy)) == 11
    secy.clear_counters()

    def values(level: Any) -> list[int]:
        return [v for x in level.values() for v in (values(x) if isinstance(x, dict) else [x])]

    assert set(values(all_counters(secy))) == {0}
    assert pn_state(secy) == before
    assert judged(secy, [good(6), good(2), good(7)]) == ["ok", "late", "ok"]
    assert secy.protect_frame(frame_of(60)) == good(3)
    assert moved(secy) == {"InPktsOK": 2, "InPktsLate": 1, "OutPktsEncrypted": 1}


def test_the_sums_of_2018(plane: Plane) -> None:
    """InPktsNoSA and InPktsNoSAError are the sums of the four older counters (Annex G.1)."""
    counters = busy(plane).counters
    parts = ("InPktsUnknownSCI", "InPktsUnusedSA", "InPktsNoSCI", "InPktsNotUsingSA")
    assert [counters[name] for name in parts] == [1, 1, 1, 1]
    assert counters["InPktsNoSA"] == counters["InPktsNoSAError"] == 2


def test_every_counter_is_there_from_the_start(plane: Plane) -> None:
    """All names of the standard, zeros included, at each level (10.7.9, 10.7.12, 10.7.18)."""
    secy = add_rx(sender(plane))
    shared = {"InPktsOK", "InPktsInvalid", "InPktsNotValid"}
    on_sc = shared | {
        "InPktsUnchecked", "InPktsDelayed", "InPktsLate", "InPktsUnusedSA", "InPktsNotUsingSA",
        "InOctetsValidated", "InOctetsDecrypted",
    }  # fmt: skip
    sent_sc = {"OutPktsProtected", "OutPktsEncrypted", "OutOctetsProtected", "OutOctetsEncrypted"}
    on_secy = on_sc | sent_sc | {
        "InPktsUntagged", "InPktsNoTag", "InPktsBadTag", "InPktsUnknownSCI", "InPktsNoSCI",
        "InPktsOverrun", "InPktsNoSA", "InPktsNoSAError", "OutPktsUntagged", "OutPktsTooLong",
    }  # fmt: skip
    assert dict(secy.counters) == dict.fromkeys(on_secy, 0)
    assert dict(secy.rx[SCI_A].counters) == dict.fromkeys(on_sc, 0)
    assert dict(secy.rx[SCI_A].sa[0].counters) == dict.fromkeys(shared, 0)
    assert dict(secy.tx.counters) == dict.fromkeys(sent_sc, 0)
    assert dict(secy.tx.sa[0].counters) == {"OutPktsProtected": 0, "OutPktsEncrypted": 0}


def test_interface_counters(plane: Plane) -> None:
    """RFC 2863 by Annex G.1: octets with both addresses, errors, discards."""
    secy = busy(plane)
    counters = secy.counters
    errors = ("NoTag", "BadTag", "NoSAError", "Late", "NotValid")
    assert dict(secy.interface_counters) == {
        "ifInOctets": 7 * (12 + 60),
        "ifInDiscards": 0,
        "ifInErrors": sum(counters[f"InPkts{name}"] for name in errors),
        "ifOutOctets": 12 + 60 + 12 + 20,
        "ifOutErrors": 0,
    }
    assert secy.interface_counters["ifInErrors"] == 5


def test_octets_count_what_the_cipher_ran_over(plane: Plane) -> None:
    """User Data by E, good or bad; not what was refused before the cipher (10.6.3, 10.7.10)."""
    secy = add_rx(receiver(plane, window=2), an=1, enabled=False)
    frames = [
        good(10),
        spoiled(good(11)),
        good(12, tci=INTEGRITY),
        spoiled(good(13, tci=INTEGRITY)),
    ]
    frames += [good(1), good(14, an=1), good(14, sci=SCI_C), good(14, sl=50)]
    secy.validate(batch_of(frames))
    octets = {"InOctetsDecrypted": 120, "InOctetsValidated": 120}
    assert {n: secy.counters[n] for n in octets} == octets
    assert {n: secy.rx[SCI_A].counters[n] for n in octets} == octets


# ---------------------------------------------------------------- MAC_Operational

Step = Callable[[SecY], object]
OPERATIONAL: list[tuple[str, Step, bool]] = [
    ("nothing else", lambda s: None, True),
    ("transmit SA off", lambda s: s.enable_tx_sa(0, False), False),
    ("transmit SA gone", lambda s: s.delete_tx_sa(0), False),
    ("transmit SC off", lambda s: s.create_tx_sc(SCI_A, False), False),
    ("encodingsa elsewhere", lambda s: s.set_controls(encodingsa=2), False),
    ("exhausted", lambda s: s.raise_tx_pn(0, 1 << 32), False),
    ("receive SA off", lambda s: s.enable_rx_sa(SCI_B, 0, False), False),
    ("receive SA gone", lambda s: s.delete_rx_sa(SCI_B, 0), False),
    ("receive SC off", lambda s: s.enable_rx_sc(SCI_B, False), False),
    ("receive SC gone", lambda s: s.delete_rx_sc(SCI_B), False),
    ("protect off", lambda s: (s.delete_tx_sa(0), s.set_controls(protect=False)), True),
    ("null", lambda s: (s.delete_rx_sc(SCI_B), s.set_controls(validate=Validate.NULL)), True),
]


@pytest.mark.parametrize("name, step, expected", OPERATIONAL, ids=[row[0] for row in OPERATIONAL])
def test_mac_operational(plane: Plane, name: str, step: Step, expected: bool) -> None:
    """True with a usable transmit SA and something that receives; else False (10.7.4)."""
    secy = sender(plane)
    assert not secy.mac_operational
    add_rx(secy, SCI_B)
    assert secy.mac_operational
    step(secy)
    assert secy.mac_operational == expected


# ---------------------------------------------------------------- custody

COPIES: list[Callable[[Any], object]] = [copy.copy, copy.deepcopy, pickle.dumps]


@pytest.mark.parametrize("duplicate", COPIES, ids=lambda f: f.__name__)
def test_nothing_that_holds_a_key_is_copied(
    plane: Plane, duplicate: Callable[[Any], object]
) -> None:
    """Copying, deep-copying and pickling raise, for a SecY and all it is made of (R19)."""
    secy = add_rx(sender(plane))
    holders: list[Any] = [secy, secy._plane, Key(bytes(16))]
    holders.append(SAParameters(0, Key(bytes(16))))
    for holder in holders:
        with pytest.raises(CustodyError, match="cannot be copied or pickled"):
            duplicate(holder)
    if duplicate is not copy.copy:  # what refers to one of them
        for holder in ([secy], secy.tx, secy.rx[SCI_A], secy.tx.sa[0], secy.rx[SCI_A].sa[0]):
            with pytest.raises((CustodyError, TypeError)):
                duplicate(holder)
    assert secy.protect_frame(frame_of(60)) == good()


def test_a_closed_secy(plane: Plane) -> None:
    """After close() nothing is protected, validated or told: every call raises; twice is fine."""
    with add_rx(sender(plane)) as secy:
        assert secy.protect_frame(frame_of(60)) == good()
    calls: list[Callable[[], object]] = [
        lambda: secy.protect_frame(frame_of(60)),
        lambda: secy.validate_frame(good(2)),
        lambda: secy.protect(batch_of([frame_of(60)])),
        lambda: secy.validate(batch_of([good(2)])),
        lambda: secy.counters,
        lambda: secy.interface_counters,
        secy.clear_counters,
        lambda: secy.tx.sa[0].next_pn,
        lambda: secy.rx[SCI_A].sa[0].lowest_pn,
        lambda: secy.rx[SCI_A].counters,
        lambda: secy.raise_tx_pn(0, 100),
        lambda: secy.set_controls(window=5),
        lambda: secy.create_tx_sc(SCI_B),
        lambda: secy.create_rx_sc(SCI_B),
        lambda: secy.create_rx_sa(SCI_A, 1, key_for(secy), **xpn_of(secy)),
        lambda: secy.delete_rx_sc(SCI_A),
    ]
    for number, call in enumerate(calls):
        with pytest.raises(MACsecError, match="closed"):
            call()
        assert number >= 0
    secy.close()


def test_keys_never_show(plane: Plane) -> None:
    """No repr or error text holds an octet of a key."""
    secy = add_rx(sender(plane))
    key = key_for(secy)
    texts = [repr(secy), repr(secy.tx), repr(secy.tx.sa[0]), repr(secy._plane), repr(key)]
    texts.append(repr(SAParameters(0, key)))
    with pytest.raises(ConfigError) as told:
        secy.create_tx_sa(0, Key(bytes(range(64))))
    texts.append(str(told.value))
    for text in texts:
        assert key.expose().hex() not in text
        assert repr(key.expose())[2:-1] not in text
        assert "\\x01\\x02" not in text
    assert "5254001301560001" in repr(secy)


def test_the_callers_key_may_be_wiped(plane: Plane) -> None:
    """The data plane takes the octets over: wiping the Key afterwards changes nothing."""
    secy = plane.secy()
    secy.create_tx_sc(SCI_A)
    key = key_for(secy)
    secy.create_tx_sa(0, key)
    key.wipe()
    assert secy.protect_frame(frame_of(60)) == good()
    with pytest.raises(CustodyError, match="wiped"):
        key.expose()
    with pytest.raises(ConfigError, match="0 given"):
        secy.create_tx_sa(1, key)


# ---------------------------------------------------------------- choosing a plane


def test_planes_by_name() -> None:
    """An unknown backend or kernel is an error that lists the known ones."""
    with pytest.raises(ConfigError, match="backend 'fast': one of auto, native, reference"):
        SecY(Controls(), "fast")
    assert SecY(Controls(), "reference").backend == "reference"
    assert SecY().backend in ("native", "reference")


def test_the_plane_under_test_is_the_one_named(plane: Plane) -> None:
    """The fixture's backend and kernel are those that run."""
    secy = plane.secy()
    assert secy.backend == plane.backend
    if plane.kernel is not None:
        assert secy.kernel == plane.kernel


def test_from_config(plane: Plane) -> None:
    """A SecY from a dict has the controls, SCs and SAs that it names."""
    config = {
        "secy": {"cipher": "gcm-aes-xpn-128", "window": 7, "validate": "check"},
        "tx": {"sci": SCI_A, "sa": {0: {"key": "00" * 16, "pn": 5, "ssci": 1, "salt": "11" * 12}}},
        "rx": [{"sci": SCI_B, "sa": {1: {"key": "22" * 16, "ssci": 2, "salt": "11" * 12}}}],
    }
    secy = SecY.from_config(config, plane.backend, plane.kernel)
    expected = controls_of(cipher="gcm-aes-xpn-128", window=7, validate="check")
    assert secy.controls == expected
    assert pn_state(secy) == {"tx": {0: (True, 5)}, "rx": {SCI_B: {1: (True, 1, 1)}}}
    craft = Craft(cipher="gcm-aes-xpn-128", key=bytes(16), pn=5, salt=b"\x11" * 12)
    assert secy.protect_frame(frame_of(60)) == craft.protect(frame_of(60))
