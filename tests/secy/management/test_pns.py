"""PNs of an SA: first value, limits, and that they only rise (10.7.13, 10.7.15)."""

from __future__ import annotations

import pytest
from support.planes import (
    SCI_A,
    SUITE_NAMES,
    Plane,
    add_rx,
    add_tx,
    frame_of,
    good_frame,
    judged,
    pn_state,
    receiver,
)

from macsec.errors import ConfigError


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
    assert judged(secy, [good_frame(limit - 1, cipher=cipher)]) == ["late"]


def test_next_pn_of_linux_wraps_to_zero(plane: Plane) -> None:
    """Under linux nextPN after 2^64-1 is 0; the limit itself cannot be set (behaviour 13)."""
    for cipher, limit in (("gcm-aes-128", 1 << 32), ("gcm-aes-xpn-128", 1 << 64)):
        secy = add_rx(plane.secy(profile="linux", cipher=cipher), next_pn=limit - 2)
        with pytest.raises(ConfigError, match="next_pn can only rise"):
            secy.raise_rx_pn(SCI_A, 0, next_pn=limit)
        secy.raise_rx_pn(SCI_A, 0, next_pn=limit - 1)
        assert judged(secy, [good_frame(limit - 1, cipher=cipher)]) == ["ok"]
        wrapped = 0 if "xpn" in cipher else limit - 1
        assert secy.rx[SCI_A].sa[0].next_pn == wrapped
        secy.raise_rx_pn(SCI_A, 0, next_pn=max(wrapped, 5))
        assert secy.rx[SCI_A].sa[0].next_pn == max(wrapped, 5)


@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_sa_begins_at_any_pn_from_1_to_the_last(plane: Plane, cipher: str) -> None:
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


def test_lowest_pn_of_linux_follows_the_window(plane: Plane) -> None:
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
