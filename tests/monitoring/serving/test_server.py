"""Metrics over HTTP and HTTPS: formats, passwords, and clients that misbehave."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import make_wsgi_app
from support.services.certificates import self_signed
from support.virtual.monitored import snapshots

from macsec.errors import ConfigError, EnvironmentLacks
from macsec.monitoring.metrics import MetricsCollector
from macsec.monitoring.serving import MetricsServer, load_web_config
from macsec.monitoring.serving.access import UserAccess
from macsec.monitoring.serving.server import AT_ONCE, WHOLE_S

PASSWORD = "correct horse"
HASHED = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
SECRET = bytes(32)
LOOPBACK = ("127.0.0.1", 0)


@contextmanager
def serving(
    path: Path | None = None, clock: Callable[[], float] = lambda: 0.0
) -> Iterator[MetricsServer]:
    """Serve the metrics of snapshots, with a web configuration if there is one."""
    users, tls = {}, None
    if path is not None:
        config, tls = load_web_config(str(path))
        users = config.basic_auth_users
    application = make_wsgi_app(MetricsCollector(lambda: snapshots()[0]).registry())
    with MetricsServer(LOOPBACK, application, UserAccess(users, SECRET), tls, clock) as server:
        yield server


def port_of(server: MetricsServer) -> int:
    """Return the port of a server."""
    return int(server.url.rpartition(":")[2].partition("/")[0])


def get(server: MetricsServer, path: str = "/metrics", **headers: str) -> tuple[int, str, Any]:
    """Return the status, the body and the headers of an answer."""
    connection = HTTPConnection("127.0.0.1", port_of(server), timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, answer.headers


def basic(user: str, password: str) -> dict[str, str]:
    """Return the header of a user."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    "host", ["localhost:1", "127.0.0.1", "[::1]:9", "a.localhost", "10.0.0.1:80"]
)
def test_own_names_and_addresses_are_hosts_on_loopback(host: str) -> None:
    """A scraper names the server by an address or as localhost."""
    with serving() as server:
        assert get(server, Host=host)[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:9", "localhost.evil.example", "127.0.0.1.evil.example"]
)
def test_pages_of_strangers_read_nothing_on_loopback(host: str, tmp_path: Path) -> None:
    """DNS rebinding: the name of the page leads here. With passwords they decide."""
    with serving() as server:
        status, body, _ = get(server, Host=host)
        assert (status, body) == (421, "another host\n")
        assert get(server, "/", Host=host)[0] == 421
    path = tmp_path / "web.yaml"
    path.write_text(f"basic_auth_users: {{scraper: '{HASHED}'}}\n")
    path.chmod(0o600)
    with serving(path) as server:
        assert get(server, Host=host)[0] == 401


def test_a_client_gets_the_format_that_it_accepts():
    """Text by default, OpenMetrics if it is accepted; other paths are not found."""
    with serving() as server:
        status, body, headers = get(server)
        assert (status, headers.get_content_type()) == (200, "text/plain")
        assert "macsec_mka_live_peers{" in body
        accept = "application/openmetrics-text; version=1.0.0"
        _, body, headers = get(server, Accept=accept)
        assert headers.get_content_type() == "application/openmetrics-text"
        assert body.endswith("# EOF\n")
        assert get(server, "/")[:2][0] == 200
        assert "/metrics" in get(server, "/")[1]
        assert get(server, "/other")[0] == 404


def test_users_need_their_passwords(tmp_path):
    """No name, another password, an unknown name and nonsense are refused alike."""
    path = tmp_path / "web.yaml"
    path.write_text(f"basic_auth_users: {{me: '{HASHED}'}}\n")
    with serving(path) as server:
        wrong = [
            {},
            basic("me", "wrong"),
            basic("you", PASSWORD),
            basic("me", "x" * 5000),
            basic("me", "a\0b"),
            {"Authorization": "Basic ???"},
            {"Authorization": "Bearer x"},
        ]
        for headers in wrong:
            status, body, answered = get(server, **headers)
            assert (status, "macsec_" in body) == (401, False)
            assert answered["WWW-Authenticate"] == 'Basic realm="macsec"'
        for _ in range(2):  # the second time from the cache
            assert get(server, **basic("me", PASSWORD))[0] == 200
        assert get(server, **basic("me", "wrong"))[0] == 401


def test_tls_is_served_and_plain_http_is_not(tmp_path):
    """A client that checks the certificate gets the metrics; one without TLS gets nothing."""
    certificate = self_signed(tmp_path)
    (tmp_path / "web.yaml").write_text("tls_server_config: {cert_file: c.pem, key_file: k.pem}\n")
    with serving(tmp_path / "web.yaml") as server:
        context = ssl.create_default_context(cafile=str(certificate))
        connection = HTTPSConnection("127.0.0.1", port_of(server), context=context, timeout=10)
        connection.request("GET", "/metrics")
        assert b"macsec_source_up" in connection.getresponse().read()
        connection.close()
        with pytest.raises(OSError):  # noqa: PT011 - reset or closed, as the kernel likes
            get(server)
        assert server.url.startswith("https://")


def test_clients_that_hang_up_or_send_nonsense_do_no_harm(capsys):
    """The next client is served, and nothing is printed."""
    with serving() as server:
        at = ("127.0.0.1", port_of(server))
        for octets in (b"", b"\x16\x03\x01nonsense\r\n\r\n", b"GET /metrics HTTP/1.1\r\n", b"\n"):
            with socket.create_connection(at) as client:
                client.sendall(octets)
        with socket.create_connection(at) as client:
            client.sendall(b"GET /" + b"x" * 70_000)
        assert get(server)[0] == 200
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("tls", [False, True])
def test_clients_that_never_finish_are_hung_up_on(tmp_path, tls):
    """A header now and then keeps no place for ever, and no client delays the end."""
    path = None
    if tls:
        self_signed(tmp_path)
        path = tmp_path / "web.yaml"
        path.write_text("tls_server_config: {cert_file: c.pem, key_file: k.pem}\n")
    servers, late = [], []

    def clock() -> float:
        """Return one time until every place is taken."""
        if servers and len(servers[0]._server._ends) == AT_ONCE:
            late.append(True)
        return WHOLE_S + 1 if late else 0

    with serving(path, clock) as server, ExitStack() as stack:
        servers.append(server)
        address = ("127.0.0.1", port_of(server))
        slow = [stack.enter_context(socket.create_connection(address)) for _ in range(AT_ONCE)]
        for client in slow:
            client.sendall(b"\x16\x03\x01" if tls else b"GET /metrics HTTP/1.1\r\nX: ")
        waiting = stack.enter_context(socket.create_connection(address))
        waiting.sendall(b"GET / HTTP/1.0\r\n\r\n")
        waiting.settimeout(10)
        if not tls:
            assert waiting.recv(8) == b"HTTP/1.0"
        for client in slow:
            client.settimeout(10)
            assert client.recv(1) == b""


def test_the_server_ends_while_all_places_are_taken():
    """Clients that keep a place do not keep the process."""
    with ExitStack() as stack:
        with serving() as server:
            for _ in range(AT_ONCE + 2):
                client = stack.enter_context(
                    socket.create_connection(("127.0.0.1", port_of(server)))
                )
                client.sendall(b"GET")
        client.settimeout(10)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port_of(server)))


def test_an_address_in_use_is_refused():
    """Its error names the address."""
    with serving() as server:
        at = ("127.0.0.1", port_of(server))
        with pytest.raises(EnvironmentLacks, match=f"cannot listen at 127.0.0.1:{at[1]}"):
            MetricsServer(at, lambda *_: [], UserAccess({}, SECRET))


@pytest.mark.parametrize(
    "text, words",
    [
        ("basic_auth_users: {me: secret-word}", "not hashed by bcrypt"),
        (f"basic_auth_users: {{'a:b': '{HASHED}'}}", "no colon"),
        ("tls_server_config: {cert_file: c.pem}", "key_file: Field required"),
        ("tls_server_config: {cert_file: c.pem, key_file: k.pem}", "cannot use its files"),
        ("tls_server_config: {cert_file: c, key_file: k, min_version: TLS10}", "TLS12, TLS13"),
        ("tls_server_config: {cert_file: c, key_file: k, cipher_suites: [x]}", "cipher_suites"),
        (
            "tls_server_config: {cert_file: c, key_file: k, client_auth_type: "
            "VerifyClientCertIfGiven}",
            "come together",
        ),
        ("rate_limit: {burst: 1}", "rate_limit: Extra inputs"),
        ("[", "is not YAML"),
        ("[" * 5000, "is not YAML"),
        ("- 3", "valid dictionary"),
    ],
)
def test_faults_of_a_web_configuration_are_named(tmp_path, text, words):
    """With the file and the entry; a password in clear is not repeated."""
    path = tmp_path / "web.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as raised:
        load_web_config(str(path))
    assert str(path) in str(raised.value) or "tls_server_config" in str(raised.value)
    assert "secret-word" not in str(raised.value)


def test_an_empty_web_configuration_has_neither_tls_nor_users(tmp_path):
    """As the exporter-toolkit reads it."""
    path = tmp_path / "web.yaml"
    path.touch()
    config, tls = load_web_config(str(path))
    assert (config.basic_auth_users, tls) == ({}, None)
