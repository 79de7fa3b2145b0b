"""Announcements in MKPDUs and in frames of their own; the suite that a Key Server chooses."""

from __future__ import annotations

from typing import Any

import pytest
from support.mka.kays import Actor, Segment, alone, check_connectivity, secured, server_of

from macsec.errors import ConfigError
from macsec.kay import announcement, status
from macsec.kay.announcement import Access, Announced, SuiteAbility, frames, read, tlvs_of
from macsec.kay.counters import Reception
from macsec.kay.mkpdu.frame import Mkpdu, decode
from macsec.kay.mkpdu.parameter_sets import TLV, Announcement, KeyManagementDomain
from macsec.suites import SUITES

FOUR = tuple(SUITES.values())
BY_NAME = dict(zip(("128", "256", "xpn-128", "xpn-256"), FOUR, strict=True))
ALL_NAMES = ("xpn-256", "xpn-128", "256", "128")
KAY_MAC = bytes.fromhex("02520000006b")


def suites(*names: str) -> tuple[Any, ...]:
    """Return suites by the end of their names."""
    return tuple(BY_NAME[name] for name in names)


def tlv(*names: str, capability: int = 3) -> TLV:
    """Return TLV 112 with suites."""
    abilities = tuple(SuiteAbility(suite, capability) for suite in suites(*names))
    return tlvs_of(Announced(suites=abilities))[0]


def announces(**policy: Any) -> tuple[TLV, ...] | None:
    """Return the TLVs of the first MKPDU under a policy; None without the set."""
    kay = alone(**policy)
    mkpdu = Actor(kay, 0x025200000061_0001).drain()[0]
    found = mkpdu.first(Announcement)
    return None if found is None else found.tlvs


def test_a_kay_announces_the_suites_that_it_has_the_preferred_first() -> None:
    """Each with the capability that it has: XPN has no offsets (11.12.3)."""
    assert announces() is None
    assert announces(announce=True, capability=0) is None
    assert announces(announce=True, suites=FOUR[:1]) == (tlv("128"),)
    found = announces(announce=True, ciphers=suites(*ALL_NAMES))
    assert found is not None
    (only,) = found
    assert only.type == 112
    assert [only.value[at : at + 10].hex() for at in range(0, 40, 10)] == [
        "00020080c20001000004",
        "00020080c20001000003",
        "00030080c20001000002",
        "00030080c20001000001",
    ]


def test_a_capability_of_one_is_announced_for_each_suite() -> None:
    """Integrity only, with every suite."""
    found = announces(announce=True, capability=1, encrypt=False)
    assert found is not None
    assert {each.capability for each in read(found).suites or ()} == {1}


@pytest.mark.parametrize(
    ("ciphers", "announced", "chosen"),
    [
        (("xpn-256", "256"), ("xpn-256", "128"), "xpn-256"),
        (("xpn-256", "256"), ("256", "128"), "256"),
        (("xpn-256",), ("256", "128"), "128"),
        (("256", "128"), None, "128"),
        (("256",), None, "128"),
        (("256",), (), "128"),
    ],
)
def test_the_server_chooses_its_first_suite_that_the_member_announced(
    ciphers: tuple[str, ...], announced: tuple[str, ...] | None, chosen: str
) -> None:
    """Without an announcement, or a common suite, it is the default one."""
    kay = alone(ciphers=suites(*ciphers), cipher="gcm-aes-xpn-128")
    actor = Actor(kay, 0x02520000007A_0001)
    actor.drain()
    sets = () if announced is None else (Announcement((tlv(*announced),) if announced else ()),)
    actor.say(priority=200, sets=sets)
    given = next(filter(None, (mkpdu.distributed for mkpdu in actor.drain())))
    assert given.cipher_suite is BY_NAME[chosen]


def test_an_announced_capability_of_zero_is_no_ability() -> None:
    """Suite 256 is listed, and not usable."""
    kay = alone(ciphers=suites("256"))
    actor = Actor(kay, 0x02520000007A_0001)
    actor.drain()
    actor.say(priority=200, sets=(Announcement((tlv("256", capability=0),)),))
    given = next(filter(None, (mkpdu.distributed for mkpdu in actor.drain())))
    assert given.cipher_suite is BY_NAME["128"]


def test_without_ciphers_an_announcement_changes_nothing() -> None:
    """The configured suite is used, as before."""
    kay = alone(cipher="gcm-aes-256")
    actor = Actor(kay, 0x02520000007A_0001)
    actor.drain()
    actor.say(priority=200, sets=(Announcement((tlv("128"),)),))
    given = next(filter(None, (mkpdu.distributed for mkpdu in actor.drain())))
    assert given.cipher_suite is BY_NAME["256"]


def test_the_offset_is_zero_under_a_suite_without_offsets() -> None:
    """An offset of 30 is for GCM-AES-128; a member that has XPN gets offset 0."""
    kay = alone(ciphers=suites("xpn-128"), offset=30)
    actor = Actor(kay, 0x02520000007A_0001)
    actor.drain()
    actor.say(priority=200, sets=(Announcement((tlv("xpn-128"),)),))
    given = next(filter(None, (mkpdu.distributed for mkpdu in actor.drain())))
    assert (given.cipher_suite, given.code) == (BY_NAME["xpn-128"], 1)


def test_three_stations_agree_on_the_best_suite_that_all_have() -> None:
    """A fourth with less makes it another: the SAK changes, and frames pass."""
    segment = Segment()
    more: dict[str, Any] = {"announce": True, "ciphers": suites(*ALL_NAMES)}
    a = segment.add("a", key_server_priority=1, **more)
    b = segment.add("b", key_server_priority=2, **more)
    segment.run(3)
    assert secured(a, b)
    assert {each.kay.cp.protection for each in (a, b)} == {(BY_NAME["xpn-256"], 1)}
    check_connectivity(segment, a, b)
    c = segment.add("c", key_server_priority=3, announce=True, suites=FOUR[:2])
    segment.run(12)
    assert secured(a, b, c)
    assert a.kay.cp.protection == (BY_NAME["256"], 1)
    check_connectivity(segment, a, b, c)


def test_the_kmd_and_nid_of_a_peer_are_learned_and_shown() -> None:
    """KMD by parameter set 6, NID and access by TLVs 114 and 111."""
    segment = Segment()
    a = segment.add("a", kmd="campus", nid="lab", announce=True)
    b = segment.add("b")
    segment.run(3)
    assert secured(a, b)
    ((_, (row,)),) = status.mib(b.kay)
    assert {name: row[name] for name in ("kmd", "nid", "access")} == {
        "kmd": "campus",
        "nid": "lab",
        "access": "18",
    }
    assert row["cipher_suites"] == (
        "gcm-aes-128:3,gcm-aes-256:3,gcm-aes-xpn-128:2,gcm-aes-xpn-256:2"
    )
    ((_, (other,)),) = status.mib(a.kay)
    assert not {"kmd", "nid", "access", "cipher_suites"} & set(other)


@pytest.mark.parametrize(("domain", "reception"), [
    ("campus", Reception.ACCEPTED),
    ("other", Reception.OTHER_DOMAIN),
    (None, Reception.OTHER_DOMAIN),
])  # fmt: skip
def test_a_peer_of_another_domain_is_ignored_where_ours_is_required(
    domain: str | None, reception: Reception
) -> None:
    """It does not even become a potential peer."""
    kay = alone(kmd="campus", require_kmd=True)
    actor = Actor(kay, 0x025200000061_0001)
    actor.drain()
    sets = () if domain is None else (KeyManagementDomain(domain.encode()),)
    assert actor.say(sets=sets) is reception
    assert bool(kay.participants[actor.ckn].peers.live) is (reception is Reception.ACCEPTED)


def test_names_that_are_too_long_are_refused() -> None:
    """253 octets of a KMD, 100 of a NID; a required domain needs a name."""
    for bad in ({"kmd": "x" * 254}, {"nid": "x" * 101}, {"require_kmd": True}):
        with pytest.raises(ConfigError):
            alone(**bad)
    alone(kmd="x" * 253, nid="x" * 100)


def test_lists_that_are_full_leave_no_room_for_an_announcement() -> None:
    """An MKPDU with both fits a frame of 1500 octets."""
    kay = alone(kmd="k" * 253, nid="n" * 100, announce=True)
    actors = [
        Actor(kay, 0x02520000_0000_0001 | n << 16, mi=b"member no %02d" % n) for n in range(1, 73)
    ]
    actors[0].drain()
    for actor in actors[:40]:
        actor.say()
    for actor in actors[40:]:
        actor.say(live=())
    longest = max(actors[0].drain(), key=lambda mkpdu: len(mkpdu.signed))
    assert len(longest.signed) + 16 <= 1514
    assert longest.first(KeyManagementDomain) is None
    assert (len(longest.live), len(longest.potential)) == (40, 32)


# -------------------------------------------------------------------- contents


def test_contents_survive_their_octets() -> None:
    """All four TLVs; the first of a type counts, and every NID."""
    abilities = tuple(SuiteAbility(suite, 2) for suite in FOUR)
    full = Announced(suites=abilities, access=Access(0x18), kmd="campus", nids=("one", "two"))
    assert read(tlvs_of(full)) == full
    doubled = (*tlvs_of(full), tlv("128"), TLV(113, b"other"))
    assert read(doubled) == full


@pytest.mark.parametrize(
    "bad",
    [
        TLV(112, bytes(9)),
        TLV(111, b"\x18"),
        TLV(113, b"x" * 254),
        TLV(114, b"x" * 101),
        TLV(127, b"?"),
    ],
)
def test_a_tlv_of_a_wrong_length_says_nothing(bad: TLV) -> None:
    """Nor one of an unknown type."""
    assert read((bad,)) == Announced()


def test_unknown_suites_are_skipped() -> None:
    """The known one behind it counts."""
    known = tlv("256").value
    found = read((TLV(112, b"\x00\x03" + b"unknown!" + known),))
    assert found.suites == (SuiteAbility(BY_NAME["256"], 3),)


# -------------------------------------------------------------------- frames


def announcing(**policy: Any) -> Any:
    """Return a KaY that sends announcements, after its first frames."""
    return alone(announce_frames=True, **policy)


def polled(kay: Any, now_ns: int) -> list[bytes]:
    """Return all frames that a KaY sends now."""
    while kay.poll_action() is not None:
        pass
    return [*iter(lambda: kay.poll_transmit(now_ns), None)]


def announcements(kay: Any, now_ns: int) -> list[frames.AnnouncementFrame]:
    """Return the announcements that a KaY sends now."""
    found = (frames.decode(frame) for frame in polled(kay, now_ns))
    return [each for each in found if each is not None]


def test_announcements_are_sent_at_once_and_every_five_seconds() -> None:
    """EAPOL type 6, to the PAE group address, from our address; MKPDUs go on."""
    kay = announcing(nid="lab", kmd="campus")
    first = polled(kay, 0)
    (frame,) = (each for each in first if frames.decode(each))
    assert frame[:16].hex() == "0180c200000302520000006b888e0306"
    assert any(isinstance(decode(each), Mkpdu) for each in first)
    found = frames.decode(frame)
    assert found is not None
    said = read(found.tlvs)
    assert (said.kmd, said.nids, said.access) == ("campus", ("lab",), Access(0x18))
    assert [each.suite for each in said.suites or ()] == list(FOUR)
    assert announcements(kay, 4_999_999_999) == []
    assert len(announcements(kay, 5_000_000_000)) == 1
    assert kay.counters["out-announcement"] == 2


def test_a_request_is_answered_soon_and_at_most_five_times_a_second() -> None:
    """30 ms later; a storm of requests costs no more."""
    kay = announcing()
    announcements(kay, 0)
    request = frames.encode(frames.REQUEST, b"\x02\x52\0\0\0a", b"\x01\x80\xc2\0\0\3", ())
    assert kay.receive_mkpdu(10_000_000, request) is Reception.ANNOUNCEMENT
    assert announcements(kay, 39_000_000) == []
    assert len(announcements(kay, 40_000_000)) == 1
    sent = 0
    for ms in range(41, 1041):
        kay.receive_mkpdu(ms * 1_000_000, request)
        sent += len(announcements(kay, ms * 1_000_000))
    assert 3 <= sent <= 5


def test_announcements_of_others_are_learned_for_fifteen_seconds() -> None:
    """By MAC address; our own that comes back is none."""
    kay = announcing()
    tlvs = tlvs_of(Announced(kmd="campus", nids=("lab",)))
    group, source = b"\x01\x80\xc2\0\0\3", b"\x02\x52\0\0\0a"
    heard = frames.encode(frames.GENERIC, source, group, tlvs)
    assert kay.receive_mkpdu(1, heard) is Reception.ANNOUNCEMENT
    own = frames.encode(frames.GENERIC, KAY_MAC, group, tlvs)
    assert kay.receive_mkpdu(1, own) is Reception.NOT_MKA
    assert kay.announced == {source: Announced(kmd="campus", nids=("lab",))}
    polled(kay, 15_000_000_001)
    assert kay.announced == {}


def test_an_announcement_in_a_writable_buffer_is_learned() -> None:
    """The caller may use its buffer again."""
    kay = announcing()
    source = b"\x02\x52\0\0\0a"
    heard = bytearray(frames.encode(frames.GENERIC, source, b"\x01\x80\xc2\0\0\3", ()))
    assert kay.receive_mkpdu(1, heard) is Reception.ANNOUNCEMENT
    heard[:] = bytes(len(heard))
    assert kay.announced == {source: Announced()}


def test_without_the_option_announcements_are_not_for_the_kay() -> None:
    """As before: counted as what is not MKA, and nothing is sent."""
    kay = alone()
    assert announcements(kay, 0) == []
    frame = frames.encode(frames.REQUEST, b"\x02\x52\0\0\0a", b"\x01\x80\xc2\0\0\3", ())
    assert kay.receive_mkpdu(0, frame) is Reception.NOT_MKA


def test_a_malformed_announcement_is_refused() -> None:
    """A TLV over the end, a length over the frame, EAPOL of version 2, a group as source."""
    group, source = b"\x01\x80\xc2\0\0\3", b"\x02\x52\0\0\0a"
    good = frames.encode(frames.GENERIC, source, group, (TLV(113, b"campus"),))
    assert frames.decode(good) is not None
    assert frames.decode(good[:-1]) is None
    assert frames.decode(good[:19] + b"\x70" + good[20:]) is None
    assert frames.decode(good[:14] + b"\x02" + good[15:]) is None
    assert frames.decode(good[:6] + group + good[12:]) is None
    for length in range(len(good)):
        assert frames.decode(good[:length]) is None


def test_the_server_keeps_what_a_member_announced_before() -> None:
    """An MKPDU without the set says nothing new."""
    kay, actor = server_of(ciphers=suites("256"))
    assert actor.heard[-1].basic.key_server
    actor.say(priority=200, sets=(Announcement((tlv("256"),)),))
    actor.say(priority=200)
    peer = kay.participants[actor.ckn].peers.find(actor.mi)
    assert peer is not None
    assert announcement.chosen_suite(kay.policy, [peer.announced], 2) is BY_NAME["256"]
