"""`macsec advise`: text and JSON of each piece of advice."""

from __future__ import annotations

from cli.conftest import Desk

LAB = """\
until: 4s
macsec: {window: 500}
sites:
  west: {hosts: [a]}
  east: {hosts: [b]}
links:
  - {name: wan, between: [west, east], rate: 10gbit, delay: 2ms, jitter: 1ms, ordered: off,
     match: {ethertype: 0x88e5}}
traffic:
  - {from: a, to: b, pps: 2000, size: 200, duration: 200ms}
"""


def test_window_of_a_capture_in_order_is_zero(desk: Desk, some: list[bytes]) -> None:
    """Frames in order need no window; the page says for how long a frame can be replayed."""
    wire = desk.protected(some * 3)
    found = desk.json("advise", "window", wire)
    assert (found["window"], found["advised"]) == (0, 0)
    assert found["channels"][0]["frames"] == 15
    assert "802.1AE 10.6.2" in desk.run("advise", "window", wire).stdout


def test_window_counts_the_frames_that_each_window_loses(desk: Desk, some: list[bytes]) -> None:
    """A frame 3 behind the highest PN needs a window of 4."""
    desk.protected(some)
    frames = desk.frames("wire.pcap")
    late = desk.capture([*frames[:1], *frames[2:], frames[1]], "late.pcap")
    (channel,) = desk.json("advise", "window", late)["channels"]
    assert (channel["late"], channel["window"], channel["advised"]) == (1, 4, 4)
    lost = {step["window"]: step["lost"] for step in channel["steps"]}
    assert lost == {0: 1, 1: 1, 2: 1, 4: 0}
    assert "replay window 4: 4 loses no frame" in desk.run("advise", "window", late).stdout


def test_window_of_a_topology_is_that_of_its_links(desk: Desk) -> None:
    """A lab is run, and the order at the receiving end of its links counts."""
    path = desk.folder / "lab.yaml"
    path.write_text(LAB)
    found = desk.json("advise", "window", str(path))
    (channel,) = found["channels"]
    assert channel["place"] == "wan:east"
    assert channel["late"] > 0
    assert found["window"] == channel["window"] > 0


def test_mtu_shows_chosen_paths(desk: Desk) -> None:
    """Paths are shown in the order in which they are named, with SCI and ICV of the options."""
    found = desk.json("advise", "mtu", "vlan", "lan", "--wire", "9000", "--sci", "off")
    assert [(each["path"], each["ip_mtu"]) for each in found["paths"]] == [
        ("vlan", 8972),
        ("lan", 8976),
    ]
    config = desk.config(send_sci="off")
    assert desk.json("advise", "mtu", "lan", "-c", config)["macsec_octets"] == 24
    assert "MACsec takes 32 octets with an SCI" in desk.run("advise", "mtu").stdout


def test_rekey_takes_suite_and_pn_of_a_configuration(desk: Desk) -> None:
    """The headroom of a configuration is what its PNs leave."""
    config = desk.config(pn=1 << 31)
    (line,) = desk.json(*("advise", "rekey", "-c", config, "--rate", "10gbit", "--frame", "1518"))[
        "lines"
    ]
    (whole,) = desk.json(
        *("advise", "rekey", "--suite", "gcm-aes-128", "--rate", "10gbit", "--frame", "1518")
    )["lines"]
    assert (
        line["hard_s"] * 2 == round(whole["hard_s"], 2) or line["hard_s"] < whole["hard_s"] * 0.51
    )
    assert "gcm-aes-xpn-128" in desk.run("advise", "rekey").stdout
    assert "--rate" in desk.run("advise", "rekey", "--rate", "fast", code=2).stderr


def test_link_exits_3_if_a_setting_is_refused(desk: Desk) -> None:
    """With --strict a refusal is exit 3; the text names setting, reason, remedy and source."""
    config = desk.config()
    found = desk.json("advise", "link", config, "--against", "aws", "--strict", code=3)
    assert found["remarks"][0]["response"] == "refuses"
    text = desk.run("advise", "link", config, "--against", "aws").stdout
    assert "against AWS Direct Connect" in text
    assert "docs.aws.amazon.com" in text
    desk.run("advise", "link", config, "--against", "linux", "--strict")


def test_window_of_a_capture_without_sectags_is_no_advice(desk: Desk, some: list[bytes]) -> None:
    """A clear capture says nothing of an order: a window of 0 would be a guess."""
    text = desk.run("advise", "window", desk.capture(some, "clear.pcap")).stdout
    assert "no advice: no frame has a SecTAG" in text
    assert "loses no frame" not in text
