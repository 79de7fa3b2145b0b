"""EAP-TLS with device identities (802.1AR): CAKs from it, and identities that must be refused."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding

from macsec.conformance.scenes import MkaSegment, check_connectivity, secured
from macsec.conformance.scenes.eap import key_from_eap
from macsec.conformance.scenes.eap_tls import (
    TlsIdentity,
    TlsSession,
    authority,
    device,
    handshake,
    renamed,
    revocations,
    spoiled,
)
from macsec.conformance.suites.case import CaseRun

from .plan import SUITE

EAP = (
    "the EAP exchange is hostapd's and wpa_supplicant's: here TLS runs in memory, and its keys "
    "become CAK and CKN"
)
APPLICATION = 23
"""The type of a record of TLS that is encrypted."""
NAME, OTHER_NAME = "supplicant 1", "supplicant 2"
Sessions = tuple[TlsSession, TlsSession]


@dataclass(slots=True)
class DevID:
    """An identity of a device that management enables and disables (802.1AR 7.2)."""

    identity: TlsIdentity
    key_enabled: bool = True
    credential_enabled: bool = True

    @property
    def offered(self) -> TlsIdentity | None:
        """The identity for a handshake; None while key or credential is disabled."""
        return self.identity if self.key_enabled and self.credential_enabled else None


class DevIDSetup:
    """An Authenticator, a Supplicant with its DevID, and their CA."""

    def __init__(self) -> None:
        self.ca = authority("devices")
        self.authenticator = device(self.ca, "authenticator")
        self.supplicant = DevID(device(self.ca, NAME))

    def authenticate(self, **more: object) -> Sessions | None:
        """Run EAP-TLS; return the sessions of both ends, None if one refused."""
        return handshake(
            self.authenticator,
            self.supplicant.offered,
            self.ca,
            self.ca,
            **more,  # type: ignore[arg-type]
        )


def _check_port(run: CaseRun, what: str, sessions: Sessions | None, wanted: bool) -> None:
    """Check whether a port is secured after EAP: with key material only."""
    run.expect(f"{what}: EAP succeeds", wanted, sessions is not None)
    segment = MkaSegment(run)
    a, b = (
        segment.add(
            name,
            [key_from_eap(name, sessions[at].msk, sessions[at].session_id)] if sessions else [],
            key_server_priority=10 + at,
        )
        for at, name in enumerate("ab")
    )
    segment.run(4)
    run.expect(f"{what}: secured", (wanted, wanted), (a.kay.secured, b.kay.secured))
    run.expect(f"{what}: frames leave", (wanted, wanted), (a.send(), b.send()))
    if wanted:
        run.require("both have one SAK", secured(a, b))
        check_connectivity(segment, a, b)


@SUITE.case(
    "FCS_MKA_EXT.1 (EAP-TLS)",
    "CAK and CKN come from EAP-TLS: each session has its own, and the port is secured",
    clause="802.1X 6.2.2",
    part=EAP,
)
def cak_by_eap(run: CaseRun) -> None:
    """Secure a port after two sessions of EAP-TLS, with CAKs of both lengths."""
    setup = DevIDSetup()
    names = set()
    for _ in range(2):
        sessions = setup.authenticate()
        _check_port(run, "DevIDs of one CA", sessions, True)
        if sessions is None:
            continue
        server, client = sessions
        run.require("both ends have one MSK", server.msk == client.msk)
        for octets in (16, 32):
            keys = [
                key_from_eap(name, each.msk, each.session_id, octets)
                for name, each in zip("ab", sessions, strict=True)
            ]
            run.expect(f"CAK of {octets} octets: CKNs", keys[0].ckn, keys[1].ckn)
            run.expect("octets of the CKN", 16, len(keys[0].ckn))
            icvs = [key.holder.icv(b"an MKPDU") for key in keys]
            run.require("both ends have one CAK", icvs[0] == icvs[1])
            names.add(keys[0].ckn)
    run.expect("CKNs of two sessions and two lengths", 4, len(names))


@SUITE.case(
    "FCS_EAPTLS_EXT.1",
    "certificates are validated: of the CA, in their time, not revoked, for signatures; others "
    "leave the port closed",
    clause="802.1X 8",
    part=EAP,
)
def validated(run: CaseRun) -> None:
    """Offer good and bad certificates, at either end."""
    setup = DevIDSetup()
    ca, own = setup.ca, setup.authenticator
    foreign = authority("others")
    revoked = device(ca, "revoked")
    crl = revocations(ca, revoked)
    offers = {
        "good": (device(ca), own, b"", True),
        "good, with a list of revoked ones": (device(ca), own, crl, True),
        "foreign": (device(foreign), own, b"", False),
        "spoiled": (spoiled(device(ca)), own, b"", False),
        "ended": (device(ca, ended=True), own, b"", False),
        "revoked": (revoked, own, crl, False),
        "not for signatures": (device(ca, usable=False), own, b"", False),
        "foreign authenticator": (device(ca), device(foreign), b"", False),
        "spoiled authenticator": (device(ca), spoiled(own), b"", False),
        "ended authenticator": (device(ca), device(ca, ended=True), b"", False),
    }
    for what, (client, server, revocation, wanted) in offers.items():
        _check_port(run, what, handshake(server, client, ca, ca, crl=revocation), wanted)


@SUITE.case(
    "FCS_DEVID_EXT.1 T1",
    "a DevID with one octet changed, so that its signature is wrong: no connection",
    clause="802.1X 8",
    part=EAP,
)
def wrong_signature(run: CaseRun) -> None:
    """Offer it, and the one that it was made from."""
    setup = DevIDSetup()
    good = setup.supplicant.identity
    setup.supplicant.identity = spoiled(good)
    _check_port(run, "changed DevID", setup.authenticate(), False)
    setup.supplicant.identity = good
    _check_port(run, "the DevID itself", setup.authenticate(), True)


@SUITE.case(
    "FCS_DEVID_EXT.1 T2",
    "a DevID of an issuer that the Authenticator does not know: no connection",
    clause="802.1X 8",
    part=EAP,
)
def unknown_issuer(run: CaseRun) -> None:
    """Offer one of another CA, of the same name too."""
    for issuer in ("others", "devices"):
        setup = DevIDSetup()
        setup.supplicant.identity = device(authority(issuer), NAME)
        _check_port(run, f"issuer {issuer}, another key", setup.authenticate(), False)


@SUITE.case(
    "FCS_DEVID_EXT.1 T3",
    "packets of the Supplicant are changed in flight, so that the presented name is not that of "
    "the DevID: no connection",
    clause="802.1X 8",
    part=EAP,
)
def changed_in_flight(run: CaseRun) -> None:
    """Change the records with the certificate, and present a certificate with another name."""
    setup = DevIDSetup()
    _check_port(run, "changed records", setup.authenticate(tamper=_changed), False)
    setup.supplicant.identity = renamed(setup.supplicant.identity, OTHER_NAME)
    _check_port(run, "another name", setup.authenticate(), False)


def _changed(octets: bytes) -> bytes:
    """Change an octet of each encrypted record; the certificate is in one of these."""
    changed, at = bytearray(octets), 0
    while at + 5 <= len(octets):
        length = int.from_bytes(octets[at + 3 : at + 5])
        if octets[at] == APPLICATION:
            changed[at + 5 + length // 2] ^= 1
        at += 5 + length
    return bytes(changed)


@SUITE.case(
    "FCS_DEVID_EXT.1 T4",
    "mutual authentication: the Authenticator asks for a certificate, and the Supplicant answers "
    "with its DevID",
    clause="802.1X 8",
    part=EAP,
)
def mutual(run: CaseRun) -> None:
    """Look at the certificate that each end has of the other."""
    setup = DevIDSetup()
    sessions = setup.authenticate()
    run.require("EAP succeeds", sessions is not None)
    if sessions is not None:
        names = setup.supplicant.identity, setup.authenticator
        wanted = [each.certificate.public_bytes(Encoding.DER) for each in names]
        got = [session.peer for session in sessions]
        run.require("the Authenticator has the Supplicant's DevID", got[0] == wanted[0])
        run.require("the Supplicant has the Authenticator's", got[1] == wanted[1])
    one_way = setup.authenticate(mutual=False)
    run.require("unasked, none is sent", one_way is not None and one_way[0].peer is None)


def _check_switch(run: CaseRun, name: str) -> None:
    """Check that a Supplicant cannot authenticate while a part of its DevID is disabled."""
    setup = DevIDSetup()
    for enabled in (True, False, True):
        setattr(setup.supplicant, name, enabled)
        what = f"{name.replace('_', ' ')}: {enabled}"
        _check_port(run, what, setup.authenticate(), enabled)


@SUITE.case(
    "FCS_DEVID_EXT.1 T5",
    "the public key of the DevID is disabled: the Supplicant cannot authenticate; enabled: it can",
    clause="802.1X 8",
    part=EAP,
)
def key_disabled(run: CaseRun) -> None:
    """Disable it, and enable it again."""
    _check_switch(run, "key_enabled")


@SUITE.case(
    "FCS_DEVID_EXT.1 T6",
    "the DevID is disabled: the Supplicant cannot authenticate; enabled: it can",
    clause="802.1X 8",
    part=EAP,
)
def credential_disabled(run: CaseRun) -> None:
    """Disable it, and enable it again."""
    _check_switch(run, "credential_enabled")
