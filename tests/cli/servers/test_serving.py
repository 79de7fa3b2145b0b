"""Servers at an address: what --listen takes, who is known, and the warnings."""

from __future__ import annotations

import signal
import ssl
import subprocess
import sys
from typing import Any
from unittest.mock import Mock

import click
import pytest
from click.testing import CliRunner

from macsec.cli.servers import serving
from macsec.cli.servers.exporter import command as exporter
from macsec.cli.servers.gnmi import command as gnmi
from macsec.cli.servers.otg import command as otg
from macsec.cli.servers.serving import ListenAddress
from macsec.cli.shared.signals import Signals

EXPECTED = "expected an IP address, a colon and a port"
BRACKETS = "expected an address of IPv6 in brackets, as [::1]:80"
RANGE = "a port is 0 to 65535"
NETWORK = ListenAddress("192.0.2.1", 1)


@click.command()
@serving.listen("127.0.0.1:1")
def _shown(at: ListenAddress) -> None:
    click.echo(f"{at} {at.host} {at.port} {at.is_loopback}")


def listened(text: str) -> str:
    """The output of a command that listens at an address, or its error."""
    return CliRunner().invoke(_shown, ["--listen", text]).output


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("127.0.0.1:0", "127.0.0.1:0 127.0.0.1 0 True"),
        ("localhost:65535", "127.0.0.1:65535 127.0.0.1 65535 True"),
        ("127.1.2.3:80", "127.1.2.3:80 127.1.2.3 80 True"),
        ("0.0.0.0:80", "0.0.0.0:80 0.0.0.0 80 False"),
        ("[::1]:80", "[::1]:80 ::1 80 True"),
        ("[2001:DB8:0::1]:80", "[2001:db8::1]:80 2001:db8::1 80 False"),
    ],
)
def test_an_address_is_shown_as_it_was_given(text: str, shown: str) -> None:
    """With brackets around IPv6; `localhost` is 127.0.0.1."""
    assert listened(text) == f"{shown}\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, EXPECTED) for text in ("80", "", ":80", "host:80", "127.0.0.1:", "a:b", "[]:1")),
        *((text, BRACKETS) for text in ("::1", "::1:80", "::", "[::1:80", "::1]:80", "fe80::1:1")),
        *((f"127.0.0.1:{port}", RANGE) for port in (-1, 65536, 10**9)),
    ],
)
def test_an_address_that_is_none_is_refused_by_name(text: str, reason: str) -> None:
    """With the option, the text and what was expected."""
    assert f"--listen {text}: {reason}" in listened(text)


@pytest.mark.parametrize("verb", [exporter, gnmi, otg])
def test_verbs_that_serve_have_one_option_for_their_address(verb: click.Command) -> None:
    """An address of one is an address of the others."""
    (option,) = [each for each in verb.params if "--listen" in each.opts]
    assert option.callback is serving.parsed


def _configured(**entries: Any) -> Any:
    pytest.importorskip("bcrypt", reason="bcrypt is not installed: extra exporter")
    from macsec.monitoring.serving import WebConfig

    return WebConfig.model_validate(entries)


USERS = {"me": "$2b$10$" + "a" * 53}
TLS = {"cert_file": "c", "key_file": "k"}
ASKED = {"client_ca_file": "a", "client_auth_type": "VerifyClientCertIfGiven"}
REQUIRED = {"client_ca_file": "a", "client_auth_type": "RequireAndVerifyClientCert"}


@pytest.mark.parametrize(
    ("entries", "known"),
    [
        ({}, False),
        ({"basic_auth_users": USERS}, True),
        ({"tls_server_config": TLS}, False),
        ({"tls_server_config": TLS | ASKED}, False),
        ({"tls_server_config": TLS | REQUIRED}, True),
    ],
)
def test_clients_are_known_by_passwords_or_required_certificates(
    entries: dict[str, Any], known: bool
) -> None:
    """A certificate that a client may leave out says nothing."""
    assert serving.knows_clients(_configured(**entries)) is known


@pytest.mark.parametrize(
    ("at", "entries", "tls", "lines"),
    [
        (ListenAddress("::1", 1), {}, False, []),
        (ListenAddress("127.0.0.1", 1), {"basic_auth_users": USERS}, False, []),
        (NETWORK, {}, False, ["all that reach 192.0.2.1 read the ports: see --web-config"]),
        (NETWORK, {}, True, ["all that reach 192.0.2.1 read the ports: see --web-config"]),
        (
            NETWORK,
            {"basic_auth_users": USERS},
            False,
            ["passwords go over the network in clear: see tls_server_config"],
        ),
        (NETWORK, {"basic_auth_users": USERS}, True, []),
        (NETWORK, {"tls_server_config": TLS | REQUIRED}, True, []),
    ],
)
def test_readers_in_the_network_are_warned_of(
    capsys: pytest.CaptureFixture[str],
    at: ListenAddress,
    entries: dict[str, Any],
    tls: bool,
    lines: list[str],
) -> None:
    """One line for readers without a password, one for passwords without TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
    serving.warn_of_readers(at, _configured(**entries), context, "the ports")
    assert capsys.readouterr().err.splitlines() == [f"macsec: warning: {line}" for line in lines]


def test_no_file_is_a_configuration_without_tls() -> None:
    """Nothing is read."""
    assert serving.loaded(None) == (_configured(), None)


def test_signals_that_end_nothing_are_waited_through() -> None:
    """The first of ENDING ends the wait."""
    arriving = [{signal.SIGUSR1}, set(), {signal.SIGUSR1, signal.SIGTERM}, {signal.SIGINT}]
    signals = Mock(spec=Signals)
    signals.among.side_effect = [(each, set()) for each in arriving]
    serving.until_ended(signals)
    assert signals.among.call_count == 3


def test_the_module_imports_no_server() -> None:
    """The three verbs load it at their help, which shows no server."""
    text = (
        "import sys, macsec.cli.servers.serving;"
        "print({'ssl', 'bcrypt', 'pydantic', 'macsec.monitoring'} & set(sys.modules))"
    )
    run = subprocess.run((sys.executable, "-c", text), capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
