"""hostapd as a RADIUS server that authenticates by EAP-TLS, and certificates for both ends."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from support.real import hosts
from support.real.hosts import Host

PORT = 18120
SECRET = "a secret of RADIUS"
NOW = dt.datetime.now(dt.UTC)
YEAR = dt.timedelta(days=365)
PEM = serialization.Encoding.PEM


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass
class Certificate:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        """The certificate as text."""
        return self.certificate.public_bytes(PEM).decode()

    @property
    def key_pem(self) -> str:
        """The private key as text."""
        octets = self.key.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return octets.decode()

    @property
    def spoiled(self) -> str:
        """The certificate with a bit of its signature changed."""
        octets = bytearray(self.certificate.public_bytes(serialization.Encoding.DER))
        octets[-1] ^= 1
        changed = x509.load_der_x509_certificate(bytes(octets))
        return changed.public_bytes(PEM).decode()


class Authority:
    """An authority that signs certificates, and a list of the revoked ones."""

    def __init__(self, common: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(common)
        built = self._built(self._name, key, ca=True, ended=False).sign(key, hashes.SHA256())
        self.own = Certificate(built, key)

    def issue(self, common: str, *, server: bool = False, ended: bool = False) -> Certificate:
        """Return a certificate of a station; `ended`: it was valid until yesterday."""
        key = ec.generate_private_key(ec.SECP256R1())
        use = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        built = self._built(_name(common), key, ca=False, ended=ended).add_extension(
            x509.ExtendedKeyUsage([use]), critical=False
        )
        return Certificate(built.sign(self.own.key, hashes.SHA256()), key)

    def _built(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool, ended: bool
    ) -> x509.CertificateBuilder:
        day = dt.timedelta(days=1)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - YEAR)
            .not_valid_after(NOW - day if ended else NOW + YEAR)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )

    def revocations(self, *revoked: Certificate) -> str:
        """Return the list of revoked certificates as text."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(NOW - dt.timedelta(hours=1))
            .next_update(NOW + YEAR)
        )
        for each in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(each.certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(NOW).build())
        return builder.sign(self.own.key, hashes.SHA256()).public_bytes(PEM).decode()


class Hostapd:
    """hostapd on a host, at 127.0.0.1: no access point, only its RADIUS server and EAP server."""

    def __init__(
        self, host: Host, folder: Path, authority: Authority, *revoked: Certificate
    ) -> None:
        folder.mkdir(exist_ok=True)
        server = authority.issue("the server", server=True)
        self._host, self._folder = host, folder
        files = {
            "ca.pem": authority.own.pem + authority.revocations(*revoked),
            "server.pem": server.pem,
            "server.key": server.key_pem,
            "users": "* TLS\n",
            "clients": f"127.0.0.1/32 {SECRET}\n",
        }
        for name, text in files.items():
            (folder / name).write_text(text)
        settings = {
            "driver": "none",
            "eap_server": "1",
            "check_crl": "1",
            "eap_user_file": folder / "users",
            "ca_cert": folder / "ca.pem",
            "server_cert": folder / "server.pem",
            "private_key": folder / "server.key",
            "radius_server_clients": folder / "clients",
            "radius_server_auth_port": PORT,
        }
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        (folder / "hostapd.conf").write_text(lines)
        self.start()

    def start(self) -> None:
        """Start it; it serves at once."""
        self.process = self._host.start(
            "hostapd", "-dd", "-K", "-f", self._folder / "log", self._folder / "hostapd.conf"
        )
        hosts.until(self._listens, "hostapd's RADIUS server", self.process)

    def _listens(self) -> bool:
        return self._host.run("ss", "-Hlun", f"sport = :{PORT}").strip() != ""

    def end(self) -> None:
        """End it."""
        hosts.end(self.process)

    @property
    def log(self) -> str:
        """Return what it logged."""
        return (self._folder / "log").read_text(errors="replace")
