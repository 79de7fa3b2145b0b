"""Custody of keys by a SecY: never copied, never shown, wiped on close."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from support.planes import (
    SCI_A,
    SCI_B,
    Plane,
    add_rx,
    batch_of,
    frame_of,
    good_frame,
    key_for,
    sender,
    xpn_of,
)

from macsec.errors import ConfigError, CustodyError, MACsecError
from macsec.keys import Key
from macsec.secy.plane import SAParameters

COPIES: list[Callable[[Any], object]] = [copy.copy, copy.deepcopy, pickle.dumps]


@pytest.mark.parametrize("duplicate", COPIES, ids=lambda f: f.__name__)
def test_objects_with_a_key_cannot_be_copied(
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
    assert secy.protect_frame(frame_of(60)) == good_frame()


def test_every_call_of_a_closed_secy_raises(plane: Plane) -> None:
    """After close() every call raises, except another close()."""
    with add_rx(sender(plane)) as secy:
        assert secy.protect_frame(frame_of(60)) == good_frame()
    calls: list[Callable[[], object]] = [
        lambda: secy.protect_frame(frame_of(60)),
        lambda: secy.validate_frame(good_frame(2)),
        lambda: secy.protect(batch_of([frame_of(60)])),
        lambda: secy.validate(batch_of([good_frame(2)])),
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


def test_no_repr_or_error_shows_a_key(plane: Plane) -> None:
    """No repr or error text holds an octet of a key."""
    secy = add_rx(sender(plane))
    key = key_for(secy)
    texts = [repr(secy), repr(secy.tx), repr(secy.tx.sa[0]), repr(secy._plane), repr(key)]
    texts.append(repr(SAParameters(0, key)))
    with pytest.raises(ConfigError) as refused:
        secy.create_tx_sa(0, Key(bytes(range(64))))
    texts.append(str(refused.value))
    for text in texts:
        assert key.expose().hex() not in text
        assert repr(key.expose())[2:-1] not in text
        assert "\\x01\\x02" not in text
    assert "5254001301560001" in repr(secy)


def test_caller_may_wipe_its_key_after_creating_an_sa(plane: Plane) -> None:
    """The data plane takes the octets over: wiping the Key afterwards changes nothing."""
    secy = plane.secy()
    secy.create_tx_sc(SCI_A)
    key = key_for(secy)
    secy.create_tx_sa(0, key)
    key.wipe()
    assert secy.protect_frame(frame_of(60)) == good_frame()
    with pytest.raises(CustodyError, match="wiped"):
        key.expose()
    with pytest.raises(ConfigError, match="0 given"):
        secy.create_tx_sa(1, key)
