"""Round trips and iperf3 between two hosts, with MACsec and without; no time is asserted."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from support.real.hosts import MACSEC, need

pytest.importorskip("macsec._native", reason="the native data plane is not built")

from macsec.errors import EnvironmentLacks
from macsec.measure.latency import tunnel_peers
from macsec.measure.latency.round_trips import PATHS, TripPlan, measure
from macsec.measure.latency.tunnel import CLEAR, Tunnel, protected
from macsec.measure.latency.tunnel_peers import PEERS
from macsec.suites import SUITES

IPV4 = b"\x08\x00"
ALL = 0x0003
QUESTION = b"can a wiretap read this"


def keys_of(suite: Any) -> dict[str, str]:
    """Return keys for a test."""
    return {"key": "5a" * suite.key_length, "salt": "a5" * 12}


@pytest.mark.parametrize("name", ["clear", *SUITES])
def test_a_wiretap_reads_the_clear_path_only(name: str) -> None:
    """The same question crosses both paths."""
    need()
    configs = (CLEAR, CLEAR) if name == "clear" else protected(SUITES[name], keys_of(SUITES[name]))
    with Tunnel(configs, 1500) as tunnel:
        with tunnel.hosts[1].inside():
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
            tap.bind(("wire", ALL))
            tap.settimeout(10)
        with tap, tunnel.socket(0) as asks, tunnel.socket(1) as answers:
            answers.settimeout(10)
            asks.send(QUESTION)
            assert answers.recv(100) == QUESTION
            kinds, found = set(), False
            wanted = IPV4 if name == "clear" else MACSEC
            while wanted not in kinds or (name == "clear" and not found):
                frame = tap.recv(2000)
                kinds.add(frame[12:14])
                found |= QUESTION in frame
    assert found == (name == "clear")
    assert (MACSEC in kinds) == (name != "clear")
    assert name == "clear" or kinds == {MACSEC}


def test_every_trip_and_stream_is_measured() -> None:
    """Trips of every size on both paths, and iperf3 through both in each run."""
    need("iperf3")
    suite = SUITES["gcm-aes-xpn-256"]
    plan = TripPlan(suite, (64, 1518, 9018), trips=30, every_ns=100_000, iperf_s=1, runs=1)
    steps: list[int] = []
    result = measure(plan, keys_of(suite), lambda: steps.append(1))
    assert len(steps) == plan.steps == 4
    assert [each.frame_octets for each in result.trips] == [64, 1518, 9018]
    for each in result.trips:
        assert {path: each.paths[path].total + each.lost[path] for path in PATHS} == dict.fromkeys(
            PATHS, 30
        )
        assert each.ratio > 0
    assert result.lacking == ""
    assert all(len(runs) == 1 and runs[0] > 0 for runs in result.gbit_per_s.values())
    assert result.throughput_ratio is not None
    assert len(result.peers["veth"]) == 1
    assert {*result.peers, *result.missing} == {*PEERS}


def test_a_peer_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the package that has it; the others are measured."""
    need("iperf3")
    monkeypatch.setattr(tunnel_peers.trust, "program", _without("wireguard-go"))
    with pytest.raises(EnvironmentLacks, match=r"wireguard-go is not installed \(apt install"):
        tunnel_peers.wireguard(1500).__enter__()
    with tunnel_peers.cable(1500) as peer:
        assert peer.tunnel.iperf(1, peer.address) > 0


def _without(missing: str) -> Callable[[str], str | None]:
    found = tunnel_peers.trust.program
    return lambda name: None if name == missing else found(name)
