"""Ports of a SecY and their states (10.7.2 to 10.7.6), on both data planes."""

from __future__ import annotations

import pytest
from support.planes import (
    SCI_A,
    Plane,
    add_rx,
    batch_of,
    frame_of,
    good_frame,
    receiver,
    sender,
    spoiled,
)

from macsec.errors import ConfigError
from macsec.secy import Controls, SecY
from macsec.secy.management import Maxima, PointToPoint

GROUP, EVERYONE = bytes.fromhex("0180c2000003"), b"\xff" * 6
PACKETS = ("UcastPkts", "MulticastPkts", "BroadcastPkts")


def packets(counters: object, way: str) -> list[int]:
    """Unicast, multicast and broadcast packets of one direction."""
    return [dict(counters)[f"if{way}{name}"] for name in PACKETS]  # type: ignore[call-overload]


def to(destination: bytes, length: int = 60) -> bytes:
    """A frame to a destination."""
    return destination + frame_of(length)[6:]


@pytest.mark.parametrize("one_by_one", [False, True])
def test_each_port_counts_packets_by_their_destination(plane: Plane, one_by_one: bool) -> None:
    """Sent, delivered and refused frames, to one, to a group, to all (10.7.3, 10.7.6)."""
    secy = add_rx(sender(plane, window=9))
    sent = [frame_of(60), to(GROUP), to(GROUP), to(EVERYONE), to(GROUP)[:12]]
    other = sender(plane)
    wire = [other.protect_frame(frame) or b"" for frame in sent[:4]]
    received = [*wire, spoiled(wire[1]), to(EVERYONE), to(GROUP)[:13], frame_of(60)]
    if one_by_one:
        for frame in sent:
            secy.protect_frame(frame)
        for frame in received:
            secy.validate_frame(frame)
    else:
        secy.protect(batch_of(sent))
        secy.validate(batch_of(received))
    assert packets(secy.interface_counters, "Out") == [1, 2, 1]
    assert packets(secy.interface_counters, "In") == [1, 2, 1]
    assert packets(secy.uncontrolled_counters, "In") == [2, 3, 2]
    assert secy.uncontrolled_counters["ifInOctets"] == sum(map(len, received))


def test_a_request_that_is_not_sent_is_a_packet_out(plane: Plane) -> None:
    """RFC 2863 counts what was asked for: frames that are too long, or without an SA."""
    secy = sender(plane, mtu=100)
    secy.protect(batch_of([to(EVERYONE, 400), to(GROUP)]))
    secy.enable_tx_sa(0, False)
    secy.protect(batch_of([to(EVERYONE), frame_of(60)]))
    assert packets(secy.interface_counters, "Out") == [1, 1, 2]
    assert secy.interface_counters["ifOutErrors"] == 1


def test_frames_of_the_uncontrolled_port_alone_count_there_only(plane: Plane) -> None:
    """EAPOL in and out is in the counters of the Uncontrolled Port, and clears with the rest."""
    secy = receiver(plane)
    secy.uncontrolled_received(to(GROUP, 80))
    secy.uncontrolled_sent(to(EVERYONE, 70))
    assert packets(secy.uncontrolled_counters, "In") == [0, 1, 0]
    assert packets(secy.uncontrolled_counters, "Out") == [0, 0, 1]
    octets = [secy.uncontrolled_counters[f"if{way}Octets"] for way in ("In", "Out")]
    assert octets == [len(to(GROUP, 80)), len(to(EVERYONE, 70))]
    assert set(secy.interface_counters.values()) == {0}
    secy.clear_counters()
    assert set(secy.uncontrolled_counters.values()) == {0}


def secured(plane: Plane, **controls: object) -> SecY:
    """A SecY that can send and receive."""
    return add_rx(sender(plane, **controls))


def test_mac_operational_needs_the_common_port_and_an_open_port(plane: Plane) -> None:
    """STAT-2 to STAT-4: SAs, ControlledPortEnabled, the Common Port enabled and operational."""
    secy = secured(plane)
    assert secy.controlled_port[:2] == (True, True)
    secy.set_common_port(operational=False)
    assert secy.controlled_port[:2] == (True, False)
    assert secy.uncontrolled_port[:2] == (True, False)
    secy.set_common_port(operational=True, enabled=False)
    assert secy.controlled_port[:2] == (False, False)
    assert secy.uncontrolled_port[:2] == (False, False)
    secy.set_common_port(enabled=True)
    secy.set_controlled_port_enabled(False)
    assert secy.controlled_port[:2] == (False, False)
    assert secy.uncontrolled_port[:2] == (True, True)
    secy.set_controlled_port_enabled(True)
    secy.enable_rx_sa(SCI_A, 0, False)
    assert secy.controlled_port[:2] == (False, False)


def test_one_peer_makes_the_controlled_port_point_to_point(plane: Plane) -> None:
    """STAT-1: strict: one station with a receive SC in use, of any traffic class."""
    secy = secured(plane)
    assert secy.controlled_port.oper_point_to_point
    a = int(SCI_A, 16)
    same_station = f"{a ^ 0x1000:016x}"
    add_rx(secy, same_station)
    assert secy.controlled_port.oper_point_to_point
    add_rx(secy, f"{a ^ 1 << 40:016x}")
    assert not secy.controlled_port.oper_point_to_point
    secy.enable_rx_sa(f"{a ^ 1 << 40:016x}", 0, False)
    assert secy.controlled_port.oper_point_to_point
    secy.delete_rx_sc(SCI_A)
    secy.delete_rx_sc(same_station)
    assert not secy.controlled_port.oper_point_to_point


def test_without_strict_validation_the_common_port_decides(plane: Plane) -> None:
    """A station without MACsec is heard too, so a receive SC says nothing of their number."""
    secy = secured(plane, validate="check")
    assert not secy.controlled_port.oper_point_to_point
    secy.set_common_port(point_to_point=True)
    assert secy.controlled_port.oper_point_to_point
    assert secy.uncontrolled_port.oper_point_to_point


@pytest.mark.parametrize(
    ("admin", "oper"), [(PointToPoint.FORCE_TRUE, True), (PointToPoint.FORCE_FALSE, False)]
)
def test_a_manager_forces_the_point_to_point_state(
    plane: Plane, admin: PointToPoint, oper: bool
) -> None:
    """STAT-5: adminPointToPointMAC of each port overrules what was found."""
    secy = secured(plane)
    secy.set_common_port(point_to_point=not oper)
    secy.set_controls(point_to_point=admin)
    assert secy.controlled_port[2:] == (oper, admin)
    assert secy.uncontrolled_port.oper_point_to_point is not oper
    secy.set_controls(uncontrolled_point_to_point=admin, point_to_point=PointToPoint.AUTO)
    assert secy.uncontrolled_port[2:] == (oper, admin)


def test_maxima_hold_for_transmit_scs(plane: Plane) -> None:
    """As many SAs and transmit SCs as stated can be made, and no more."""
    secy = secured(plane)
    assert secy.maxima == Maxima(None, 4, 8, 4)
    for traffic_class in range(1, secy.maxima.transmit_scs):
        secy.create_tx_class(traffic_class)
    with pytest.raises(ConfigError, match="not 1 to 7"):
        secy.create_tx_class(secy.maxima.transmit_scs)
    assert len(secy.tx_classes) == secy.maxima.transmit_scs


def test_a_refused_frame_is_no_packet_of_the_controlled_port(plane: Plane) -> None:
    """A replayed frame to a group reaches the Uncontrolled Port only."""
    secy = receiver(plane)
    frame = good_frame(7)
    assert [secy.validate_frame(frame)[0].label for _ in range(2)] == ["ok", "late"]
    assert packets(secy.interface_counters, "In") == [1, 0, 0]
    assert packets(secy.uncontrolled_counters, "In") == [2, 0, 0]


def test_controls_refuse_what_is_no_suite() -> None:
    """enable_use and require_confidentiality have names of Cipher Suites."""
    with pytest.raises(ConfigError, match="suite 'aes'"):
        Controls(require_confidentiality=("aes",))
