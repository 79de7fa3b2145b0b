"""hostap's test_macsec.py: sessions by PSK and by EAP, on a bridge, and keys that do not match."""

from __future__ import annotations

from typing import Any

from macsec.conformance.scenes import (
    CAK,
    CKN,
    MkaSegment,
    SegmentMember,
    chain_key,
    check_connectivity,
    is_mka,
    secured,
)
from macsec.conformance.scenes.eap import eap_psk, key_from_eap
from macsec.conformance.scenes.eap_tls import EAP_TTLS, authority, device, handshake
from macsec.kay import status
from macsec.kay.keys.keychain import ChainKey

from .case import CaseRun, Suite

SUITE = Suite("hostap", "hostap MACsec tests", "greearb/hostap-ct 76d4a91, test_macsec.py")
WITHIN = 20
"""Seconds after which a session has to be there."""
PRIORITIES = (100, 200, 210)
EAP = "the EAP exchange itself is hostapd's and wpa_supplicant's: its keys are made here"


def _check_session(run: CaseRun, segment: MkaSegment, *members: SegmentMember) -> None:
    """Check: secured in time, one Key Server, peers as in the MIB, frames of 1,400 octets pass."""
    segment.run(WITHIN)
    run.require(f"secured within {WITHIN} s", secured(*members))
    servers = [member.principal.is_server for member in members]
    run.expect("Key Servers", [True] + [False] * (len(members) - 1), servers)
    for member in members:
        ((_, peers),) = status.mib(member.kay)
        others = {f"{other.kay.sci:016x}" for other in members if other is not member}
        listed = {row["ieee8021XKayMkaPeerListSCI"] for row in peers}
        run.expect(f"{member.name}: live peers in the MIB", others, listed)
    check_connectivity(segment, *members)
    run.require("frames of 1,400 octets reach every other", True)


def _two(
    run: CaseRun, keys: list[ChainKey] | None = None, ports: tuple[int, int] = (1, 1), **more: Any
) -> tuple[MkaSegment, SegmentMember, SegmentMember]:
    """Return two members, the second of which starts 1.2 s later."""
    segment = MkaSegment(run)
    a = segment.add("a", keys, port=ports[0], key_server_priority=PRIORITIES[0], **more)
    b = segment.add(
        "b", keys, port=ports[1], key_server_priority=PRIORITIES[1], start=False, **more
    )
    segment.at(1.2, b.station.start)
    return segment, a, b


def _bridged(run: CaseRun, *priorities: int) -> tuple[MkaSegment, list[SegmentMember]]:
    segment = MkaSegment(run, delay="100us")
    members = [
        segment.add(name, key_server_priority=priority)
        for name, priority in zip("abc", priorities, strict=False)
    ]
    return segment, members


@SUITE.case(
    "psk",
    "two stations with one PSK are secured within 20 s, their peers are in the MIB, and frames of "
    "1,400 octets pass",
    clause="802.1X 9.3",
)
def psk(run: CaseRun) -> None:
    """Secure two stations."""
    _check_session(run, *_two(run))


@SUITE.case("psk_integ_only", "the same without encryption", clause="802.1X 9.7, 10.7.17")
def integrity_only(run: CaseRun) -> None:
    """Secure two stations whose Key Server does not encrypt."""
    segment, a, b = _two(run, encrypt=False)
    _check_session(run, segment, a, b)
    for member in (a, b):
        counted = member.secy.counters
        sent = counted["OutPktsProtected"], counted["OutPktsEncrypted"]
        run.expect(f"{member.name}: protected, encrypted", (1, 0), sent)


@SUITE.case("psk_port", "port 65534 in the SCI of both", clause="9.9")
def port(run: CaseRun) -> None:
    """Secure two stations with that port."""
    segment, a, b = _two(run, ports=(65534, 65534))
    _check_session(run, segment, a, b)
    run.expect("receive SC", ["025200000062fffe"], list(a.secy.rx))


@SUITE.case("psk_different_ports", "ports 2 and 3 in the SCIs", clause="9.9")
def different_ports(run: CaseRun) -> None:
    """Secure two stations with these ports."""
    segment, a, b = _two(run, ports=(2, 3))
    _check_session(run, segment, a, b)
    wanted = (["0252000000620003"], ["0252000000610002"])
    run.expect("receive SCs", wanted, (list(a.secy.rx), list(b.secy.rx)))


def _with_ckn(run: CaseRun, ckn: bytes) -> None:
    segment, a, b = _two(run, [chain_key(CAK, ckn)])
    _check_session(run, segment, a, b)
    run.expect("CKN in use", [ckn] * 2, [member.principal.key.ckn for member in (a, b)])


@SUITE.case("psk_shorter_ckn", "a CKN of 4 octets", clause="802.1X 9.3.1")
def shorter_ckn(run: CaseRun) -> None:
    """Secure two stations by that name."""
    _with_ckn(run, bytes.fromhex("11223344"))


@SUITE.case("psk_shorter_ckn2", "a CKN of 3 octets, which is padded", clause="802.1X 9.3.1")
def shortest_ckn(run: CaseRun) -> None:
    """Secure two stations by that name."""
    _with_ckn(run, bytes.fromhex("112233"))


@SUITE.case("psk_256", "a CAK of 256 bits", clause="802.1X 9.3.3")
def long_cak(run: CaseRun) -> None:
    """Secure two stations with it."""
    segment, a, b = _two(run, [chain_key(bytes(range(32)))])
    _check_session(run, segment, a, b)
    run.expect("octets of the CAK", 32, a.principal.key.holder.cak_length)


@SUITE.case("gcm_aes_256", "a CAK of 256 bits with GCM-AES-256", clause="14.6")
def aes_256(run: CaseRun) -> None:
    """Secure two stations with that suite."""
    segment, a, b = _two(run, [chain_key(bytes(range(32)))], cipher="gcm-aes-256")
    _check_session(run, segment, a, b)
    names = [member.secy.controls.cipher.name for member in (a, b)]
    run.expect("suite of both", ["gcm-aes-256"] * 2, names)


@SUITE.case("psk_br2", "two on a bridge, priorities 10 and 20", clause="802.1X 9.5")
def bridge_of_two(run: CaseRun) -> None:
    """Secure them."""
    segment, members = _bridged(run, 10, 20)
    _check_session(run, segment, *members)


@SUITE.case("psk_br2_same_prio", "two on a bridge, equal priorities", clause="802.1X 9.5")
def equal_bridge_of_two(run: CaseRun) -> None:
    """Secure them: the lower SCI serves."""
    segment, members = _bridged(run, 10, 10)
    _check_session(run, segment, *members)


@SUITE.case("psk_br3", "three on a bridge, priorities 10, 20, 30: one SAK", clause="802.1X 9.5")
def bridge_of_three(run: CaseRun) -> None:
    """Secure them."""
    segment, members = _bridged(run, 10, 20, 30)
    _check_session(run, segment, *members)
    run.expect("receive SCs of each", [2, 2, 2], [len(member.secy.rx) for member in members])


@SUITE.case(
    "psk_br3_same_prio", "three on a bridge, equal priorities: one SAK", clause="802.1X 9.5"
)
def equal_bridge_of_three(run: CaseRun) -> None:
    """Secure them: the lowest SCI serves."""
    segment, members = _bridged(run, 10, 10, 10)
    _check_session(run, segment, *members)


@SUITE.case(
    "psk_ns",
    "two in network namespaces: frames cross both ways, and none can be read on the wire",
    clause="9.3",
)
def namespaces(run: CaseRun) -> None:
    """Send twenty frames each way."""
    segment, a, b = _two(run)
    _check_session(run, segment, a, b)
    for _ in range(20):
        a.send()
        b.send()
    segment.run(segment.now + 1)
    run.expect("frames received", (21, 21), (len(a.received), len(b.received)))
    run.require("none in clear", not any(bytes(64) in frame for frame in segment.wire))


@SUITE.case(
    "psk_mka_life_time",
    "one falls silent: the other is not secured any more after MKA Life Time",
    clause="802.1X 9.4",
)
def life_time(run: CaseRun) -> None:
    """Cut the MKPDUs to one station, and let them through again."""
    segment, a, b = _two(run)
    _check_session(run, segment, a, b)
    silent = segment.now
    segment.drop = lambda _time, name, frame: name == "a" and is_mka(frame)
    segment.run(silent + 3.9)
    run.require("secured after 3.9 s", a.kay.secured)
    segment.run(silent + 6.2)
    run.require("not secured after 6.2 s", not a.kay.secured)
    segment.drop = lambda _time, _name, _frame: False
    segment.run(silent + 20)
    run.require("secured once it is heard again", secured(a, b))


def _check_no_session(run: CaseRun, key_of_b: ChainKey, counter: str) -> None:
    """Check: no session, no live peer and no frame in 7 s; a counter says why."""
    segment = MkaSegment(run)
    members = segment.add("a", [chain_key()]), segment.add("b", [key_of_b])
    segment.run(7)
    for member in members:
        run.require(f"{member.name} is not secured", not member.kay.secured)
        live = sum(len(each.peers.live) for each in member.kay.participants.values())
        run.expect(f"{member.name}: live peers", 0, live)
        run.require(f"{member.name} sends nothing", not member.send())
        run.require(f"{member.name}: {counter} rises", member.kay.counters[counter] >= 3)
        run.expect(f"{member.name}: MKPDUs taken", 0, member.kay.counters["in-mkpdu"])


@SUITE.case("psk_ckn_mismatch", "CKNs that differ: no session in 7 s", clause="802.1X 9.3.1")
def ckn_mismatch(run: CaseRun) -> None:
    """Give the CAK another name at one end."""
    _check_no_session(run, chain_key(ckn=CKN[:-1] + b"\xff"), "rx-unrecognized-ckn")


@SUITE.case("psk_cak_mismatch", "CAKs that differ: no session in 7 s", clause="802.1X 9.4.1")
def cak_mismatch(run: CaseRun) -> None:
    """Give the CKN another CAK at one end."""
    _check_no_session(run, chain_key(CAK[::-1]), "in-mkpdu-icv-verification-errors")


def _check_failing(run: CaseRun, failing: str) -> None:
    """Check that a port whose CP cannot start passes nothing, and recovers once it does."""
    segment = MkaSegment(run)
    members = {
        name: segment.add(name, key_server_priority=priority, start=name != failing)
        for name, priority in zip("ab", PRIORITIES, strict=False)
    }
    members[failing].station.running = True
    segment.run(10)
    for member in members.values():
        run.require(f"{member.name} is not secured", not member.kay.secured)
        run.require(f"{member.name} sends nothing", not member.send())
    heard = members[failing].kay.counters["in-mkpdu-disabled"]
    run.require(f"{heard} MKPDUs were heard in vain", heard > 3)
    members[failing].station.start()
    segment.run(20)
    run.require("secured once CP runs", secured(*members.values()))


@SUITE.case(
    "psk_fail_cp",
    "CP of the Key Server cannot start: no frame passes; the session comes up later",
    clause="802.1X 12.4",
)
def failing_server(run: CaseRun) -> None:
    """Keep CP of the Key Server from starting."""
    _check_failing(run, "a")


@SUITE.case(
    "psk_fail_cp2",
    "CP of the other station cannot start: no frame passes; the session comes up later",
    clause="802.1X 12.4",
)
def failing_member(run: CaseRun) -> None:
    """Keep CP of the member from starting."""
    _check_failing(run, "b")


@SUITE.case(
    "hostapd_psk",
    "hostapd is the other end: a session by PSK",
    clause="802.1X 9.3",
    part="hostapd itself runs with ours in the stage of interoperability; here both ends are ours",
)
def other_end(run: CaseRun) -> None:
    """Secure stations with the settings of hostapd's case, either end the Key Server."""
    for reverse in (False, True):
        segment = MkaSegment(run)
        priorities = (PRIORITIES[1], PRIORITIES[0]) if reverse else PRIORITIES[:2]
        members = [
            segment.add(name, key_server_priority=priority)
            for name, priority in zip("ab", priorities, strict=True)
        ]
        _check_session(run, segment, *(reversed(members) if reverse else members))


@SUITE.case(
    "hostapd_eap", "CAK and CKN from a session of EAP-TTLS", clause="802.1X 6.2.2", part=EAP
)
def by_ttls(run: CaseRun) -> None:
    """Derive them from the keys that a TLS handshake leaves at both ends."""
    ca = authority("hostapd's CA")
    result = handshake(device(ca), None, ca, ca, mutual=False, method=EAP_TTLS)
    run.require("the handshake succeeds", result is not None)
    if result is not None:
        _check_eap(run, *((each.msk, each.session_id) for each in result))


@SUITE.case(
    "hostapd_eap_psk", "CAK and CKN from a session of EAP-PSK", clause="802.1X 6.2.2", part=EAP
)
def by_eap_psk(run: CaseRun) -> None:
    """Derive them from the key and the random numbers of EAP-PSK."""
    shared, peer, server = bytes(range(16)), bytes(range(32, 48)), bytes(range(64, 80))
    ends = (eap_psk(shared, peer, server), eap_psk(shared, peer, server))
    _check_eap(run, *ends)
    other, _ = eap_psk(shared[::-1], peer, server)
    run.require("another PSK leaves another MSK", other != ends[0][0])


def _check_eap(run: CaseRun, server: tuple[bytes, bytes], peer: tuple[bytes, bytes]) -> None:
    """Check that the keys of both ends of a session make a secured link."""
    run.require("both ends have one MSK", server[0] == peer[0])
    run.expect("octets of the MSK", 64, len(server[0]))
    run.expect("Session-Id of both ends", server[1], peer[1])
    segment = MkaSegment(run)
    a = segment.add("a", [key_from_eap("a", *server)], key_server_priority=PRIORITIES[0])
    b = segment.add("b", [key_from_eap("b", *peer)], key_server_priority=PRIORITIES[1])
    _check_session(run, segment, a, b)
    run.expect("octets of the CKN", 16, len(a.principal.key.ckn))
