"""The recorded captures: they are what the manifest says, and hold what they claim to hold."""

import hashlib
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from scapy.utils import RawPcapNgReader, RawPcapReader

PCAPS = Path(__file__).parents[2] / "pcaps"
MANIFEST = json.loads((PCAPS / "manifest.json").read_text())
CAPTURES = {capture["file"]: capture for capture in MANIFEST["captures"]}
FILES = CAPTURES | {file["file"]: file for file in MANIFEST["beside"]}
RECORDED = [name for name in CAPTURES if "/" not in name]

CANARY = b"the quick canary sings in the clear"
TAGS = (b"\x81\x00", b"\x88\xa8")
SECTAG_AND_ICV = 16 + 16
SERVER_HELLO = re.compile(
    rb"\x16\x03\x03..\x02\x00..\x03\x03.{32}\x20.{32}\x13[\x01-\x03]\x00.*?\x00\x2b\x00\x02\x03\x04",
    re.DOTALL,
)
SMB2_COMMAND = re.compile(rb"\xfeSMB\x40\x00.{6}(..)", re.DOTALL)
SYN = 2
NEGOTIATE, SESSION_SETUP = b"\x00\x00", b"\x01\x00"


@cache
def frames(name):
    """Read every frame of a capture."""
    reader = RawPcapNgReader if name.endswith("ng") else RawPcapReader
    with reader(str(PCAPS / name)) as capture:
        return [bytes(data) for data, _ in capture]


def ethertypes(name):
    """Count the outermost EtherTypes of a capture."""
    return Counter(frame[12:14].hex() for frame in frames(name))


def tags(frame):
    """Count the VLAN tags in front of the payload."""
    count = 0
    while frame[12 + 4 * count : 14 + 4 * count] in TAGS:
        count += 1
    return count


def ipv4(frame):
    """Give the IPv4 header of an untagged frame without options."""
    return frame[14:34] if frame[12:15] == b"\x08\x00\x45" else b""


def udp(frame):
    """Give the UDP datagram of an untagged IPv4 frame."""
    head = ipv4(frame)
    return frame[34 : 14 + int.from_bytes(head[2:4])] if head[9:10] == b"\x11" else b""


def test_manifest_names_its_schema():
    """The manifest names its schema."""
    assert MANIFEST["schema"] == "macsec-pcaps/1"


def test_manifest_lists_every_file():
    """Every capture and every description in the folder is in the manifest, and the reverse."""
    there = {
        file.relative_to(PCAPS).as_posix()
        for pattern in ("*.pcap", "*.pcapng", "linux/*", "mka/*")
        for file in PCAPS.glob(pattern)
    }
    assert there == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_file_has_digest_of_manifest(name):
    """A file is the one that the manifest was written for."""
    data = (PCAPS / name).read_bytes()
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (
        FILES[name]["sha256"],
        FILES[name]["size"],
    )


def test_folder_stays_under_its_limit():
    """The whole folder stays under 4.5 MB."""
    files = [
        file for file in PCAPS.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    ]
    assert sum(file.stat().st_size for file in files) <= 4_500_000


@pytest.mark.parametrize("name", CAPTURES)
def test_other_reader_finds_the_same_frames(name):
    """Another reader finds the same frames, and none too long for its link."""
    capture, found = CAPTURES[name], frames(name)
    lengths = [len(frame) for frame in found]
    assert len(found) == capture["frames"]
    assert sum(lengths) == capture["octets"]
    assert (min(lengths), max(lengths)) == (capture["shortest"], capture["longest"])
    extra = SECTAG_AND_ICV if name.endswith(".wire.pcap") or name.startswith("mka/") else 0
    for frame in found:
        assert len(frame) <= capture["mtu"] + 14 + 4 * tags(frame) + extra


@pytest.mark.parametrize("name", CAPTURES)
def test_precision_is_as_in_manifest(name):
    """The file states the time-stamp precision that the manifest gives."""
    path = str(PCAPS / name)
    if name.endswith("ng"):
        with RawPcapNgReader(path) as capture:
            precise = {metadata.tsresol for _, metadata in capture} == {10**9}  # type: ignore[attr-defined]
    else:
        with RawPcapReader(path) as capture:
            precise = capture.nano
    assert CAPTURES[name]["precision"] == ("ns" if precise else "us")


def test_both_pcap_precisions_occur():
    """Both kinds of pcap are there, so that a reader meets both."""
    assert {CAPTURES[name]["precision"] for name in RECORDED if name.endswith(".pcap")} == {
        "us",
        "ns",
    }


@pytest.mark.parametrize("name", RECORDED)
def test_ipv4_packets_are_whole(name):
    """IPv4 packets are whole and their header checksums right: nothing was left to a card."""
    for head, frame in ((ipv4(frame), frame) for frame in frames(name)):
        if head:
            words = sum(int.from_bytes(head[at : at + 2]) for at in range(0, 20, 2))
            assert (words & 0xFFFF) + (words >> 16) == 0xFFFF
            assert int.from_bytes(head[2:4]) <= len(frame) - 14


@pytest.mark.parametrize("name", RECORDED)
def test_tcp_connections_start_with_syn(name):
    """Every TCP connection is there from its SYN on, and there is ARP before it."""
    seen = set()
    for frame in frames(name):
        if ipv4(frame)[9:10] == b"\x06":
            ends = frozenset([(frame[26:30], frame[34:36]), (frame[30:34], frame[36:38])])
            assert ends in seen or frame[47] == SYN
            seen.add(ends)
    assert not seen or b"\x08\x06" in [frame[12:14] for frame in frames(name)[:20]]


@pytest.mark.parametrize("name", ["tls13.pcap", "ssh.pcap", "smb3.pcap", "objects-https.pcap"])
def test_encrypted_text_is_not_in_capture(name):
    """Encrypted text appears nowhere in the capture."""
    assert not any(CANARY in frame for frame in frames(name))


@pytest.mark.parametrize("name", ["dns.pcap", "vlan.pcap", "jumbo.pcap"])
def test_clear_text_is_in_capture(name):
    """Clear text can be found, so the search above is able to find something."""
    assert any(CANARY in frame for frame in frames(name))


@pytest.mark.parametrize("name", ["tls13.pcap", "objects-https.pcap", "datacenter.pcapng"])
def test_server_answers_with_tls13(name):
    """The server answers with TLS 1.3: supported_versions 0x0304 in its ServerHello."""
    assert any(SERVER_HELLO.search(frame) for frame in frames(name))


def test_tls13_uses_x25519_and_p256():
    """Key shares of both X25519 and P-256 were exchanged."""
    hellos = [frame for frame in frames("tls13.pcap") if SERVER_HELLO.search(frame)]
    shares = {b"\x00\x33\x00\x24\x00\x1d\x00\x20", b"\x00\x33\x00\x45\x00\x17\x00\x41"}
    assert {share for share in shares for hello in hellos if share in hello} == shares


@pytest.mark.parametrize("name", ["ssh.pcap", "datacenter.pcapng"])
def test_both_ssh_ends_send_a_banner(name):
    """Both ends send their SSH 2.0 banner."""
    senders = {frame[6:12] for frame in frames(name) if b"SSH-2.0-OpenSSH" in frame}
    assert len(senders) == 2


@pytest.mark.parametrize("name", ["smb3.pcap", "datacenter.pcapng"])
def test_smb3_is_encrypted_after_setup(name):
    """Only NEGOTIATE and SESSION_SETUP are in the clear; transform headers carry the rest."""
    commands = {found for frame in frames(name) for found in SMB2_COMMAND.findall(frame)}
    assert commands == {NEGOTIATE, SESSION_SETUP}
    assert sum(b"\xfdSMB" in frame for frame in frames(name)) > 20


def test_dns_has_nxdomain_truncation_and_tcp():
    """NXDOMAIN and truncation are answered over UDP, and there are questions over TCP."""
    answers = [udp(frame)[8:] for frame in frames("dns.pcap") if udp(frame)[:2] == b"\x00\x35"]
    assert 3 in {answer[3] & 0xF for answer in answers}
    assert any(answer[2] & 2 for answer in answers)
    assert any(
        ipv4(frame)[9:10] == b"\x06" and frame[36:38] == b"\x00\x35" for frame in frames("dns.pcap")
    )


def test_arp_has_requests_and_replies():
    """Requests and replies, by broadcast and by unicast."""
    packets = [frame for frame in frames("arp.pcap") if frame[12:14] == b"\x08\x06"]
    assert {packet[20:22] for packet in packets} == {b"\x00\x01", b"\x00\x02"}
    assert {packet[0] == 0xFF for packet in packets} == {True, False}


def test_icmp_has_its_types_of_ipv4_and_ipv6():
    """Echo, unreachable and time exceeded, of IPv4 and IPv6, with neighbour discovery."""
    found = frames("icmp.pcap")
    first = [f for f in found if ipv4(f)[9:10] == b"\x01" and not f[20] & 0x1F and not f[21]]
    assert {frame[34] for frame in first} == {0, 3, 8, 11}
    six = {frame[54] for frame in found if frame[12:14] == b"\x86\xdd" and frame[20] == 58}
    assert six >= {1, 128, 129, 135, 136}
    assert any(frame[12:14] == b"\x86\xdd" and frame[20] == 44 for frame in found)


def test_vlan_has_single_and_double_tags():
    """VLANs 10 and 20, the latter with priority 5, and C-VLAN 30 inside S-VLAN 100."""
    found = Counter(frame[12 : 12 + 4 * tags(frame)].hex() for frame in frames("vlan.pcap"))
    assert set(found) >= {"8100000a", "8100a014", "88a80064" + "8100001e"}


def test_jumbo_has_udp_both_ways_and_tcp():
    """Frames of over 8000 octets go both ways or are TCP."""
    found = [frame for frame in frames("jumbo.pcap") if len(frame) > 8000]
    assert {frame[6:12].hex() for frame in found} == {"020000770001", "020000770002"}
    assert {ipv4(frame)[9] for frame in found} == {1, 6}


def test_minimum_has_payloads_of_0_to_20_octets():
    """Every payload of 0 to 20 octets is there, both as veth carries it and padded to 60."""
    found = [frame for frame in frames("minimum.pcap") if udp(frame)]
    sent = [frame for frame in found if udp(frame)[2:4] == b"\x00\x07"]
    payloads = range(21)
    assert [len(udp(frame)) - 8 for frame in sent] == [*payloads, *payloads]
    assert [len(frame) for frame in sent[:21]] == [42 + length for length in payloads]
    assert [len(frame) for frame in sent[21:]] == [max(60, 42 + length) for length in payloads]
    assert any(len(f) == 60 and f[12:14] == b"\x08\x06" for f in frames("minimum.pcap"))


def test_datacenter_has_one_sender_an_interface():
    """Each of the two interfaces holds what one host sends, and the mixture is one."""
    with RawPcapNgReader(str(PCAPS / "datacenter.pcapng")) as capture:
        senders = {(metadata.ifname, data[6:12].hex()) for data, metadata in capture}  # type: ignore[attr-defined]
    assert senders == {(b"port-a", "020000770001"), (b"port-b", "020000770002")}
    assert set(ethertypes("datacenter.pcapng")) == {"0800", "0806", "86dd"}


@pytest.mark.parametrize("name", [name for name in CAPTURES if name.endswith(".wire.pcap")])
def test_linux_captures_hold_macsec_and_keys(name):
    """The kernel's frames are MACsec, and their keys are beside them."""
    case = json.loads((PCAPS / CAPTURES[name]["keys"]).read_text())
    at = 16 if case["outer_vlan"] else 12
    assert any(frame[at : at + 2] == b"\x88\xe5" for frame in frames(name))
    assert all(len(sa["key"]) in (32, 64) for p in case["peers"].values() for sa in p["tx_sa"])


@pytest.mark.parametrize("name", [name for name in CAPTURES if name.startswith("mka/")])
def test_mka_captures_start_with_key_agreement(name):
    """Key agreement is there from its first message on, and its keys are beside it."""
    case, found = json.loads((PCAPS / CAPTURES[name]["keys"]).read_text()), frames(name)
    messages = [frame for frame in found if frame[12:14] == b"\x88\x8e"]
    assert found[0] in messages
    assert {frame[15] for frame in messages} == {5}
    assert all(bytes.fromhex(case["ckn"]) in frame for frame in messages)
    assert (len(case["cak"]), len(case["ckn"]) % 2) in ((32, 0), (64, 0))
    assert any(frame[12:14] == b"\x88\xe5" for frame in found) == name_secured(name)


def name_secured(name):
    """Return whether the two ends of a recording ever agreed."""
    return name not in ("mka/wrong-cak.pcap", "mka/v211-v210-gcm256.pcap")
