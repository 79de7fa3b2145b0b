"""`macsec mka doctor`: findings of a capture and of a running port, as text and as JSON."""

from __future__ import annotations

import json

import pytest
from cli.conftest import Desk
from support.mka.members import CAK, CKN, alice
from support.mka.quirks import SCENES, Exchange, healthy

import macsec.cli.mka as verb
from macsec import FrameBatch, captures


def written(desk: Desk, exchange: Exchange) -> str:
    """Write an exchange as a capture, behind one frame of data."""
    frames = [(0, alice().frame(1)), *exchange.in_order()]
    path = desk.path("mka.pcap")
    with captures.write(path) as sink:
        sink.write(FrameBatch.from_frames([one for _, one in frames], [at for at, _ in frames]))
    return path


def caks(desk: Desk) -> str:
    """Write the CAK of the exchanges."""
    path = desk.folder / "caks.yaml"
    path.touch(mode=0o600)
    path.write_text(f"{CKN.hex()}: {CAK.hex()}\n")
    return str(path)


def test_finding_names_the_frame_as_here_and_as_wireshark_counts(desk: Desk) -> None:
    """The frame of data before the exchange counts; Wireshark's number is one more."""
    path = written(desk, SCENES["wrong-cak"]())
    (found,) = desk.json("mka", "doctor", path, "--cak", caks(desk))["findings"]
    assert (found["quirk"], found["certainty"]) == ("wrong-cak", "shown")
    assert found["frame"] == {"index": 2, "wireshark": 3, "seconds": 0.3}
    text = desk.run("mka", "doctor", path, "--cak", caks(desk)).stdout
    assert "1  different CAKs under one CKN" in text
    assert "frame    2 (Wireshark 3) at 0.300 s, the first of 6" in text
    assert CAK.hex() not in text


def test_healthy_capture_says_that_no_fault_was_found(desk: Desk) -> None:
    """Exit 0, with --strict too."""
    result = desk.run("mka", "doctor", written(desk, healthy()), "--strict")
    assert "17 MKPDUs in 18 frames, no CAK given: no fault found" in result.stdout


def test_strict_exits_3_for_a_finding(desk: Desk) -> None:
    """A finding is exit 0 by default, and 3 with --strict."""
    path = written(desk, SCENES["one-way"]())
    desk.run("mka", "doctor", path)
    assert desk.json("mka", "doctor", path, "--strict", code=3)["mkpdus"] == 12


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ([], "give either CAPTURE or --tap NAME"),
        (["in.pcap", "--tap", "macsec0"], "give either CAPTURE or --tap NAME"),
        (["--tap", "macsec0", "--cak", "x.yaml"], "--cak is for a capture: the tap has its CAKs"),
    ],
)
def test_capture_and_tap_exclude_each_other(desk: Desk, args: list[str], reason: str) -> None:
    """Exactly one of them is given; --cak goes with a capture."""
    assert f"macsec: {reason} (see" in desk.run("mka", "doctor", *args, code=2).stderr


def test_tap_is_examined_by_its_counters(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The status of a running port is the evidence; no frame is named."""
    status = {
        "mka": {
            "status": {"Secured": "No"},
            "reason": "not secured: no live peer",
            "participants": [],
            "counters": {"in-mkpdu-icv-verification-errors": 7},
        }
    }
    monkeypatch.setattr(verb, "ask", lambda name, question: json.dumps(status))
    found = desk.json("mka", "doctor", "--tap", "macsec0")
    assert [each["quirk"] for each in found["findings"]] == ["wrong-cak"]
    assert (found["of"], found["findings"][0]["frame"]) == ("macsec0", None)
    assert "not secured: no live peer: 1 finding" in desk.run("mka", "doctor", "--tap", "x").stdout
    monkeypatch.setattr(verb, "ask", lambda name, question: None)
    assert "no macsec tap" in desk.run("mka", "doctor", "--tap", "x", code=1).stderr
