"""Frames that pass in clear because the control `clear` names their protocol."""

from __future__ import annotations

import numpy as np
import pytest
from support.planes import frame_of

from macsec import FrameBatch, SecY
from macsec.errors import ConfigError
from macsec.secy import Verdict
from macsec.terms import CLEAR_PROTOCOLS

KEY = bytes(range(16))
SCI = "5254001301560001"
SOURCE = bytes.fromhex("020000000001")
FRAMES = {
    "lacp": bytes.fromhex("0180c2000002") + SOURCE + b"\x88\x09" + bytes(46),
    "lldp": bytes.fromhex("0180c200000e") + SOURCE + b"\x88\xcc" + bytes(46),
    "pause": bytes.fromhex("0180c2000001") + SOURCE + b"\x88\x08" + bytes(46),
    "eapol": bytes.fromhex("0180c2000003") + SOURCE + b"\x88\x8e" + bytes(46),
    "ptp": bytes.fromhex("011b19000000") + SOURCE + b"\x88\xf7" + bytes(46),
    "stp": bytes.fromhex("0180c2000000") + SOURCE + b"\x00\x26" + bytes(46),
    "cdp": bytes.fromhex("01000ccccccc") + SOURCE + b"\x00\x50" + bytes(80),
}


def config(**secy):
    """Return a SecY that receives what it sends."""
    sa = {0: {"key": KEY.hex()}}
    return {"secy": secy, "tx": {"sci": SCI, "sa": sa}, "rx": [{"sci": SCI, "sa": sa}]}


def made(plane, **secy):
    """Return a SecY on a data plane."""
    return SecY.from_config(config(**secy), plane.backend, plane.kernel)


def test_every_protocol_has_a_frame_here():
    """The tables below are complete."""
    assert set(FRAMES) == set(CLEAR_PROTOCOLS)


@pytest.mark.parametrize("validate", ["strict", "check"])
@pytest.mark.parametrize("named", FRAMES)
def test_only_named_protocols_pass_in_clear(plane, named, validate):
    """Both ways and unchanged, in batches and alone; all others end as before."""
    frames = [*FRAMES.values(), frame_of(60)]
    excepted = [name == named for name in FRAMES] + [False]
    with made(plane, clear=[named], validate=validate) as secy:
        sent = secy.protect(FrameBatch.from_frames(frames))
        wanted = [Verdict.SENT_CLEAR if each else Verdict.ENCRYPTED for each in excepted]
        assert list(sent.verdict) == wanted
        found = secy.validate(sent.batch)
        wanted = [Verdict.EXCEPTED if each else Verdict.OK for each in excepted]
        assert list(found.verdict) == wanted
        assert found.batch.frames() == frames
        assert secy.protect_frame(FRAMES[named]) == FRAMES[named]
        assert secy.validate_frame(FRAMES[named]) == (Verdict.EXCEPTED, FRAMES[named])
        plain = secy.validate(FrameBatch.from_frames(frames))
        other = Verdict.NO_TAG if validate == "strict" else Verdict.UNTAGGED
        assert list(plain.verdict) == [Verdict.EXCEPTED if each else other for each in excepted]


def test_excepted_frames_move_no_counter_and_no_pn(plane):
    """They are counted by their verdicts only."""
    with made(plane, clear=["lldp"]) as secy:
        for _ in range(3):
            secy.validate_frame(secy.protect_frame(FRAMES["lldp"]))
        assert not any(secy.counters.values())
        assert secy.tx.sa[0].next_pn == 1
        assert (secy.excepted.received, secy.excepted.sent) == (3, 3)


def test_a_frame_with_a_sectag_is_no_exception(plane):
    """STP that the peer protects is validated, and a forged one is refused."""
    with made(plane) as sender, made(plane, clear=["stp", "cdp"]) as receiver:
        protected = sender.protect_frame(FRAMES["stp"])
        assert receiver.validate_frame(protected) == (Verdict.OK, FRAMES["stp"])
        assert receiver.validate_frame(protected[:-1] + b"\0")[1] is None


@pytest.mark.parametrize("length", [0, 12, 13, 14])
def test_runts_are_no_exception(plane, length):
    """Without an EtherType there is no protocol."""
    octets = FRAMES["stp"][:length]
    with made(plane, clear=["stp", "lldp"], protect="on") as secy:
        verdict, _ = secy.validate_frame(octets)
        assert verdict is (Verdict.EXCEPTED if length == 14 else Verdict.RUNT)


def test_protocols_pass_without_any_sa(plane):
    """Before key agreement there is none: the frame is sent, and others are not."""
    with SecY.from_config({"secy": {"clear": "lacp"}}, plane.backend, plane.kernel) as secy:
        assert secy.protect_frame(FRAMES["lacp"]) == FRAMES["lacp"]
        assert secy.protect_frame(frame_of(60)) is None


def test_controls_of_both_planes_agree_on_every_subset(plane):
    """The bits of C and the names of Python are in one order."""
    batch = FrameBatch.from_frames(FRAMES.values())
    with made(plane) as secy:
        for bits in range(1 << len(FRAMES)):
            names = tuple(name for at, name in enumerate(CLEAR_PROTOCOLS) if bits >> at & 1)
            secy.set_controls(clear=names)
            codes = secy.validate(batch).codes
            assert np.array_equal(codes == Verdict.EXCEPTED, [name in names for name in FRAMES]), (
                names
            )


@pytest.mark.parametrize("wrong", ["rip", ["lldp", "lldp"], ["lldp", 5], ["lldp", "0180c2"]])
def test_an_unknown_protocol_is_refused(wrong):
    """The known ones are named."""
    with pytest.raises(ConfigError, match="lacp, lldp, pause"):
        SecY.from_config(config(clear=wrong))


VALUES = ["0x88cc", "8809", "01:00:0c:cc:cc:cc", "0180.c200.0000"]


def test_ethertypes_and_group_addresses_pass_too(plane):
    """Each value alone and all beside a name, spelt as anywhere; a SecTAG is still no exception."""
    frames = [*FRAMES.values(), frame_of(60)]
    names = [*FRAMES, None]
    for given, passing in (
        *zip([[value] for value in VALUES], ({"lldp"}, {"lacp"}, {"cdp"}, {"stp"}), strict=True),
        ([*VALUES, "ptp"], {"lldp", "lacp", "cdp", "stp", "ptp"}),
    ):
        with made(plane, clear=given) as secy:
            out = secy.validate(FrameBatch.from_frames(frames))
            assert list(out.codes == Verdict.EXCEPTED) == [name in passing for name in names]
            assert secy.protect_frame(frames[0] if "lacp" in passing else frames[1])
    with made(plane) as sender, made(plane, clear=["0180c2000000"]) as receiver:
        protected = sender.protect_frame(FRAMES["stp"])
        assert receiver.validate_frame(protected) == (Verdict.OK, FRAMES["stp"])


@pytest.mark.parametrize(
    "wrong, why",
    [
        ("0800", "IPv4, never in clear"),
        ("86dd", "IPv6, never in clear"),
        ("8100", "VLAN tags, never in clear"),
        ("88e5", "SecTAGs, never in clear"),
        ("05ff", "is not an EtherType"),
        ("02:00:00:00:00:01", "not that of a group"),
        ("ff:ff:ff:ff:ff:ff", "that of all stations"),
        (["88cc", "0x88CC"], "at most once"),
        ([f"{0x9000 + at:04x}" for at in range(9)], "more than 8"),
    ],
)
def test_values_that_would_let_users_frames_out_are_refused(wrong, why):
    """So are more than C has room for."""
    with pytest.raises(ConfigError, match=why):
        SecY.from_config(config(clear=wrong))
