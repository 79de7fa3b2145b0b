"""MTUs along a path: octets of layers, both ways."""

from __future__ import annotations

import pytest

from macsec.advice.mtu import PATHS, along, overhead, wire_for


@pytest.mark.parametrize(
    ("path", "mtu"),
    [
        ("lan", 1468),
        ("vlan", 1464),
        ("vlan-clear", 1464),
        ("ede-cs", 1460),
        ("pseudowire", 1442),
        ("vxlan", 1418),
        ("ipsec", 1414),
        ("wireguard", 1408),
    ],
)
def test_mtu_of_ip_over_a_wire_of_1500(path: str, mtu: int) -> None:
    """As Linux sets it for a cable (1468); others by the octets of their standards."""
    assert [*along(PATHS[path], 1500, overhead(with_sci=True))][-1].mtu == mtu


def test_macsec_takes_24_octets_without_an_sci() -> None:
    """SecTAG of 8 or 16 octets, ICV of 16 or what is set."""
    assert (overhead(False), overhead(True), overhead(True, 8)) == (24, 32, 24)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("ip_mtu", [1280, 1500, 8963])
def test_wire_for_an_mtu_of_ip_is_the_least(path: str, ip_mtu: int) -> None:
    """The wire that is asked for carries that MTU, and one octet less does not."""
    wire = wire_for(PATHS[path], ip_mtu, 32)
    assert [*along(PATHS[path], wire, 32)][-1].mtu >= ip_mtu
    assert [*along(PATHS[path], wire - 1, 32)][-1].mtu < ip_mtu
