"""EAPOL as WAN MACsec has it: individual, broadcast and other group addresses, EtherType 87-6F."""

from __future__ import annotations

from typing import Any

import pytest
from support.mka.kays import Segment, check_connectivity, sci_of_name, secured

from macsec.kay.counters import Reception

PAE = bytes.fromhex("0180c2000003")
ADDRESSES = {name: sci_of_name(name).to_bytes(8)[:6] for name in "abc"}
WAN = 0x876F


def two(a: dict[str, Any], b: dict[str, Any], seconds: float = 4) -> Segment:
    """Return two stations with these settings, `a` the Key Server, after some seconds."""
    segment = Segment()
    segment.add("a", key_server_priority=1, **a)
    segment.add("b", key_server_priority=2, **b)
    segment.run(seconds)
    return segment


@pytest.mark.parametrize("updated", [True, False])
@pytest.mark.parametrize("ethertype", [0x888E, WAN])
@pytest.mark.parametrize(
    "to_a, to_b",
    [
        (PAE, PAE),
        (b"\xff" * 6, b"\xff" * 6),
        (bytes.fromhex("01000ccccccc"), PAE),
        (ADDRESSES["a"], ADDRESSES["b"]),
    ],
    ids=["PAE", "broadcast", "another group", "individual"],
)
def test_both_ends_agree_under_each_header(
    to_a: bytes, to_b: bytes, ethertype: int, updated: bool
) -> None:
    """Each MKPDU has the header of its sender; the ICV covers that, or the standard one."""
    more = {"eapol_ethertype": ethertype, "use_updated_eth_header": updated}
    segment = two({"destination": to_b, **more}, {"destination": to_a, **more})
    a, b = segment.members.values()
    assert secured(a, b)
    check_connectivity(segment, a, b)
    heads = {(name, frame[:6], frame[12:14]) for _, name, frame in segment.mkpdus}
    assert heads == {("a", to_b, ethertype.to_bytes(2)), ("b", to_a, ethertype.to_bytes(2))}


@pytest.mark.parametrize(
    "a, b, reception",
    [
        ({"eapol_ethertype": WAN}, {}, Reception.NOT_MKA),
        ({}, {"eapol_ethertype": WAN}, Reception.NOT_MKA),
        ({"destination": ADDRESSES["b"]}, {}, Reception.INDIVIDUAL),
        (
            {"destination": ADDRESSES["c"]},
            {"destination": ADDRESSES["a"]},
            Reception.INDIVIDUAL,
        ),
        (
            {"eapol_ethertype": WAN, "use_updated_eth_header": False},
            {"eapol_ethertype": WAN},
            Reception.BAD_ICV,
        ),
    ],
)
def test_ends_with_different_headers_do_not_agree(
    a: dict[str, Any], b: dict[str, Any], reception: Reception
) -> None:
    """Each is counted by its fault, and no peer is live."""
    segment = two(a, b, 10)
    kay = segment.members["b"].kay
    heard = kay.counters[reception.value]
    assert heard > 3 or reception is Reception.NOT_MKA
    assert not any(member.kay.secured for member in segment.members.values())
    assert kay.counters[Reception.ACCEPTED.value] == 0
