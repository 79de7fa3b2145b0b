"""Selftests of Linux for macsec: offload on netdevsim, VLANs, devices by netlink."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from macsec.config.exchange import FORMATS
from macsec.conformance.scenes import pair
from macsec.conformance.scenes.statics import (
    SCI_A,
    SCI_B,
    numbered,
    pass_frames,
    receiving,
    refused,
    sending,
    user_frame,
)
from macsec.conformance.targets import REFERENCE
from macsec.frames.sectag import decode
from macsec.keys import Key
from macsec.secy import SecY
from macsec.secy.from_config import controls_of, install
from macsec.terms import ADDRESSES_LENGTH, ETHERTYPE_MACSEC
from macsec.whole_file import write_whole

from .case import CaseRun, Suite

SUITE = Suite("linux", "Linux selftests", "torvalds/linux 2655567, drivers/net and net selftests")
NETDEVSIM = "it looks at a property of the simulated NIC netdevsim; in software nothing offloads"
OFFLOAD = "the offload to a NIC is a driver's; both data planes here send the same octets"
KEY_OF_TEST = "0123456789abcdef0123456789abcdef"
COMMANDS = f"""\
ip link add link eth0 macsec0 address 02:52:00:00:00:61 type macsec port 42 encrypt on
ip macsec add macsec0 tx sa 0 pn 1024 on key 01 {KEY_OF_TEST}
ip macsec add macsec0 rx port 1234 address 1c:ed:de:ad:be:ef
ip macsec add macsec0 rx port 1234 address 1c:ed:de:ad:be:ef sa 0 pn 1 on key 00 {KEY_OF_TEST}
"""
VLANS = (1, 10, 4094)


@SUITE.case(
    "macsec.py test_offload_api",
    "three devices with SAs, each can be offloaded and taken back: nothing else changes",
    part=OFFLOAD,
)
def offload_api(run: CaseRun) -> None:
    """Hold three SecYs with SAs; each sends the same octets on either data plane."""
    secys = [sending(run, sci=f"{SCI_A[:12]}{port:04x}", an=1) for port in (1, 2, 3)]
    others = [sending(REFERENCE, sci=f"{SCI_A[:12]}{port:04x}", an=1) for port in (1, 2, 3)]
    for number, (here, there) in enumerate(zip(secys, others, strict=True)):
        frames = numbered(3)
        sent = [here.protect_frame(frame) for frame in frames]
        run.expect(f"SecY {number}: octets", [there.protect_frame(f) for f in frames], sent)
        here.create_tx_sa(0, Key(bytes(16)))
        here.create_rx_sc(SCI_B)
        here.create_rx_sa(SCI_B, 0, Key(bytes(16)))
        here.delete_rx_sc(SCI_B)
        here.delete_tx_sa(0)
        run.expect(f"SecY {number}: SAs left", ([1], 0), (list(here.tx.sa), len(here.rx)))
        run.expect(f"SecY {number}: nextPN", 4, here.tx.sa[1].next_pn)
    first = secys[0]
    first.set_controls(protect=False)
    run.expect("turned off", numbered(1)[0], first.protect_frame(numbered(1)[0]))
    first.set_controls(protect=True)
    run.expect("turned on: PN of the next frame", 4, _pn(first.protect_frame(numbered(1)[0])))
    first.close()
    run.require("the others go on", all(each.protect_frame(user_frame()) for each in secys[1:]))


def _pn(octets: bytes | None) -> int | None:
    tag = decode((octets or b"")[ADDRESSES_LENGTH:])
    return None if tag is None else tag.pn


for _name, _demand in (
    ("macsec.py test_max_secy", "netdevsim takes three SecYs and no fourth"),
    ("macsec.py test_max_sc", "netdevsim takes one receive SC and no second"),
    ("macsec.py test_offload_state", "the state of offload is shown"),
    ("macsec.py test_vlan_toggle.on_to_off", "the VLAN filter follows offload that is turned off"),
    ("macsec.py test_vlan_toggle.off_to_on", "the VLAN filter follows offload that is turned on"),
    ("netdevsim/macsec-offload.sh", "offload is turned on and off by shell commands"),
):
    SUITE.not_applicable(_name, _demand, NETDEVSIM)


def _tagged(vlan: int, number: int) -> bytes:
    frame = user_frame(98, number)
    return frame[:12] + b"\x81\x00" + vlan.to_bytes(2) + frame[12:]


def _check_vlan(run: CaseRun) -> None:
    """Check pings and answers with VLAN tags, which are inside of the protection."""
    segment, a, b = pair(run)
    got: list[bytes] = []
    answers: list[bytes] = []

    def answer(frame: bytes) -> None:
        got.append(frame)
        b.station.request(frame[6:12] + frame[:6] + frame[12:])

    b.station.controlled.receiver = answer
    a.station.controlled.receiver = answers.append
    pings = [_tagged(vlan, number) for number in range(5) for vlan in VLANS]
    segment.wire.clear()
    for ping in pings:
        a.station.request(ping)
    segment.run(3)
    run.expect("pings", pings, got)
    run.expect("answers", [frame[12:] for frame in pings], [frame[12:] for frame in answers])
    tag = ETHERTYPE_MACSEC.to_bytes(2)
    protected = [frame for frame in segment.wire if frame[12:14] == tag]
    run.expect("SecTAGs before the VLAN tag", 2 * len(pings), len(protected))
    run.require(
        "no VLAN tag in clear", not any(frame[12:14] == b"\x81\x00" for frame in segment.wire)
    )


@SUITE.case(
    "macsec.py test_vlan.software",
    "pings over a VLAN above MACsec, both ends in software",
    clause="9.3",
)
def vlan_in_software(run: CaseRun) -> None:
    """Send tagged pings."""
    _check_vlan(run)


@SUITE.case(
    "macsec.py test_vlan.offloaded",
    "pings over a VLAN above MACsec that is offloaded at one end",
    clause="9.3",
    part=OFFLOAD,
)
def vlan_offloaded(run: CaseRun) -> None:
    """Send tagged frames from this data plane to the reference, and back."""
    frames = [_tagged(vlan, number) for number in range(5) for vlan in VLANS]
    for sender, receiver in (
        (sending(run), receiving(REFERENCE)),
        (sending(REFERENCE), receiving(run)),
    ):
        passage = pass_frames(sender, receiver, frames)
        run.expect(f"from {sender.backend} to {receiver.backend}", frames, passage.delivered)
    _check_vlan(run)


@SUITE.case(
    "rtnetlink.sh kci_test_macsec",
    "a device with port 42 that encrypts, a transmit SA with PN 1024, a receive SC of port 1234 "
    "with an SA of PN 1",
    clause="10.7.11, 10.7.13, 10.7.22",
)
def device(run: CaseRun) -> None:
    """Import the commands of the test, and look at the SecY that they make."""
    with TemporaryDirectory() as folder:
        script = Path(folder) / "commands.sh"
        write_whole(script, COMMANDS, mode=0o600)
        config = FORMATS["ip-macsec"].read(script).config
    secy = run.secy(controls_of(config))
    install(secy, config)
    _check_device(run, secy)
    config.wipe()


def _check_device(run: CaseRun, secy: SecY) -> None:
    run.expect("transmit SCI", "025200000061002a", secy.tx.sci)
    run.require("it encrypts", secy.controls.encrypt)
    run.expect("transmit SA 0, nextPN", 1024, secy.tx.sa[0].next_pn)
    run.expect("receive SC", ["1ceddeadbeef04d2"], list(secy.rx))
    sa = secy.rx["1ceddeadbeef04d2"].sa[0]
    run.expect("receive SA 0, nextPN, enabled", (1, True), (sa.next_pn, sa.enabled))
    run.expect("PN of its first frame", 1024, _pn(secy.protect_frame(user_frame())))
    peer = sending(run, sci="1ceddeadbeef04d2", key=bytes.fromhex(KEY_OF_TEST))
    octets = peer.protect_frame(user_frame()) or b""
    run.expect("a frame of the peer", user_frame(), secy.validate_frame(octets)[1])
    run.require("a second SA 4 is refused", refused(lambda: secy.create_tx_sa(4, Key(bytes(16)))))


@SUITE.case(
    "rtnetlink.sh kci_test_macsec_vlan",
    "a VLAN device above a macsec device comes up",
    part="the test looks for a fault of the kernel's locks, which are not here",
)
def vlan_above(run: CaseRun) -> None:
    """Use a VLAN above a SecY as soon as it has its SAs, and after they are replaced."""
    sender, receiver = sending(run), receiving(run)
    for an in (0, 1):
        if an:
            for secy in (sender, receiver):
                secy.set_controls(encodingsa=an)
            sender.create_tx_sa(an, Key(bytes([an]) * 16))
            receiver.create_rx_sa(SCI_A, an, Key(bytes([an]) * 16))
        frames = [_tagged(10, number) for number in range(4)]
        passage = pass_frames(sender, receiver, frames)
        run.expect(f"tagged frames under SA {an}", frames, passage.delivered)
    _check_vlan(run)
