"""A stand-in for Azure Key Vault and for the managed identity's endpoint, on 127.0.0.1.

The protocol of the official client: TLS, a 401 with the authentication challenge for a request
without a token, then `GET /secrets/NAME/VERSION?api-version=...` with a Bearer token.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TOKEN = "eyJ.c0ffee-bearer.sig"
TENANT = "11111111-2222-3333-4444-555555555555"


@dataclass
class Vault:
    """Secrets by name and version; the requests, each with its token."""

    url: str
    identity: str
    authority: Path
    secrets: dict[tuple[str, str], str] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    identities: list[dict[str, list[str]]] = field(default_factory=list)


class _Quiet(BaseHTTPRequestHandler):
    vault: Vault

    def log_message(self, *_: object) -> None:
        """Write nothing to stderr."""

    def answer(self, status: int, body: object, **headers: str) -> None:
        """Send a JSON answer."""
        octets = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)


class _Secrets(_Quiet):
    def do_GET(self) -> None:
        """Send one secret."""
        vault, url = self.vault, urlsplit(self.path)
        given = self.headers.get("Authorization")
        vault.asked.append((url.path, given))
        if given != f"Bearer {TOKEN}":
            challenge = (
                f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", '
                'resource="https://vault.azure.net"'
            )
            error = {"error": {"code": "Unauthorized", "message": "a token is missing"}}
            self.answer(401, error, WWW_Authenticate=challenge)
            return
        _, kind, name, *version = url.path.split("/")
        if name in vault.forbidden:
            self.answer(403, {"error": {"code": "Forbidden", "message": "no get permission"}})
            return
        value = vault.secrets.get((name, version[0] if version else ""))
        if kind != "secrets" or value is None or "api-version" not in parse_qs(url.query):
            self.answer(404, {"error": {"code": "SecretNotFound", "message": f"no {name}"}})
            return
        self.answer(200, {"value": value, "id": f"{vault.url}{url.path}", "attributes": {}})


class _Identity(_Quiet):
    def do_GET(self) -> None:
        """Send a token for the managed identity."""
        query = parse_qs(urlsplit(self.path).query)
        self.vault.identities.append(query)
        if self.headers.get("X-IDENTITY-HEADER") != "header":
            self.answer(401, {})
            return
        reply = {"access_token": TOKEN, "expires_on": "4102444800", "token_type": "Bearer"}
        self.answer(200, {**reply, "resource": query["resource"][0]})


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(dt.datetime(2120, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "vault.crt", folder / "vault.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@contextmanager
def vault(folder: Path) -> Iterator[Vault]:
    """Run both servers inside the context."""
    certificate, key = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    found = Vault("", "", certificate)
    handlers = [type("Handler", (kind,), {"vault": found}) for kind in (_Secrets, _Identity)]
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for handler in handlers]
    servers[0].socket = context.wrap_socket(servers[0].socket, server_side=True)
    found.url = f"https://127.0.0.1:{servers[0].server_port}"
    found.identity = f"http://127.0.0.1:{servers[1].server_port}/token"
    threads = [threading.Thread(target=server.serve_forever, args=(0.02,)) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()
