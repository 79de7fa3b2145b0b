"""Parameter sets: the octets of each one, and unreadable ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.mka.members import CKN, decoded, encode

from macsec.kay.keys import derivation
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu.frame import Mkpdu, compose, seal
from macsec.kay.mkpdu.parameter_set import Opaque, ParameterSet, Spare
from macsec.kay.mkpdu.parameter_sets import (
    TLV,
    Announcement,
    Basic,
    DistributedCak,
    DistributedSak,
    IcvIndicator,
    KeyManagementDomain,
    KeyUse,
    LivePeerList,
    NoSak,
    PeerId,
    PotentialPeerList,
    SakUse,
    Xpn,
)
from macsec.keys import Key

BASIC = Basic(sci=0x02000000000A0001, mi=b"A" * 12, mn=7, ckn=CKN)
KEY, OTHER_KEY = KI(b"K" * 12, 3), KI(b"O" * 12, 2)


def icv(octets: bytes) -> bytes:
    """Return an ICV for tests that do not verify it."""
    return derivation.icv(Key(bytes(16)), octets)


def test_octets_of_a_basic_set() -> None:
    """A CKN of 3 octets, as wpa_supplicant 2.10 sends it: each field in its place, then padding."""
    basic = Basic(
        sci=0x020000000A010001,
        mi=bytes(range(12)),
        mn=1,
        ckn=b"\x11\x22\x33",
        priority=255,
        key_server=True,
        capability=2,
    )
    assert (
        compose(basic).signed.hex()
        == (
            "0180c2000003" + "020000000a01" + "888e" + "03050034"  # DA, SA, EtherType, EAPOL
            "01ffe01f" + "020000000a010001"  # version, priority, flags and length; SCI
            "000102030405060708090a0b"
            + "00000001"
            + "0080c201"
            + "11223300"  # MI, MN, agility, CKN
        )
    )


@pytest.mark.parametrize(
    "field, octet, value",
    [("key_server", 0x80, True), ("desired", 0x40, True), ("capability", 0x30, 3)],
)
def test_flags_of_a_basic_set(field: str, octet: int, value: object) -> None:
    """Key Server, MACsec Desired and MACsec Capability, each alone (figure 11-8)."""
    cleared: dict[str, Any] = {"key_server": False, "desired": False, "capability": 0}
    basic = replace(BASIC, **(cleared | {field: value}))
    assert basic.encode()[2] == octet
    assert decoded(seal(compose(basic), icv)).basic == basic


@pytest.mark.parametrize(
    "one, octets",
    [
        (LivePeerList((PeerId(b"P" * 12, 5),), 2), "01020010" + "50" * 12 + "00000005"),
        (PotentialPeerList(()), "02000000"),
        (SakUse(), "03000000"),
        (
            SakUse(
                latest=KeyUse(KEY, 2, True, False, 9),
                old=KeyUse(OTHER_KEY, 1, False, True, 8),
                plain_receives=True,
                delay_protect=True,
            ),
            "03a55028" + "4b" * 12 + "0000000300000009" + "4f" * 12 + "0000000200000008",
        ),
        (DistributedSak(3, 2, 1, None, bytes(24)), "04e0001c00000001" + "00" * 24),
        (
            DistributedSak(0, 1, 1, 0x0080C20001000004, bytes(40)),
            "04100034000000010080c20001000004" + "00" * 40,
        ),
        (NoSak(), "04000000"),
        (DistributedCak(bytes(24) + b"n"), "05000019" + "00" * 24 + "6e000000"),
        (KeyManagementDomain(b"here"), "0600000468657265"),
        (Announcement((TLV(112, b"\1\2"), TLV(127, b""))), "07000006e0020102fe000000"),
        (Xpn(latest_upper=1, old_upper=2, suspension_s=60), "083c00080000000100000002"),
        (Opaque(77, 0xABC, b"x"), "4dabc00178000000"),
        (IcvIndicator(), "ff000010"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ParameterSet) else "",
)
def test_octets_of_each_set(one: ParameterSet, octets: str) -> None:
    """Each set as in 11.11.3, and decoded to itself."""
    mkpdu = Mkpdu(basic=BASIC, sets=(one,), source=b"\x02" * 6, icv=bytes(16))
    assert mkpdu.signed[18 + len(BASIC.encode()) :].hex() == octets
    assert decoded(encode(mkpdu)) == mkpdu


@pytest.mark.parametrize(
    "suite, name",
    [
        (None, "gcm-aes-128"),
        (0x0080020001000001, "gcm-aes-128"),
        (0x0080C20001000001, "gcm-aes-128"),
        (0x0080C20001000002, "gcm-aes-256"),
        (0x0080C20001000003, "gcm-aes-xpn-128"),
        (0x0080C20001000004, "gcm-aes-xpn-256"),
        (0x0080C20001000005, None),
    ],
)
def test_cipher_suites_by_identifier(suite: int | None, name: str | None) -> None:
    """The misprinted identifier, and no identifier, mean GCM-AES-128."""
    found = DistributedSak(0, 1, 1, suite, bytes(24)).cipher_suite
    assert (None if found is None else found.name) == name


@pytest.mark.parametrize(
    "one",
    [
        *(Opaque(3, 0x100, bytes(length)) for length in (1, 20, 39)),
        *(Opaque(4, 0, bytes(length)) for length in (1, 27, 29, 35, 51, 53, 64)),
        *(Opaque(5, 0, bytes(length)) for length in (0, 24, 73)),
        *(Opaque(8, 0, bytes(length)) for length in (0, 7)),
        Opaque(7, 0, b"\x00\x05abc"),
        Opaque(9, 0xFFF, b"?"),
        Opaque(200, 0, b""),
    ],
    ids=lambda one: f"{one.kind}-{len(one.octets)}",
)
def test_unreadable_sets_are_kept_and_ignored(one: Opaque) -> None:
    """An unknown type, or a wrong length for the type; the other sets count."""
    live = LivePeerList((PeerId(b"P" * 12, 5),))
    frame = seal(Mkpdu(basic=BASIC, sets=(one, live)), icv)
    mkpdu = decoded(frame)
    assert mkpdu.sets == (one, live)
    assert mkpdu.live == live.peers
    assert (mkpdu.use, mkpdu.distributed, mkpdu.plain, mkpdu.xpn) == (None, None, False, False)
    assert encode(mkpdu) == frame


def test_reserved_bits_extra_octets_and_padding_are_kept() -> None:
    """Fields without a meaning are under the ICV too, so they are not lost."""
    basic = replace(BASIC, ckn=b"12345", padding=b"\1\2\3")
    sets = (
        SakUse(
            latest=KeyUse(KEY, 0, True, True, 1),
            old=KeyUse(OTHER_KEY, 0, True, True, 1),
            spare=Spare(bits=0x002, extra=b"more!", padding=b"\4\5\6"),
        ),
        DistributedSak(0, 1, 1, None, bytes(24), spare=Spare(bits=0x0F3)),
        Xpn(spare=Spare(bits=0x001, extra=b"tail")),
        IcvIndicator(spare=Spare(bits=0x123)),
    )
    frame = seal(Mkpdu(basic=basic, sets=sets, eapol_version=4, trailer=b"pad"), icv)
    mkpdu = decoded(frame)
    assert (mkpdu.basic, mkpdu.sets, mkpdu.eapol_version, mkpdu.trailer) == (basic, sets, 4, b"pad")
    assert encode(mkpdu) == frame


def test_lists_cannot_be_longer_than_255_members() -> None:
    """The length of a set has 12 bits: a longer list cannot be encoded."""
    full = LivePeerList(tuple(PeerId(n.to_bytes(12), 1) for n in range(255)))
    assert len(decoded(seal(Mkpdu(basic=BASIC, sets=(full,)), icv)).live) == 255
