"""SecTAGs of another EtherType than 88-E5, as some hardware sends them."""

from __future__ import annotations

from typing import Any

import pytest
from support.planes import SC, C, Craft, E, Plane, add_rx, frame_of, sender, spoiled

from macsec.secy import Verdict

OTHER = 0x9876
FORMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "integrity": {"encrypt": False},
    "xpn": {"cipher": "gcm-aes-xpn-256"},
    "offset": {"offset": 30},
    "a tag in clear": {"clear_tags": 1},
    "without an SCI": {"send_sci": False, "end_station": True},
}


@pytest.mark.parametrize("profile", ["ieee", "linux"])
@pytest.mark.parametrize("encrypt", [True, False])
@pytest.mark.parametrize("ethertype", [0x0600, 0x876F, OTHER, 0xFFFF])
def test_the_ethertype_is_sent_and_authenticated(
    plane: Plane, ethertype: int, encrypt: bool, profile: str
) -> None:
    """The octets are those of an independent construction, whose AAD has the EtherType."""
    sent = sender(plane, ethertype=ethertype, encrypt=encrypt, profile=profile).protect_frame(
        frame_of(100)
    )
    craft = Craft(ethertype=ethertype, tci=SC | (E | C if encrypt else 0))
    assert sent == craft.protect(frame_of(100))
    receiver = add_rx(plane.secy(ethertype=ethertype, profile=profile))
    assert receiver.validate_frame(sent) == (Verdict.OK, frame_of(100))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_frame_has_it(plane: Plane, form: str) -> None:
    """Only two octets and the ICV differ from the usual frame."""
    frame = frame_of(90)
    if "clear_tags" in FORMS[form]:
        frame = frame[:12] + bytes.fromhex("81000005") + frame[12:]
    usual = sender(plane, **FORMS[form]).protect_frame(frame)
    other = sender(plane, ethertype=OTHER, **FORMS[form]).protect_frame(frame)
    at = usual.index(bytes.fromhex("88e5"), 12)
    assert other[at : at + 2] == OTHER.to_bytes(2)
    assert (other[:at], other[at + 2 : -16]) == (usual[:at], usual[at + 2 : -16])
    assert other[-16:] != usual[-16:]


@pytest.mark.parametrize("validate, ends", [("strict", "no-tag"), ("check", "untagged")])
@pytest.mark.parametrize("wanted, sent", [(OTHER, 0x88E5), (0x88E5, OTHER)])
def test_another_ethertype_is_untagged(
    plane: Plane, wanted: int, sent: int, validate: str, ends: str
) -> None:
    """A SecTAG of an EtherType that the SecY has not is none (10.6)."""
    secy = add_rx(plane.secy(ethertype=wanted, validate=validate))
    octets = Craft(ethertype=sent).protect(frame_of(60))
    verdict, delivered = secy.validate_frame(octets)
    assert verdict.label == ends
    assert delivered == (octets if ends == "untagged" else None)


def test_a_changed_ethertype_is_not_valid(plane: Plane) -> None:
    """It is in the AAD: a frame relabelled on its way fails its ICV."""
    secy = add_rx(plane.secy(ethertype=OTHER))
    frame = Craft(ethertype=0x88E5).protect(frame_of(60))
    relabelled = frame[:12] + OTHER.to_bytes(2) + frame[14:]
    assert secy.validate_frame(relabelled) == (Verdict.NOT_VALID, None)
    assert secy.validate_frame(spoiled(relabelled, 13))[0] is Verdict.NO_TAG


def test_the_ethertype_follows_a_change_of_controls(plane: Plane) -> None:
    """The next frame has it."""
    secy = sender(plane)
    seen = [secy.protect_frame(frame_of(60))[12:14]]
    secy.set_controls(ethertype=OTHER)
    seen.append(secy.protect_frame(frame_of(60))[12:14])
    assert seen == [b"\x88\xe5", OTHER.to_bytes(2)]


def test_a_protocol_with_the_ethertype_is_no_exception(plane: Plane) -> None:
    """Frames to an excepted destination are exceptions unless they have a SecTAG."""
    secy = add_rx(plane.secy(ethertype=OTHER, clear=("stp",)))
    to_stp = bytes.fromhex("0180c2000000")
    usual = to_stp + Craft(ethertype=0x88E5).protect(frame_of(60))[6:]
    tagged = to_stp + Craft(ethertype=OTHER).protect(frame_of(60))[6:]
    assert secy.validate_frame(usual)[0] is Verdict.EXCEPTED
    assert secy.validate_frame(tagged) == (Verdict.NOT_VALID, None)
