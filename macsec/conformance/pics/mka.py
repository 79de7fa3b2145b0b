"""Items of IEEE 802.1X-2020 on MKA; the list is made of its clauses, its PICS is not at hand."""

from __future__ import annotations

from typing import Any

from macsec.conformance.scenes import (
    MkaSegment,
    chain_key,
    check_connectivity,
    pair,
    secured,
)
from macsec.conformance.scenes.eap import key_from_eap
from macsec.conformance.scenes.eap_tls import authority, device, handshake
from macsec.conformance.scenes.traffic import check_nothing_lost, send_throughout
from macsec.conformance.suites.case import CaseRun
from macsec.conformance.suites.niap.groups import new_group
from macsec.suites import SUITES

from .item import Pics

PICS = Pics("mka", "802.1X-2020: MKA, by clause", "clauses 6, 9, 11, 12")


@PICS.item(
    "MKA, CP, SAKs", "M", "802.1X 9, 12.4", "two members agree, install the SAK and secure the link"
)
def session(run: CaseRun) -> None:
    """Secured within two seconds, both ways."""
    segment, a, b = pair(run)
    check_connectivity(segment, a, b)
    run.require("both are secured", a.kay.secured and b.kay.secured)


@PICS.item(
    "EAPOL-MKA", "M", "802.1X 11.1, 11.11", "frames to the group address, of version 3, with an ICV"
)
def frames(run: CaseRun) -> None:
    """The head of each MKPDU."""
    segment, _, _ = pair(run)
    heads = {octets[:6].hex() + octets[12:16].hex() for _, _, octets in segment.mkpdus}
    run.expect("heads", {"0180c2000003888e0305"}, heads)


@PICS.item("Key Server", "M", "802.1X 9.5", "the lowest priority is elected")
def election(run: CaseRun) -> None:
    """`a` has the lower number."""
    _, a, b = pair(run)
    run.expect(
        "SAKs distributed", (1, 0), tuple(m.kay.counters["keys-distributed"] for m in (a, b))
    )


@PICS.item("Life Time, liveness", "M", "802.1X 9.4.2, 9.4.3", "a silent peer is lost after 6 s")
def life_time(run: CaseRun) -> None:
    """The port closes then, and not before."""
    segment, a, b = pair(run)
    segment.run(10)
    b.station.stop()
    segment.run(13)
    run.require("secured after 3 s", a.kay.secured)
    segment.run(17)
    run.require("not secured after 7 s", not a.kay.secured)


@PICS.item("SAK rekey", "M", "802.1X 9.8", "another SAK before the PNs end, without loss")
def rekey(run: CaseRun) -> None:
    """PNs past three quarters."""
    segment, a, b = pair(run)
    (an,) = a.secy.tx.sa
    a.secy.raise_tx_pn(an, 0xC000_0001)
    segment.settle()
    segment.run(8)
    run.expect("SAKs distributed", 2, a.kay.counters["keys-distributed"])
    check_connectivity(segment, a, b)


@PICS.item("suites", "O", "802.1X 9.7, 9.8; 14", "XPN and 256-bit suites, SSCIs and Salt")
def suites(run: CaseRun) -> None:
    """Each suite secures a link."""
    for name in SUITES:
        segment, a, b = pair(run, cipher=name)
        check_connectivity(segment, a, b)
        run.expect(name, name, a.secy.controls.cipher.name)


@PICS.item("wrong CAK", "M", "802.1X 9.4.1", "an MKPDU whose ICV is wrong is counted and ignored")
def wrong_cak(run: CaseRun) -> None:
    """The port stays closed."""
    segment = MkaSegment(run)
    a = segment.add("a", [chain_key(bytes(16))])
    segment.add("b", [chain_key(bytes(15) + b"\x01")])
    segment.run(8)
    run.require("counted", a.kay.counters["in-mkpdu-icv-verification-errors"] > 0)
    run.require("closed", not a.kay.secured and not a.send())


@PICS.item(
    "delay protection", "O", "802.1X 9.10.1", "PNs below the sender's lowest of 2 s ago are refused"
)
def delay_protection(run: CaseRun) -> None:
    """Lowest PNs rise with the MKPDUs."""
    segment, a, b = pair(run, delay_protection=True)
    for _ in range(5):
        a.send()
    segment.run(9)
    (sc,) = b.secy.rx.values()
    run.expect("lowestPN", 6, max(sa.lowest_pn for sa in sc.sa.values()))


@PICS.item(
    "requireConfidentiality", "O", "10.7.26", "a member refuses a SAK without confidentiality"
)
def confidentiality(run: CaseRun) -> None:
    """It is counted, and not installed."""
    segment = MkaSegment(run)
    segment.add("b", key_server_priority=1, encrypt=False)
    a = segment.add("a", key_server_priority=9, confidential=(SUITES["gcm-aes-128"],))
    segment.run(8)
    run.require("counted", a.kay.counters["sak-cipher-mismatch-errors"] > 0)
    run.expect("SAs", 0, len(a.secy.tx.sa))


@PICS.item("three members", "O", "802.1X 9.4", "a CA of more than two under one CAK")
def three(run: CaseRun) -> None:
    """Each hears both others."""
    segment = MkaSegment(run)
    members = [segment.add(name, key_server_priority=at) for at, name in enumerate("abc", 1)]
    segment.run(8)
    check_connectivity(segment, *members)
    run.require("all are secured", all(member.kay.secured for member in members))


@PICS.item(
    "group CAKs", "O", "802.1X 9.12.2", "a group CAK is distributed over pairwise CAs (9.12.2)"
)
def group_caks(run: CaseRun) -> None:
    """Order one, and another while the first is in use."""
    new_group(run)


@PICS.item(
    "suspension",
    "O",
    "802.1X 9.18",
    "a member is silent for an upgrade, and nothing is lost (9.18)",
)
def suspension(run: CaseRun) -> None:
    """Suspend for 60 s, with traffic throughout."""
    segment, a, b = pair(run)
    segment.run(10)
    before = a.kay.saks()[0].ki
    b.kay.suspend(segment.engine.now_ns, 60)
    b.station.settle()
    send_throughout(segment, a, b, start=10, end=90, period=1)
    segment.run(100)
    silent = [time for time, name, _ in segment.mkpdus if name == "b" and 11 < time < 69]
    run.expect("MKPDUs while suspended", [], silent)
    run.require("the SAK stays", a.kay.saks()[0].ki == before and secured(a, b))
    check_nothing_lost(a, b)


@PICS.item(
    "announcements",
    "O",
    "802.1X 11.12",
    "members announce suites, KMD and NID; the server chooses (11.12)",
)
def announcements(run: CaseRun) -> None:
    """The first wanted suite that both have; KMD and NID of the peer are learned."""
    said: dict[str, Any] = {"announce": True, "kmd": "a domain", "nid": "a network"}
    wanted = (SUITES["gcm-aes-xpn-256"], SUITES["gcm-aes-256"])
    segment = MkaSegment(run)
    a = segment.add("a", key_server_priority=1, ciphers=wanted, **said)
    can = (SUITES["gcm-aes-128"], SUITES["gcm-aes-256"])
    b = segment.add("b", key_server_priority=2, suites=can, **said)
    segment.run(12)
    run.require("both are secured", secured(a, b))
    run.expect("suite in use", "gcm-aes-256", a.secy.controls.cipher.name)
    (peer,) = a.principal.peers.live
    run.expect("KMD of the peer", "a domain", peer.kmd)
    run.require(
        "NID of the peer", peer.announced is not None and "a network" in peer.announced.nids
    )


@PICS.item(
    "EAP",
    "O",
    "802.1X 6.2.2",
    "CAK and CKN come from an EAP session; its Authenticator serves (6.2.2)",
)
def from_eap(run: CaseRun) -> None:
    """The keys of a TLS handshake secure a link; the priorities would let the other serve."""
    ca = authority("a CA")
    result = handshake(device(ca), device(ca), ca, ca)
    run.require("the handshake succeeds", result is not None)
    if result is None:
        return
    ends = zip("ab", result, strict=True)
    keys = [key_from_eap(name, end.msk, end.session_id) for name, end in ends]
    segment = MkaSegment(run)
    a = segment.add("a", keys[:1], key_server_priority=200)
    b = segment.add("b", keys[1:], key_server_priority=10)
    segment.run(8)
    check_connectivity(segment, a, b)
    run.require("the Authenticator is Key Server", a.principal.is_server)


@PICS.item(
    "actors of a port",
    "O",
    "802.1X 9.16",
    "an actor for each SCI of a port: one for each traffic class",
)
def actors(run: CaseRun) -> None:
    """Two SCs each way are keyed by MKA."""
    segment = MkaSegment(run)
    controls = {"traffic_classes": (0, 0, 0, 0, 1, 1, 1, 1)}
    a, b = (segment.add(name, controls=controls, classes=(1,)) for name in "ab")
    segment.run(12)
    check_connectivity(segment, a, b)
    run.expect("transmit SCs", [0, 1], sorted(a.secy.tx_classes))
    run.expect("receive SCs with an SA", 2, sum(bool(sc.sa) for sc in b.secy.rx.values()))


PICS.unsupported(
    "NID groups, virtual ports",
    "O",
    "802.1X 6.3, 10",
    "access by network identity, a virtual port for each supplicant",
    "one port has one peer of EAP, and one network",
)
