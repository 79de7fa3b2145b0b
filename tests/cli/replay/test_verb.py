"""`replay` and `doctor`."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from support.planes import PLANES, frame_of

from macsec import captures
from macsec.suites import SUITES

PCAPS = Path(__file__).parents[3] / "pcaps"


def test_replay_json_has_the_contracts_keys(desk, some, backend):
    """The JSON object has the contract's keys; every frame is equal."""
    found = desk.json("replay", desk.capture(some), "--backend", backend)
    assert found["schema"] == "macsec/replay/1"
    octets = sum(map(len, some))
    assert [found[key] for key in ("frames", "protected", "delivered", "equal")] == [5] * 4
    assert (found["octets"], found["overhead_octets"]) == (octets, 5 * 32)
    assert found["counters"]["InPktsOK"] == found["counters"]["OutPktsEncrypted"] == 5
    assert {"seconds", "frames_per_s", "gbit_per_s"} <= set(found)
    assert found["wire"] == "in.macsec.pcapng"
    assert Path("in.macsec.pcapng").exists()


@pytest.mark.parametrize("capture", sorted(PCAPS.glob("*.pcap*")), ids=lambda path: path.name)
def test_recorded_captures_cross_equal_in_both_directions(desk, capture):
    """Everything that real programs sent crosses equal, in both directions."""
    found = desk.json("replay", str(capture))
    assert found["equal"] == found["frames"] > 0
    ways = found["directions"].values()
    assert all(way["counters"]["InPktsOK"] for way in ways)
    assert sum(way["counters"]["InPktsOK"] for way in ways) == found["frames"]


@pytest.mark.parametrize("cipher", list(SUITES))
def test_saved_configurations_open_the_wire(desk, cipher, backend):
    """wire.yaml opens both directions, a-to-b.yaml and b-to-a.yaml one each; all are 0600."""
    capture = str(PCAPS / "icmp.pcap")
    args = ("replay", capture, "--cipher", cipher, "--wire", "w.pcapng", "--save-config", "keys")
    found = desk.json(*args, "--backend", backend)
    names = sorted(os.listdir("keys"))
    assert names == ["a-to-b.yaml", "b-to-a.yaml", "wire.yaml"]
    opened = {}
    for name in names:
        assert stat.S_IMODE(os.stat(f"keys/{name}").st_mode) == 0o600
        summary = desk.json("validate", "-c", f"keys/{name}", "w.pcapng", "c.pcap")
        opened[name] = summary["delivered"]
    assert opened["wire.yaml"] == found["frames"]
    assert opened["a-to-b.yaml"] + opened["b-to-a.yaml"] == found["frames"]
    desk.run("validate", "-c", "keys/wire.yaml", "w.pcapng", "c.pcap")
    with captures.read(capture) as reader:
        assert desk.frames("c.pcap") == [frame for batch in reader for frame in batch]


def test_saved_configurations_are_not_overwritten(desk, some):
    """A file with keys is never overwritten, and nothing else is written then."""
    clear = desk.capture(some)
    desk.run("replay", clear, "--save-config", "keys", "--wire", "one.pcapng")
    desk.run("replay", clear, "--save-config", "keys", "--wire", "two.pcapng", code=2)
    assert not Path("two.pcapng").exists()


def test_same_seed_gives_the_same_octets(desk, some):
    """The same seed gives the same octets; another, or none, gives others."""
    clear = desk.capture(some)
    made = []
    for at, seed in enumerate((["--seed", "1"], ["--seed", "1"], ["--seed", "2"], [])):
        desk.run("replay", clear, "--wire", f"{at}.pcapng", *seed)
        made.append(Path(f"{at}.pcapng").read_bytes())
    assert made[0] == made[1]
    assert len(set(made)) == 3


def test_wire_is_a_capture_of_both_directions(desk, some):
    """The wire has an interface a direction; its frames stay in order, with their times."""
    back = [frame[6:12] + frame[:6] + frame[12:] for frame in some]
    clear = desk.capture([frame for pair in zip(some, back, strict=True) for frame in pair])
    desk.run("replay", clear, "--wire", "w.pcapng")
    with captures.read("w.pcapng") as reader, captures.read(clear) as before:
        (wire,), (given,) = list(reader), list(before)
        assert [interface.name for interface in reader.interfaces] == ["a-to-b", "b-to-a"]
    assert wire.source.tolist() == [0, 1] * 5
    assert wire.time_ns.tolist() == given.time_ns.tolist()
    assert (wire.length - given.length).tolist() == [32] * 10


@pytest.mark.parametrize("across", [(), ("--topology", "two-regions")], ids=["link", "topology"])
def test_frames_that_cannot_be_sent_are_counted_apart(desk, some, across):
    """A frame that the capture cut, and a runt: no link changed them, so exit 0."""
    frames = [*some, bytes(12)]
    lengths = [len(frame) for frame in frames]
    cut = desk.capture(frames, wire_length=[lengths[0] + 1, *lengths[1:]])
    found = desk.json("replay", cut, *across)
    assert (found["frames"], found["delivered"], found["equal"]) == (6, 4, 4)
    assert (found["cut"], found["runts"]) == (1, 1)
    result = desk.run("replay", cut, *across)
    assert "1 of 6 frames cut: by the snap length of the capture: not sent" in result.stderr
    assert "1 of 6 frames runts: 12 octets or fewer: not sent" in result.stderr


def test_macsec_and_eapol_frames_cross_like_any_other(desk, some):
    """Frames that are MACsec or EAPOL already are frames like any other."""
    wire = desk.frames(Path(desk.protected(some)).name)
    eapol = frame_of(60)[:12] + b"\x88\x8e" + bytes(50)
    assert desk.json("replay", desk.capture([*wire, eapol], "x.pcap"))["equal"] == 6


def test_replay_of_an_empty_capture_is_exit_0(desk):
    """No frame is no failure."""
    assert desk.json("replay", desk.capture([]))["frames"] == 0
    assert desk.frames("in.macsec.pcapng") == []


def test_replay_of_damage_is_exit_4(desk, some):
    """Whole frames cross, then the damage is 4."""
    path = Path(desk.capture(some))
    path.write_bytes(path.read_bytes()[:-3])
    assert desk.json("replay", "in.pcap", code=4)["equal"] == 4


def test_replay_to_stdout_moves_text_to_stderr(desk, some):
    """With --wire - the capture has stdout and the text stderr."""
    done = desk.run("replay", desk.capture(some), "--wire", "-")
    assert done.stdout_bytes[:4].hex() == "0a0d0d0a"
    assert "compared octet for octet" in done.stderr


def test_replay_text_has_counts_and_the_way_to_open_the_wire(desk, some):
    """Counts, overhead, counters of both directions, and how to open the wire."""
    text = desk.run("replay", desk.capture(some), "--save-config", "k").stdout
    for words in (
        "frames in",
        "overhead 160 octets",
        "A to B",
        "OutPktsEncrypted",
        "macsec validate -c k/wire.yaml in.macsec.pcapng clear.pcapng",
    ):
        assert words in text
    assert "\x1b" not in text


@pytest.mark.parametrize("more", [(), ("--topology", "two-regions")])
def test_a_line_end_in_a_file_name_begins_no_line(desk, some, more):
    """In the heading, the name of the wire, and the command that opens it."""
    text = desk.run("replay", desk.capture(some, "in\nmacsec: fake.pcap"), *more).stdout
    assert "in\\x0amacsec: fake.macsec.pcapng" in text
    assert "\nmacsec: fake" not in text


def test_doctor_json_has_the_usable_kernels(desk):
    """All facts, and the kernels that the tests run on."""
    found = desk.json("doctor")
    assert found["schema"] == "macsec/doctor/1"
    assert found["data_planes"]["reference"]["works"]
    usable = [kernel["name"] for kernel in found["kernels"] if kernel["self_test"]]
    assert usable == [plane.kernel for plane in PLANES if plane.kernel]
    assert found["chosen"]["backend"] == PLANES[-1].backend


def test_doctor_text_has_every_fact(desk):
    """A page with a line for each fact."""
    text = desk.run("doctor").stdout
    for words in ("Python", "reference plane", "/dev/net/tun", "wpa_supplicant"):
        assert words in text


def test_doctor_is_exit_5_only_if_no_data_plane_works(desk, monkeypatch):
    """No data plane at all is 5; one is enough for 0, and the remedy is shown."""
    from macsec.cli import doctor

    broken = {"works": False, "why": "not built"}
    monkeypatch.setattr(doctor, "_plane", lambda name: broken)
    desk.run("doctor", code=5)
    whole = {"works": True, "why": None}
    monkeypatch.setattr(doctor, "_plane", lambda name: broken if name == "native" else whole)
    assert "C compiler" in desk.run("doctor").stdout
    assert json.loads(desk.run("doctor", "--json").stdout)["data_planes"]["native"] == broken
