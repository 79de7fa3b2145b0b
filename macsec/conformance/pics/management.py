"""Items of Annex A on the KaY's interface and on management."""

from __future__ import annotations

from macsec.conformance.suites.case import CaseRun
from macsec.errors import ConfigError
from macsec.keys import Key
from macsec.secy.management import LockedWrite, Maxima, Times
from macsec.suites import SUITES

from .item import Pics
from .links import FAR, NEAR, frame_of, linked

PICS = Pics("management", "802.1AE-2018 Annex A: management", "A.10 to A.12")


@PICS.item(
    "KAY, KAY-1 to KAY-11", "M", "10.7", "the interface for the KaY: ports, suites, SCs, SAs, PNs"
)
def interface_of_the_kay(run: CaseRun) -> None:
    """SCs and SAs are made, started, read, raised and deleted."""
    secy = linked(run).near
    secy.create_rx_sc("0200000000030001")
    secy.create_rx_sa("0200000000030001", 2, Key(bytes(16)), enabled=False)
    secy.raise_rx_pn("0200000000030001", 2, next_pn=77, lowest_pn=70)
    sa = secy.rx["0200000000030001"].sa[2]
    run.expect("nextPN and lowestPN", (77, 70), (sa.next_pn, sa.lowest_pn))
    secy.delete_rx_sc("0200000000030001")
    run.expect("receive SCs", [FAR], list(secy.rx))


@PICS.item(
    "MGT, MGT1-1, 3, 5, 8, 9, 12", "M", "10.7", "SCI, MAC_Operational, controls, Cipher Suite"
)
def values(run: CaseRun) -> None:
    """They can be read."""
    secy = linked(run, window=7).near
    run.expect("SCI", NEAR, secy.tx.sci)
    run.expect("replayWindow", 7, secy.controls.window)
    run.expect("suite", "gcm-aes-128", secy.controls.cipher.name)
    run.expect("MAC_Operational", True, secy.controlled_port.operational)


@PICS.item("MGT1-2", "M", "10.7.2", "status of the Uncontrolled Port")
def uncontrolled_status(run: CaseRun) -> None:
    """It is that of the Common Port."""
    secy = linked(run).near
    secy.set_common_port(operational=False, point_to_point=True)
    run.expect("status", (True, False, True), secy.uncontrolled_port[:3])


@PICS.item(
    "MGT1-4, 14; CSR, CSS, CSRC, CSRK, CSTC",
    "M",
    "10.7.7, 10.7.16, 10.7.25",
    "maxima of SCs and keys; suites",
)
def maxima(run: CaseRun) -> None:
    """As stated: receive SCs without a limit but memory, 4 keys each, 8 transmit SCs."""
    secy = linked(run).near
    run.expect("maxima", Maxima(None, 4, 8, 4), secy.maxima)
    for traffic_class in range(1, secy.maxima.transmit_scs):
        secy.create_tx_class(traffic_class)
    run.expect("transmit SCs made", secy.maxima.transmit_scs, len(secy.tx_classes))


@PICS.item(
    "MGT1-6, 7, 10, 11, 13",
    "M",
    "10.7.12, 10.7.14, 10.7.21, 10.7.23",
    "in use, PNs, createdTime, startedTime, stoppedTime",
)
def times(run: CaseRun) -> None:
    """Times of a clock in virtual time, kept when the SA is deleted."""
    secy, now = linked(run).near, [5]
    secy.keep_time(lambda: now[0])
    secy.create_tx_sa(1, Key(bytes(16)))
    now[0] = 9
    secy.delete_tx_sa(1)
    run.expect("times", Times(5, 5, 9), secy.deleted[-1].times)


@PICS.item("MGT2-1 to 7", "O", "10.7", "controls are written")
def writes(run: CaseRun) -> None:
    """A change acts on the next frame."""
    pair = linked(run)
    pair.near.set_controls(encrypt=False)
    octets = pair.near.protect_frame(frame_of()) or b""
    run.require("User Data is in clear", frame_of()[12:] in octets)


@PICS.item("MGT2-8 to 14; MGT3, locks", "M", "10.7", "each write is locked by itself")
def locks(run: CaseRun) -> None:
    """A locked write is refused; another is not."""
    secy = linked(run).near
    for name in secy.controls.__dataclass_fields__:
        if name == "cipher":
            continue
        secy.locks.close(name)
        try:
            secy.set_controls(**{name: getattr(secy.controls, name)})
        except LockedWrite as refused:
            run.expect("lock", name, refused.name)
        else:
            run.require(f"{name} is locked", False)
    secy.locks.close("tx_sa")
    secy.create_rx_sc("0200000000030001")
    run.expect("receive SCs", 2, len(secy.rx))


def refused(change: object, run: CaseRun, what: str) -> None:
    """Check that a change is refused."""
    try:
        change()  # type: ignore[operator]
    except ConfigError as error:
        run.require(f"{what} is refused", bool(str(error)))
    else:
        run.require(f"{what} is refused", False)


@PICS.item("MGT2-15 to 18", "O", "10.7.26", "enableUse and requireConfidentiality of each suite")
def use_of_suites(run: CaseRun) -> None:
    """A suite that is not to be used, and integrity alone, are refused."""
    secy = linked(run, enable_use=("gcm-aes-128",), require_confidentiality=("gcm-aes-128",)).near
    refused(lambda: secy.change_cipher(SUITES["gcm-aes-256"]), run, "another suite")
    refused(lambda: secy.set_controls(encrypt=False), run, "integrity alone")


@PICS.item("MGT3-1 to 5", "O", "10.7", "SCs, SAs, suite, offset and SAKs by management")
def objects(run: CaseRun) -> None:
    """A change of the suite deletes the keys."""
    secy = linked(run).near
    secy.change_cipher(SUITES["gcm-aes-256"])
    run.expect("SAs left", 0, len(secy.tx.sa))
    secy.create_tx_sa(0, Key(bytes(32)))
    run.require("sends again", secy.protect_frame(frame_of()) is not None)


@PICS.item(
    "MGT4-1 to 7",
    "M",
    "10.7.3, 10.7.6",
    "octets, packets by destination, discards, errors of both ports",
)
def interface_counters(run: CaseRun) -> None:
    """Unicast, multicast and broadcast, sent and received."""
    near, far = linked(run)
    for destination in ("020000000002", "0180c2000003", "ffffffffffff", "ffffffffffff"):
        far.validate_frame(near.protect_frame(frame_of(60, destination)) or b"")
    names = ("UcastPkts", "MulticastPkts", "BroadcastPkts")
    for what, counters in (
        ("sent", [near.interface_counters[f"ifOut{name}"] for name in names]),
        ("delivered", [far.interface_counters[f"ifIn{name}"] for name in names]),
        ("at the Uncontrolled Port", [far.uncontrolled_counters[f"ifIn{name}"] for name in names]),
    ):
        run.expect(what, [1, 1, 2], counters)
    run.expect("ifInOctets", 4 * 72, far.interface_counters["ifInOctets"])


@PICS.item(
    "MGT4-8 to 29", "M", "10.7.9, 10.7.18", "counters of frames of the SecY, its SCs and SAs"
)
def frame_counters(run: CaseRun) -> None:
    """A frame raises those of its SC, and of the SecY."""
    near, far = linked(run)
    far.validate_frame(near.protect_frame(frame_of()) or b"")
    run.expect("OutPktsEncrypted", 1, near.tx.counters["OutPktsEncrypted"])
    run.expect("InPktsOK", 1, far.rx[NEAR].counters["InPktsOK"])
    run.expect("InOctetsDecrypted", 60, far.counters["InOctetsDecrypted"])


PICS.unsupported(
    "MIB", "O", "13", "SNMPv3 MIB", "no SNMP agent; `macsec export yang` has the YANG trees"
)
PICS.not_applicable("SNMX", "X", "13", "an SNMP before version 3", "no SNMP at all")


@PICS.item(
    "MSC, MSAK", "O", "10.7.11, 10.7.13", "more than one receive SC, more than two keys each"
)
def many_receive_scs(run: CaseRun) -> None:
    """A hundred SCs with four SAs."""
    secy = linked(run).near
    for number in range(100):
        sci = f"02000000{number:04x}0001"
        if sci not in secy.rx:
            secy.create_rx_sc(sci)
        for an in range(4):
            secy.create_rx_sa(sci, an, Key(bytes(16)))
    run.require("SCs", len(secy.rx) >= 100)


@PICS.item(
    "TC, TCT, TCAPT",
    "O",
    "10.7.17",
    "several transmit SCs, Traffic Class and Access Priority Tables",
)
def traffic_classes(run: CaseRun) -> None:
    """A frame goes to the SC of its priority's class."""
    near = linked(run).near
    sci = near.create_tx_class(5)
    near.create_tx_sa(0, Key(bytes(range(16))), traffic_class=5)
    octets = near.protect_frame(frame_of(), priority=5) or b""
    run.expect("SCI", sci, octets[20:28].hex())
    run.expect("Access Priority Table", (6, False), near.controls.access_priority(6))
