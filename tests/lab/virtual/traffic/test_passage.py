"""A capture across a lab: the frames that arrive, and the reasons for those lost."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from support.planes import PLANES, Plane, frame_of

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.errors import ConfigError
from macsec.frames import FrameBatch
from macsec.frames.unsent import Unsent
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.stations.station import is_eapol
from macsec.lab.virtual.traffic.passage import Passage, PassageScore, with_capture
from macsec.report.lab.outcome import trouble

CLEAN = {"between": ["left", "right"], "delay": "1ms"}
ONE_NS = 10**18
VLAN_1 = bytes.fromhex("81000001")


def topology(**impairments: Any) -> dict[str, Any]:
    """Return two sites and a link."""
    return {
        "sites": {"left": {"hosts": ["l1", "l2"]}, "right": {"hosts": ["r1"]}},
        "links": [CLEAN | impairments],
        "traffic": [{"from": "l2", "to": "r1", "pps": 1, "count": 5}],
        "until": "1ns",
    }


def both_ways(frames: list[bytes]) -> list[bytes]:
    """Return each frame and its answer."""
    return [one for frame in frames for one in (frame, frame[6:12] + frame[:6] + frame[12:])]


def numbered(count: int) -> list[bytes]:
    """Return `count` different frames."""
    return [frame_of(60)[:-4] + number.to_bytes(4) for number in range(count)]


def batch_of(frames: list[bytes], **columns: Any) -> FrameBatch:
    """Return a capture with a frame each ms."""
    times = [ONE_NS + 10**6 * at for at in range(len(frames))]
    return FrameBatch.from_frames(frames, times, **columns)


def passed(
    given: Any,
    batch: FrameBatch,
    plane: Plane = PLANES[-1],
    ends: tuple[str, str] | None = None,
    seed: int = 1,
) -> tuple[PassageScore, Passage]:
    """Return the score of a capture across a topology."""
    model = with_capture(load_topology(given), ends)
    blueprint = Blueprint.of(model, seeded(seed, "a test"))
    with Lab(blueprint, seed, plane.backend, plane.kernel) as lab:
        passage = Passage(lab)
        return passage.run([batch[:3], batch[3:]]), passage


@pytest.mark.parametrize("plane", PLANES[:2], ids=str)
def test_all_frames_of_both_directions_cross_protected(plane):
    """The traffic and the end of the topology's file do not count."""
    frames = both_ways([frame_of(length) for length in (2, 47, 48, 1500)])
    score, passage = passed(topology(), batch_of(frames), plane)
    assert score.perfect
    assert score.explained
    assert (score.frames, score.protected, score.delivered, score.equal) == (8,) * 4
    assert score.octets == sum(map(len, frames))
    wire = passage.on_wire
    wire = wire.take(np.logical_not([is_eapol(frame) for frame in wire]))
    assert {frame[12:14] for frame in wire} == {b"\x88\xe5"}
    assert wire.source.tolist() == [0, 1] * 4
    assert passage.wire.ports == ("left-right left", "left-right right")
    # At the time of the capture, and what host cables and switch take (3 cables of 500 ns).
    late = wire.time_ns - batch_of(frames).time_ns
    assert late.min() >= 1000
    assert late.max() < 5000


def test_a_capture_goes_from_the_first_host_to_the_last_by_default():
    """Named hosts replace them."""
    chain = {
        "sites": {"a": {"hosts": ["a1"]}, "b": {"hosts": ["b1"]}, "c": {"hosts": ["c1"]}},
        "links": [{"between": ["b", "a"]}, {"between": ["b", "c"], "macsec": "off"}],
    }
    batch = batch_of(both_ways(numbered(2)))
    score, passage = passed(chain, batch)
    assert [hop.link.plan.name for hop in passage.path] == ["b-a", "b-c"]
    assert score.perfect
    assert score.protected == 4
    score, passage = passed(chain, batch, ends=("c1", "b1"))
    assert [hop.link.plan.name for hop in passage.path] == ["b-c"]
    assert (score.protected, score.equal) == (0, 4)
    assert passage.counters == {}


def test_loss_is_explained():
    """Frames that the wire loses are missing, and no fault; the seed chooses them."""
    batch = batch_of(numbered(200))
    score, passage = passed(topology(loss="10%"), batch)
    assert 0 < score.lost < 60
    assert score.equal == score.delivered == 200 - score.lost
    assert score.explained
    assert not score.perfect
    other = passed(topology(loss="10%"), batch, seed=2)[1].lab.digest
    again = passed(topology(loss="10%"), batch)[1].lab.digest
    assert again == passage.lab.digest != other


def test_refused_copies_are_explained():
    """Copies are late under window 0; no frame is missing."""
    score, _ = passed(topology(duplicate="100%"), batch_of(numbered(5)))
    assert (score.equal, score.delivered, score.refused) == (5, 5, 5)
    assert score.duplicated >= 5
    assert score.explained
    wide = topology(duplicate="100%", macsec={"window": 64})
    score, _ = passed(wide, batch_of(numbered(5)))
    assert (score.equal, score.delivered, score.refused) == (5, 10, 0)
    assert score.explained
    assert not score.perfect


def test_a_changed_frame_that_is_refused_is_not_explained():
    """It reaches the SecY, which refuses it: no wire lost it."""
    changed = topology(corrupt="100%", fcs="fix", macsec="static")
    score, _ = passed(changed, batch_of(numbered(5)))
    assert (score.lost, score.refused, score.equal) == (0, 5, 0)
    assert not score.explained


@pytest.mark.parametrize("ethertype", ["88e5", "9876"])
@pytest.mark.parametrize("an, hit", [(0, True), (1, False)])
def test_filters_find_the_sectags_of_the_link(ethertype, an, hit):
    """By the EtherType of its SecYs: the frames of an AN are lost, and no others."""
    secy = {"keys": "static", "ethertype": ethertype}
    given = topology(loss="100%", match={"an": an}, macsec=secy)
    score, _ = passed(given, batch_of(numbered(5)))
    assert (score.lost, score.equal) == ((5, 0) if hit else (0, 5))


def test_late_frames_are_not_explained_by_the_loss_of_others():
    """A frame that a SecY refused was not lost by a wire."""
    unordered = topology(loss="40%", jitter="400us", ordered="off", macsec="static")
    frames = batch_of(numbered(200))
    close = FrameBatch(frames.arena, frames.start, frames.length, frames.time_ns // 2)
    score, _ = passed(unordered, close)
    assert score.lost > score.refused > 0
    assert score.equal == 200 - score.lost - score.refused
    assert not score.explained


def test_a_port_that_stays_closed_is_reported():
    """Without keys no frame passes, and the report says so."""
    score, passage = passed(topology(corrupt="100%", fcs="fix"), batch_of(numbered(5)))
    assert (score.protected, score.equal, score.refused) == (0, 0, 5)
    assert not score.explained
    assert trouble(passage.lab)


def test_a_changed_frame_on_an_unprotected_link_is_not_explained():
    """No SecY refuses it, and it is not equal."""
    bare = topology(corrupt="100%", fcs="fix", macsec="off", corrupt_at="payload")
    score, _ = passed(bare, batch_of(numbered(5)))
    assert (score.protected, score.refused, score.equal) == (0, 0, 0)
    assert score.delivered == 5
    assert not score.explained


def test_a_frame_cut_in_the_capture_is_not_sent():
    """All others cross."""
    frames = numbered(5)
    whole = batch_of(frames)
    cut = FrameBatch(
        whole.arena,
        whole.start,
        whole.length,
        whole.time_ns,
        wire_length=whole.length + (np.arange(5) == 4),
    )
    score, _ = passed(topology(), cut)
    assert (score.frames, score.unsent.cut, score.equal) == (5, 1, 4)
    assert score.explained


X, Y, Z, NONE, ALL, GROUP = (
    *(bytes([2, 0, 0, 0, 0, number]) for number in (1, 2, 3)),
    bytes(6),
    b"\xff" * 6,
    bytes.fromhex("01005e000001"),
)


@pytest.mark.parametrize(
    "pairs",
    [
        [(X, Y), (Y, Z), (Z, X), (X, Z)],
        [(NONE, NONE)] * 4,
        [(X, X)] * 4,
        [(X, Y), (Y, Y), (X, X), (Y, X)],
        [(GROUP, X), (ALL, X), (ALL, ALL), (X, ALL)],
    ],
    ids=["three stations", "loopback", "to itself", "to itself on both sides", "from a group"],
)
def test_frames_of_all_addresses_cross(pairs):
    """Even where source and destination are on one side, so that a switch would keep the frame."""
    frames = [
        to + source + frame_of(60)[12:-1] + bytes([at]) for at, (source, to) in enumerate(pairs)
    ]
    score, _ = passed(topology(), batch_of(frames))
    assert (score.frames, score.equal) == (4, 4)
    assert score.perfect


def test_link_local_frames_end_at_the_first_bridge():
    """They are counted, and no fault of the link."""
    frames = numbered(3)
    frames[1] = bytes.fromhex("0180c200000e") + frames[1][6:]
    score, _ = passed(topology(), batch_of(frames))
    assert (score.equal, score.link_local, score.missing) == (2, 1, 1)
    assert score.explained


@pytest.mark.parametrize(
    "octets, tag, sent",
    [(614, b"", 1), (615, b"", 0), (618, VLAN_1, 1), (619, VLAN_1, 0)],
    ids=["fits", "too long", "tagged", "tagged, too long"],
)
def test_replayed_frames_obey_the_mtu_of_the_hosts(octets, tag, sent):
    """As generated ones do; a VLAN tag is not counted. Longer ones are not sent."""
    frame = frame_of(60)[:12] + tag + bytes(octets - 12 - len(tag))
    score, _ = passed(topology() | {"mtu": 600}, batch_of([frame]))
    assert (score.equal, score.unsent.too_long, score.frames) == (sent, 1 - sent, 1)
    assert score.explained


def test_key_agreement_pauses_in_a_long_gap():
    """A gap of 40 days has no more MKPDUs than one of a minute, and the link stays secured."""
    frames = numbered(3)

    def mkpdus(gap_s: int) -> int:
        times = [ONE_NS, ONE_NS + gap_s * 10**9, ONE_NS + gap_s * 10**9 + 5]
        batch = FrameBatch.from_frames(frames, times)
        score, passage = passed(topology(delay="700ms"), batch)
        assert score.perfect
        assert trouble(passage.lab) == []
        wire = passage.on_wire
        data = [time for time, each in zip(wire.time_ns.tolist(), wire, strict=True)
                if not is_eapol(each)]  # fmt: skip
        assert [round((time - ONE_NS) / 10**9) for time in data] == [0, gap_s, gap_s]
        return len(wire) - len(data)

    assert mkpdus(40 * 86_400) == mkpdus(60)


@pytest.mark.parametrize("before", [2, 4])
def test_a_frame_after_the_end_of_time_is_named(before):
    """The frames before it cross, and no other one is counted, in its batch or an earlier one."""
    times = [5 * number for number in range(before)]
    batch = FrameBatch.from_frames(numbered(before + 2), [*times, 10**18, 10**18 + 5])
    score, passage = passed(topology(), batch)
    assert f"frame {before + 1} is due 11,574 days after the first one" in str(passage.fault)
    assert (score.frames, score.equal) == (before, before)
    assert score.octets == batch[:before].octets


@pytest.mark.parametrize(
    "change, ends, message",
    [
        ({}, ("l1", "none"), "no host is called none; it has l1, l2, r1"),
        ({}, ("l1", "l2"), "l1 and l2 are on one site"),
        ({"sites": {"left": {"hosts": 0}, "right": {"hosts": 0}}, "traffic": []}, None, "no hosts"),
        ({"links": []}, None, "no links lead from left to right"),
    ],
)
def test_a_passage_without_a_path_is_refused(change, ends, message):
    """One line says why."""
    with pytest.raises(ConfigError, match=message):
        passed(topology() | change, batch_of(numbered(1)), ends=ends)


@pytest.mark.parametrize(
    "counts, explained",
    [
        ({}, True),
        ({"equal": 8, "delivered": 8, "lost": 2}, True),
        ({"equal": 8, "delivered": 8, "lost": 1, "link_local": 1}, True),
        ({"equal": 8, "delivered": 8, "unsent": Unsent(cut=1, too_long=1)}, True),
        ({"equal": 8, "delivered": 8, "lost": 1}, False),
        ({"equal": 8, "delivered": 8, "lost": 9, "refused": 1}, False),
        ({"refused": 2, "duplicated": 2}, True),
        ({"refused": 2, "duplicated": 1}, False),
        ({"delivered": 12, "duplicated": 2}, True),
        ({"delivered": 12, "duplicated": 1}, False),
        ({"equal": 9}, False),
    ],
)
def test_loss_and_copies_explain_a_score(counts, explained):
    """A frame that a SecY refused is explained only as a copy, a changed one never."""
    fine: dict[str, Any] = dict.fromkeys((field.name for field in fields(PassageScore)), 0)
    fine["unsent"] = Unsent()
    fine |= dict.fromkeys(("frames", "protected", "delivered", "equal"), 10)
    assert PassageScore(**{**fine, **counts}).explained is explained
