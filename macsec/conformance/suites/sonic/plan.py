"""The plan, to which the modules of this folder add their cases."""

from __future__ import annotations

from macsec.conformance.scenes import SegmentMember
from macsec.conformance.suites.case import CaseRun, Suite
from macsec.kay.keys.sak import KI

SUITE = Suite("sonic", "SONiC MACsec tests", "sonic-net/sonic-mgmt b4ba9de, tests/macsec")
SUITES_OF_PLAN = ("gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128", "gcm-aes-xpn-256")


def newest(member: SegmentMember) -> KI:
    """Return the identifier of the newest SAK of a member."""
    return member.kay.saks()[0].ki


def check_same_sa(run: CaseRun, a: SegmentMember, b: SegmentMember) -> None:
    """Check that each egress SA is the ingress SA of the other end: key, AN and PNs."""
    saks = [member.kay.saks()[0] for member in (a, b)]
    run.require("both ends have one SAK", saks[0].key.check_value == saks[1].key.check_value)
    for sender, receiver in ((a, b), (b, a)):
        an = sender.secy.controls.encodingsa
        sa = sender.secy.tx.sa[an]
        run.expect(f"{sender.name}: key of its egress SA", saks[0].key.check_value, sa.check_value)
        ingress = receiver.secy.rx[f"{sender.kay.sci:016x}"].sa
        run.require(f"{receiver.name} receives on AN {an}", an in ingress)
        lowest = ingress[an].lowest_pn
        run.require(f"nextPN {sa.next_pn} is not below lowest PN {lowest}", sa.next_pn >= lowest)
