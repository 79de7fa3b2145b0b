"""Counters and MAC_Operational (10.7.4, 10.7.9, 10.7.12, 10.7.18, Annex G.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.planes import (
    INTEGRITY,
    SCI_A,
    SCI_B,
    SCI_C,
    Plane,
    add_rx,
    all_counters,
    batch_of,
    frame_of,
    good_frame,
    judged,
    moved,
    pn_state,
    receiver,
    sender,
    spoiled,
)

from macsec.secy import SecY, Validate


def busy(plane: Plane) -> SecY:
    """A SecY on which many counters moved."""
    secy = add_rx(add_rx(sender(plane, validate="check", window=3)), SCI_B)
    add_rx(secy, an=1, enabled=False)
    secy.protect(batch_of([frame_of(60), frame_of(20)]))
    frames = [
        good_frame(5),
        good_frame(6),
        good_frame(1),
        spoiled(good_frame(7)),
        spoiled(good_frame(8, tci=INTEGRITY)),
    ]
    frames += [
        good_frame(9, an=1),
        good_frame(9, an=1, tci=INTEGRITY),
        good_frame(9, sci=SCI_C),
        frame_of(60),
    ]
    frames += [
        good_frame(9, sci=SCI_C, tci=INTEGRITY),
        good_frame(9, sl=50),
        good_frame(4, tci=INTEGRITY),
    ]
    secy.validate(batch_of(frames))
    return secy


def test_clearing_counters_leaves_the_pns(plane: Plane) -> None:
    """All counters at all levels go to zero; no PN moves, no key is lost."""
    secy = busy(plane)
    before = pn_state(secy)
    assert len(moved(secy)) == 11
    secy.clear_counters()

    def values(level: Any) -> list[int]:
        parts = level.values() if isinstance(level, dict) else level
        leaves = [x for x in parts if not isinstance(x, str)]
        return [v for x in leaves for v in (values(x) if isinstance(x, dict | tuple) else [x])]

    assert set(values(all_counters(secy))) == {0}
    assert pn_state(secy) == before
    assert judged(secy, [good_frame(6), good_frame(2), good_frame(7)]) == ["ok", "late", "ok"]
    assert secy.protect_frame(frame_of(60)) == good_frame(3)
    assert moved(secy) == {"InPktsOK": 2, "InPktsLate": 1, "OutPktsEncrypted": 1}


def test_counters_of_2018_are_sums_of_the_older_four(plane: Plane) -> None:
    """InPktsNoSA and InPktsNoSAError are the sums of the four older counters (Annex G.1)."""
    counters = busy(plane).counters
    parts = ("InPktsUnknownSCI", "InPktsUnusedSA", "InPktsNoSCI", "InPktsNotUsingSA")
    assert [counters[name] for name in parts] == [1, 1, 1, 1]
    assert counters["InPktsNoSA"] == counters["InPktsNoSAError"] == 2


def test_all_counters_exist_from_the_start(plane: Plane) -> None:
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


def test_interface_counters_follow_annex_g(plane: Plane) -> None:
    """RFC 2863 by Annex G.1: octets with both addresses, errors, discards."""
    secy = busy(plane)
    counters = secy.counters
    errors = ("NoTag", "BadTag", "NoSAError", "Late", "NotValid")
    assert dict(secy.interface_counters) == {
        "ifInOctets": 7 * (12 + 60),
        "ifInUcastPkts": 7,
        "ifInMulticastPkts": 0,
        "ifInBroadcastPkts": 0,
        "ifInDiscards": 0,
        "ifInErrors": sum(counters[f"InPkts{name}"] for name in errors),
        "ifOutOctets": 12 + 60 + 12 + 20,
        "ifOutUcastPkts": 2,
        "ifOutMulticastPkts": 0,
        "ifOutBroadcastPkts": 0,
        "ifOutErrors": 0,
    }
    assert secy.interface_counters["ifInErrors"] == 5


def test_octet_counters_count_user_data_of_the_cipher(plane: Plane) -> None:
    """User Data by E, good or bad; not what was refused before the cipher (10.6.3, 10.7.10)."""
    secy = add_rx(receiver(plane, window=2), an=1, enabled=False)
    frames = [
        good_frame(10),
        spoiled(good_frame(11)),
        good_frame(12, tci=INTEGRITY),
        spoiled(good_frame(13, tci=INTEGRITY)),
    ]
    frames += [
        good_frame(1),
        good_frame(14, an=1),
        good_frame(14, sci=SCI_C),
        good_frame(14, sl=50),
    ]
    secy.validate(batch_of(frames))
    octets = {"InOctetsDecrypted": 120, "InOctetsValidated": 120}
    assert {n: secy.counters[n] for n in octets} == octets
    assert {n: secy.rx[SCI_A].counters[n] for n in octets} == octets


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
def test_mac_operational_needs_a_transmit_sa_and_a_receive_sa(
    plane: Plane, name: str, step: Step, expected: bool
) -> None:
    """True with a usable transmit SA and something that receives; else False (10.7.4)."""
    secy = sender(plane)
    assert not secy.mac_operational
    add_rx(secy, SCI_B)
    assert secy.mac_operational
    step(secy)
    assert secy.mac_operational == expected
