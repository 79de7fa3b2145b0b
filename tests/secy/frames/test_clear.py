"""Frames that pass in clear because the control `clear` names their protocol."""

from __future__ import annotations

import numpy as np
import pytest
from support.planes import frame_of

from macsec import FrameBatch, SecY
from macsec.clear_rules import CLEAR_PROTOCOLS
from macsec.errors import ConfigError
from macsec.secy import Verdict

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
    "pfc": bytes.fromhex("0180c2000001") + SOURCE + b"\x88\x08\x01\x01" + bytes(44),
    "eapol-wan": bytes.fromhex("0180c2000003") + SOURCE + b"\x87\x6f" + bytes(46),
}
NAMES_OF = {"pfc": {"pfc", "pause"}}
"""Protocols that are a part of others."""


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
    excepted = [named in NAMES_OF.get(name, {name}) for name in FRAMES] + [False]
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
    """Each is tried alone and beside all others."""
    batch = FrameBatch.from_frames(FRAMES.values())
    with made(plane) as secy:
        for bits in range(1 << len(FRAMES)):
            names = tuple(name for at, name in enumerate(CLEAR_PROTOCOLS) if bits >> at & 1)
            secy.set_controls(clear=names)
            codes = secy.validate(batch).codes
            wanted = [not NAMES_OF.get(name, {name}).isdisjoint(names) for name in FRAMES]
            assert np.array_equal(codes == Verdict.EXCEPTED, wanted), names


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


MODES = {
    "bypass": (Verdict.SENT_CLEAR, Verdict.EXCEPTED),
    "encrypt": (Verdict.ENCRYPTED, Verdict.EXCEPTED),
    "strict": (Verdict.ENCRYPTED, Verdict.REFUSED_CLEAR),
}
"""Verdicts on a frame that is sent, and on one that is received in clear."""


@pytest.mark.parametrize("validate", ["strict", "check", "disabled"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("named", FRAMES)
def test_the_mode_of_a_rule_decides_each_way(plane, named, mode, validate):
    """Protected frames are validated in every mode; each frame in clear is counted at its rule."""
    sent_as, taken_as = MODES[mode]
    frame = FRAMES[named]
    clear = {named: mode}
    with made(plane, clear=clear, validate=validate) as secy, made(plane) as protecting:
        sent = secy.protect(FrameBatch.from_frames([frame]))
        assert list(sent.verdict) == [sent_as]
        protected = protecting.protect_frame(frame)
        verdict, octets = secy.validate_frame(protected)
        # Disabled cannot decrypt: 10.6.5
        assert verdict is (Verdict.NOT_VALID if validate == "disabled" else Verdict.OK)
        assert octets == (None if validate == "disabled" else frame)
        taken = secy.validate(FrameBatch.from_frames([frame]))
        assert list(taken.verdict) == [taken_as]
        assert taken.batch.frames() == ([frame] if taken_as.delivered else [])
        name = named if mode == "bypass" else f"{named}={mode}"
        received, refused = taken_as.delivered, not taken_as.delivered
        assert secy.clear_counts == {name: (received, sent_as is Verdict.SENT_CLEAR, refused)}
        assert secy.counters["InPktsNoTag"] == secy.counters["InPktsUntagged"] == 0


def test_the_first_rule_that_knows_a_frame_decides(plane):
    """PFC has another mode than the rest of MAC Control; behind it, its rule is never reached."""
    clear = ["pfc=strict", "pause"]
    with made(plane, clear=clear) as secy:
        assert secy.validate_frame(FRAMES["pfc"]) == (Verdict.REFUSED_CLEAR, None)
        assert secy.validate_frame(FRAMES["pause"])[0] is Verdict.EXCEPTED
        assert secy.protect_frame(FRAMES["pfc"]) != FRAMES["pfc"]
        secy.set_controls(clear=tuple(reversed(clear)))
        assert secy.validate_frame(FRAMES["pfc"])[0] is Verdict.EXCEPTED


def vlan_frame(vlan, tpid="8100", user=b"\x08\x00" + bytes(46)):
    """Return a frame of users with a VLAN tag."""
    tag = bytes.fromhex(tpid) + (0xE000 | vlan).to_bytes(2)
    return bytes.fromhex("020000000009") + SOURCE + tag + user


@pytest.mark.parametrize("tpid", ["8100", "88a8"])
@pytest.mark.parametrize(
    "vlan, passes", [(99, False), (100, True), (150, True), (199, True), (200, False), (0, False)]
)
def test_vlans_bypass_macsec_by_their_first_tag(plane, vlan, passes, tpid):
    """C-tags and S-tags of any priority; the others are protected."""
    frame = vlan_frame(vlan, tpid)
    with made(plane, clear=["vlan:100-199"]) as secy:
        assert (secy.protect_frame(frame) == frame) is passes
        taken = Verdict.EXCEPTED if passes else Verdict.NO_TAG
        assert secy.validate_frame(frame)[0] is taken
        assert secy.clear_counts == {"vlan:100-199": (passes, passes, False)}
        inside = frame_of(60)[:12] + b"\x88\xb5" + frame[12:]  # not the first tag
        assert secy.protect_frame(inside) != inside


def test_a_sectag_behind_a_tag_of_a_bypassing_vlan(plane):
    """With a clear tag it is this SecY's own to judge; without, the frame is of an end station."""
    protected = vlan_frame(100, user=b"\x88\xe5" + bytes(60))
    with made(plane, clear=["vlan:100"], clear_tags=1) as secy:
        assert secy.validate_frame(protected)[1] is None
        assert secy.protect_frame(protected) != protected
    with made(plane, clear=["vlan:100"]) as secy:
        assert secy.validate_frame(protected) == (Verdict.EXCEPTED, protected)
        assert secy.protect_frame(protected) == protected


@pytest.mark.parametrize("tags", [1, 2])
@pytest.mark.parametrize("vlan, clear", [(99, False), (100, True), (199, True), (300, True)])
def test_clear_tags_are_chosen_per_vlan(plane, tags, vlan, clear):
    """The first tag decides, in both directions; a SecTAG behind another is not found."""
    inner = b"\x81\x00\x00\x07\x08\x00" + bytes(46)
    frame = vlan_frame(vlan, "88a8", inner)
    chosen = {"clear_tags": tags, "clear_tags_vlans": ["100-199", 300]}
    with made(plane, **chosen) as secy, made(plane, clear_tags=tags) as any_vlan:
        sent = secy.protect_frame(frame)
        at = 12 + 4 * tags if clear else 12
        assert sent[:at] == frame[:at]
        assert sent[at : at + 2] == b"\x88\xe5"
        assert secy.validate_frame(sent) == (Verdict.OK, frame)
        outside = any_vlan.protect_frame(frame)
        ends = (Verdict.LATE, None) if clear else (Verdict.NO_TAG, None)
        assert secy.validate_frame(outside) == ends


def test_counts_of_rules_begin_again_with_other_rules_alone(plane):
    """Other controls keep them; `clear_counters` sets them to zero."""
    with made(plane, clear=["lldp", "lacp=strict"]) as secy:
        secy.validate_frame(FRAMES["lldp"])
        secy.set_controls(window=5)
        assert secy.clear_counts["lldp"] == (1, 0, 0)
        secy.clear_counters()
        assert secy.clear_counts["lldp"] == (0, 0, 0)
        secy.validate_frame(FRAMES["lacp"])
        assert secy.clear_counts["lacp=strict"] == (0, 0, 1)
        secy.set_controls(clear=("lacp=strict", "lldp"))
        assert not any(map(any, secy.clear_counts.values()))
