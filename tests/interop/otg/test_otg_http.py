"""The HTTP side of `macsec otg`: hosts, types and sizes of requests, what is not there, TLS."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.programs
MAIN = "from macsec.__main__ import main; main()"
JSON = {"Content-Type": "application/json"}


def serving(*args: str) -> Iterator[tuple[str, int]]:
    """Run the API on a free port; yield the scheme and the port."""
    if any(find_spec(name) is None for name in ("starlette", "uvicorn")):
        pytest.skip("no starlette or uvicorn")
    command = [sys.executable, "-c", MAIN, "otg", "--listen", "127.0.0.1:0", *args]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        scheme, port = re.search(r"(https?)://127.0.0.1:(\d+)", server.stderr.readline()).groups()
        yield scheme, int(port)
        server.terminate()
        assert "Traceback" not in server.stderr.read()
    assert server.returncode == 143


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of an API in clear."""
    for _, number in serving():
        yield number


def ask(
    port: int, method: str, path: str, body: bytes = b"{}", headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Send a request; return status and document."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, JSON if headers is None else headers)
    answer = connection.getresponse()
    octets = answer.read()
    connection.close()
    is_json = "application/json" in answer.headers.get("content-type", "")
    return answer.status, json.loads(octets) if is_json else octets


def test_requests_for_another_host_are_refused(port: int) -> None:
    """A page of a browser cannot reach the API by a name of its own."""
    assert ask(port, "GET", "/config", headers={"Host": "example.org"})[0] == 400
    assert ask(port, "GET", "/config", headers={"Host": "localhost"})[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "code", "error"),
    [
        ("POST", "/config", b"{}", {"Content-Type": "text/plain"}, 415, "expected Content-Type"),
        ("POST", "/config", b"ports: []", JSON, 400, "$: expected a JSON document"),
        ("POST", "/config", b"[" * 100_000, JSON, 400, "$: expected a JSON document"),
        ("POST", "/config", b"[]", JSON, 400, "$: "),
        ("POST", "/config", b'{"x": "\\ud800"}', JSON, 400, "$: expected a JSON document"),
        ("POST", "/config", b" " * (17 << 20), JSON, 413, "a request has at most 16 MiB"),
        ("PATCH", "/config", b"{}", JSON, 501, "POST /config the whole one"),
        ("POST", "/control/action", b"{}", JSON, 501, "actions are not emulated"),
        ("GET", "/nothing", b"", JSON, 404, "Not Found"),
        ("DELETE", "/config", b"", JSON, 405, "Method Not Allowed"),
    ],
)
def test_fault_has_a_code_and_one_error(
    port: int,
    method: str,
    path: str,
    body: bytes,
    headers: dict[str, str],
    code: int,
    error: str,
) -> None:
    """As the schema of the API has errors."""
    status, document = ask(port, method, path, body, headers)
    assert status == document["code"] == code
    assert error in document["errors"][0]


def test_tls_serves_the_same(tmp_path: Path) -> None:
    """With a certificate made here."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    command += " -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [*command.split(), "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    for scheme, number in serving("--tls-cert", str(cert), "--tls-key", str(key)):
        assert scheme == "https"
        trusted = ssl.create_default_context(cafile=str(cert))
        connection = http.client.HTTPSConnection("127.0.0.1", number, timeout=30, context=trusted)
        connection.request("GET", "/capabilities/version")
        answer = connection.getresponse()
        assert json.load(answer)["api_spec_version"]
        connection.close()
