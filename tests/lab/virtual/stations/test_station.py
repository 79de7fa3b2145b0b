"""A station on a link: its ports, its KaY and the timer on the engine, on every data plane."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.mka.kays import CAK, NS, OnPlane, Segment, chain_key, check_connectivity, pair, secured
from support.planes import BOTH_PLANES, PLANES, Plane, frame_of

from macsec.config.static_keys import Pair, seeded
from macsec.frames.dissect import observe
from macsec.frames.sectag import TagRules
from macsec.lab import Station
from macsec.lab.virtual.stations.station import is_eapol
from macsec.secy import SecY, Verdict
from macsec.wire import Engine, Link

SYSTEMS = (0x02ED_0000_0000, 0x02ED_0000_0001)
EAPOL_FRAME = bytes.fromhex("0180c2000003" + "025200000062" + "888e") + bytes(46)


# ---------------------------------------------------------------- static SAs


class StaticPair:
    """Two stations with static SAs on a link; what every port of the second one receives."""

    def __init__(self, plane: Plane) -> None:
        keys = Pair({"cipher": "gcm-aes-128"}, SYSTEMS, seeded(1))
        self.engine = Engine()
        self.link = Link(self.engine, "a-b")
        self.a, self.b = (
            Station(
                self.engine, port, SecY.from_config(keys.station(at), plane.backend, plane.kernel)
            )
            for at, port in enumerate((self.link.a, self.link.b))
        )
        self.controlled: list[bytes] = []
        self.uncontrolled: list[bytes] = []
        self.b.controlled.receiver = self.controlled.append
        self.b.uncontrolled.receiver = self.uncontrolled.append


@pytest.fixture
def static(plane: Plane) -> Iterator[StaticPair]:
    """Return the pair, and wipe its keys at the end."""
    made = StaticPair(plane)
    with made.a, made.b:
        yield made


def test_controlled_frames_cross_protected(static: StaticPair) -> None:
    """The wire has a SecTAG; the far Controlled Port delivers the frame as it was sent."""
    static.a.controlled.send(frame_of(60))
    static.engine.run()
    assert static.controlled == [frame_of(60)]
    (octets,) = static.uncontrolled
    assert observe(octets, TagRules()).tag is not None
    assert static.b.delivered == 1


def test_the_uncontrolled_port_sees_every_frame_as_it_came(static: StaticPair) -> None:
    """Protected, plain and damaged frames alike, with any verdict."""
    octets: list[bytes] = []
    static.a.common.watch = octets.append
    static.a.controlled.send(frame_of(100))
    static.a.uncontrolled.send(frame_of(60))
    static.a.uncontrolled.send(octets[0][:-1] + bytes([octets[0][-1] ^ 1]))
    static.engine.run()
    assert static.uncontrolled == octets
    assert len(octets) == 3
    assert static.controlled == [frame_of(100)]
    counters = static.b.secy.counters
    assert (counters["InPktsNoTag"], counters["InPktsOK"]) == (1, 1)


def test_the_uncontrolled_port_sees_frames_while_the_controlled_one_is_closed() -> None:
    """Under key agreement too: MKPDUs, and frames that the closed port blocks."""
    segment, a, b = pair()
    seen: list[bytes] = []
    b.station.uncontrolled.receiver = seen.append
    a.station.port.enabled = b.station.port.enabled = False
    assert not a.send()
    a.station.common.send(frame_of(60))
    segment.run(segment.now + 2.5)
    assert frame_of(60) in seen
    assert any(is_eapol(frame) for frame in seen)
    assert b.received == []
    assert (a.station.port.blocked[0], b.station.port.blocked[1]) == (1, 1)


def test_eapol_without_a_kay_is_a_frame_like_others(static: StaticPair) -> None:
    """Static SAs: in clear it has no tag, protected it is delivered."""
    static.a.uncontrolled.send(EAPOL_FRAME)
    static.a.controlled.send(EAPOL_FRAME)
    static.engine.run()
    assert static.controlled == [EAPOL_FRAME]
    assert static.b.secy.counters["InPktsNoTag"] == 1


def test_a_watch_sees_each_frame_and_its_verdict(static: StaticPair) -> None:
    """Both directions: before and after the SecY, refused frames with None."""
    notes: list[tuple[str, object]] = []

    class Notes:
        def protected(self, frame: bytes, octets: bytes | None) -> None:
            notes.append(("protected", octets is not None))

        def validated(self, octets: bytes, verdict: Verdict, frame: bytes | None) -> None:
            notes.append((verdict.name, frame))

    static.a.watch = static.b.watch = Notes()
    static.a.controlled.send(frame_of(60))
    static.a.uncontrolled.send(frame_of(60))
    static.engine.run()
    assert notes == [("protected", True), ("OK", frame_of(60)), ("NO_TAG", None)]


# ---------------------------------------------------------------- key agreement


@pytest.mark.parametrize("first", BOTH_PLANES, ids=str)
def test_stations_on_two_data_planes_agree(first: Plane) -> None:
    """A station on each data plane exchanges frames with one on the reference plane."""
    segment = Segment(first)
    a = segment.add("a", key_server_priority=1)
    segment.plane = OnPlane(PLANES[0])
    b = segment.add("b", key_server_priority=2)
    segment.run(3)
    assert secured(a, b)
    check_connectivity(segment, a, b)


def test_a_stopped_station_is_silent() -> None:
    """After a power cut nothing is sent or taken, the keys are wiped, timers do nothing."""
    segment, a, b = pair()
    sent = len(segment.mkpdus)
    a.station.stop()
    assert not a.send()
    a.station.indicate(segment.mkpdus[-1][2])
    segment.run(8.5)
    assert {name for _, name, _ in segment.mkpdus[sent:]} == {"b"}
    assert not b.kay.secured


def test_eapol_never_reaches_the_controlled_port() -> None:
    """Even in clear on an open port it goes to the KaY alone."""
    segment = Segment()
    a = segment.add("a", security="should-secure")
    segment.run(1)
    delivered: list[bytes] = []
    a.station.controlled.receiver = delivered.append
    a.station.indicate(bytes.fromhex("0180c2000003" + "025200000062" + "888e") + bytes(46))
    a.station.indicate(frame_of(60))
    assert delivered == [frame_of(60)]
    assert a.kay.counters["in-not-mka"] == 1
    assert segment.engine.now_ns == NS


def test_should_secure_goes_from_plain_to_protected_and_back() -> None:
    """Keys that differ: clear frames pass and are counted as such; with equal keys none passes."""
    segment = Segment()
    a = segment.add("a", security="should-secure")
    b = segment.add("b", [chain_key(CAK[::-1])], security="should-secure")
    segment.run(10)
    check_connectivity(segment, a, b)
    assert a.secy.counters["InPktsUntagged"] == 1
    assert b.secy.counters["OutPktsUntagged"] == 1
    again = segment.add("b", security="should-secure")
    segment.run(15)
    assert secured(a, again)
    check_connectivity(segment, a, again)
    assert a.secy.counters["InPktsOK"] == 1
    again.station.stop()
    segment.run(25)
    assert a.send()
    assert a.secy.counters["OutPktsUntagged"] == 2
