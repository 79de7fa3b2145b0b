"""MKPDUs: recorded ones octet by octet, composed ones encoded and decoded, and refused frames."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.mka.members import CAK, CKN, alice, bob, decoded, encode, holder, sak_of

from macsec import captures
from macsec.conformance.schema import MKPDU, builtin
from macsec.errors import ConfigError
from macsec.kay.keys import derivation
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu.frame import Mkpdu, Refusal, compose, decode, seal
from macsec.kay.mkpdu.parameter_set import Opaque, ParameterSet
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

PCAPS = Path(__file__).parents[3] / "pcaps" / "mka"
VECTORS = [vector for file in builtin() for vector in file.vectors if isinstance(vector, MKPDU)]
RECORDED = sorted(path.stem for path in PCAPS.glob("*.json"))

BASIC = Basic(sci=0x02000000000A0001, mi=b"A" * 12, mn=7, ckn=CKN)
KEY, OTHER_KEY = KI(b"K" * 12, 3), KI(b"O" * 12, 2)


def icv(octets: bytes) -> bytes:
    """Return an ICV for tests that do not verify it."""
    return derivation.icv(Key(bytes(16)), octets)


# ---------------------------------------------------------------- octets of other programs


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.id)
def test_published_mkpdus_encode_to_the_same_octets(vector: MKPDU) -> None:
    """Decoded, with a valid ICV, and encoded again."""
    mkpdu = decoded(vector.frame)
    assert encode(mkpdu) == vector.frame
    assert (mkpdu.basic.ckn, mkpdu.icv) == (vector.ckn, vector.icv)
    assert derivation.icv_valid(Key(vector.ick), mkpdu.signed, mkpdu.icv)
    wrapped = None if mkpdu.distributed is None else mkpdu.distributed.wrapped
    assert wrapped == vector.wrapped_sak


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_mkpdus_encode_to_the_same_octets(name: str) -> None:
    """Each MKPDU of wpa_supplicant: decoded, with a valid ICV, and encoded again."""
    facts = json.loads((PCAPS / f"{name}.json").read_text())
    ckn = bytes.fromhex(facts["ckn"])
    caks = [bytes.fromhex(facts[name]) for name in ("cak", "cak_b") if name in facts]
    holders = [holder(cak, ckn) for cak in caks]
    with captures.read(str(PCAPS / f"{name}.pcap")) as reader:
        frames = [frame for batch in reader for frame in batch if frame[12:14] == b"\x88\x8e"]
    assert len(frames) > 5
    for frame in frames:
        mkpdu = decoded(frame)
        assert encode(mkpdu) == frame
        assert not [each for each in mkpdu.sets if isinstance(each, Opaque)]
        assert any(one.icv_valid(mkpdu.signed, mkpdu.icv) for one in holders)


# ---------------------------------------------------------------- composing


def test_sets_are_sent_in_the_order_of_their_types() -> None:
    """Lists, SAK Use, Distributed SAK, XPN, the ICV Indicator last (11.11.3)."""
    mkpdu = compose(
        BASIC,
        live=(PeerId(b"B" * 12, 1),),
        potential=(PeerId(b"C" * 12, 1),),
        use=SakUse(latest=KeyUse(KEY, 0, True, True, 1)),
        distributed=DistributedSak(0, 1, 3, None, bytes(24)),
        xpn=True,
        indicator=True,
    )
    assert [one.kind for one in mkpdu.sets] == [1, 2, 3, 4, 8, 255]
    assert decoded(seal(mkpdu, icv)).signed == mkpdu.signed


def test_a_pn_of_64_bits_goes_in_halves() -> None:
    """The upper half goes to the XPN set, and is joined on receipt; without it, 32 bits."""
    latest = KeyUse(KEY, 1, True, True, 5 << 32 | 6)
    old = KeyUse(OTHER_KEY, 0, False, True, 7 << 32 | 8)
    use = SakUse(latest=latest, old=old)
    assert decoded(seal(compose(BASIC, use=use, xpn=True), icv)).use == use
    without = decoded(seal(compose(BASIC, use=use), icv)).use
    assert without == SakUse(latest=replace(latest, lowest_pn=6), old=replace(old, lowest_pn=8))


def test_an_empty_slot_has_a_lowest_pn_of_one() -> None:
    """Some products refuse 0 even without a key."""
    use = decoded(seal(compose(BASIC, use=SakUse(old=KeyUse(KEY, 0, True, True, 4))), icv)).use
    assert use is not None
    assert use.latest == KeyUse(KI(bytes(12), 0), 0, False, False, 1)


@pytest.mark.parametrize(
    "mkpdu",
    [
        compose(replace(BASIC, ckn=b"")),
        compose(replace(BASIC, ckn=bytes(33))),
        compose(replace(BASIC, mi=bytes(11))),
        compose(replace(BASIC, mn=1 << 32)),
        compose(replace(BASIC, mn=-1)),
        compose(replace(BASIC, sci=1 << 64)),
        compose(replace(BASIC, priority=256)),
        compose(replace(BASIC, capability=4)),
        compose(replace(BASIC, version=256)),
        compose(BASIC, live=(PeerId(b"short", 1),)),
        compose(BASIC, live=(PeerId(bytes(12), 1),), server_ssci=256),
        compose(BASIC, live=(PeerId(bytes(12), 1),) * 256),
        compose(BASIC, distributed=DistributedSak(4, 1, 1, None, bytes(24))),
        compose(BASIC, distributed=DistributedSak(0, 4, 1, None, bytes(24))),
        compose(BASIC, use=SakUse(latest=KeyUse(KI(bytes(12), 1 << 32), 0, True, True, 1))),
        Mkpdu(basic=BASIC, sets=(Announcement((TLV(128, b""),)),)),
        Mkpdu(basic=BASIC, sets=(Announcement((TLV(1, bytes(512)),)),)),
        Mkpdu(basic=BASIC, sets=(Opaque(9, 0, bytes(4095)),) * 16),
    ],
)
def test_field_that_does_not_fit_is_a_config_error(mkpdu: Mkpdu) -> None:
    """A caller's mistake never makes a wrong frame."""
    with pytest.raises(ConfigError):
        seal(mkpdu, icv)


# ---------------------------------------------------------------- the rules of a receiver


def test_first_set_of_a_type_counts_and_each_member_once() -> None:
    """Second sets of a type, a repeated MI, an MI in both lists (9.4.3)."""
    a, b, c = (letter * 12 for letter in (b"A", b"B", b"C"))
    lists = (
        PotentialPeerList((PeerId(b, 9), PeerId(c, 3), PeerId(c, 4))),
        LivePeerList((PeerId(a, 1), PeerId(b, 2), PeerId(a, 5)), 3),
        LivePeerList((PeerId(c, 1),), 4),
    )
    mkpdu = decoded(seal(Mkpdu(basic=BASIC, sets=lists), icv))
    assert mkpdu.live == (PeerId(a, 1), PeerId(b, 2))
    assert mkpdu.potential == (PeerId(c, 3),)
    assert mkpdu.first(LivePeerList) == lists[1]


def test_unreadable_first_set_hides_the_next() -> None:
    """A set behind a spoiled one has no effect."""
    good = DistributedSak(0, 1, 1, None, bytes(24))
    mkpdu = decoded(seal(Mkpdu(basic=BASIC, sets=(Opaque(4, 0, bytes(29)), good)), icv))
    assert mkpdu.distributed is None
    assert not mkpdu.plain
    assert mkpdu.sets[1] == good


def test_octets_behind_the_body_are_no_part_of_it() -> None:
    """Ethernet padding is kept apart and is not under the ICV."""
    frame = seal(compose(BASIC), icv)
    mkpdu = decoded(frame + bytes(9))
    assert mkpdu.trailer == bytes(9)
    assert mkpdu.signed == decoded(frame).signed == frame[:-16]


@pytest.mark.parametrize("version", [2, 3, 4, 255])
def test_later_versions_are_read(version: int) -> None:
    """A higher MKA or EAPOL version is no reason to refuse: known sets are read (11.3, 11.11)."""
    frame = seal(compose(replace(BASIC, version=version)), icv)
    assert decoded(frame).basic.version == version
    assert decoded(at(14, max(version, 3))(frame)).eapol_version == max(version, 3)


@pytest.mark.parametrize("ethertype", [0x888E, 0x876F])
@pytest.mark.parametrize("updated", [True, False])
@pytest.mark.parametrize("destination", ["0180c2000000", "ffffffffffff", "0200000000bb"])
def test_any_destination_and_both_ethertypes_are_read(
    destination: str, ethertype: int, updated: bool
) -> None:
    """Header and ICV are kept; the receiver decides on individual addresses (11.11.2)."""
    address = bytes.fromhex(destination)
    frame = seal(compose(BASIC, destination=address, ethertype=ethertype), icv, updated)
    found = decoded(frame)
    assert (found.destination, found.ethertype) == (address, ethertype)
    assert found.individual == (destination == "0200000000bb")
    assert frame[-16:] == icv(found.signed_as(updated))
    assert found.signed_as(True) == frame[:-16]
    assert found.signed_as(False)[:14] == bytes.fromhex("0180c2000003") + frame[6:12] + b"\x88\x8e"
    assert decode(frame, (0x888E ^ 0x876F ^ ethertype,)) is Refusal.NOT_EAPOL


# ---------------------------------------------------------------- refused frames


def at(index: int, *octets: int) -> Callable[[bytes], bytes]:
    """Return a function that replaces octets at an index."""
    return lambda frame: frame[:index] + bytes(octets) + frame[index + len(octets) :]


def with_sets(*sets: ParameterSet) -> Callable[[bytes], bytes]:
    """Return a function that gives an MKPDU of the same member with these sets."""
    return lambda _: seal(Mkpdu(basic=BASIC, sets=sets), icv)


def of_length(length: int) -> Callable[[bytes], bytes]:
    """Return a function that sets the length of the body; the frame is longer."""
    return lambda frame: at(16, *length.to_bytes(2))(frame) + bytes(0x10000)


def ckn_of(length: int) -> Callable[[bytes], bytes]:
    """Return a function that sets the length of the CKN in the Basic set."""
    return at(20, *(0xF000 | 28 + length).to_bytes(2))


def set_of(length: int) -> Callable[[bytes], bytes]:
    """Return a function that sets the length of the only set, which has 16 octets."""
    frame = seal(Mkpdu(basic=BASIC, sets=(Opaque(9, 0, bytes(16)),)), icv)
    start = 18 + len(BASIC.encode())
    return lambda _: at(start + 2, *length.to_bytes(2))(frame)


NEGATIVE: dict[str, tuple[Refusal, Callable[[bytes], bytes]]] = {
    "nothing": (Refusal.NOT_EAPOL, lambda _: b""),
    "addresses alone": (Refusal.NOT_EAPOL, lambda frame: frame[:12]),
    "no whole EAPOL header": (Refusal.NOT_EAPOL, lambda frame: frame[:17]),
    "IPv4": (Refusal.NOT_EAPOL, at(12, 0x08, 0x00)),
    "a VLAN tag": (Refusal.NOT_EAPOL, lambda frame: frame[:12] + b"\x81\0\0\1" + frame[12:]),
    "EAP": (Refusal.NOT_MKA, at(15, 0)),
    "EAPOL-Key": (Refusal.NOT_MKA, at(15, 3)),
    "an announcement": (Refusal.NOT_MKA, at(15, 6)),
    "EAPOL version 1": (Refusal.VERSION, at(14, 1)),
    "EAPOL version 2": (Refusal.VERSION, at(14, 2)),
    "no body": (Refusal.SHORT, of_length(0)),
    "31 octets of body": (Refusal.SHORT, of_length(31)),
    "one octet more than the frame": (Refusal.BEYOND_FRAME, lambda frame: frame[:-1]),
    "a body of 65,532 octets": (Refusal.BEYOND_FRAME, at(16, 0xFF, 0xFC)),
    "a body of 33 octets": (Refusal.NOT_WORDS, of_length(33)),
    "a CKN of no octet": (Refusal.CKN_LENGTH, ckn_of(0)),
    "a CKN of 33 octets": (Refusal.CKN_LENGTH, ckn_of(33)),
    "a Basic set without a length": (Refusal.CKN_LENGTH, at(20, 0xF0, 0x00)),
    "a CKN over the ICV": (Refusal.NO_ROOM, ckn_of(32)),
    "no agility": (Refusal.AGILITY, at(46, 0, 0, 0, 0)),
    "another agility": (Refusal.AGILITY, at(49, 2)),
    "an MN of 0": (Refusal.MN_ZERO, at(42, 0, 0, 0, 0)),
    "a set over the ICV": (Refusal.BEYOND_ICV, set_of(20)),
    "a set to the end of all": (Refusal.BEYOND_ICV, set_of(0xFFF)),
    "half a live peer": (Refusal.LIST_LENGTH, with_sets(Opaque(1, 0, bytes(8)))),
    "17 octets of live peers": (Refusal.LIST_LENGTH, with_sets(Opaque(1, 0, bytes(17)))),
    "half a potential peer": (Refusal.LIST_LENGTH, with_sets(Opaque(2, 0, bytes(24)))),
    "a second list, spoiled": (
        Refusal.LIST_LENGTH,
        with_sets(LivePeerList(()), Opaque(1, 0, b"?")),
    ),
    "an ICV of 8 octets": (Refusal.INDICATOR, with_sets(Opaque(255, 0, bytes(8)))),
    "a set behind the indicator": (Refusal.INDICATOR, with_sets(IcvIndicator(), Xpn())),
}


@pytest.mark.parametrize("what", NEGATIVE)
def test_refused_frame_has_its_reason(what: str) -> None:
    """Each frame gives the refusal of its fault, and never raises."""
    refusal, spoil = NEGATIVE[what]
    assert decode(spoil(seal(compose(BASIC), icv))) is refusal


def test_every_refusal_has_a_case() -> None:
    """The table above is complete, and each refusal has a text of its own."""
    assert {refusal for refusal, _ in NEGATIVE.values()} == set(Refusal)
    assert len({refusal.text for refusal in Refusal}) == len(Refusal)
    ours = {refusal for refusal in Refusal if refusal.was_mka}
    assert not ours & {Refusal.NOT_EAPOL, Refusal.NOT_MKA, Refusal.VERSION}


# ---------------------------------------------------------------- fuzz

mis, numbers = st.binary(min_size=12, max_size=12), st.integers(0, 0xFFFFFFFF)
peers = st.lists(st.builds(PeerId, mis, numbers), max_size=6).map(tuple)
key_uses = st.builds(
    KeyUse, st.builds(KI, mis, numbers), st.integers(0, 3), st.booleans(), st.booleans(), numbers
)
tlvs = st.lists(st.builds(TLV, st.integers(0, 127), st.binary(max_size=40)), max_size=4)


def distributed_saks(suites: st.SearchStrategy[int | None], wrapped: int) -> st.SearchStrategy:
    """Distributed SAK sets with wrapped keys of one length."""
    ans, codes = st.integers(0, 3), st.integers(0, 3)
    octets = st.binary(min_size=wrapped, max_size=wrapped)
    return st.builds(DistributedSak, ans, codes, numbers, suites, octets)


parameter_sets = st.one_of(
    st.builds(LivePeerList, peers, st.integers(0, 255)),
    st.builds(PotentialPeerList, peers),
    st.just(SakUse(delay_protect=True)),
    st.builds(SakUse, latest=key_uses, old=key_uses, plain_transmits=st.booleans()),
    distributed_saks(st.sampled_from([None, 0x0080C20001000001, 0x0080020001000001]), 24),
    distributed_saks(st.integers(0, (1 << 64) - 1), 40),
    st.just(NoSak()),
    st.builds(DistributedCak, st.binary(min_size=25, max_size=72)),
    st.builds(KeyManagementDomain, st.binary(max_size=40)),
    st.builds(Announcement, tlvs.map(tuple)),
    st.builds(Xpn, latest_upper=numbers, old_upper=numbers, suspension_s=st.integers(0, 255)),
    st.builds(Opaque, st.integers(9, 254), st.integers(0, 0xFFF), st.binary(max_size=40)),
)
basics = st.builds(
    Basic,
    sci=st.integers(0, (1 << 64) - 1),
    mi=mis,
    mn=st.integers(1, 0xFFFFFFFF),
    ckn=st.binary(min_size=1, max_size=32),
    version=st.integers(0, 255),
    priority=st.integers(0, 255),
    key_server=st.booleans(),
    desired=st.booleans(),
    capability=st.integers(0, 3),
)
mkpdus = st.builds(
    Mkpdu,
    basic=basics,
    sets=st.builds(
        lambda sets, last: (*sets, *last),
        st.lists(parameter_sets, max_size=6),
        st.sampled_from([(), (IcvIndicator(),)]),
    ),
    destination=st.binary(min_size=6, max_size=6).map(lambda mac: bytes([mac[0] | 1]) + mac[1:]),
    source=st.binary(min_size=6, max_size=6),
    eapol_version=st.integers(3, 255),
    icv=st.binary(min_size=16, max_size=16),
    trailer=st.binary(max_size=20),
)


@given(mkpdus)
def test_decode_inverts_encode(mkpdu: Mkpdu) -> None:
    """Each set, flag and number survives."""
    assert decode(encode(mkpdu)) == mkpdu


@given(st.binary(max_size=200))
def test_random_octets_are_refused_or_encode_to_themselves(octets: bytes) -> None:
    """Any octets behind an EAPOL header."""
    head = seal(compose(BASIC), icv)[:50]
    for frame in (octets, head[:14] + octets, head[:14] + b"\3\5" + octets, head + octets):
        found = decode(frame)
        assert isinstance(found, Refusal) or encode(found) == frame


@given(mkpdus, st.data())
def test_mutated_mkpdu_is_refused_or_encodes_to_itself(mkpdu: Mkpdu, data: st.DataObject) -> None:
    """Octets changed, removed or inserted."""
    frame = bytearray(encode(mkpdu))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(frame) - 1))
        frame[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
        frame = frame or bytearray(1)
    found = decode(bytes(frame))
    assert isinstance(found, Refusal) or encode(found) == bytes(frame)


@given(st.data())
def test_mkpdu_with_a_changed_octet_is_not_authentic(data: st.DataObject) -> None:
    """The ICV covers each octet, the addresses included."""
    a, b = alice(), bob()
    frame = bytearray(a.distributes(sak_of(a, [a, b]), b))
    place = data.draw(st.integers(0, len(frame) - 1))
    frame[place] ^= data.draw(st.integers(1, 255))
    found = decode(bytes(frame))
    assert isinstance(found, Refusal) or not holder().icv_valid(found.signed, found.icv)


def test_no_key_in_the_text_of_a_message() -> None:
    """The repr holds neither the CAK nor the SAK."""
    a, b = alice(), bob()
    sak = sak_of(a, [a, b])
    text = repr(decoded(a.distributes(sak, b)))
    for octets in (CAK, sak.octets):
        assert octets.hex() not in text
        assert repr(octets)[2:-1] not in text
