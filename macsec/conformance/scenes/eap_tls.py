"""TLS 1.3 handshakes with certificates, as EAP-TLS and EAP-TTLS have them, and their keys.

The handshake is that of Python's ssl, in memory. The MSK is exported from it by RFC 9190.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from macsec.conformance.outcome import require
from macsec.whole_file import write_whole

EAP_TLS, EAP_TTLS = 0x0D, 0x15
_DAY = timedelta(days=1)
_TURNS = 10
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "TLS_AES_256_GCM_SHA384": hashes.SHA384(),
    "TLS_AES_128_GCM_SHA256": hashes.SHA256(),
}


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def pem(self) -> bytes:
        """Return both in one text."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return self.certificate.public_bytes(Encoding.PEM) + key


def authority(name: str) -> TlsIdentity:
    """Return a CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    return TlsIdentity(_signed(name, name, key, key, is_ca=True), key)


def device(
    ca: TlsIdentity, name: str = "device", *, ended: bool = False, usable: bool = True
) -> TlsIdentity:
    """Return a device's certificate from a CA; `ended`: its time is over; `usable`: for TLS."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = ca.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    signed = _signed(name, str(issuer), key, ca.key, ended=ended, usable=usable)
    return TlsIdentity(signed, key)


def spoiled(identity: TlsIdentity) -> TlsIdentity:
    """Return an identity whose certificate has one bit of its signature changed."""
    der = bytearray(identity.certificate.public_bytes(Encoding.DER))
    der[-1] ^= 1
    return TlsIdentity(x509.load_der_x509_certificate(bytes(der)), identity.key)


def renamed(identity: TlsIdentity, name: str) -> TlsIdentity:
    """Return an identity whose certificate has another name of the same length, not signed anew."""
    der = identity.certificate.public_bytes(Encoding.DER)
    names = identity.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    was = str(names[0].value).encode()
    require(len(was) == len(name), "name", f"{len(was)} octets are wanted")
    changed = der.replace(was, name.encode())
    return TlsIdentity(x509.load_der_x509_certificate(changed), identity.key)


def revocations(ca: TlsIdentity, *revoked: TlsIdentity) -> bytes:
    """Return the list of revoked certificates of a CA, as PEM."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.certificate.subject)
        .last_update(now - _DAY)
        .next_update(now + _DAY)
    )
    for each in revoked:
        entry = x509.RevokedCertificateBuilder(each.certificate.serial_number, now - _DAY)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(ca.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signed(
    name: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    *,
    is_ca: bool = False,
    ended: bool = False,
    usable: bool = True,
) -> x509.Certificate:
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=usable,
        content_commitment=False,
        key_encipherment=not usable,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 3 * _DAY)
        .not_valid_after(now - _DAY if ended else now + _DAY)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(by, hashes.SHA256())
    )


@dataclass(frozen=True, slots=True)
class TlsSession:
    """The result of a handshake at one end: MSK, 64 octets, EAP Session-Id, the peer's certificate.

    `peer`: as DER, None if the peer sent none.
    """

    msk: bytes
    session_id: bytes
    peer: bytes | None


Tamper = Callable[[bytes], bytes]


def handshake(
    server: TlsIdentity,
    client: TlsIdentity | None,
    server_trusts: TlsIdentity,
    client_trusts: TlsIdentity,
    *,
    mutual: bool = True,
    crl: bytes = b"",
    tamper: Tamper = bytes,
    method: int = EAP_TLS,
) -> tuple[TlsSession, TlsSession] | None:
    """Run a handshake of a server and a client; return both results, None if one end refused.

    `mutual`: the server asks for a certificate; EAP-TTLS has none of the client. `tamper`: changes
    octets of the client on their way.
    """
    with TemporaryDirectory() as folder:
        place = Path(folder)
        ends = _complete(
            _context(place, "server", server, server_trusts if mutual else None, crl),
            _context(place, "client", client, client_trusts, b""),
            tamper,
        )
        if ends is None:
            return None
        at_server, at_client = (
            _session(place / f"{name}.keys", end, method)
            for name, end in zip(("server", "client"), ends, strict=True)
        )
        return at_server, at_client


def _context(
    place: Path, name: str, own: TlsIdentity | None, trusted: TlsIdentity | None, crl: bytes
) -> ssl.SSLContext:
    is_server = name == "server"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if trusted else ssl.CERT_NONE
    if trusted is not None:
        file = place / f"{name}.trusted"
        write_whole(file, trusted.certificate.public_bytes(Encoding.PEM) + crl)
        context.load_verify_locations(cafile=str(file))
        if crl:
            context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    if own is not None:
        file = place / f"{name}.pem"
        write_whole(file, own.pem(), mode=0o600)
        context.load_cert_chain(str(file))
    context.keylog_filename = str(place / f"{name}.keys")
    return context


def _complete(
    server: ssl.SSLContext, client: ssl.SSLContext, tamper: Tamper
) -> tuple[ssl.SSLObject, ssl.SSLObject] | None:
    """Run the handshake in memory; return both ends, None if one refuses."""
    to_server, to_client, from_client = ssl.MemoryBIO(), ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        server.wrap_bio(to_server, to_client, server_side=True),
        client.wrap_bio(to_client, from_client),
    )
    done = [False, False]
    for _ in range(_TURNS):
        for at, end in enumerate(ends):
            try:
                if done[at]:
                    end.read(1)  # the way in which a client learns that it was refused
                end.do_handshake()
                done[at] = True
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return None
            finally:
                to_server.write(tamper(from_client.read()))
    return ends if all(done) else None


def _session(keys: Path, end: ssl.SSLObject, method: int) -> TlsSession:
    lines = (line.split() for line in keys.read_text().splitlines())
    secret = next((bytes.fromhex(x[2]) for x in lines if x[0] == "EXPORTER_SECRET"), b"")
    suite = (end.cipher() or ("none",))[0]
    require(suite in _HASHES and len(secret) > 0, "TLS", f"no secret of {suite} was exported")
    algorithm = _HASHES[suite]
    msk = _exported(secret, algorithm, b"EXPORTER_EAP_TLS_Key_Material", method, 128)[:64]
    identity = _exported(secret, algorithm, b"EXPORTER_EAP_TLS_Method-Id", method, 64)
    return TlsSession(msk, bytes((method,)) + identity, end.getpeercert(binary_form=True))


def _exported(
    secret: bytes, algorithm: hashes.HashAlgorithm, label: bytes, method: int, octets: int
) -> bytes:
    """Export octets by a label, with the EAP type as context (RFC 8446 7.5)."""
    empty, context = (_digest(algorithm, data) for data in (b"", bytes((method,))))
    derived = _expand(secret, algorithm, label, empty, algorithm.digest_size)
    return _expand(derived, algorithm, b"exporter", context, octets)


def _expand(
    secret: bytes, algorithm: hashes.HashAlgorithm, label: bytes, context: bytes, octets: int
) -> bytes:
    name = b"tls13 " + label
    info = octets.to_bytes(2) + bytes((len(name),)) + name + bytes((len(context),)) + context
    return HKDFExpand(algorithm, octets, info).derive(secret)


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()
