"""Items of Annex A on ports, and on frames that are sent and received."""

from __future__ import annotations

from macsec.conformance.suites.case import CaseRun
from macsec.lab.virtual.stations.station import Station
from macsec.secy import Verdict
from macsec.secy.management import PointToPoint
from macsec.wire import Engine, Link, LinkParams

from .item import Pics
from .links import NEAR, frame_of, linked

PICS = Pics("ports", "802.1AE-2018 Annex A: ports and frames", "A.5 to A.9")
LLDP = frame_of(60, "0180c200000e")


@PICS.item(
    "SAP, SAP-1, 2, 5, 6, 7, 9", "M", "10.4", "Uncontrolled Port: each frame as it is, in order"
)
def uncontrolled_port(run: CaseRun) -> None:
    """A user of any protocol sends and receives there, beside the Controlled Port."""
    near, far = linked(run)
    engine = Engine(0)
    link = Link(engine, "link", LinkParams(), LinkParams())
    a, b = Station(engine, link.a, near), Station(engine, link.b, far)
    seen: list[bytes] = []
    b.uncontrolled.receiver = seen.append
    sent = [LLDP, frame_of(99), frame_of(46)]
    for frame in sent:
        a.uncontrolled.send(frame)
    engine.run()
    run.expect("frames as sent, in order", [len(frame) for frame in sent], [len(f) for f in seen])
    run.require("octets unchanged", seen == sent)


@PICS.item(
    "SAP-3, 4, 8, 10, 11",
    "M",
    "10.4 to 10.6",
    "Controlled Port: at most one frame each, order kept",
)
def controlled_port(run: CaseRun) -> None:
    """Frames come out as they went in, and a second copy does not."""
    pair = linked(run)
    frames = [frame_of(60 + n) for n in range(9)]
    run.require("order and octets kept", [pair.cross(frame) for frame in frames] == frames)
    octets = pair.near.protect_frame(LLDP) or b""
    ends = [pair.far.validate_frame(octets)[0].label for _ in range(2)]
    run.expect("a copy is refused", ["ok", "late"], ends)


@PICS.item(
    "STAT-1, STAT-5",
    "M",
    "10.7.2, 10.7.4",
    "operPointToPointMAC of both ports, by adminPointToPointMAC",
)
def point_to_point(run: CaseRun) -> None:
    """Auto by what is there, ForceTrue and ForceFalse by the manager."""
    secy = linked(run).near
    run.expect("one peer", True, secy.controlled_port.oper_point_to_point)
    secy.create_rx_sc("0200000000030001")
    secy.set_controls(point_to_point=PointToPoint.FORCE_FALSE)
    run.expect("ForceFalse", False, secy.controlled_port.oper_point_to_point)
    secy.set_controls(uncontrolled_point_to_point=PointToPoint.FORCE_TRUE)
    run.expect("ForceTrue", True, secy.uncontrolled_port.oper_point_to_point)


@PICS.item("STAT-2, 3, 4", "M", "10.7.4", "MAC_Operational: no SA, PNs used up, Common Port down")
def operational(run: CaseRun) -> None:
    """Each of the three makes it False."""
    pair = linked(run, next_pn=(1 << 32) - 1)
    run.expect("at first", True, pair.near.mac_operational)
    pair.near.set_common_port(operational=False)
    run.expect("Common Port down", False, pair.near.mac_operational)
    pair.near.set_common_port(operational=True)
    pair.near.protect_frame(LLDP)
    run.expect("the last PN is used", False, pair.near.mac_operational)
    pair.far.delete_rx_sa(NEAR, 0)
    run.expect("no receive SA", False, pair.far.mac_operational)


@PICS.item(
    "GEN-1 to GEN-15", "M", "10.5", "10.5: PN, SecTAG, protection, the limit of the Common Port"
)
def generation(run: CaseRun) -> None:
    """PNs rise by one and end; too long a frame is counted; nothing leaves in clear."""
    near = linked(run, next_pn=(1 << 32) - 2, mtu=150).near
    pns = [int.from_bytes((near.protect_frame(LLDP) or b"")[16:20]) for _ in range(2)]
    run.expect("PNs", [(1 << 32) - 2, (1 << 32) - 1], pns)
    run.expect("after the last PN", None, near.protect_frame(LLDP))
    other = linked(run, mtu=150).near
    run.expect("too long", None, other.protect_frame(frame_of(200)))
    run.expect("OutPktsTooLong", 1, other.counters["OutPktsTooLong"])


@PICS.item("VER-1 to VER-14", "M", "10.6", "10.6: SecTAG, SC and SA, replay, validation, delivery")
def verification(run: CaseRun) -> None:
    """Each fault has its verdict, and none is delivered."""
    pair = linked(run)
    good = pair.near.protect_frame(LLDP) or b""
    bad_icv, bad_tag = good[:-1] + bytes([good[-1] ^ 1]), good[:14] + b"\xff" + good[15:]
    other_sci = good[:20] + bytes(8) + good[28:]
    frames = [LLDP, bad_tag, other_sci, bad_icv, good, good]
    ends = [pair.far.validate_frame(frame)[0] for frame in frames]
    wanted = [
        *(Verdict.NO_TAG, Verdict.BAD_TAG, Verdict.NO_SCI),
        *(Verdict.NOT_VALID, Verdict.OK, Verdict.LATE),
    ]
    run.expect("verdicts", [v.label for v in wanted], [v.label for v in ends])


@PICS.item("FMT-1 to FMT-9, SCI", "M", "9", "clause 9: EtherType, TCI and AN, SL, PN, SCI, ICV")
def format_of_mpdus(run: CaseRun) -> None:
    """The octets of an MPDU."""
    octets = linked(run).near.protect_frame(frame_of(30)) or b""
    run.expect("SecTAG", "88e52c1e00000001" + NEAR, octets[12:28].hex())
    run.expect("length", 12 + 16 + 30 + 16, len(octets))


@PICS.item("FCS", "M", "10.4", "no more undetected errors than without MACsec")
def no_more_errors(run: CaseRun) -> None:
    """Any changed octet of an MPDU is found."""
    pair = linked(run, window=9)
    octets = pair.near.protect_frame(frame_of(30)) or b""
    ends = {
        pair.far.validate_frame(octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :])[1]
        for at in range(len(octets))
    }
    run.expect("delivered", {None}, ends)
