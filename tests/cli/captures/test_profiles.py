"""`profiles`: the table, and the difference of two over a capture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from macsec.secy import PROFILES
from macsec.secy.profiles.switches import SWITCHES

LINUX = Path(__file__).parents[3] / "pcaps" / "linux"


def recording(desk, name, peer="A", other="B"):
    """Return the configuration of `other`, which receives what a kernel sent as `peer`."""
    about = json.loads((LINUX / f"{name}.json").read_text())
    settings, sender = about["peers"][other]["settings"], about["peers"][peer]
    sas = {
        str(sa["an"]): {"key": sa["key"], "pn": str(sa["pn"])}
        | {field: sa[field] for field in ("ssci", "salt") if field in sa}
        for sa in sender["tx_sa"]
    }
    secy = {field: str(settings[field]) for field in ("validate", "window")}
    secy["replay"] = "on" if settings["replay"] else "off"
    tree = {"secy": {"cipher": about["cipher"], **secy}, "rx": [{"sci": sender["sci"], "sa": sas}]}
    path = Path(desk.path("kernel.yaml"))
    path.touch(mode=0o600)
    path.write_text(json.dumps(tree))
    return str(LINUX / f"{name}.wire.pcap"), "-c", str(path)


def test_table_has_every_profile_and_every_switch(desk):
    """A column for each profile, a row for each switch; `-` where nothing is documented."""
    lines = [line.split() for line in desk.run("profiles").stdout.splitlines()]
    assert ["switch", *PROFILES] in lines
    assert {line[0] for line in lines if line} >= SWITCHES.keys()
    assert ["refuse_e0_c1", "off", "off", "on", "-"] in lines
    assert ["exact_length", "off", "on", "-", "-"] in lines


def test_json_of_the_table_has_readings_and_sources(desk):
    """Each profile has its readings, their sources, and whether they are documented of it."""
    found = desk.json("profiles")["profiles"]
    assert list(found) == list(PROFILES)
    assert found["cnxk"]["switches"]["refuse_e0_c1"]["source"].startswith("DPDK")
    assert found["cnxk"]["switches"]["exact_length"]["documented"] is False
    assert found["linux"]["switches"]["exact_length"]["source"].endswith("padding, sl")
    assert found["ieee"]["switches"]["exact_length"]["source"] == "9.10, 9.12"


@pytest.mark.parametrize("name", ["base-gcm256-int", "replay-w16-reorder-xpn128", "rotate-gcm128"])
def test_profiles_agree_on_ordinary_frames_of_a_kernel(desk, backend, name):
    """Nothing parts where a kernel sent and nothing was damaged; --strict exits 0."""
    args = ("profiles", "diff", "ieee", "linux", *recording(desk, name), "--backend", backend)
    found = desk.json(*args, "--strict")
    assert found["parted"] == 0 < found["frames"]
    assert found["partings"] == found["verdicts"] == []


def test_kernel_frames_with_scb_part_by_their_sci(desk, backend):
    """SCB with port 1, as Linux sends it, has another SCI by 9.9: no SC for ieee."""
    capture, *config = recording(desk, "scb-gcm256-enc")
    args = ("profiles", "diff", "ieee", "linux", capture, *config, "--backend", backend)
    found = desk.json(*args)
    pairs = {(pair["first"], pair["second"]): pair["frames"] for pair in found["verdicts"]}
    assert pairs[("no-sci", "ok")] == 17
    assert found["by_switch"] == {"scb_port_zero": found["parted"]}
    first = found["partings"][0]
    assert (first["first"]["counter"], first["first"]["octets"]) == ("InPktsNoSCI", None)
    clear = desk.frames(str(LINUX / "scb-gcm256-enc.plainA.pcap"))
    assert bytes.fromhex(first["second"]["octets"]) in clear
    desk.run(*args, "--strict", code=3)


def test_text_shows_both_ends_and_the_reason(desk):
    """Each frame has its verdicts, counters, and both readings; the summary counts all frames."""
    args = ("profiles", "diff", "ieee", "linux", *recording(desk, "scb-gcm256-enc"))
    text = desk.run(*args, "--most", "2").stdout
    assert text.count("SCB means port 0  (9.9)") == 2
    assert text.count("SCB is ignored: ES means port 1  (Linux 6.1, 6.12: scb-frames)") == 2
    assert "InPktsNoSCI, not delivered" in text
    assert "34 of 34 frames part" in text
    assert desk.json(*args, "--most", "2")["parted_shown"] == 2


def test_what_is_not_documented_says_so(desk):
    """A switch that cnxk does not document is read as ieee, and the reason says that."""
    args = ("profiles", "diff", "linux", "cnxk", *recording(desk, "scb-gcm256-enc"))
    (cause,) = desk.json(*args)["causes"]
    assert cause["second_source"].startswith("not documented of cnxk, so as ieee: 9.9")


def test_what_a_profile_does_not_have_is_said(desk):
    """`validate: check` is strict under sonic, with a warning."""
    capture, _, path = recording(desk, "base-gcm256-int")
    tree = json.loads(Path(path).read_text())
    tree["secy"]["validate"] = "check"
    Path(path).write_text(json.dumps(tree))
    run = desk.run("profiles", "diff", "ieee", "sonic", capture, "-c", path)
    assert "validate: profile sonic is strict in its place" in run.stderr


def test_wrong_usage_and_damage_have_their_codes(desk):
    """An unknown profile exits 2 and the line names all; a damaged capture exits 4."""
    capture, *config = recording(desk, "base-gcm256-int")
    stderr = desk.run("profiles", "diff", "ieee", "vpp", capture, *config, code=2).stderr
    assert all(name in stderr for name in PROFILES)
    cut = Path(desk.path("cut.pcap"))
    cut.write_bytes(Path(capture).read_bytes()[:-3])
    desk.run("profiles", "diff", "ieee", "linux", str(cut), *config, code=4)
