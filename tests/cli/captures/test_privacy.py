"""`privacy`: wrap, protect, validate and unwrap give the capture again; observe sees nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from macsec.privacy import OPEN

TLS = str(Path(__file__).parents[3] / "pcaps" / "tls13.pcap")
DNS = str(Path(__file__).parents[3] / "pcaps" / "dns.pcap")
VLAN = str(Path(__file__).parents[3] / "pcaps" / "vlan.pcap")


def through(desk, capture, *options, backend="auto"):
    """Wrap, protect, observe, validate and unwrap; return the JSON of each end."""
    config = desk.config()
    mppdus, wire, clear, out = map(desk.path, ("m.pcap", "w.pcap", "c.pcap", "o.pcap"))
    wrapped = desk.json("privacy", "wrap", capture, mppdus, *options)
    desk.run("protect", "-c", config, mppdus, wire, "--backend", backend)
    seen = desk.json("privacy", "observe", wire)
    desk.run("validate", "-c", config, wire, clear, "--backend", backend)
    return wrapped, seen, desk.json("privacy", "unwrap", clear, out)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--frame-padding", "none"),
        ("--size", "1600"),
        ("--express", "5000"),
        ("--express", "4000", "--preemptable", "3000", "--frame-size", "300"),
        ("--preemptable", "9000", "--frame-size", "9000", "--select", "0=frame"),
        ("--select", "5=none"),
    ],
)
def test_wrapped_and_unwrapped_capture_has_the_same_frames(desk, options):
    """Every frame comes back unchanged, through MACsec, by frames and by channels."""
    wrapped, _, unwrapped = through(desk, VLAN, *options)
    frames = desk.frames(VLAN)
    assert sorted(desk.frames("o.pcap")) == sorted(frames)
    assert wrapped["refused"] == unwrapped["refused"] == 0
    counters = unwrapped["counters"]
    assert counters["in-user-frames"] + counters["in-user-unprotected-frames"] == len(frames)
    assert counters["in-errored-mppdus"] == counters["in-express-discard-fragments"] == 0


def test_channel_is_constant_on_the_wire_for_each_load(desk, backend):
    """Two captures under one channel for one time give the same distributions to a wiretap."""
    options = ("--express", "20000", "--for", "0.3")
    found = [through(desk, capture, *options, backend=backend)[1] for capture in (TLS, DNS)]
    assert all(each["constant"] for each in found)
    assert found[0]["sizes"].keys() == found[1]["sizes"].keys() == {"1566"}
    assert found[0]["gaps_ns"].keys() == found[1]["gaps_ns"].keys()
    assert found[0]["addresses"].keys() == found[1]["addresses"].keys()


def test_frames_without_privacy_are_seen_apart(desk):
    """The observer sees the sizes, gaps and addresses of what no channel hides."""
    config, wire = desk.config(), desk.path("w.pcap")
    desk.run("protect", "-c", config, TLS, wire)
    seen = desk.json("privacy", "observe", wire)
    assert not seen["constant"]
    assert len(seen["sizes"]) > 10
    assert len(seen["addresses"]) == 3
    assert "pairs of addresses: 3" in desk.run("privacy", "observe", wire).stdout


def test_lost_mppdus_lose_their_frames_and_no_others(desk):
    """Without each tenth MPPDU, each frame that arrives is one that was sent, and is counted."""
    desk.json("privacy", "wrap", TLS, desk.path("m.pcap"), "--express", "100000")
    mppdus = desk.frames("m.pcap")
    lossy = desk.capture([each for at, each in enumerate(mppdus) if at % 10], "lossy.pcap")
    found = desk.json("privacy", "unwrap", lossy, desk.path("o.pcap"))
    sent, arrived = desk.frames(TLS), desk.frames("o.pcap")
    assert set(arrived) <= set(sent)
    assert 0.7 * len(sent) < len(arrived) < len(sent)
    assert found["counters"]["in-express-discard-fragments"] > 0


def test_help_topic_lists_what_is_open(desk):
    """`macsec help privacy` says experimental, and what was chosen."""
    text = desk.run("help", "privacy").stdout
    assert "experimental" in text
    assert all(name in text for name in OPEN)


def test_text_and_warnings_of_a_run(desk):
    """One line of counters; a capture without MPPDUs, or a wrong option, is named."""
    run = desk.run("privacy", "wrap", TLS, desk.path("m.pcap"))
    assert "130 out-pf-user-frames" in run.stderr
    run = desk.run("privacy", "unwrap", TLS, desk.path("o.pcap"))
    assert "no MPPDU in" in run.stderr
    assert desk.frames("o.pcap") == desk.frames(TLS)
    for wrong in ("8=frame", "3=loud", "3"):
        args = ("privacy", "wrap", TLS, desk.path("m.pcap"), "--select", wrong)
        assert "--select" in desk.run(*args, code=2).stderr
    args = ("privacy", "wrap", TLS, desk.path("m.pcap"), "--address", "zz")
    assert "--address" in desk.run(*args, code=2).stderr
