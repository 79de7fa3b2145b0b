"""Captures with several transmit SCs: protect, a queue by priority, validate, explain."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import CANARY, Desk
from support.planes import SCI_A, frame_of

CLASSES = range(8)
FRAMES = 48


def sci_of_class(tc: int) -> str:
    """Return the SCI of a traffic class."""
    return f"{SCI_A[:12]}{tc:x}001"


def clear_frames() -> list[bytes]:
    """Return frames of all priorities in turn."""
    frames = []
    for at in range(FRAMES):
        frame = frame_of(60 + at)
        frames.append(frame[:12] + bytes.fromhex("8100") + (at % 8 << 13).to_bytes(2) + frame[12:])
    return frames


def written(desk: Desk, name: str, tree: dict[str, Any]) -> str:
    """Write a configuration that only its owner can read."""
    path = desk.folder / name
    path.touch(mode=0o600)
    path.write_text(json.dumps(tree))
    return str(path)


@pytest.fixture
def ends(desk: Desk) -> tuple[str, str]:
    """The configuration of a sender with eight classes, and of its receiver with window 0."""
    sa = {"0": {"key": CANARY}}
    classes: dict[str, Any] = {str(tc): {} for tc in CLASSES if tc}
    sends = written(desk, "a.yaml", {"tx": {"sci": SCI_A, "sa": sa, "classes": classes}})
    rx = [{"sci": sci_of_class(tc), "sa": sa} for tc in CLASSES]
    return sends, written(desk, "b.yaml", {"secy": {"window": "0"}, "rx": rx})


def test_capture_of_eight_classes_passes_a_queue_by_priority(
    desk: Desk, ends: tuple[str, str], backend: str
) -> None:
    """Window 0 refuses none of the frames that higher priorities overtook."""
    sends, receives = ends
    clear = clear_frames()
    found = desk.json(
        *("protect", "-c", sends, desk.capture(clear), "wire.pcap", "--backend", backend)
    )
    assert found["tx"]["next_pn"] == {"0": "7"}
    assert set(found["tx"]["classes"]) == {str(tc) for tc in CLASSES}
    for tc, sc in found["tx"]["classes"].items():
        assert (sc["sci"], sc["next_pn"]) == (sci_of_class(int(tc)), {"0": "7"})
        assert sc["counters"]["OutPktsEncrypted"] == FRAMES // 8
    wire = desk.frames("wire.pcap")
    order = sorted(range(FRAMES), key=lambda at: -(at % 8))
    desk.capture([wire[at] for at in order], "queued.pcap")
    desk.run(
        *("validate", "--strict", "-c", receives, "queued.pcap", "back.pcap", "--backend", backend)
    )
    assert desk.frames("back.pcap") == [clear[at] for at in order]


def test_text_of_protect_has_a_line_for_each_sc(desk: Desk, ends: tuple[str, str]) -> None:
    """Class, SCI, frames and next PN; with one SC there is one line as ever."""
    text = desk.run("protect", "-c", ends[0], desk.capture(clear_frames()), "wire.pcap").stderr
    assert f"traffic class 5, SCI {sci_of_class(5)}: 6 sent, next PN 7 of SA 0" in text
    assert len(text.splitlines()) == 10  # with the warning of PNs
    alone = desk.run("protect", "-c", desk.config(), "in.pcap", "one.pcap").stderr
    assert len(alone.splitlines()) == 2


def test_priority_of_all_frames_can_be_given(desk: Desk, ends: tuple[str, str]) -> None:
    """`--priority 3` goes before the tags."""
    args = ("protect", "-c", ends[0], desk.capture(clear_frames()), "wire.pcap")
    found = desk.json(*args, "--priority", "3")["tx"]["classes"]
    assert {tc: sc["counters"]["OutPktsEncrypted"] for tc, sc in found.items() if tc != "3"} == (
        dict.fromkeys("0124567", 0)
    )
    desk.run(*args, "--priority", "8", code=2)


def test_kept_pns_go_on_in_each_class(desk: Desk, ends: tuple[str, str]) -> None:
    """`--state` has a record for each SC."""
    args = ("protect", "-c", ends[0], desk.capture(clear_frames()), "wire.pcap", "--state", "pns")
    desk.run(*args, "--state-init")
    found = desk.json(*args)["tx"]["classes"]
    assert {sc["next_pn"]["0"] for sc in found.values()} == {"13"}


def test_exhausted_class_ends_the_run(desk: Desk, ends: tuple[str, str]) -> None:
    """Exit code 4, and the SA is named with its class."""
    tree = json.loads(Path(ends[0]).read_text())
    tree["tx"]["classes"]["2"] = {"sa": {"0": {"pn": str(2**32 - 1)}}}
    config = written(desk, "late.yaml", tree)
    run = desk.run("protect", "-c", config, desk.capture(clear_frames()), "wire.pcap", code=4)
    assert "transmit SA 0 of traffic class 2 is exhausted" in run.stderr


def test_explain_names_the_traffic_class(desk: Desk, ends: tuple[str, str]) -> None:
    """Priority, class, SCI and PN of the frame, for a sender with several SCs."""
    text = desk.run("explain", "-c", ends[0], desk.capture(clear_frames()), "--frame", "13").stdout
    assert "user priority 5: the SC of traffic class 5" in text
    assert sci_of_class(5) in text
    assert "2 → 3" in text


def test_help_has_a_topic(desk: Desk) -> None:
    """The example of the help is a configuration that loads."""
    text = desk.run("help", "traffic-classes").stdout
    example = re.search(r"```(?:yaml[^\n]*)?\n(secy:.*?)```", text, re.S)
    assert example is not None
    (desk.folder / "sak.hex").touch(mode=0o600)
    (desk.folder / "sak.hex").write_text(CANARY)
    (desk.folder / "help.yaml").write_text(example[1])
    found = desk.json("protect", "-c", "help.yaml", desk.capture(clear_frames()), "wire.pcap")
    assert set(found["tx"]["classes"]) == {"0", "1", "5", "7"}
