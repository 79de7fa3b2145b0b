"""Management controls: defaults, rules between them, changes while frames flow (10.7)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.planes import (
    INTEGRITY,
    SCI_A,
    SUITE_NAMES,
    Plane,
    add_rx,
    add_tx,
    frame_of,
    good_frame,
    judged,
    moved,
    receiver,
    sender,
    spoiled,
)

from macsec.errors import ConfigError
from macsec.secy import PROFILES, Controls, Validate
from macsec.suites import SUITES

WINDOW_XPN = (1 << 30) - 1


def test_window_is_limited_by_the_suite(plane: Plane) -> None:
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


@pytest.mark.parametrize(
    ("controls", "expected"),
    [
        ({"validate": "strict"}, "validate 'strict': expected macsec.Validate.STRICT"),
        ({"validate": 4}, "validate 4: expected macsec.Validate.STRICT"),
        ({"cipher": "gcm-aes-128"}, "cipher 'gcm-aes-128': expected macsec.SUITES"),
        ({"profile": "ieee"}, "profile 'ieee': expected macsec.secy.PROFILES"),
        ({"point_to_point": "on"}, "point_to_point 'on': expected PointToPoint.AUTO"),
        ({"window": "64"}, "window '64': expected a whole number"),
        ({"offset": 30.0}, "offset 30.0: expected a whole number"),
        ({"encodingsa": True}, "encodingsa True: expected a whole number"),
        ({"encrypt": "off"}, "encrypt 'off': expected True or False"),
    ],
)
def test_a_control_of_another_kind_is_refused(controls: dict[str, Any], expected: str) -> None:
    """The error names the control, its value and what is expected."""
    with pytest.raises(ConfigError, match=re.escape(expected)):
        Controls(**controls)


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
    ({"ethertype": 0x05FF}, "ethertype 05ff is not an EtherType"),
    ({"ethertype": 0x10000}, "ethertype 10000 is not an EtherType"),
    ({"ethertype": 0x888E}, "ethertype 888e is that of EAPOL"),
    ({"ethertype": 0x8808}, "ethertype 8808 is that of MAC Control"),
    ({"ethertype": 0x8100}, "ethertype 8100 is that of a VLAN tag"),
    ({"ethertype": 0x88A8}, "ethertype 88a8 is that of a VLAN tag"),
    ({"ethertype": 0x9100}, "ethertype 9100 is that of a VLAN tag"),
    ({"duplicates_reject": True, "profile": "linux"}, "no part of profile linux"),
    ({"duplicates_reject": True, "replay": False}, "duplicates: reject needs replay: on"),
    ({"duplicates_reject": True, "window": (1 << 20) + 1}, "window at most 1048576"),
]


@pytest.mark.parametrize(
    "controls, message", CONTROL_ERRORS, ids=[row[1] for row in CONTROL_ERRORS]
)
def test_impossible_controls_are_refused(
    plane: Plane, controls: dict[str, Any], message: str
) -> None:
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


def test_sci_that_a_receiver_cannot_infer_is_refused(plane: Plane) -> None:
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


def test_defaults_are_those_of_the_standard(plane: Plane) -> None:
    """Strict, protecting, replay on with window 0, GCM-AES-128, offset 0 (10.7, section 14)."""
    controls = plane.secy().controls
    assert controls == Controls()
    assert controls.cipher is SUITES["gcm-aes-128"]
    assert controls.profile is PROFILES["ieee"]
    assert controls.validate is Validate.STRICT
    assert (controls.protect, controls.encrypt, controls.replay) == (True, True, True)
    assert (controls.window, controls.offset, controls.duplicates_reject) == (0, 0, False)
    assert (controls.send_sci, controls.end_station, controls.scb) == (True, False, False)


def test_changed_control_takes_effect_with_the_next_frame(plane: Plane) -> None:
    """Controls take effect with the next frame and leave SAs, PNs and counters alone (10.7)."""
    secy = receiver(plane)
    bad = spoiled(good_frame(1, tci=INTEGRITY))
    assert judged(secy, [bad]) == ["not-valid"]
    secy.set_controls(validate=Validate.CHECK)
    assert judged(secy, [bad]) == ["invalid"]
    secy.set_controls(validate=Validate.DISABLED)
    assert judged(secy, [bad]) == ["unchecked"]
    secy.set_controls(validate=Validate.NULL)
    assert judged(secy, [bad]) == ["bypass"]
    secy.set_controls(validate=Validate.STRICT)
    assert judged(secy, [good_frame(1, tci=INTEGRITY)]) == ["ok"]
    assert moved(secy) == {
        "InPktsNotValid": 1,
        "InPktsInvalid": 1,
        "InPktsUnchecked": 1,
        "InPktsOK": 1,
    }


@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_another_cipher_deletes_all_sas(plane: Plane, cipher: str) -> None:
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
    assert judged(secy, [good_frame(cipher=cipher)]) == ["not-using-sa"]
    add_rx(add_tx(secy))
    assert secy.protect_frame(frame_of(60)) == good_frame(cipher=other.name)
    assert judged(secy, [good_frame(cipher=other.name)]) == ["ok"]


def test_set_controls_refuses_suite_and_fixed_controls(plane: Plane) -> None:
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
    assert judged(secy, [good_frame()]) == ["ok"]
    secy.delete_rx_sa(SCI_A, 0)
    secy.set_controls(profile=PROFILES["linux"])
    assert secy.controls.profile.name == "linux"
