"""Round trips: recorded and lost ones, and the ratios of their times. No time is asserted."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from support.planes import PLANES, Plane, frame_of

from macsec import SecY
from macsec.errors import MACsecError
from macsec.measure.latency import round_trips
from macsec.measure.latency.histogram import NativeHistogram, PythonHistogram
from macsec.measure.latency.round_trips import PATHS, RealTime, TripPlan, Trips
from macsec.measure.latency.tunnel import CLEAR, Tunnel, protected
from macsec.suites import SUITES

native = pytest.mark.skipif(len(PLANES) == 1, reason="the native data plane is not built")
SUITE = SUITES["gcm-aes-128"]
SOON = 1_000_000
PLAN = TripPlan(SUITE, (64,), trips=45, every_ns=1000, patience_ns=SOON)


def keys_of(suite: Any) -> dict[str, str]:
    """Return made-up keys."""
    return {"key": "5a" * suite.key_length, "salt": "a5" * 12}


@pytest.mark.parametrize("name", SUITES)
def test_the_protected_path_encrypts_both_ways(plane: Plane, name: str) -> None:
    """Each station opens what the other protects, and nothing it sends is clear."""
    one, two = (
        SecY.from_config(config, plane.backend)
        for config in protected(SUITES[name], keys_of(SUITES[name]))
    )
    for here, there in ((one, two), (two, one)):
        frame = frame_of(100)
        sealed = here.protect_frame(frame)
        assert sealed is not None
        assert sealed[12:14] == b"\x88\xe5"
        assert frame[14:30] not in sealed
        assert there.validate_frame(sealed)[1] == frame


def test_the_clear_path_leaves_frames_unchanged(plane: Plane) -> None:
    """Frames stay unchanged both ways: the two paths differ in MACsec alone."""
    secy = SecY.from_config(protected(SUITE, keys_of(SUITE))[0], plane.backend)
    secy.set_controls(**CLEAR)
    frame = frame_of(100)
    assert secy.protect_frame(frame) == frame
    assert secy.validate_frame(frame)[1] == frame


class Pair:
    """Two sockets in place of a tunnel's, and whether its frames are protected now."""

    protected: bool | None = None

    def __init__(self, connected: bool = True) -> None:
        self.ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        self.ends[1].bind(("127.0.0.1", 0))
        if connected:
            self.ends[0].connect(self.ends[1].getsockname())

    def socket(self, side: int) -> socket.socket:
        """Return a socket as a Tunnel does."""
        return self.ends[side]

    def protect(self, on: bool) -> None:
        """Take the other path, as a Tunnel does."""
        self.protected = on


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A pair of sockets, closed at the end."""
    made = Pair()
    yield made
    for end in made.ends:
        end.close()


@native
def test_every_trip_is_counted(pair: Any) -> None:
    """Answered trips are in the histogram, the others are lost: none is left out."""
    results = round_trips._trips(PLAN, 64, pair)
    for path in PATHS:
        assert results.paths[path].total + results.lost[path] == PLAN.trips
        assert results.paths[path].total > 0
        assert results.paths[path].least > 0


@native
def test_unanswered_trips_are_lost(pair: Any) -> None:
    """Without answers all trips are lost, and none counts as a fast one."""
    from macsec import _native

    asked = pair.socket(0)
    histogram = NativeHistogram(_native)
    assert round_trips._ping(asked, PLAN, 64, 3, histogram) == 3
    assert histogram.total == 0


@native
def test_an_old_answer_is_ignored(pair: Any) -> None:
    """An old answer is ignored."""
    from macsec import _native

    asks, answers = (pair.socket(side) for side in (0, 1))
    answers.sendto((99).to_bytes(8, "little") + bytes(10), asks.getsockname())
    histogram = round_trips.NativeHistogram(_native)  # type: ignore[attr-defined]
    assert round_trips._ping(asks, PLAN, 64, 1, histogram) == 1
    assert histogram.total == 0


@native
def test_a_frame_size_counts_all_headers(pair: Any) -> None:
    """A frame's size counts Ethernet, FCS, IPv4 and UDP; the smallest still has its number."""
    from macsec import _native

    asks, answers = (pair.socket(side) for side in (0, 1))
    for size, octets in ((1518, 1472), (64, 18), (20, 8)):
        round_trips._ping(asks, PLAN, size, 1, round_trips.NativeHistogram(_native))  # type: ignore[attr-defined]
        assert len(answers.recv(65536)) == octets


@native
def test_a_failing_socket_raises_with_size_and_errno() -> None:
    """The error has the size and the number of the error."""
    from macsec import _native

    pair = Pair(connected=False)
    with pytest.raises(MACsecError, match="64 octets: errno"):
        round_trips._ping(pair.socket(0), PLAN, 64, 1, round_trips.NativeHistogram(_native))  # type: ignore[attr-defined]
    for end in pair.ends:
        end.close()


def trips(size: int, clear: int, safe: int) -> Trips:
    """Return round trips with one time for each path."""
    paths: dict[str, Any] = {path: PythonHistogram() for path in PATHS}
    paths["clear"].record_many([clear])
    paths["protected"].record_many([safe])
    return Trips(size, paths, dict.fromkeys(PATHS, 0))


def test_ratios_are_medians_of_protected_to_clear() -> None:
    """The ratio of a size is protected to clear at the median; of all sizes, the median."""
    results = RealTime(PLAN)
    assert results.trip_ratio is None
    assert results.throughput_ratio is None
    results.trips = [trips(64, 100, 104), trips(128, 100, 110), trips(256, 100, 101)]
    assert [each.ratio for each in results.trips] == [1.04, 1.10, 1.01]
    assert results.trip_ratio == 1.04
    results.gbit_per_s = {"clear": [2.0, 4.0, 1.0], "protected": [1.0, 4.0, 0.9]}
    assert results.throughput_ratio == 0.9
    assert trips(64, 0, 5).ratio == 0.0


def test_steps_count_sizes_and_pairs_of_runs() -> None:
    """A step for each size, and one for each pair of iperf3's runs."""
    assert TripPlan(SUITE, (64, 128), iperf_s=0).steps == 2
    assert TripPlan(SUITE, (64, 128), iperf_s=1, runs=3).steps == 5


@native
def test_paths_take_turns_in_changing_order(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The paths take turns, and the first of a turn changes: neither has an advantage."""
    order: list[tuple[str, int]] = []

    def ping(sock: Any, plan: Any, size: int, count: int, into: Any) -> int:
        order.append((PATHS[pair.protected], count))
        return 0

    monkeypatch.setattr(round_trips, "_ping", ping)
    round_trips._trips(PLAN, 64, pair)
    clear, safe = PATHS
    assert order[2:] == [
        *((clear, 20), (safe, 20), (safe, 20), (clear, 20), (clear, 5), (safe, 5)),
    ]


def test_a_tunnel_that_fails_removes_its_first_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tunnel that fails halfway removes its first host, and raises the first error."""
    from macsec.measure.latency import tunnel

    closed = []

    class Refused:
        def __init__(self, name: str) -> None:
            if name == "host 2":
                raise MACsecError("no second host")

        def __enter__(self) -> Refused:
            return self

        def __exit__(self, *_: object) -> None:
            closed.append(1)

    monkeypatch.setattr(tunnel, "Namespace", Refused)
    with pytest.raises(MACsecError, match="no second host"):
        Tunnel(protected(SUITE, keys_of(SUITE)), 1500)
    assert closed == [1]
