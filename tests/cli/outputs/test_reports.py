"""`--report` of each verb: the page has the facts of its run, and no key."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from cli.conftest import Desk
from support.outputs.html_pages import Reader

ROOT = Path(__file__).parents[3]
CAPTURE = ROOT / "pcaps" / "dns.pcap"
MKA = ROOT / "pcaps" / "mka" / "basic.pcap"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A fresh folder, which is the current one too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    shutil.copy(CAPTURE, "in.pcap")
    shutil.copy(MKA, "mka.pcap")
    return Desk(tmp_path)


def page(name: str = "page.html") -> Reader:
    """Return a page, checked for its nesting."""
    text = Path(name).read_text(encoding="utf-8")
    assert "<script" not in text
    return Reader(text)


def keys_in(folder: str) -> set[str]:
    """Return all keys of saved configurations."""
    texts = [path.read_text() for path in Path(folder).iterdir()]
    return {key for text in texts for key in re.findall(r"(?:key|salt): '?([0-9a-f]{16,})", text)}


def test_replay_has_a_page_with_its_run_and_no_key(desk) -> None:
    """Frames, verdicts over time, counters; version, command, seed and date at the head."""
    desk.run(
        *("replay", "in.pcap", "--seed", "3", "--save-config", "keys", "--report", "page.html"),
        *("--wire", "w.pcapng"),
    )
    found = page()
    assert "frames arrived unchanged" in found.text
    assert "Every frame was delivered." in found.text
    assert "macsec replay in.pcap --seed 3" in found.text
    assert "2023-11-14 22:13:20 UTC" in found.text
    assert "InPktsOK" in found.text
    keys = keys_in("keys")
    assert keys
    assert not [key for key in keys if key in Path("page.html").read_text()]


def test_replay_across_a_topology_has_the_page_of_the_lab(desk) -> None:
    """The frames of the capture first, then sites, links, window and counters."""
    desk.run(
        *("replay", "in.pcap", "--topology", "two-regions", "--wire", "w.pcapng"),
        *("--report", "page.html"),
    )
    found = page()
    assert "macsec replay --topology two-regions" in found.text
    assert "Frames of in.pcap" in found.text
    assert found.of_class("lock") == 3


def test_validate_shows_refused_frames_with_reason_and_octets(desk) -> None:
    """One direction alone has a receive SC: frames of the other are refused, and shown."""
    desk.run("replay", "in.pcap", "--save-config", "keys", "--wire", "w.pcapng")
    desk.run(
        *("validate", "-c", "keys/a-to-b.yaml", "w.pcapng", "out.pcapng"),
        *("--report", "page.html"),
    )
    found = page()
    assert "No receive SC has the SCI of the frame. (10.6.1)" in found.text
    assert "Wireshark" in found.text
    assert found.of_class("refused") >= 1
    assert found.of_class("hex") >= 1
    assert not [key for key in keys_in("keys") if key in Path("page.html").read_text()]


def test_mka_explain_has_a_ladder(desk) -> None:
    """Members, arrows for messages with news, and those without counted."""
    desk.run("mka", "explain", "mka.pcap", "--report", "page.html")
    found = page()
    assert "A distributes A/1, AN 0, gcm-aes-128" in found.text
    assert "5 MKPDUs without news" in found.text
    assert found.of_class("sent") == 8


def test_a_capture_without_mkpdus_says_so(desk) -> None:
    """No tables of heads alone."""
    desk.run("mka", "explain", "in.pcap", "--report", "page.html")
    found = page()
    assert "No MKPDU in this capture." in found.text
    assert found.named("table") == []


def test_attack_run_has_a_page_with_counters(desk) -> None:
    """Each attack with its expected and observed counters, and what the attacker gained."""
    desk.run("attack", "run", "replay", "--seed", "5", "--report", "page.html")
    found = page()
    assert "1 of 1 attacks ended exactly as the standard says" in found.text
    assert "InPktsLate" in found.text


def test_conformance_has_a_page_of_vectors(desk) -> None:
    """The table of vectors, failures in words, data planes that did not run."""
    vectors = ROOT / "macsec" / "conformance" / "vectors" / "xpn_pn_recovery.json"
    desk.run("conformance", str(vectors), "--backend", "reference", "--report", "page.html")
    found = page()
    assert "No vector failed." in found.text
    assert "pn-recovery" in found.text


@pytest.mark.parametrize(
    "args",
    [
        ("validate", "-c", "x.yaml", "in.pcap", "out.pcap"),
        ("replay", "in.pcap"),
        ("mka", "explain", "in.pcap"),
        ("attack", "run", "replay"),
        ("conformance",),
    ],
)
def test_a_page_is_html_by_name(desk, args) -> None:
    """Another ending is refused before anything runs."""
    assert "must end in .html" in desk.run(*args, "--report", "page.txt", code=2).stderr


def test_a_page_never_takes_the_place_of_the_input(desk) -> None:
    """The name of a file that is read is refused."""
    shutil.copy("in.pcap", "in.html")
    error = desk.run("mka", "explain", "in.html", "--report", "in.html", code=2).stderr
    assert "named twice" in error
