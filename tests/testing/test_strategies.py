"""Strategies for other people's tests: what they draw is what the standards allow."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from macsec import SecY
from macsec.frames import SecTAG, sectag
from macsec.kay.mkpdu import Mkpdu, decode, seal
from macsec.testing import strategies


@given(strategies.sectags(), strategies.frames(most=60))
def test_drawn_sectags_pass_the_checks_of_the_standard(tag: SecTAG, frame: bytes) -> None:
    """In front of the Secure Data that SL says, no check of 9.12 fails; and octets come back."""
    mpdu = tag.encode() + bytes((tag.sl or 48) + 16)
    assert sectag.fault(mpdu, sectag.TagRules()) is None
    assert sectag.decode(mpdu) == tag
    assert len(frame) >= 14


@settings(max_examples=15)
@given(strategies.configuration_pairs(), strategies.frames(most=200))
def test_drawn_configurations_fit_each_other(ends: Any, frame: bytes) -> None:
    """Each end delivers every frame that the other protects, unchanged."""
    with SecY.from_config(ends[0]) as a, SecY.from_config(ends[1]) as b:
        for sender, receiver in ((a, b), (b, a)):
            octets = sender.protect_frame(frame)
            assert octets is not None
            verdict, clear = receiver.validate_frame(octets)
            assert (verdict.label, clear) == ("ok", frame)


@settings(max_examples=15)
@given(strategies.configurations(cipher="gcm-aes-xpn-256", encrypt=False), strategies.scis())
def test_fixed_entries_are_not_drawn(config: Any, sci: str) -> None:
    """Entries that a caller fixes keep their values."""
    assert (config["secy"]["cipher"], config["secy"]["encrypt"]) == ("gcm-aes-xpn-256", False)
    assert len(sci) == 16


@given(strategies.mkpdus(), strategies.mkpdu_frames())
def test_drawn_mkpdus_decode_to_themselves(mkpdu: Mkpdu, frame: bytes) -> None:
    """Sets, fields and octets come back."""
    again = decode(seal(mkpdu, lambda _: bytes(16)))
    assert isinstance(again, Mkpdu)
    assert (again.basic, again.sets) == (mkpdu.basic, mkpdu.sets)
    found = decode(frame)
    assert isinstance(found, Mkpdu)
    assert seal(found, lambda _: found.icv) == frame
