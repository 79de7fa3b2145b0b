"""The scenarios of hostap's test_macsec.py with pre-shared keys, by their names, in virtual time.

Its oracle is kept: the peer lists, the Key Server, secured within 20 s, frames of 1,400 octets
pass; and no session and no live peer if the keys do not match.
"""

from __future__ import annotations

from typing import Any

import pytest
from support.mka.kays import (
    BOTH_PLANES,
    CAK,
    CKN,
    QUICK,
    Segment,
    SegmentMember,
    chain_key,
    check_connectivity,
    is_mka,
    secured,
)
from support.planes import Plane, moved

from macsec.kay import status

WITHIN = 20


def check_session(segment: Segment, server: SegmentMember, *members: SegmentMember) -> None:
    """Check: secured within 20 s, one Key Server, each member in every other Live List."""
    everybody = (server, *members)
    segment.run(WITHIN)
    assert secured(*everybody)
    assert [member.principal.is_server for member in everybody] == [True] + [False] * len(members)
    mis = {member.name: member.principal.identity.mi.hex() for member in everybody}
    scis = {member.name: f"{member.kay.sci:016x}" for member in everybody}
    for member in everybody:
        ((_, peers),) = status.mib(member.kay)
        listed = {
            (row["ieee8021XKayMkaPeerListMI"], row["ieee8021XKayMkaPeerListSCI"]) for row in peers
        }
        others = [other.name for other in everybody if other is not member]
        assert listed == {(mis[name], scis[name]) for name in others}
        assert {row["ieee8021XKayMkaPeerListType"] for row in peers} == {"1"}
        assert status.status(member.kay)["key_server_sci"] == status.actor_text(server.kay.sci)
    check_connectivity(segment, *everybody)


def check_no_session(segment: Segment, *members: SegmentMember) -> None:
    """Check: no session and no live peer within 7 s, and no frame passes in either direction."""
    segment.run(7)
    for member in members:
        assert not member.kay.secured
        assert not any(p.peers.live for p in member.kay.participants.values())
        assert not member.send()
        assert member.received == []


def two(plane: Plane = QUICK, **more: Any) -> tuple[Segment, SegmentMember, SegmentMember]:
    """Return the usual pair of hostap: priorities 100 and 200, the second 1.2 s later."""
    segment = Segment(plane)
    a = segment.add("a", key_server_priority=100, **more)
    b = segment.add("b", key_server_priority=200, start=False, **more)
    segment.at(1.2, b.station.start)
    return segment, a, b


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_stations_with_one_psk_are_secured(plane: Plane) -> None:
    """A pre-shared key, two stations."""
    check_session(*two(plane))


def test_macsec_psk_mka_life_time() -> None:
    """A session with a silent peer ends after the Life Time, and returns with the peer."""
    segment, a, b = two()
    check_session(segment, a, b)
    silent = segment.now
    segment.drop = lambda _time, name, frame: name == "a" and is_mka(frame)
    segment.run(silent + 3.9)
    assert a.kay.secured
    segment.run(silent + 6.1)
    assert not a.kay.secured
    segment.run(silent + 20)
    assert not b.kay.secured
    segment.drop = lambda _time, _name, _frame: False
    segment.run(silent + 24)
    assert secured(a, b)
    check_connectivity(segment, a, b)


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_macsec_psk_integ_only(plane: Plane) -> None:
    """Authentication without encryption: the members follow the Key Server."""
    segment, a, b = two(plane, encrypt=False)
    check_session(segment, a, b)
    for member in (a, b):
        assert not member.secy.controls.encrypt
        assert member.secy.counters["OutPktsProtected"] == 1
        assert member.secy.counters["OutPktsEncrypted"] == 0
    assert any(bytes(1400) in frame for frame in segment.wire)


def test_macsec_psk_port() -> None:
    """Both with port 65534 in their SCI."""
    segment = Segment()
    a = segment.add("a", port=65534, key_server_priority=100)
    b = segment.add("b", port=65534, key_server_priority=200)
    check_session(segment, a, b)
    assert list(a.secy.rx) == ["025200000062fffe"]


def test_macsec_psk_different_ports() -> None:
    """Ports 2 and 3."""
    segment = Segment()
    a = segment.add("a", port=2, key_server_priority=100)
    b = segment.add("b", port=3, key_server_priority=200)
    check_session(segment, a, b)
    assert (list(a.secy.rx), list(b.secy.rx)) == (["0252000000620003"], ["0252000000610002"])


@pytest.mark.parametrize("ckn", ["11223344", "112233"])
def test_macsec_psk_shorter_ckn(ckn: str) -> None:
    """psk_shorter_ckn and psk_shorter_ckn2: CKNs of 4 and of 3 octets, the latter padded."""
    check_session(*two(keys=[chain_key(CAK, bytes.fromhex(ckn))]))


def test_macsec_psk_ckn_mismatch() -> None:
    """Another CKN: counted as unknown, no peer, no session."""
    segment = Segment()
    a = segment.add("a", [chain_key(ckn=CKN)])
    b = segment.add("b", [chain_key(ckn=CKN[:-1] + b"\xff")])
    check_no_session(segment, a, b)
    assert a.kay.counters["rx-unrecognized-ckn"] == b.kay.counters["rx-unrecognized-ckn"] == 4
    assert a.kay.counters["in-mkpdu"] == 0


def test_macsec_psk_cak_mismatch() -> None:
    """The right CKN with another CAK: the ICV is wrong, no peer, no session."""
    segment = Segment()
    a = segment.add("a", [chain_key(CAK)])
    b = segment.add("b", [chain_key(CAK[::-1])])
    check_no_session(segment, a, b)
    assert a.kay.counters["in-mkpdu-icv-verification-errors"] == 4
    assert a.kay.counters["in-mkpdu"] == 0


@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-256"])
def test_macsec_psk_256(cipher: str) -> None:
    """A CAK of 32 octets, with the default suite and with GCM-AES-256."""
    segment, a, b = two(keys=[chain_key(bytes(range(32)))], cipher=cipher)
    check_session(segment, a, b)
    assert a.secy.controls.cipher.name == b.secy.controls.cipher.name == cipher


@pytest.mark.parametrize("priorities", [(100, 200), (100, 100)], ids=["br2", "br2_same_prio"])
def test_macsec_psk_br2(priorities: tuple[int, int]) -> None:
    """psk_br2 and psk_br2_same_prio: on a bridge; of equal ones the lower SCI is Key Server."""
    segment = Segment(delay="100us")
    a, b = (
        segment.add(name, key_server_priority=priority)
        for name, priority in zip("ab", priorities, strict=True)
    )
    check_session(segment, a, b)


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
@pytest.mark.parametrize("priorities", [(10, 20, 30), (10, 10, 10)], ids=["br3", "br3_same_prio"])
def test_macsec_psk_br3(priorities: tuple[int, int, int], plane: Plane) -> None:
    """psk_br3 and psk_br3_same_prio: three members, one SAK."""
    segment = Segment(plane, delay="100us")
    members = [
        segment.add(name, key_server_priority=priority)
        for name, priority in zip("abc", priorities, strict=True)
    ]
    check_session(segment, *members)
    assert len(members[0].secy.rx) == 2


def test_macsec_psk_ns() -> None:
    """Frames cross in both directions, and none of them is readable on the wire."""
    segment, a, b = two()
    check_session(segment, a, b)
    for _ in range(20):
        a.send()
        b.send()
    segment.run(segment.now + 1)
    assert (len(a.received), len(b.received)) == (21, 21)
    assert not any(bytes(1400) in frame for frame in segment.wire)
    assert moved(a.secy) == {"OutPktsEncrypted": 21, "InPktsOK": 21}


@pytest.mark.parametrize("failing", ["a", "b"], ids=["fail_cp", "fail_cp2"])
def test_macsec_psk_fail_cp(failing: str) -> None:
    """psk_fail_cp and psk_fail_cp2: a CP that cannot start passes no frame.

    In hostap the allocation of the state machine fails; here CP is never enabled, on the Key
    Server or on the other.
    """
    segment = Segment()
    members = {name: segment.add(name, start=name != failing) for name in "ab"}
    broken = members[failing].station
    broken.running = True
    segment.run(10)
    for member in members.values():
        assert not member.kay.secured
        assert not member.send()
    assert members[failing].kay.counters["in-mkpdu-disabled"] > 3
