"""`replay --topology`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from macsec import captures
from macsec.frames import FrameBatch
from macsec.lab.virtual.stations.station import is_eapol

PCAPS = Path(__file__).parents[3] / "pcaps"
LOSSY = """
sites: {left: {hosts: [l1]}, right: {hosts: [r1]}}
links:
  - {between: [left, right], delay: 1ms, IMPAIRMENTS}
"""

CHANGED = "macsec: static, corrupt: 100%, fcs: fix"


@pytest.fixture
def lossy(desk):
    """A topology with some impairments of its link."""

    def write(impairments: str) -> str:
        path = desk.folder / "lossy.yaml"
        path.write_text(LOSSY.replace("IMPAIRMENTS", impairments))
        return str(path)

    return write


def test_json_has_the_contracts_keys_and_a_digest(desk, some, backend):
    """The contract's keys, and what a topology adds."""
    args = ("replay", desk.capture(some), "--topology", "two-regions", "--backend", backend)
    found = desk.json(*args)
    assert found["schema"] == "macsec/replay-topology/1"
    assert [found[key] for key in ("frames", "protected", "delivered", "equal")] == [5] * 4
    assert found["octets"] == sum(map(len, some))
    assert {"seconds", "frames_per_s", "gbit_per_s"} <= set(found)
    assert found["wire"] == "in.macsec.pcapng"
    assert found["path"] == ["regions", "east"]
    assert found["counters"]["InPktsOK"] == found["counters"]["OutPktsEncrypted"] == 10
    assert found["unprotected"] == []
    assert found["seed"] == 1
    assert len(bytes.fromhex(found["digest"])) == 32
    assert (
        found["digest"] == desk.json(*args)["digest"] != desk.json(*args, "--seed", "2")["digest"]
    )


@pytest.mark.parametrize("name", ["tls13.pcap", "icmp.pcap"])
def test_recorded_captures_cross_equal_at_their_times(desk, name):
    """Frames of real programs arrive equal; the wire has MACsec and MKA only."""
    source = str(PCAPS / name)
    found = desk.json("replay", source, "--topology", "hub", "--wire", "w.pcapng")
    assert found["frames"] > 30
    assert found["equal"] == found["frames"] - found["lost"]
    with captures.read("w.pcapng") as reader, captures.read(source) as before:
        (wire,), (given,) = list(reader), list(before)
        names = [interface.name for interface in reader.interfaces]
    assert len(names) == 2 * len(found["path"])
    mka = [is_eapol(frame) for frame in wire]
    wire = wire.take(np.logical_not(mka))
    assert {frame[12:14] for frame in wire} == {b"\x88\xe5"}
    assert 0 <= wire.time_ns[0] - given.time_ns[0] < 10**6


def test_text_has_path_protection_and_digest(desk, some):
    """For people: the path with its protection, the frames, the digest."""
    text = desk.run("replay", desk.capture(some), "--topology", "two-regions").stdout
    assert "from web to backup-east across two-regions, seed 1" in text
    assert "gcm-aes-xpn-256" in text
    assert "UNPROTECTED" not in text
    assert desk.json("replay", desk.path("in.pcap"), "--topology", "two-regions")["digest"] in text


def test_contents_beside_the_frames_are_counted(desk, some):
    """Options without a place among the frames of a wire are named and counted."""
    with captures.write(desk.path("noted.pcapng")) as sink:
        sink.write(FrameBatch.from_frames(some), comments=["a note"] * len(some))
    result = desk.run("replay", desk.path("noted.pcapng"), "--topology", "two-regions")
    assert f"left out of the output: {len(some)} x packet comment" in result.stderr


def test_unprotected_links_are_named(desk, some, lossy):
    """Text and JSON name them."""
    args = ("replay", desk.capture(some), "--topology", lossy("macsec: off"))
    assert "UNPROTECTED: left-right" in desk.run(*args).stdout
    assert desk.json(*args)["unprotected"] == ["left-right"]


def test_declared_loss_is_exit_0_and_a_refused_frame_3(desk, some, lossy):
    """A loss that the file declares is 0; a frame that a SecY refuses is 3."""
    capture = desk.capture(some)
    found = desk.json("replay", capture, "--topology", lossy("macsec: static, drop: [2]"))
    assert (found["lost"], found["equal"], found["refused"]) == (1, 4, 0)
    found = desk.json("replay", capture, "--topology", lossy(CHANGED), code=3)
    assert (found["lost"], found["equal"], found["refused"]) == (0, 0, 5)
    result = desk.run("replay", capture, "--topology", lossy(CHANGED), code=3)
    assert "5 of 5 frames did not arrive unchanged" in result.stderr


def test_wire_on_stdout_moves_json_to_stderr(desk, some):
    """With --wire - the capture is on stdout, and the JSON object on stderr."""
    capture = desk.capture(some)
    result = desk.run("replay", capture, "--topology", "ring", "--wire", "-", "--json")
    assert result.stdout_bytes.startswith(b"\x0a\x0d\x0d\x0a")
    assert '"schema": "macsec/replay-topology/1"' in result.stderr


@pytest.mark.parametrize(
    "more, text",
    [
        (("--topology", "ring", "--cipher", "gcm-aes-256"), "--cipher cannot be used with --top"),
        (("--topology", "ring", "--save-config", "keys"), "--save-config cannot be used"),
        (("--topology", "ring", "--jobs", "2"), "--jobs cannot be used"),
        (("--between", "a", "b"), "--between needs --topology"),
        (("--topology", "ring", "--between", "a", "none"), "ring: no host is called"),
        (("--topology", "nowhere.yaml"), "shipped topologies: delay-protection, "),
    ],
)
def test_wrong_usage_is_exit_2_without_a_file(desk, some, more, text):
    """One line, exit code 2, and no file."""
    result = desk.run("replay", desk.capture(some), *more, code=2)
    assert text in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert sorted(path.name for path in desk.folder.iterdir()) == ["in.pcap"]


def test_torn_capture_crosses_up_to_the_damage(desk, some):
    """The whole frames cross; exit 4."""
    path = Path(desk.capture(some))
    path.write_bytes(path.read_bytes()[:-3])
    found = desk.json("replay", str(path), "--topology", "two-regions", code=4)
    assert found["equal"] == found["frames"] == 4
