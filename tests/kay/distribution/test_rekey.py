"""Changes of SAKs and of CAKs, under traffic: no frame is lost."""

from __future__ import annotations

from typing import Any

import pytest
from support.mka.kays import (
    BOTH_PLANES,
    CAK,
    CKN,
    NS,
    QUICK,
    Segment,
    SegmentMember,
    chain_key,
    pair,
    secured,
)
from support.planes import SUITE_NAMES, Plane

from macsec.kay.distribution.key_server import exhaustion
from macsec.kay.keys.keychain import ChainKey

PERIOD = 0.05


def traffic(segment: Segment, *members: SegmentMember, start: float, end: float) -> None:
    """Have every member send a frame every 50 ms."""
    for member in members:
        segment.every(PERIOD, member.send, start, end)


def check_nothing_lost(*members: SegmentMember) -> None:
    """Check that each frame reached each member once, in order, under a SAK."""
    for member in members:
        for other in members:
            if other is not member:
                assert member.numbers_from(other.name) == other.sent
        sent = member.secy.counters["OutPktsEncrypted"] + member.secy.counters["OutPktsProtected"]
        assert sent == len(member.sent) > 0


def each_plane(cipher: str) -> list[Any]:
    """Return a suite with the native plane and, marked exhaustive, with the reference."""
    return [
        pytest.param(cipher, QUICK, id=f"{cipher}-{QUICK}"),
        pytest.param(
            cipher, BOTH_PLANES[0], id=f"{cipher}-{BOTH_PLANES[0]}", marks=pytest.mark.exhaustive
        ),
    ]


@pytest.mark.parametrize(
    "cipher, plane", [each for name in SUITE_NAMES for each in each_plane(name)]
)
def test_rekey_by_interval_loses_nothing(cipher: str, plane: Plane) -> None:
    """Nine SAKs, each AN at least twice: each SAK is installed everywhere before its use (N23)."""
    segment, a, b = pair(plane, cipher=cipher, sak_rekey_interval=30, keys=None)
    end = 30 * 9 + 8
    for step in range(9):
        traffic(segment, a, b, start=30 * step + 28, end=30 * step + 34)
    segment.run(end)
    assert secured(a, b)
    assert a.kay.counters["keys-distributed"] == b.kay.counters["keys-received"] == 10
    assert a.kay.cp.old is not None
    assert (a.kay.cp.old.ki.kn, a.kay.cp.old.an) == (10, 9 % 4)
    check_nothing_lost(a, b)
    assert (list(a.secy.tx.sa), list(b.secy.tx.sa)) == ([1], [1])


def test_rekey_of_three_loses_nothing() -> None:
    """The Key Server waits for the slower member: each frame can be validated."""
    segment = Segment(QUICK, delay="20ms")
    members = [
        segment.add(name, key_server_priority=priority, sak_rekey_interval=30)
        for name, priority in (("a", 1), ("b", 2), ("c", 3))
    ]
    segment.run(10)
    traffic(segment, *members, start=25, end=45)
    segment.run(46)
    assert secured(*members)
    check_nothing_lost(*members)
    assert members[0].kay.counters["keys-distributed"] == 2


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-xpn-256"])
@pytest.mark.parametrize("tired", ["a", "b"])
def test_key_is_replaced_at_three_quarters_of_the_pns(
    plane: Plane, cipher: str, tired: str
) -> None:
    """Either station may run out of PNs (9.8); no frame is lost."""
    segment, a, b = pair(plane, cipher=cipher)
    segment.run(10)
    worn = {"a": a, "b": b}[tired]
    threshold = exhaustion(worn.secy.controls.cipher)
    assert threshold == (0xC0000000_00000000 if "xpn" in cipher else 0xC0000000)
    before = worn.kay.cp.slots()[0].ki.kn
    worn.secy.raise_tx_pn(0, threshold - 3)
    other = {"a": b, "b": a}[tired]  # an XPN receiver cannot follow a jump of more than 2^31
    other.secy.raise_rx_pn(worn.kay.sci, 0, lowest_pn=threshold - 3)
    traffic(segment, a, b, start=10, end=10.1)  # two frames: just below
    segment.run(15)
    assert worn.kay.cp.slots()[0].ki.kn == before
    traffic(segment, a, b, start=15, end=25)
    segment.run(26)
    assert secured(a, b)
    assert a.kay.cp.slots()[0].ki.kn == b.kay.cp.slots()[0].ki.kn == before + 1
    check_nothing_lost(a, b)


def test_secy_stops_at_the_last_pn_until_the_rekey() -> None:
    """At 2^32 the SecY stops; once the Key Server knows, traffic goes on under another key."""
    segment, a, b = pair()
    segment.run(10)
    b.secy.raise_tx_pn(0, 2**32 - 3)
    sent = [b.send() for _ in range(5)]
    assert sent == [True, True, True, False, False]
    segment.run(13)
    assert secured(a, b)
    assert a.kay.cp.slots()[0].ki.kn == 2
    assert b.send()
    segment.run(14)
    assert a.numbers_from("b") == [0, 1, 2, 5]


def test_saks_are_six_seconds_apart() -> None:
    """A member that needs several at once gets one when a Life Time has passed."""
    segment, a, b = pair()
    for _ in range(3):
        b.secy.raise_tx_pn(b.secy.controls.encodingsa, 0xC0000001)
        segment.run(segment.now + 1)
    assert a.kay.counters["keys-distributed"] == 1
    segment.run(5.9)
    assert a.kay.counters["keys-distributed"] == 1
    segment.run(6.1)
    assert a.kay.counters["keys-distributed"] == 2
    segment.run(30)
    assert a.kay.counters["keys-distributed"] == 2
    assert secured(a, b)


def rolled(step: float, life: float, count: int, **more: Any) -> list[Any]:
    """Return keys that start `step` seconds apart and last `life`; new holders at each call."""
    return [
        chain_key(
            bytes([n + 1]) * 16, bytes([n + 1]) * 8, start=n * step, end=n * step + life, **more
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_cak_rollover_loses_nothing(plane: Plane) -> None:
    """The principal moves to the newer key by an ordinary change of SAK."""
    segment = Segment(plane)
    a = segment.add("a", rolled(60, 120, 2), key_server_priority=1)
    b = segment.add("b", rolled(60, 120, 2), key_server_priority=2)
    segment.run(2)
    assert secured(a, b)
    traffic(segment, a, b, start=55, end=70)
    traffic(segment, a, b, start=117, end=125)
    segment.run(55)
    first = a.principal.key.ckn
    segment.run(70)
    assert (a.principal.key.ckn, b.principal.key.ckn) == (b"\x02" * 8, b"\x02" * 8)
    assert first == b"\x01" * 8
    segment.run(126)
    assert len(a.kay.participants) == len(b.kay.participants) == 1
    assert secured(a, b)
    check_nothing_lost(a, b)


def test_cak_rollover_loses_nothing_with_clocks_apart() -> None:
    """One end starts and ends its keys 20 s earlier: an overlap of a minute is enough."""
    segment = Segment()
    ahead = [
        chain_key(
            bytes([n + 1]) * 16, bytes([n + 1]) * 8, start=max(0, n * 60 - 20), end=n * 60 + 100
        )
        for n in range(3)
    ]
    a = segment.add("a", ahead, key_server_priority=1)
    b = segment.add("b", rolled(60, 120, 3), key_server_priority=2)
    segment.run(2)
    traffic(segment, a, b, start=30, end=130)
    segment.run(131)
    assert secured(a, b)
    assert a.principal.key.ckn == b.principal.key.ckn == b"\x03" * 8
    check_nothing_lost(a, b)


def test_chain_of_five_keys_loses_nothing_until_its_end() -> None:
    """Five keys of two minutes, one minute of overlap: no frame passes after the last."""
    segment = Segment()
    a = segment.add("a", rolled(60, 120, 5), key_server_priority=1, sak_rekey_interval=30)
    b = segment.add("b", rolled(60, 120, 5), key_server_priority=2, sak_rekey_interval=30)
    segment.run(2)
    segment.every(0.25, a.send, 2, 360)
    segment.every(0.25, b.send, 2, 360)
    segment.run(359.9)
    assert secured(a, b)
    check_nothing_lost(a, b)
    assert not any(bytes(1400) in frame for frame in segment.wire)
    segment.run(361)
    carried = len(b.received)
    for member in (a, b):
        assert not member.kay.secured
        assert not member.send()
        assert (len(member.secy.tx.sa), len(member.secy.rx)) == (0, 0)
    segment.run(370)
    assert len(b.received) == carried


def test_rollover_waits_for_a_member_without_the_new_key() -> None:
    """A third member without the newer key stays connected while the old one is valid."""
    segment = Segment()
    old, new = ((bytes([n]) * 16, bytes([n]) * 8) for n in (1, 2))
    a, b = (
        segment.add(
            name, [chain_key(*old), chain_key(*new, start=20)], key_server_priority=priority
        )
        for name, priority in (("a", 1), ("b", 2))
    )
    c = segment.add("c", [chain_key(*old)], key_server_priority=3)
    segment.run(40)
    assert secured(a, b, c)
    assert a.principal.key.ckn == b"\x01" * 8
    c.kay.add_key(c.station.engine.now_ns, chain_key(*new))
    c.station.settle()
    segment.run(50)
    assert secured(a, b, c)
    assert {m.principal.key.ckn for m in (a, b, c)} == {b"\x02" * 8}


def test_fallback_key_carries_traffic_until_the_primary_works() -> None:
    """A wrong primary key: the fallback carries the traffic until the primary is corrected."""
    segment = Segment()
    good, bad, spare = b"\x01" * 16, b"\x09" * 16, b"\x05" * 16
    a = segment.add("a", [chain_key(good), chain_key(spare, b"spare", fallback=True)])
    b = segment.add("b", [chain_key(bad), chain_key(spare, b"spare", fallback=True)])
    segment.run(5.9)
    assert not a.kay.secured
    segment.run(8)
    assert secured(a, b)
    assert a.principal.key.fallback
    traffic(segment, a, b, start=8, end=40)
    segment.run(20)
    b.kay.remove_key(20 * NS, chain_key().ckn)
    b.kay.add_key(20 * NS, chain_key(good))
    b.station.settle()
    segment.run(41)
    assert secured(a, b)
    assert not a.principal.key.fallback
    assert not b.principal.key.fallback
    check_nothing_lost(a, b)


def test_fallback_key_takes_over_from_a_withdrawn_primary() -> None:
    """Traffic goes on until the SAK of the fallback replaces that of the primary."""
    segment = Segment()
    keys = [[chain_key(), chain_key(b"\x05" * 16, b"spare", fallback=True)] for _ in range(2)]
    a = segment.add("a", keys[0], key_server_priority=1)
    b = segment.add("b", keys[1], key_server_priority=2)
    segment.run(10)
    assert secured(a, b)
    assert not a.principal.key.fallback
    traffic(segment, a, b, start=10, end=30)
    segment.run(12)
    b.kay.remove_key(12 * NS, chain_key().ckn)
    b.station.settle()
    segment.run(31)
    assert secured(a, b)
    assert a.principal.key.fallback
    check_nothing_lost(a, b)


def test_rollover_to_another_cak_of_one_ckn_loses_nothing() -> None:
    """Both CAKs are live for a while; the traffic moves to the later one."""
    segment = Segment()

    def keys() -> list[ChainKey]:
        return [chain_key(CAK, CKN, end=16), chain_key(CAK[::-1], CKN, start=6)]

    a = segment.add("a", keys(), key_server_priority=1)
    b = segment.add("b", keys(), key_server_priority=2)
    segment.run(3)
    assert secured(a, b)
    before = a.kay.saks()[0].ki
    traffic(segment, a, b, start=3, end=24)
    segment.run(10)
    assert [len(member.kay.all_participants) for member in (a, b)] == [2, 2]
    segment.run(26)
    assert secured(a, b)
    assert a.kay.saks()[0].ki.mi != before.mi
    assert [len(member.kay.all_participants) for member in (a, b)] == [1, 1]
    check_nothing_lost(a, b)
    assert a.kay.counters["in-mkpdu-icv-verification-errors"] == 0


def test_a_peer_with_one_cak_of_the_ckn_stays_secured() -> None:
    """It counts the MKPDUs under the other CAK as ICV errors, and takes no notice of them."""
    segment = Segment()
    both = [chain_key(CAK, CKN), chain_key(CAK[::-1], CKN, start=6)]
    a = segment.add("a", both, key_server_priority=1)
    b = segment.add("b", [chain_key(CAK, CKN)], key_server_priority=2)
    traffic(segment, a, b, start=3, end=24)
    segment.run(26)
    assert secured(a, b)
    check_nothing_lost(a, b)
    assert b.kay.counters["in-mkpdu-icv-verification-errors"] > 5
