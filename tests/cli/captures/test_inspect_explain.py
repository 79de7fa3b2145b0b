"""`inspect` and `explain`: single frames."""

from __future__ import annotations

import io
import json
import re
import sys
import zlib
from pathlib import Path

import pytest
from support.planes import SCI_A, frame_of

from macsec.cli import cli
from macsec.cli.shared import progress

PCAPS = Path(__file__).parents[3] / "pcaps"


def test_inspect_json_has_an_entry_a_frame(desk, some):
    """One object with an entry for each frame, MACsec or not."""
    wire = desk.frames(Path(desk.protected(some)).name)
    found = desk.json("inspect", desk.capture([*wire, some[0]], "mixed.pcap"))
    assert found["schema"] == "macsec/inspect/1"
    assert (found["count"], found["macsec"], found["faults"]) == (6, 5, 0)
    first, last = found["frames"][0], found["frames"][-1]
    assert first["sectag"] == {"tci": ["SC", "E", "C"], "an": 0, "sl": 2, "pn": "1", "sci": SCI_A}
    assert (first["sci"], first["sci_from"], first["secure_data"]) == (SCI_A, "tag", 2)
    assert first["icv"] == wire[0][-16:].hex()
    assert first["time_ns"] == str(10**18)
    assert last["sectag"] is last["icv"] is last["sci"] is None
    assert last["ethertype"] == "0800"


def test_inspect_gives_the_reason_of_a_bad_sectag(desk, some):
    """A SecTAG that fails 9.12 is shown with the reason; --xpn takes a PN field of zero."""
    frame = desk.frames(Path(desk.protected(some)).name)[4]
    zero_pn = frame[:16] + bytes(4) + frame[20:]
    bad = desk.capture([frame[:14] + b"\xac" + frame[15:], zero_pn, frame[:18]], "bad.pcap")
    faults = [item["fault"] for item in desk.json("inspect", bad)["frames"]]
    assert faults == ["V is set", "PN is zero", "fewer than 17 octets"]
    assert desk.json("inspect", bad, "--xpn")["frames"][1]["fault"] is None


@pytest.mark.parametrize(
    "name, sci_from, vlan",
    [("es-gcm256-int", "es", 0), ("scb-gcm256-enc", "scb", 0), ("vlan-outer-gcm256", "tag", 1)],
)
def test_inspect_infers_scis_of_kernel_frames(desk, name, sci_from, vlan):
    """Inferred SCIs and clear VLAN tags of frames that Linux sent."""
    found = desk.json("inspect", str(PCAPS / "linux" / f"{name}.wire.pcap"))
    tagged = [item for item in found["frames"] if item["sectag"]]
    assert tagged
    assert sci_from in {item["sci_from"] for item in tagged}
    assert {len(item["vlan"]) for item in tagged} == {vlan}
    assert found["faults"] == 0


def test_inspect_text_is_one_line_a_frame(desk, some):
    """Plain text is one line a frame under one of names, with no escape and no key."""
    lines = desk.run("inspect", desk.protected(some)).stdout.splitlines()
    assert len(lines) == 6
    assert lines[0].split()[:4] == ["index", "no", "time", "da"]
    assert SCI_A in lines[1]
    assert "\x1b" not in "".join(lines)


def test_inspect_of_damage_is_whole_json(desk, some):
    """The JSON object is closed before the damage is reported."""
    path = Path(desk.capture(some))
    path.write_bytes(path.read_bytes()[:-3])
    assert desk.json("inspect", "in.pcap", code=4)["count"] == 4


def test_explain_json_of_a_valid_frame(desk, some, backend):
    """A good frame: its PN, IV, AAD range, both sides, and the PNs before and after."""
    wire = desk.protected(some)
    args = ("explain", "-c", desk.config(), wire, "--frame", "4", "--backend", backend)
    found = desk.json(*args)
    assert found["schema"] == "macsec/explain/1"
    assert (found["verdict"], found["counter"], found["clause"]) == ("ok", "InPktsOK", "10.6.5")
    assert (found["pn_field"], found["pn"]) == ("5", "5")
    assert found["iv"] == SCI_A + "00000005"
    assert found["before"] == {"next_pn": "5", "lowest_pn": "5"}
    assert found["after"] == {"next_pn": "6", "lowest_pn": "6"}
    assert found["aad"] == [[0, 28]]
    assert found["encrypted"] == [28, 1528]
    assert found["clear"] == some[4].hex()


def test_explain_recovers_the_pn_and_iv_of_xpn(desk, backend):
    """The IV of an XPN suite is (SSCI, PN) XOR Salt, the PN recovered to 64 bits."""
    folder = PCAPS / "linux"
    recorded = json.loads((folder / "xpn-big-xpn256.json").read_text())
    channels = [
        {
            "sci": peer["sci"],
            "sa": {
                str(sa["an"]): {
                    "key": sa["key"],
                    "pn": str(sa["pn"]),
                    "ssci": sa["ssci"],
                    "salt": sa["salt"],
                }
                for sa in peer["tx_sa"]
            },
        }
        for peer in recorded["peers"].values()
    ]
    Path("xpn.yaml").write_text(
        json.dumps({"secy": {"cipher": recorded["cipher"]}, "rx": channels})
    )
    wire = str(folder / "xpn-big-xpn256.wire.pcap")
    found = desk.json("explain", "-c", "xpn.yaml", wire, "--frame", "0", "--backend", backend)
    sa = next(c["sa"] for c in channels if c["sci"] == found["sci"])[str(found["an"])]
    assert found["verdict"] == "ok"
    assert int(found["pn"]) > 2**32
    ssci_and_pn = int(sa["ssci"], 16) << 64 | int(found["pn"])
    assert int(found["iv"], 16) == ssci_and_pn ^ int(sa["salt"], 16)


@pytest.mark.parametrize(
    "secy, damage, verdict, reason",
    [
        ({}, lambda f: f[:-1] + bytes([f[-1] ^ 1]), "not-valid", "the ICV is wrong"),
        ({}, lambda f: f[:14] + b"\xac" + f[15:], "bad-tag", "9.12: V is set"),
        ({}, lambda f: f[:12] + b"\x08\x00" + f[14:], "no-tag", "no SecTAG"),
        ({}, lambda f: f[:14] + b"\x2d" + f[15:], "not-using-sa", "there is SA 0"),
        ({}, lambda f: f[:20] + b"\xee" + f[21:], "no-sci", f"there is {SCI_A}"),
        ({}, lambda f: f[:14] + b"\x28" + f[15:], "uncontrolled", "KaY"),
        ({}, lambda f: f[:13], "runt", "13 octets"),
        ({"validate": "null"}, lambda f: f, "bypass", "validate: null"),
        ({"validate": "disabled"}, lambda f: f, "not-valid", "does not decrypt"),
    ],
)
def test_explain_gives_the_reason_of_each_verdict(
    desk, some, backend, secy, damage, verdict, reason
):
    """Each verdict comes with its reason, in JSON and in text."""
    frame = desk.frames(Path(desk.protected(some)).name)[4]
    args = ("explain", "-c", desk.config(**secy), desk.capture([damage(frame)]), "--frame", "0")
    found = desk.json(*args, "--backend", backend)
    assert found["verdict"] == verdict
    assert reason in found["reason"]
    text = desk.run(*args, "--backend", backend).stdout
    assert found["reason"] in text


def test_explain_late_names_pn_and_lowest_pn(desk, some, backend):
    """A replayed frame: which PN, below which lowest PN; no state moves."""
    wire = desk.frames(Path(desk.protected(some)).name)
    again = desk.capture([wire[0], wire[1], wire[0]], "again.pcap")
    args = ("explain", "-c", desk.config(), again, "--frame", "2", "--backend", backend)
    found = desk.json(*args)
    assert (found["verdict"], found["reason"]) == ("late", "PN 1 is below lowest PN 3")
    assert found["before"] == found["after"]
    assert not found["cipher_ran"]


def test_explain_with_tx_alone_explains_protection(desk, some):
    """A configuration with tx alone explains how a clear frame is sent."""
    config = desk.config(rx=False, offset=30)
    found = desk.json("explain", "-c", config, desk.capture(some), "--frame", "4")
    assert (found["direction"], found["verdict"]) == ("protect", "encrypted")
    assert found["encrypted"] == [58, 1528]
    assert found["clear"] == some[4].hex()
    text = desk.run("explain", "-c", config, "in.pcap", "--frame", "4").stdout
    assert "1,332 octets more: --full" in text
    assert (
        "octets more"
        not in desk.run("explain", "-c", config, "in.pcap", "--frame", "4", "--full").stdout
    )


@pytest.mark.parametrize("frames", [0, 5])
def test_explain_out_of_range_names_the_range(desk, some, frames):
    """A frame that is not there is 2, one line, and says which are."""
    clear = desk.capture(some[:frames])
    text = desk.run("explain", "-c", desk.config(), clear, "--frame", "5", code=2).stderr
    assert ("frames 0 to 4" if frames else "no frames") in text
    assert len(text.splitlines()) == 1


def test_progress_bar_only_at_a_terminal(monkeypatch, capsys, tmp_path):
    """At a terminal long work shows a bar; elsewhere nothing."""
    source = tmp_path / "in.pcap"
    source.write_bytes(bytes(1000))
    monkeypatch.setattr(progress, "PATIENCE", -1)
    for terminal in (False, True):
        monkeypatch.setattr("sys.stderr.isatty", lambda terminal=terminal: terminal)
        monkeypatch.setenv("TERM", "xterm")
        with progress.ProgressBar("protect", str(source)) as bar:
            bar.step(3, 500)
        assert ("protect" in capsys.readouterr().err) is terminal


def test_frames_of_many_batches_are_counted_on(desk):
    """Frame numbers run over batches in inspect and explain."""
    many = desk.capture([frame_of(20)] * 4500)
    assert desk.json("inspect", many)["frames"][-1]["index"] == 4499
    assert desk.json("explain", "-c", desk.config(), many, "--frame", "4499")["frame"] == 4499


def test_inspect_knows_sectags_by_another_ethertype(desk, some):
    """`--ethertype` in place of 88e5; without it those frames are no MACsec."""
    wire = desk.frames(Path(desk.protected(some)).name)
    other = [frame[:12] + b"\x98\x76" + frame[14:] for frame in wire]
    capture = desk.capture([*wire, *other], "both.pcap")
    usual = desk.json("inspect", capture)["frames"]
    found = desk.json("inspect", capture, "--ethertype", "0x9876")["frames"]
    tags = [[item["sectag"] for item in items] for items in (usual, found)]
    blank = [None] * len(wire)
    assert tags[0] == tags[1][len(wire) :] + blank
    assert tags[1][: len(wire)] == blank
    refused = desk.run("inspect", capture, "--ethertype", "1234567", code=2)
    assert "expected an EtherType of 4 hex digits" in refused.stderr


def test_inspect_warns_of_what_a_configuration_has_to_say(desk, some):
    """VLAN tags before the SecTAG, an FCS, another EtherType; nothing of the frames is lost."""
    wire = desk.frames(Path(desk.protected(some)).name)
    tagged = [frame[:12] + bytes.fromhex("8100000a") + frame[12:] for frame in wire]
    with_fcs = [frame + zlib.crc32(frame).to_bytes(4, "little") for frame in tagged]
    capture = desk.capture(with_fcs, "tagged.pcap")
    for mode in ((), ("--json",)):
        done = desk.run("inspect", capture, *mode)
        assert "5 of the first 5 frames have 1 VLAN tag before the SecTAG" in done.stderr
        assert "end in their own CRC-32" in done.stderr
    done = desk.run("inspect", capture, "--ethertype", "9876")
    assert "EtherType 88e5: leave out --ethertype 9876" in done.stderr
    assert desk.run("inspect", desk.capture(wire, "plain.pcap")).stderr == ""


@pytest.mark.parametrize("words", [[], ["--json"], ["--sci", SCI_A]])
def test_inspect_refuses_frames_past_the_end(desk, some, words):
    """Exit 2 and one line, as explain; nothing is printed before it."""
    wire = desk.protected(some)
    for span in ("5", "9-", "5-7"):
        result = desk.run("inspect", wire, "--frame", span, *words, code=2)
        assert f"frame {span[0]}: {wire} has frames 0 to 4" in result.stderr
        assert '"frames": [' not in result.stdout
    empty = desk.run("inspect", desk.capture([], "empty.pcap"), "--frame", "0", *words, code=2)
    assert "empty.pcap has no frames" in empty.stderr


def test_inspect_of_a_damaged_capture_names_the_damage_first(desk, some):
    """Frames behind it may be the ones of the span."""
    wire = Path(desk.protected(some))
    wire.write_bytes(wire.read_bytes()[:-1])
    text = desk.run("inspect", str(wire), "--frame", "7", code=4).stderr
    assert "has frames" not in text


def test_inspect_shows_the_frames_that_are_asked_for(desk, some):
    """By place, by SCI and by number, in text and JSON; each with its number in Wireshark."""
    wire = desk.protected(some)
    everything = desk.json("inspect", wire)["frames"]
    for span, rows in (
        ("1-2", [1, 2]),
        ("3-", [3, 4]),
        ("-1", [0, 1]),
        ("2", [2]),
        ("3-9", [3, 4]),
    ):
        found = desk.json("inspect", wire, "--frame", span)["frames"]
        assert found == [everything[row] for row in rows]
    assert [each["index"] for each in desk.json("inspect", wire, "-n", "2")["frames"]] == [0, 1]
    assert desk.json("inspect", wire, "--sci", "02:00:00:00:00:09@1")["frames"] == []
    assert len(desk.json("inspect", wire, "--sci", SCI_A, "--frame", "2-")["frames"]) == 3
    line = desk.run("inspect", wire, "--frame", "3").stdout.splitlines()[1]
    assert line.split()[:2] == ["3", "4"]
    for wrong in (("--frame", "2-1"), ("--frame", "-"), ("--sci", "x"), ("--summary", "-n", "1")):
        desk.run("inspect", wire, *wrong, code=2)
    for wrong in (("--frame", "9" * 25), ("-n", "9" * 25)):  # no number is cut, or too long for C
        desk.run("inspect", wire, *wrong, code=2)


def test_inspect_on_a_terminal_has_the_words_of_a_pipe(desk, some, monkeypatch):
    """The same names of columns; styles by SGR codes, none with NO_COLOR but bold and dim."""
    wire = desk.protected(some)
    names = set(desk.run("inspect", wire).stdout.splitlines()[0].split())
    for color, wanted in (("", "\x1b[36m"), ("1", "\x1b[1m")):
        text = on_a_terminal(monkeypatch, color, "inspect", wire)
        assert wanted in text
        assert ("\x1b[36m" in text) is not bool(color)
        head = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(text.splitlines()[:2])).split()
        assert set(head) - {"since"} <= names
        assert len(text.splitlines()) == 2 + 2 * len(some)


def on_a_terminal(monkeypatch, no_color, *args):
    """The output of a verb on a terminal of 100 columns."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    out = Terminal()
    with monkeypatch.context() as patch:
        patch.setenv("TERM", "xterm")
        patch.setenv("COLUMNS", "100")
        patch.setenv("NO_COLOR", no_color) if no_color else patch.delenv("NO_COLOR", False)
        patch.setattr(sys, "stdout", out)
        with pytest.raises(SystemExit):
            cli.main(list(args))
    return out.getvalue()


def test_inspect_summary_has_a_row_for_each_sci_and_an(desk, some):
    """In text and JSON, and by its schema."""
    wire = desk.protected(some)
    found = desk.json("inspect", wire, "--summary")
    (channel,) = found["channels"]
    assert (channel["sci"], channel["frames"], channel["missing"]) == (SCI_A, len(some), 0)
    assert (channel["lowest_pn"], channel["highest_pn"]) == ("1", str(len(some)))
    text = desk.run("inspect", wire, "--summary").stdout
    assert SCI_A in text
    assert desk.json("inspect", desk.capture(some, "clear.pcap"), "--summary")["channels"] == []


def test_explain_takes_the_number_of_wireshark(desk, some):
    """`--number N` is `--frame N-1`; one of them is needed, and text has both."""
    args = ("explain", "-c", desk.config(tx=False), desk.protected(some))
    assert desk.json(*args, "--frame", "1") == desk.json(*args, "--number", "2")
    assert desk.run(*args, "--frame", "1").stdout.splitlines()[0].endswith("; 2 in Wireshark")
    desk.run(*args, code=2)
    desk.run(*args, "--frame", "1", "--number", "2", code=2)
