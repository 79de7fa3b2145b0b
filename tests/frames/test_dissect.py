"""A frame taken apart without a key."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.planes import DA, SA, SCI_A, frame_of, sender

from macsec.frames.dissect import VlanTag, observe, spans
from macsec.frames.sectag import TagRules

RULES = TagRules()
VLAN = bytes.fromhex("8100 6005")


def protected(plane, length=30, **controls):
    """A protected frame."""
    return sender(plane, **controls).protect_frame(frame_of(length))


def test_protected_frame(plane):
    """Addresses, tag, SCI, Secure Data and ICV lie without gaps."""
    octets = protected(plane)
    sight = observe(octets, RULES)
    assert (sight.destination, sight.source, sight.is_macsec) == (DA, SA, True)
    assert (sight.sci, sight.sci_from) == (int(SCI_A, 16), "tag")
    found = [(span.name, span.stop - span.start) for span in spans(octets, sight)]
    assert found == [("DA", 6), ("SA", 6), ("SecTAG", 16), ("secure", 30), ("ICV", 16)]


def test_padding_and_offset(plane):
    """Padding lies behind the ICV; octets before the offset stand in clear."""
    octets = protected(plane, 40, offset=30) + bytes(9)
    sight = observe(octets, RULES)
    assert sight.padding == 9
    found = [(span.name, span.stop - span.start) for span in spans(octets, sight, offset=30)]
    assert found[3:] == [("clear", 30), ("secure", 10), ("ICV", 16), ("padding", 9)]


def test_integrity_only_is_clear(plane):
    """Without E all Secure Data stands in clear."""
    octets = protected(plane, encrypt=False)
    assert "secure" not in {span.name for span in spans(octets, observe(octets, RULES))}


def test_vlan_tags(plane):
    """Up to two VLAN tags before the SecTAG are taken off, if so many are wanted."""
    octets = protected(plane)
    outer = octets[:12] + VLAN + octets[12:]
    sight = observe(outer, RULES)
    assert sight.tags == (VlanTag(0x8100, 3, 0, 5),)
    assert sight.is_macsec
    assert not observe(outer, RULES, most_tags=0).is_macsec


@given(st.binary(max_size=120), st.booleans())
def test_any_octets(octets, tagged):
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
