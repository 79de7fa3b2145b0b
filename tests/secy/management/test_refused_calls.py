"""Management calls that cannot be done: each is refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.planes import (
    SALT,
    SCI_A,
    SCI_B,
    SCI_C,
    SUITE_NAMES,
    Plane,
    add_rx,
    add_tx,
    key_for,
    pn_state,
)

from macsec.errors import ConfigError
from macsec.keys import Key
from macsec.secy import SecY

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
    ("SCI in words", lambda s: s.create_tx_sc("mine"), "SCI 'mine': not hex digits alone"),
    ("SCI too short", lambda s: s.create_rx_sc("0011"), "SCI '0011': expected 8 octets, 2 given"),
    ("SCI of ones", lambda s: s.create_rx_sc("f" * 16), "other than all ones"),
    ("SCI of ones, sent", lambda s: s.create_tx_sc("f" * 16), "other than all ones"),
    ("SCI too large", lambda s: s.create_rx_sc(1 << 64), "an SCI is a 64-bit number"),
    ("SCI negative", lambda s: s.create_rx_sc(-1), "an SCI is a 64-bit number"),
]


@pytest.mark.parametrize("name, call, message", REFUSED, ids=[row[0] for row in REFUSED])
def test_refused_call_gives_a_reason_and_changes_nothing(
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
def test_sa_parameters_must_fit_the_suite(plane: Plane, cipher: str) -> None:
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
