"""Management of transmit SCs of traffic classes (10.7.17, 10.7.20 to 10.7.24)."""

from __future__ import annotations

from typing import Any

import pytest
from support.planes import SCI_A, SCI_B, Plane, add_tx, frame_of, key_for, sender, xpn_of

from macsec.errors import ConfigError, CustodyError
from macsec.secy import SecY
from macsec.suites import SUITES

OTHER = SCI_A[:12] + "3001"


def test_sci_of_a_class_has_the_class_on_top_of_its_port(plane: Plane) -> None:
    """The same address, the class in the top four bits of the Port Identifier."""
    secy = plane.secy()
    secy.create_tx_sc("5254001301560fff")
    assert [secy.create_tx_class(tc) for tc in (7, 1)] == ["5254001301567fff", "5254001301561fff"]
    assert {tc: sc.sci for tc, sc in secy.tx_classes.items()} == {
        0: "5254001301560fff",
        7: "5254001301567fff",
        1: "5254001301561fff",
    }
    assert secy.tx is secy.tx_classes[0]


@pytest.mark.parametrize("tc", [-1, 0, 8, 15])
def test_other_classes_are_one_to_seven(plane: Plane, tc: int) -> None:
    """Class 0 has the default SC; SCs of 8 and more do not exist (10.7.17)."""
    secy = sender(plane)
    with pytest.raises(ConfigError, match="not 1 to 7"):
        secy.create_tx_class(tc)


def test_class_needs_a_default_sc_of_class_zero(plane: Plane) -> None:
    """Without an SCI, or with one whose port has a class, there is none to derive."""
    secy = plane.secy()
    with pytest.raises(ConfigError, match="create the default one"):
        secy.create_tx_class(1)
    secy.create_tx_sc(OTHER)
    with pytest.raises(ConfigError, match="at most 0x0fff"):
        secy.create_tx_class(1)


def test_default_sc_cannot_be_deleted(plane: Plane) -> None:
    """Nor one that is not there."""
    secy = sender(plane)
    with pytest.raises(ConfigError, match="stays"):
        secy.delete_tx_class(0)
    with pytest.raises(ConfigError, match="no transmit SC of traffic class 2"):
        secy.delete_tx_class(2)


@pytest.mark.parametrize(
    "call",
    [
        lambda secy: secy.create_tx_sa(0, key_for(secy), traffic_class=2),
        lambda secy: secy.delete_tx_sa(0, 2),
        lambda secy: secy.enable_tx_sa(0, True, 2),
        lambda secy: secy.raise_tx_pn(0, 5, 2),
        lambda secy: secy.limit_tx_pn(0, 5, 2),
    ],
    ids=["create", "delete", "enable", "raise", "limit"],
)
def test_sa_of_a_class_without_an_sc_is_refused(plane: Plane, call: Any) -> None:
    """And the SA of the default SC with that AN does not change."""
    secy = sender(plane)
    with pytest.raises(ConfigError, match="no transmit SC of traffic class 2"):
        call(secy)
    assert secy.tx.sa[0].next_pn == 1


def test_another_default_sci_deletes_the_other_classes(plane: Plane) -> None:
    """Their SCIs follow from it; the same SCI again keeps them."""
    secy = sender(plane)
    secy.create_tx_class(3)
    secy.create_tx_sc(SCI_A)
    assert set(secy.tx_classes) == {0, 3}
    secy.create_tx_sc(SCI_B)
    assert set(secy.tx_classes) == {0}


def test_another_suite_deletes_the_sas_of_all_classes(plane: Plane) -> None:
    """10.7.27; the SCs stay."""
    secy = sender(plane)
    secy.create_tx_class(3)
    secy.create_tx_sa(0, key_for(secy), traffic_class=3)
    secy.change_cipher(SUITES["gcm-aes-xpn-128"])
    assert [dict(sc.sa) for sc in secy.tx_classes.values()] == [{}, {}]
    add_tx(secy)
    with pytest.raises(ConfigError, match="belongs to SCI 5254001301560001"):
        secy.create_tx_sa(0, key_for(secy), traffic_class=3, **xpn_of(secy))
    secy.create_tx_sa(0, key_for(secy), traffic_class=3, **xpn_of(secy, ssci=2))
    assert secy.tx_classes[3].sa[0].next_pn == 1


def test_sa_of_a_class_has_a_life_of_its_own(plane: Plane) -> None:
    """Raise, stop, delete: the SA of the same AN of another class does not change."""
    secy = sender(plane)
    secy.create_tx_class(3)
    secy.create_tx_sa(0, key_for(secy), next_pn=7, traffic_class=3)
    secy.raise_tx_pn(0, 9, traffic_class=3)
    with pytest.raises(ConfigError, match="can only rise"):
        secy.raise_tx_pn(0, 8, traffic_class=3)
    secy.enable_tx_sa(0, False, traffic_class=3)
    sa = secy.tx_classes[3].sa[0]
    assert (sa.next_pn, sa.enabled) == (9, False)
    assert (secy.tx.sa[0].next_pn, secy.tx.sa[0].enabled) == (1, True)
    assert sa.iv.hex()[:16] == OTHER
    secy.delete_tx_sa(0, traffic_class=3)
    assert 0 not in secy.tx_classes[3].sa
    assert secy.protect_frame(frame_of(60)) is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("traffic_classes", (0,) * 7),
        ("traffic_classes", (0,) * 7 + (8,)),
        ("traffic_classes", (0,) * 7 + (-1,)),
        ("access_priorities", (0,) * 8),
        ("access_priorities", (16,) * 16),
    ],
)
def test_table_of_another_size_or_value_is_refused(
    plane: Plane, name: str, value: tuple[int, ...]
) -> None:
    """Eight classes of 0 to 7; sixteen priorities with drop eligibility, 0 to 15."""
    with pytest.raises(ConfigError, match=name):
        plane.secy(**{name: value})


def test_access_priority_table_is_the_identity_unless_given(plane: Plane) -> None:
    """Row PCP * 2 + DEI gives the PCP and DEI asked of the Common Port (10.7.17)."""
    controls = plane.secy().controls
    for priority in range(8):
        for eligible in (False, True):
            assert controls.access_priority(priority, eligible) == (priority, eligible)
    table = tuple(reversed(range(16)))
    other = plane.secy(access_priorities=table).controls
    assert other.access_priority(0) == (7, True)
    assert other.access_priority(7, True) == (0, False)


def test_sas_of_all_classes_die_in_a_fork(plane: Plane) -> None:
    """Only the parent may use their PNs."""
    import os

    secy = sender(plane)
    secy.create_tx_class(3)
    secy.create_tx_sa(0, key_for(secy), traffic_class=3)
    child = os.fork()
    if child == 0:
        os._exit(_enable(secy))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert secy.protect_frame(frame_of(60), priority=3) is not None


def _enable(secy: SecY) -> int:
    if secy.protect_frame(frame_of(60), priority=3) is not None:
        return 1
    try:
        secy.enable_tx_sa(0, True, traffic_class=3)
    except CustodyError:
        return 0
    return 2
