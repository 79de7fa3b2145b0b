"""Two profiles over one capture: frames that a kernel judged, and the switch that parts each."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.planes import Plane

from macsec import FrameBatch
from macsec.config import load
from macsec.errors import ConfigError
from macsec.offline.difference import Difference, Parting, profile_named
from macsec.secy import PROFILES

RECORDED = Path(__file__).parents[2] / "pcaps" / "linux" / "rx-vectors-linux-6.1.json"
VECTORS: list[dict[str, Any]] = json.loads(RECORDED.read_text())["vectors"]
BY_NAME = {vector["name"]: vector for vector in VECTORS}


def tree_of(vector: dict[str, Any]) -> dict[str, Any]:
    """Return the kernel's device as a configuration."""
    names = {"cipher": "cipher", "validate": "validate", "icvlen": "icv_length"}
    tree: dict[str, Any] = {
        "secy": {ours: vector[theirs] for theirs, ours in names.items()},
        "rx": [],
    }
    tree["secy"] |= {"replay": bool(vector["replay"]), "window": vector["window"]}
    for sci in filter(None, [vector["extra_rx_sc"]]):
        tree["rx"].append({"sci": sci, "sa": {}})
    if vector["rx_sc"] is not None:
        sas = {
            str(sa["an"]): {
                "key": sa["key"],
                "pn": str(sa["pn"]),
                "enabled": sa["on"],
                **{name: sa[name] for name in ("ssci", "salt") if name in sa},
            }
            for sa in vector["rx_sa"]
        }
        sc = vector["rx_sc"]
        tree["rx"].append({"sci": sc["sci"], "enabled": sc["on"], "sa": sas})
    return tree


def partings(vector, plane: Plane, first: str, second: str) -> list[Parting]:
    """Return the frames of a vector where two profiles part."""
    frames = [bytes.fromhex(frame["in"]) for frame in vector["frames"]]
    pair = (PROFILES[first], PROFILES[second])
    with Difference(load(tree_of(vector)), pair, plane.backend, plane.kernel) as difference:
        # In two batches: the state goes on from one to the next.
        half = len(frames) // 2
        found = [
            parting
            for part in (frames[:half], frames[half:])
            for parting in difference.compare(FrameBatch.from_frames(part))
        ]
    return found


BY_SWITCH = {
    "sl-strict": {("exact_length",): 4, ("refuse_sl_48",): 2},
    "padding-strict": {("exact_length",): 5},
    "padding-disabled": {("exact_length", "disabled_decrypts"): 4, ("exact_length",): 1},
    "truncated-strict": {("short_header_silent",): 5},
    "scb-frames": {("scb_port_zero",): 2},
    "nosci-two-scs-strict": {("no_peer_silent",): 2},
    "nosci-sc-off-check": {("no_peer_silent",): 2, ("sc_off_receives",): 2},
    "xpn-cross-xpn-128": {("window_from_next_pn",): 3},
    "replay-w4-disabled": {("disabled_decrypts",): 7},
    "replay-w4-128": {},
    "good-128": {},
}
"""Frames by the switches that part `ieee` from the kernel, which drew up these vectors for them."""


@pytest.mark.parametrize("name", BY_SWITCH)
def test_frames_part_by_the_switch_that_their_vector_is_about(every_plane, name):
    """Each parting names its switch, and no other frame parts."""
    found = partings(BY_NAME[name], every_plane, "ieee", "linux")
    assert Counter(parting.causes for parting in found) == BY_SWITCH[name]
    assert not any(parting.together for parting in found)


@pytest.mark.parametrize("name", [n for n, v in BY_NAME.items() if v["icvlen"] == 16])
def test_linux_ends_each_parted_frame_as_the_kernel_did(plane, name):
    """The octets that side `linux` delivers are the ones that the kernel gave to macsec0."""
    for parting in partings(BY_NAME[name], plane, "ieee", "linux"):
        recorded = BY_NAME[name]["frames"][parting.frame]["delivered"]
        octets = parting.second.octets
        assert recorded == ([] if octets is None else [octets.hex()])
        assert (parting.first.verdict, parting.first.octets) != parting.second[:2]
        assert parting.causes


def test_the_other_order_of_profiles_parts_the_same_frames(plane):
    """`diff linux ieee` mirrors `diff ieee linux`."""
    one = partings(BY_NAME["tci-combos-disabled"], plane, "ieee", "linux")
    other = partings(BY_NAME["tci-combos-disabled"], plane, "linux", "ieee")
    assert [(p.frame, p.first, p.second) for p in one] == [
        (p.frame, p.second, p.first) for p in other
    ]
    assert len(one) == 12


def test_cnxk_refuses_c_without_e(every_plane):
    """C without E is a bad tag of cnxk, delivered by ieee."""
    found = partings(BY_NAME["c-without-e-strict"], every_plane, "ieee", "cnxk")
    assert [parting.causes for parting in found] == [("refuse_e0_c1",)] * 2
    assert {parting.second.verdict.label for parting in found} == {"bad-tag"}
    assert [parting.first.verdict.label for parting in found] == ["ok", "not-valid"]


def test_sonic_is_strict_where_check_delivers(plane):
    """SONiC has no mode check: its receiver is strict, and the cause says so."""
    found = partings(BY_NAME["badicv-128-check"], plane, "ieee", "sonic")
    assert [parting.causes for parting in found] == [("validate_frames",)] * 2
    assert {parting.first.verdict.label for parting in found} == {"invalid"}
    assert {parting.second.verdict.label for parting in found} == {"not-valid"}


def test_counters_that_differ_are_the_sums_of_the_partings(plane):
    """The counts of both receivers differ by the frames that part, and in nothing else."""
    vector = BY_NAME["sl-strict"]
    batch = FrameBatch.from_frames([bytes.fromhex(frame["in"]) for frame in vector["frames"]])
    pair = (PROFILES["ieee"], PROFILES["linux"])
    with Difference(load(tree_of(vector)), pair, plane.backend, plane.kernel) as difference:
        found = list(difference.compare(batch))
        counters = difference.counters()
    wanted: Counter[str] = Counter()
    for parting in found:
        wanted[parting.first.verdict.counter or ""] += 1
        wanted[parting.second.verdict.counter or ""] -= 1
    differ = {name: first - second for name, (first, second) in counters.items()}
    assert {name: differ[name] for name in wanted if wanted[name]} == {
        name: count for name, count in wanted.items() if count
    }


def test_a_lowest_pn_goes_to_the_profile_that_has_one(plane):
    """`lowest_pn` of a configuration holds for ieee; linux takes its window in its place."""
    vector = BY_NAME["replay-w4-128"]
    tree = tree_of(vector)
    tree["rx"][0]["sa"]["0"]["lowest_pn"] = "1"
    tree["rx"][0]["sa"]["0"]["pn"] = "900"
    batch = FrameBatch.from_frames([bytes.fromhex(frame["in"]) for frame in vector["frames"]])
    pair = (PROFILES["ieee"], PROFILES["linux"])
    with Difference(load(tree), pair, plane.backend, plane.kernel) as difference:
        found = list(difference.compare(batch))
    assert {p.first.verdict.label for p in found} == {"ok"}
    assert {p.second.verdict.label for p in found} == {"late"}
    assert {p.causes for p in found} == {("window_from_next_pn",)}


def test_an_icv_length_that_a_profile_lacks_is_refused(plane):
    """An ICV of 8 octets can be set under linux alone."""
    vector = BY_NAME["icvlen8-strict"]
    with pytest.raises(ConfigError, match="icv_length 8"):
        partings(vector, plane, "ieee", "linux")
    assert partings(vector, plane, "linux", "linux") == []


def test_an_unknown_profile_is_refused_with_all_names():
    """The error lists the profiles."""
    with pytest.raises(ConfigError, match="ieee, linux, cnxk, sonic"):
        profile_named("vpp")
    assert profile_named("cnxk").name == "cnxk"


def test_frames_part_by_delivered_octets_alone(every_plane):
    """Padding behind a frame of an unknown SC: one verdict, but Linux takes off 16 octets."""
    vector = dict(BY_NAME["good-128"], validate="check")
    frame = bytes.fromhex("0200000000010200000000ab88e5200400000001" + "0200000000ab0001")
    vector["frames"] = [{"in": (frame + bytes(4 + 16 + 6)).hex()}] * 2
    for parting in (found := partings(vector, every_plane, "ieee", "linux")):
        assert parting.octets_alone
        assert parting.first.verdict.label == "unknown-sci"
        assert (len(parting.first.octets), len(parting.second.octets)) == (12 + 4, 12 + 4 + 6)
        assert "lookup_before_tag" in parting.causes
    assert len(found) == 2
