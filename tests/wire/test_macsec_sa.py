"""MACsecSA in the place of scapy's: the same octets; and verdicts of a SecY."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from scapy.contrib.macsec import MACsecSA as TheirSA
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from macsec.errors import MACsecError
from macsec.scapy import MACsecSA, sniff

SCI = b"\x52\x54\x00\x13\x01\x56\x00\x01"
KEY = bytes(range(1, 17))
XPN = {"xpn_en": True, "ssci": 1, "salt": bytes(range(12))}
SETTINGS: list[dict[str, Any]] = [
    {"encrypt": encrypt, "send_sci": send_sci, **xpn}
    for encrypt in (True, False)
    for send_sci in (True, False)
    for xpn in ({}, XPN)
]


def packet(octets: int = 80) -> Any:
    """A packet of a script."""
    return (
        Ether(src="52:54:00:13:01:56", dst="52:54:00:13:01:57") / IP() / UDP() / Raw(b"x" * octets)
    )


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_old_script_gets_the_octets_of_scapy(settings: dict[str, Any]) -> None:
    """Both classes, and the SecY, make the same frame; each reads it."""
    ours = MACsecSA(SCI, 0, 100, KEY, 16, **settings)
    theirs = TheirSA(SCI, 0, 100, KEY, 16, **settings)
    wire = bytes(theirs.encrypt(theirs.encap(packet())))
    assert bytes(ours.encrypt(ours.encap(packet()))) == wire
    assert bytes(ours.decap(ours.decrypt(Ether(wire)))) == bytes(packet())
    assert bytes(ours.protect(packet())) == wire
    assert ours.pn == 101
    if settings["send_sci"]:
        verdict, clear = ours.validate(Ether(wire))
        assert (verdict.label, bytes(clear)) == ("ok", bytes(packet()))
        assert ours.validate(Ether(wire))[0].label == "late"
    ours.close()


def test_association_shows_and_copies_no_key() -> None:
    """Neither its text nor a copy has the key."""
    ours = MACsecSA(SCI, 0, 1, KEY, 16, True, True)
    assert KEY.hex() not in repr(ours)
    with pytest.raises(MACsecError):
        copy.deepcopy(ours)


def test_sniffed_packets_have_their_verdicts() -> None:
    """From a list of packets as from an interface: `offline` is scapy's."""
    ours = MACsecSA(SCI, 0, 1, KEY, 16, True, True)
    wire = [ours.protect(packet(size)) for size in (60, 70)]
    spoiled = bytearray(bytes(wire[1]))
    spoiled[-1] ^= 1
    seen: list[str] = []
    found = sniff(
        ours.secy,
        offline=[wire[0], Ether(bytes(spoiled))],
        prn=lambda one: seen.append(one.verdict.label),
    )
    assert seen == ["ok", "not-valid"]
    assert bytes(found[0].clear) == bytes(packet(60))
    assert found[1].clear is None
    ours.close()
