"""PF-1.17: chains of keys with XPN, policies on a bundle, tunnels."""

from __future__ import annotations

from functools import partial
from typing import Any

from macsec.conformance.scenes import MkaSegment, SegmentMember, pair, secured
from macsec.conformance.scenes.labs import build_lab
from macsec.conformance.scenes.routed import (
    filled,
    mpls_gre_frames,
    mpls_gre_udp_ipv6_frames,
    mpls_udp_frames,
)
from macsec.conformance.scenes.traffic import (
    IMIX,
    check_line,
    check_nothing_lost,
    rolled_keys,
    send_throughout,
)
from macsec.conformance.suites.case import CaseRun
from macsec.frames.sectag import decode
from macsec.kay.mkpdu.frame import Mkpdu
from macsec.kay.mkpdu.frame import decode as decode_mkpdu
from macsec.kay.mkpdu.parameter_sets import IcvIndicator
from macsec.lab import Lab
from macsec.terms import ETHERTYPE_EAPOL, ETHERTYPE_MACSEC

from .pf_1_27 import rekey_of_a_day
from .plan import ROUTER, SUITE, check_key_broken, ethertypes

SIZES = (60, 61, 124, 252, 508, 1020, 1514)
STEP, LIFE, KEYS = 60, 120, 5
BUNDLE = "GRE, GUE and MPLS are put on by policy forwarding, a router's"
XPN: dict[str, Any] = {
    "cipher": "gcm-aes-xpn-256",
    "sak_rekey_interval": 30,
    "include_icv_indicator": True,
}


@SUITE.case(
    "PF-1.17.1",
    "the configuration: both policies, five keys of two minutes that overlap for one, XPN-256 with "
    "CAKs and CKNs of 64 digits, priority 15, rekey after 30 s, window 64, offset 0, ICV "
    "indicator, SCI",
    clause="802.1X 9.3",
)
def configured(run: CaseRun) -> None:
    """Take it from a configuration, and look for each value in what runs."""
    for policy in ("must-secure", "should-secure"):
        with build_lab(run.target, {"macsec": _settings(policy), **_TWO_SITES}) as lab:
            lab.start()
            lab.engine.run(100 * 10**9)
            _check_settings(run, lab, policy)


_TWO_SITES = {"sites": {"w": {}, "e": {}}, "links": [{"name": "wan", "between": ["w", "e"]}]}


def _settings(policy: str) -> dict[str, object]:
    chain = [
        {
            "cak": f"{n + 1:02x}" * 32,
            "ckn": f"{n + 1:02x}" * 32,
            "start": n * STEP,
            "end": n * STEP + LIFE,
        }
        for n in range(KEYS)
    ]
    return {
        "policy": policy,
        "keychain": chain,
        "priority": 15,
        "cipher": "gcm-aes-xpn-256",
        "sak_rekey_interval": 30,
        "window": 64,
        "offset": 0,
        "include_icv_indicator": "on",
        "send_sci": "on",
    }


def _check_settings(run: CaseRun, lab: Lab, policy: str) -> None:
    for end in lab.links[0].agreed:
        kay, controls = end.kay, end.agreement.port.secy.controls
        run.expect("policy", policy, kay.policy.security.value)
        run.require("secured", kay.secured)
        principal = kay.principal
        run.expect("key after 100 s", b"\x02" * 32, principal and principal.key.ckn)
        run.expect("priority", 15, kay.policy.key_server_priority)
        run.expect("keys", KEYS, len(kay.chain.ckns))
        used = (controls.cipher.name, controls.window, controls.offset, controls.send_sci)
        run.expect("suite, window, offset, SCI", ("gcm-aes-xpn-256", 64, 0, True), used)
        run.require("ICV indicator", kay.policy.include_icv_indicator)
        saks = len(end.saks)
        run.require("a new SAK each 30 s", saks >= 4, f"{saks} in 100 s")


@SUITE.case(
    "PF-1.17.2",
    "must-secure with XPN: frames of 64 octets and up arrive with headers as expected, balanced "
    "over a bundle; with the key of one side changed nothing passes",
    part=BUNDLE,
)
def bundle_must_secure(run: CaseRun) -> None:
    """Send all sizes, break a key, and balance flows over four links."""
    _check_headers(run)
    check_key_broken(run, "must-secure", **XPN)
    _check_balance(run)


@SUITE.case(
    "PF-1.17.3",
    "should-secure with XPN: the same, but with the key of one side changed nothing is lost",
    part=BUNDLE,
)
def bundle_should_secure(run: CaseRun) -> None:
    """Send all sizes, break a key, and balance flows over four links."""
    _check_headers(run)
    check_key_broken(run, "should-secure", **XPN)
    _check_balance(run, policy="should-secure")


def _check_headers(run: CaseRun) -> None:
    """Check SecTAG and length of protected frames of many sizes."""
    segment, a, b = pair(run, cipher="gcm-aes-xpn-256")
    got: list[bytes] = []
    b.station.controlled.receiver = got.append
    frames = [filled(size) for size in SIZES]
    segment.wire.clear()
    for frame in frames:
        a.station.request(frame)
    segment.run(2.1)
    run.expect("frames as they were sent", frames, got)
    wire = [frame for frame in segment.wire if frame[12:14] == ETHERTYPE_MACSEC.to_bytes(2)]
    run.expect("octets that protection adds", [32] * len(SIZES), _added(frames, wire))
    tags = [decode(frame[12:]) for frame in wire]
    run.expect("SCIs", {a.kay.sci}, {tag.sci for tag in tags if tag})
    run.expect("PNs", list(range(1, len(SIZES) + 1)), [tag.pn for tag in tags if tag])


def _added(frames: list[bytes], wire: list[bytes]) -> list[int]:
    return [len(sent) - len(frame) for frame, sent in zip(frames, wire, strict=True)]


def _check_balance(run: CaseRun, **macsec: str) -> None:
    """Check that flows spread over a bundle of four MACsec links, and none loses a frame."""
    links = [
        {"name": f"m{n}", "lag": "wan", "between": ["w", "e"], "rate": "10gbit"} for n in range(4)
    ]
    hosts = {side: {"hosts": [f"{side}{n}" for n in range(4)]} for side in "we"}
    flows = [
        {"from": f"w{n}", "to": f"e{m}", "pps": 100, "count": 20, "size": 512}
        for n in range(4)
        for m in range(4)
    ]
    topology = {"macsec": macsec, "sites": hosts, "links": links, "traffic": flows}
    with build_lab(run.target, topology) as lab:
        lab.run()
        sent = sum(tally.sent for tally in lab.tallies)
        run.expect("frames of 16 flows over the bundle", sent, _delivered(lab))
        used = [link.ends[0].secy.counters["OutPktsEncrypted"] for link in lab.links if link.ends]
        run.require(f"links carried {used}: more than one", sum(count > 0 for count in used) > 1)


def _delivered(lab: Lab) -> int:
    return sum(tally.delivered for tally in lab.tallies)


def _chained(run: CaseRun) -> tuple[MkaSegment, SegmentMember, SegmentMember]:
    segment = MkaSegment(run)
    a, b = (
        segment.add(name, rolled_keys(STEP, LIFE, KEYS, 32), key_server_priority=priority, **XPN)
        for name, priority in (("a", 15), ("b", 15))
    )
    segment.run(2)
    return segment, a, b


@SUITE.case(
    "PF-1.17.4",
    "keys one to five end without loss; after the last one nothing passes",
    clause="802.1X 9.16",
)
def keys_end(run: CaseRun) -> None:
    """Run through the whole chain under traffic."""
    segment, a, b = _chained(run)
    end = (KEYS - 1) * STEP + LIFE
    send_throughout(segment, a, b, start=2, end=end, period=0.5)
    segment.run(end - 0.1)
    run.require("secured to the end", secured(a, b))
    run.require(f"{check_nothing_lost(a, b)} frames arrive", True)
    segment.run(end + 1)
    run.expect("frames that leave after the last key", (False, False), (a.send(), b.send()))
    run.expect("SAs left", (0, 0), (len(a.secy.tx.sa), len(b.secy.rx)))


SUITE.case(
    "PF-1.17.5",
    "a SAK timer of 28800 s: the session stays up, nothing is lost",
    clause="802.1X 9.8",
)(rekey_of_a_day)


@SUITE.case(
    "PF-1.17.6",
    "secured without a flap; the wire shows MACsec only; inside of it are IPv6, GRE, UDP and MPLS; "
    "frames counted as encrypted are those sent; a clear frame under must-secure does not pass",
    clause="10.6, 10.7.18",
    part="policy forwarding and gNMI Subscribe are a router's",
)
def on_the_wire(run: CaseRun) -> None:
    """Send tunnelled frames, look at the wire, and inject a clear one."""
    segment, a, b = pair(run, include_icv_indicator=True, cipher="gcm-aes-xpn-256")
    run.require("MKPDUs have the ICV indicator", all(_indicated(f) for _, _, f in segment.mkpdus))
    frames = [*mpls_gre_frames(IMIX), *mpls_udp_frames(IMIX), *mpls_gre_udp_ipv6_frames(IMIX)]
    got: list[bytes] = []
    b.station.controlled.receiver = got.append
    for number, frame in enumerate(frames):
        segment.at(3 + number * 0.5, partial(a.station.request, frame))
    segment.run(30)
    run.expect("frames delivered", len(frames), len(got))
    run.require("as they were sent", got == frames)
    run.expect("EtherTypes on the wire", {ETHERTYPE_MACSEC, ETHERTYPE_EAPOL}, ethertypes(segment))
    run.expect("OutPktsEncrypted", len(frames), a.secy.counters["OutPktsEncrypted"])
    run.expect("SAKs", 1, a.kay.counters["keys-distributed"])
    b.station.indicate(frames[0])
    run.expect("a clear frame delivered", len(frames), len(got))
    run.expect("InPktsNoTag", 1, b.secy.counters["InPktsNoTag"])


def _indicated(frame: bytes) -> bool:
    mkpdu = decode_mkpdu(frame)
    return isinstance(mkpdu, Mkpdu) and mkpdu.first(IcvIndicator) is not None


@SUITE.case(
    "PF-1.17.v6",
    "MPLS over GRE over UDP over IPv6 goes out of a MACsec port: nothing is lost",
    part=f"{ROUTER}; gNMI Set is a switch's",
)
def tunnelled_in_ipv6(run: CaseRun) -> None:
    """Send the frames that the policy would make."""
    sent = check_line(run, "100gbit", 0.92, mpls_gre_udp_ipv6_frames(IMIX), 1500)
    run.require(f"{sent} frames arrive", sent > 0)
