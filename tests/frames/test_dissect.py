"""A frame taken apart without a key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.planes import DA, SA, SCI_A, frame_of, sender

from macsec.frames.dissect import VlanTag, observe, priority_tag_end, spans
from macsec.frames.sectag import TagRules

RULES = TagRules()
VLAN = bytes.fromhex("8100 6005")


def protected(plane, length=30, **controls):
    """A protected frame."""
    return sender(plane, **controls).protect_frame(frame_of(length))


def test_parts_of_a_protected_frame_have_no_gaps(plane):
    """Addresses, tag, SCI, Secure Data and ICV lie without gaps."""
    octets = protected(plane)
    sight = observe(octets, RULES)
    assert (sight.destination, sight.source, sight.is_macsec) == (DA, SA, True)
    assert (sight.sci, sight.sci_from) == (int(SCI_A, 16), "tag")
    found = [(span.name, span.stop - span.start) for span in spans(octets, sight)]
    assert found == [("DA", 6), ("SA", 6), ("SecTAG", 16), ("secure", 30), ("ICV", 16)]


def test_padding_and_offset_have_spans_of_their_own(plane):
    """Padding lies behind the ICV; octets before the offset are in clear."""
    octets = protected(plane, 40, offset=30) + bytes(9)
    sight = observe(octets, RULES)
    assert sight.padding == 9
    found = [(span.name, span.stop - span.start) for span in spans(octets, sight, offset=30)]
    assert found[3:] == [("clear", 30), ("secure", 10), ("ICV", 16), ("padding", 9)]


def test_secure_data_without_e_is_clear(plane):
    """Without E all Secure Data is in clear."""
    octets = protected(plane, encrypt=False)
    assert "secure" not in {span.name for span in spans(octets, observe(octets, RULES))}


def test_at_most_the_wanted_vlan_tags_are_removed(plane):
    """At most `most_tags` VLAN tags before the SecTAG are parsed."""
    octets = protected(plane)
    outer = octets[:12] + VLAN + octets[12:]
    sight = observe(outer, RULES)
    assert sight.tags == (VlanTag(0x8100, 3, 0, 5),)
    assert sight.is_macsec
    assert not observe(outer, RULES, most_tags=0).is_macsec


def test_a_sectag_is_known_by_the_wanted_ethertype(plane):
    """Of two EtherTypes, each is a SecTAG under its own rules only, and parsed alike."""
    usual, other = protected(plane), protected(plane, ethertype=0x9876)
    rules = TagRules(ethertype=0x9876)
    assert (observe(other, rules).is_macsec, observe(usual, rules).is_macsec) == (True, False)
    assert (observe(other, RULES).is_macsec, observe(usual, RULES).is_macsec) == (False, True)
    sight = observe(other, rules)
    assert (sight.ethertype, sight.sci, sight.fault) == (0x9876, int(SCI_A, 16), None)
    assert spans(other, sight) == spans(usual, observe(usual, RULES))
    assert sight.tag is not None
    assert sight.tag.encode() == other[12:28]


@given(st.binary(max_size=120), st.booleans())
def test_spans_cover_any_octets_once(octets, tagged):
    """No octets are too odd; the spans cover the frame, once each octet."""
    if tagged:
        octets = octets[:12].ljust(12, b"\0") + b"\x88\xe5" + octets[12:]
    sight = observe(octets, RULES)
    at = 0
    for span in spans(octets, sight):
        assert span.start == at
        at = span.stop
    assert at == len(octets)
    assert not (sight.secure is None and sight.is_macsec and sight.fault is None)


@pytest.mark.parametrize(
    "tail, at",
    [
        ("81000000888e", 16),
        ("8100f000888e", 16),
        ("88a8e000888e", 16),
        ("81000001888e", 12),
        ("8100000081000000", 16),
        ("810000", 12),
        ("888e", 12),
        ("", 12),
    ],
)
def test_a_priority_tag_is_of_vlan_0_and_whole(tail, at):
    """Its priority and drop eligibility may have any value; a second tag is not looked at."""
    assert priority_tag_end(bytes(12) + bytes.fromhex(tail)) == at
