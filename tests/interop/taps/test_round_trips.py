"""Round trips and iperf3 between two hosts, with MACsec and without; no time is asserted."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from support.real.hosts import MACSEC, PATIENCE, need

pytest.importorskip("macsec._native", reason="the native data plane is not built")

from macsec.errors import EnvironmentLacks
from macsec.measure.latency import tunnel_peers
from macsec.measure.latency.round_trips import PATHS, TripPlan, measure
from macsec.measure.latency.tunnel import SYSTEMS, Tunnel, protected
from macsec.measure.latency.tunnel_peers import PEERS
from macsec.suites import SUITES

IPV4 = b"\x08\x00"
ALL = 0x0003
QUESTION = b"can a wiretap read this, longer than any ARP message"
LEAST = 14 + 20 + 8 + len(QUESTION)
"""Octets of the frame that has it, in clear."""


def keys_of(suite: Any) -> dict[str, str]:
    """Return keys for a test."""
    return {"key": "5a" * suite.key_length, "salt": "a5" * 12}


@pytest.mark.parametrize("name", SUITES)
def test_a_wiretap_reads_the_clear_path_only(name: str) -> None:
    """The same question crosses both paths of a tunnel, one after the other.

    On both only the stations above the cable send, also where the first frames are of ARP.
    """
    need()
    with Tunnel(protected(SUITES[name], keys_of(SUITES[name])), 1500) as tunnel:
        with tunnel.hosts[1].inside():
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
            tap.bind(("wire", ALL))
            tap.settimeout(PATIENCE)
        with tap, tunnel.socket(0) as asks, tunnel.socket(1) as answers:
            answers.settimeout(PATIENCE)
            seen, sources = {}, set()
            for on in (False, True, False):
                tunnel.protect(on)
                asks.send(QUESTION)
                assert answers.recv(100) == QUESTION
                seen[on] = up_to(tap, MACSEC if on else IPV4)
                sources |= {frame[6:12] for frame in seen[on]}
    assert sources <= {system.to_bytes(6) for system in SYSTEMS}
    assert {frame[12:14] for frame in seen[True]} == {MACSEC}
    assert not any(QUESTION in frame for frame in seen[True])
    assert QUESTION in seen[False][-1]


def up_to(tap: socket.socket, kind: bytes) -> list[bytes]:
    """Return the frames up to the one that can hold the question: of a kind, and long enough."""
    frames = [tap.recv(2000)]
    while frames[-1][12:14] != kind or len(frames[-1]) < LEAST:
        frames.append(tap.recv(2000))
    return frames


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
