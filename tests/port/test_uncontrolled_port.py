"""The Uncontrolled Port carries any protocol, both ways (802.1AE 10.4, 10.7.2), on both planes."""

from __future__ import annotations

from support.planes import Plane, add_rx, frame_of, good_frame, sender

from macsec.lab.virtual.stations.station import Station
from macsec.port import UncontrolledPort
from macsec.secy import Verdict
from macsec.wire import Engine, Link, LinkParams


def test_each_request_is_one_frame_as_it_is_and_each_frame_one_indication(plane: Plane) -> None:
    """Nothing changed, made up, lost or reordered, for every receiver (SAP-1 to SAP-7)."""
    sent: list[bytes] = []
    port = UncontrolledPort(sender(plane), sent.append)
    first: list[bytes] = []
    second: list[bytes] = []
    port.receive_with(first.append)
    port.receive_with(second.append)
    frames = [frame_of(46 + n) for n in range(9)] + [good_frame(3), b"\xff" * 12 + b"\x12\x34x"]
    for frame in frames:
        port.request(frame)
        port.indication(frame)
    assert sent == first == second == frames
    assert port.counters["ifOutOctets"] == sum(map(len, frames))
    assert port.counters["ifOutBroadcastPkts"] == 1


def test_a_port_whose_common_port_is_down_sends_nothing(plane: Plane) -> None:
    """Its MAC_Operational is that of the Common Port."""
    sent: list[bytes] = []
    port = UncontrolledPort(sender(plane), sent.append)
    port.secy.set_common_port(operational=False)
    port.request(frame_of(46))
    assert (sent, port.counters["ifOutUcastPkts"]) == ([], 0)
    assert not port.status.operational


def test_a_station_has_every_frame_at_its_uncontrolled_port(plane: Plane) -> None:
    """A user of any EtherType there, beside a Controlled Port that takes its own frames only."""
    engine = Engine(0)
    link = Link(engine, "link", LinkParams(), LinkParams())
    near = Station(engine, link.a, sender(plane))
    far = Station(engine, link.b, add_rx(sender(plane)))
    seen: list[bytes] = []
    delivered: list[bytes] = []
    far.uncontrolled.receiver = seen.append
    far.controlled.receiver = delivered.append
    lldp = bytes.fromhex("0180c200000e") + frame_of(46)[6:12] + b"\x88\xcc" + bytes(46)
    near.uncontrolled.send(lldp)
    near.controlled.send(frame_of(60))
    engine.run()
    assert seen[0] == lldp
    assert (len(seen), delivered) == (2, [frame_of(60)])
    assert far.secy.uncontrolled_counters["ifInMulticastPkts"] == 1
    assert far.secy.uncontrolled_counters["ifInUcastPkts"] == 1
    assert near.secy.uncontrolled_counters["ifOutMulticastPkts"] == 1
    assert far.secy.counters[str(Verdict.NO_TAG.counter)] == 1
