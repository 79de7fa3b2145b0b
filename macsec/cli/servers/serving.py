"""Servers at an address: --listen, --web-config, warnings of readers, the end by a signal."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from macsec.cli.shared.edge import say
from macsec.cli.shared.options import FILE, Decorator
from macsec.cli.shared.signals import ENDING, Signals

# `loaded` imports it: pydantic and ssl would cost the start of verbs that serve nothing.
if TYPE_CHECKING:
    import ssl

    from macsec.monitoring.serving import WebConfig

_LOCAL = {"localhost": "127.0.0.1"}


class ListenAddress(NamedTuple):
    """An IP address of this machine, and a port; 0 takes a free one."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Return whether this machine alone reaches it."""
        return ip_address(self.host).is_loopback

    def __str__(self) -> str:
        """Return HOST:PORT, with an address of IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parsed(_: click.Context, __: click.Parameter, text: str) -> ListenAddress:
    """Return the address of --listen: no name but `localhost` is looked up."""
    host, _colon, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if ":" in host and bare == host:
        raise click.UsageError(
            f"--listen {text}: expected an address of IPv6 in brackets, as [::1]:80"
        )
    try:
        at = ip_address(_LOCAL.get(bare, bare))
        number = int(port)
    except ValueError:
        raise click.UsageError(
            f"--listen {text}: expected an IP address, a colon and a port"
        ) from None
    if not 0 <= number < 1 << 16:
        raise click.UsageError(f"--listen {text}: a port is 0 to 65535")
    return ListenAddress(str(at), number)


def listen(default: str, note: str = "") -> Decorator[Any]:
    """Make the option --listen of a server; `note` is one more sentence of its help."""
    return click.option(
        "--listen",
        "at",
        default=default,
        show_default=True,
        metavar="ADDRESS:PORT",
        callback=parsed,
        help=f"An address of this machine; port 0 takes a free one.{note and ' ' + note}",
    )


web_config: Decorator[Any] = click.option(
    "--web-config",
    type=FILE,
    metavar="FILE",
    help="TLS and users: tls_server_config and basic_auth_users, as Prometheus's exporters.",
)


def loaded(path: str | None) -> tuple[WebConfig, ssl.SSLContext | None]:
    """Return the file of --web-config and its TLS; without one all read in clear.

    Raises ConfigError.
    """
    from macsec.monitoring.serving import WebConfig, load_web_config

    return (WebConfig(), None) if path is None else load_web_config(path)


def knows_clients(config: WebConfig) -> bool:
    """Return whether every client has a password, or a certificate that was checked."""
    from macsec.monitoring.serving.web_config import ClientAuth

    tls = config.tls_server_config
    certified = tls is not None and tls.client_auth_type is ClientAuth.REQUIRED
    return bool(config.basic_auth_users) or certified


def warn_of_readers(
    at: ListenAddress, config: WebConfig, tls: ssl.SSLContext | None, what: str
) -> None:
    """Warn once of each way in which others read `what`, or the passwords of users."""
    if at.is_loopback:
        return
    if not knows_clients(config):
        say(f"warning: all that reach {at.host} read {what}: see --web-config")
    if config.basic_auth_users and tls is None:
        say("warning: passwords go over the network in clear: see tls_server_config")


def until_ended(signals: Signals) -> None:
    """Wait until a signal ends the program; others have no effect."""
    while not signals.among([], None)[0] & set(ENDING):
        continue
