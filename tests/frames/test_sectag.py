"""The SecTAG: octets and fields both ways, and the checks of 9.12."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec.frames import sectag
from macsec.frames.sectag import TCI, SecTAG, TagRules

FLAGS = st.integers(0, 63).map(lambda bits: TCI(bits << 2))


@st.composite
def tags(draw: st.DrawFn) -> SecTAG:
    """Any SecTAG, sensible or not."""
    tci = draw(FLAGS)
    sci = draw(st.integers(0, 2**64 - 1)) if tci & TCI.SC else None
    pn = draw(st.integers(0, 2**32 - 1))
    return SecTAG(tci, draw(st.integers(0, 3)), draw(st.integers(0, 255)), pn, sci)


@given(tags(), st.binary(max_size=80))
def test_decoded_tag_equals_the_encoded_one(tag: SecTAG, behind: bytes) -> None:
    """An encoded tag decodes to itself, with any octets behind; 8 octets, 16 with SCI (9.3)."""
    octets = tag.encode()
    assert len(octets) == tag.length == (16 if tag.sci is not None else 8)
    assert octets[:2] == b"\x88\xe5"
    assert sectag.decode(octets + behind) == tag


@given(st.binary(max_size=40))
def test_decoded_tag_encodes_to_its_octets(octets: bytes) -> None:
    """Any octets decode to a tag that encodes to them, or to None; nothing raises."""
    mpdu = b"\x88\xe5" + octets
    tag = sectag.decode(mpdu)
    if tag is None:
        assert len(mpdu) < (16 if len(mpdu) > 2 and mpdu[2] & 0x20 else 8)
    else:
        assert mpdu.startswith(tag.encode())


def test_fields_of_the_first_frame_of_annex_c() -> None:
    """The octets of Annex C's first frame, field by field."""
    octets = bytes.fromhex("88e5222ab2c2846512153524c0895e81")
    tag = SecTAG(TCI.SC, 2, 42, 0xB2C28465, 0x12153524C0895E81)
    assert sectag.decode(octets) == tag
    assert tag.encode() == octets


@pytest.mark.parametrize(
    "name, bit", [("V", 7), ("ES", 6), ("SC", 5), ("SCB", 4), ("E", 3), ("C", 2)]
)
def test_tci_bits_have_their_place(name: str, bit: int) -> None:
    """Bit 8 is V, then ES, SC, SCB, E, C; the AN has bits 2 and 1 (9.5)."""
    assert TCI[name] == 1 << bit
    assert sectag.AN_MASK == 3


def test_every_e_and_c_has_a_meaning() -> None:
    """All four of E and C have a meaning (10.5.3)."""
    every = {TCI(0), TCI.E, TCI.C, TCI.E | TCI.C}
    assert set(sectag.MEANINGS) == every
    assert "KaY" in sectag.MEANINGS[TCI.E]


@pytest.mark.parametrize("octets", [b"", b"\x88", b"\x88\xe5", b"\x88\xe5" + bytes(5)])
def test_tag_cut_short_is_none_and_a_fault(octets: bytes) -> None:
    """A tag that is not all there is None, and a fault."""
    assert sectag.decode(octets) is None
    assert sectag.fault(octets, TagRules()) == "fewer than 17 octets"


def test_only_88_e5_begins_a_sectag() -> None:
    """Only 88-E5 begins a SecTAG."""
    assert sectag.decode(b"\x08\x00" + bytes(40)) is None
    assert sectag.fault(b"\x08\x00" + bytes(40), TagRules()) is not None


@pytest.mark.parametrize("length", [0, 1, 46, 47, 48, 49, 63, 64, 65535])
def test_short_length_is_0_from_48_on(length: int) -> None:
    """Below 48 the length, else 0 (9.7)."""
    assert sectag.short_length(length) == (length if length < 48 else 0)


# ---------------------------------------------------------------- 9.12


def mpdu(
    tci: int = 0x2C, sl: int = 0, pn: int = 1, secure: int = 60, icv: int = 16, behind: int = 0
) -> bytes:
    """An MPDU by its parts."""
    header = bytes((0x88, 0xE5, tci, sl)) + pn.to_bytes(4)
    header += bytes(8) if tci & 0x20 else b""
    return header + bytes(secure + icv + behind)


GOOD = TagRules()
FAULTS: list[tuple[bytes, TagRules, str | None]] = [
    (mpdu(), GOOD, None),
    (mpdu(tci=0x0C), GOOD, None),
    (mpdu(tci=0x4C), GOOD, None),
    (mpdu(tci=0x5C), GOOD, None),
    (mpdu(tci=0xAC), GOOD, "V is set"),
    (mpdu(tci=0x6C), GOOD, "ES or SCB is set with SC"),
    (mpdu(tci=0x3C), GOOD, "ES or SCB is set with SC"),
    (mpdu(sl=0x40), GOOD, "bits 7 or 8 of the SL octet are set"),
    (mpdu(sl=0x80), GOOD, "bits 7 or 8 of the SL octet are set"),
    (mpdu(sl=48), GOOD, "SL is 48 or more"),
    (mpdu(sl=48), TagRules(refuse_sl_48=False), None),
    (mpdu(sl=63, secure=62), TagRules(refuse_sl_48=False), "shorter than SL says"),
    (mpdu(pn=0), GOOD, "PN is zero"),
    (mpdu(pn=0), TagRules(xpn=True), None),
    (mpdu(secure=48), GOOD, None),
    (mpdu(secure=47), GOOD, "SL is 0 but under 48 octets of Secure Data"),
    (mpdu(sl=47, secure=47), GOOD, None),
    (mpdu(sl=47, secure=46), GOOD, "shorter than SL says"),
    (mpdu(sl=20, secure=20, behind=1), GOOD, None),
    (mpdu(sl=20, secure=20, behind=1), TagRules(exact_length=True), "not the length that SL says"),
    (mpdu(sl=20, secure=20), TagRules(exact_length=True), None),
    (mpdu(secure=48, icv=8), TagRules(icv_length=8), None),
    (mpdu(sl=1, secure=1, icv=8, tci=0), TagRules(icv_length=8), None),
    (mpdu(tci=0, sl=1, secure=1, icv=7), TagRules(icv_length=8), "fewer than 17 octets"),
    (mpdu()[:15], GOOD, "fewer than 17 octets"),
    (mpdu()[:16], GOOD, "fewer than 17 octets"),
    (mpdu(sl=1, secure=0, icv=1), GOOD, "shorter than SL says"),
]  # fmt: skip


@pytest.mark.parametrize("octets, rules, expected", FAULTS)
def test_each_check_of_9_12_has_its_fault(
    octets: bytes, rules: TagRules, expected: str | None
) -> None:
    """Each check of 9.12, alone, with the switches of the profiles."""
    assert sectag.fault(octets, rules) == expected


@given(st.binary(max_size=100), st.booleans(), st.booleans(), st.booleans(), st.integers(8, 16))
def test_any_octets_are_valid_or_have_a_fault(
    octets: bytes, xpn: bool, exact: bool, refuse: bool, icv_length: int
) -> None:
    """Any octets give a reason or None, and a valid tag has room for its parts."""
    rules = TagRules(xpn, icv_length, exact, refuse)
    for mpdu_octets in (octets, b"\x88\xe5" + octets):
        if sectag.fault(mpdu_octets, rules) is None:
            tag = sectag.decode(mpdu_octets)
            assert tag is not None
            length = sectag.secure_data_length(len(mpdu_octets), tag, icv_length)
            assert 1 <= length <= len(mpdu_octets) - tag.length - icv_length


@pytest.mark.parametrize("sl", range(48))
@pytest.mark.parametrize("tci", [0x00, 0x20])
def test_secure_data_length_follows_sl(tci: int, sl: int) -> None:
    """SL says how many octets; without one they are all but the ICV (9.10)."""
    for behind in (0, 1, 40):
        octets = mpdu(tci=tci, sl=sl, secure=sl or 60, behind=behind)
        tag = sectag.decode(octets)
        assert tag is not None
        assert sectag.secure_data_length(len(octets), tag, 16) == (sl or 60 + behind)
