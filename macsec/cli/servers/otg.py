"""`macsec otg`: the Open Traffic Generator API over test ports in virtual time."""

from __future__ import annotations

import os
import socket
import ssl
import time
from functools import partial
from typing import Any

import click

from macsec import __version__
from macsec.cli.servers import serving
from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD, say
from macsec.config.static_keys import Draw, seeded
from macsec.errors import ConfigError, EnvironmentLacks
from macsec.extras import lacks
from macsec.otg.pump import TimePump
from macsec.otg.service import TrafficGenerator
from macsec.wire.tc import parse_tc

LISTEN = "127.0.0.1:8443"
SPEEDS = options.Reals(0.01, 1000)
SEED = 1
_LOCAL_NAMES = ["127.0.0.1", "localhost", "::1", "[::1]"]


@click.command("otg", short_help="Answer the Open Traffic Generator API over virtual test ports.")
@serving.listen(LISTEN, "TLS is needed unless it is loopback.")
@click.option("--tls-cert", type=options.FILE, metavar="PEM", help="Certificate: serve HTTPS.")
@click.option("--tls-key", type=options.FILE, metavar="PEM", help="Key of the certificate.")
@click.option(
    "--wire",
    "wires",
    multiple=True,
    metavar="NAME=NETEM",
    help="Impairments of a wire, as tc netem has them: --wire 'w1=delay 1ms loss 0.1%'.",
)
@click.option(
    "--speed",
    type=SPEEDS,
    default=1.0,
    show_default=True,
    help="Seconds of virtual time for a second of the clock, at most.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, (1 << 64) - 1),
    help="Seed of wires, traffic and keys; without it keys are random.",
)
@options.backend
def command(
    at: serving.ListenAddress,
    tls_cert: str | None,
    tls_key: str | None,
    wires: tuple[str, ...],
    speed: float,
    seed: int | None,
    backend: str,
) -> int:
    """Serve the OTG API, so that snappi scripts with MACsec run without hardware.

    A port's location is an end of a wire: WIRE/a or WIRE/b. Time is virtual: rates, latencies and
    hello times are exact, however slow this machine is. What is not emulated is refused with its
    JSON path. `macsec help snappi` has a whole script.
    """
    uvicorn = _uvicorn()
    secure = _tls(tls_cert, tls_key)
    if not secure and not at.is_loopback:
        raise ConfigError(
            f"--listen {at}: CAKs would cross the network in clear; give --tls-cert and "
            "--tls-key, or listen on 127.0.0.1"
        )
    service = TrafficGenerator(
        __version__, _draw(seed), _impairments(wires), SEED if seed is None else seed, backend
    )
    with _listening(at) as listening:
        http = _http(uvicorn, service, at, tls_cert, tls_key)
        pump = TimePump(
            service, time.monotonic_ns, speed, partial(setattr, http, "should_exit", True)
        )
        scheme = "https" if secure else "http"
        shown = at._replace(port=listening.getsockname()[1])
        say(f"the OTG API is at {scheme}://{shown}")
        pump.start()
        try:
            http.run(sockets=[listening])
        finally:
            pump.stop()
            service.close()
    if pump.failure is not None:
        raise pump.failure
    return GOOD


def _uvicorn() -> Any:
    try:
        import starlette  # noqa: F401  the application needs it
        import uvicorn
    except ImportError:
        raise lacks("otg") from None
    return uvicorn


def _http(
    uvicorn: Any,
    service: TrafficGenerator,
    at: serving.ListenAddress,
    tls_cert: str | None,
    tls_key: str | None,
) -> Any:
    """Return the server of the API."""
    from macsec.otg.app import application  # it needs the extra

    hosts = _LOCAL_NAMES if at.is_loopback else ["*"]
    config = uvicorn.Config(
        application(service, hosts),
        log_config=None,
        log_level="warning" if os.environ.get("MACSEC_DEBUG") == "1" else "critical",
        access_log=False,
        server_header=False,
        lifespan="off",
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


def _tls(cert: str | None, key: str | None) -> bool:
    """Return whether TLS is on. Raises ConfigError for a pair that cannot be used."""
    if (cert is None) != (key is None):
        raise ConfigError("--tls-cert and --tls-key go together")
    if cert is None:
        return False
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, lambda: "")
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or "no PEM"
        raise ConfigError(f"--tls-cert {cert}, --tls-key {key}: {reason}") from None
    return True


def _listening(at: serving.ListenAddress) -> socket.socket:
    family = socket.AF_INET6 if ":" in at.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(at)
        listening.listen(64)
    except OSError as error:
        listening.close()
        raise EnvironmentLacks(f"--listen {at}: {error.strerror}") from None
    return listening


def _draw(seed: int | None) -> Draw:
    if seed is not None:
        return seeded(seed, "macsec otg")
    return lambda _, octets: os.urandom(octets)


def _impairments(wires: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for each in wires:
        name, equals, line = each.partition("=")
        if not equals or not name:
            raise ConfigError(f"--wire {each}: expected NAME=NETEM, such as 'w1=delay 1ms'")
        if name in found:
            raise ConfigError(f"--wire {name}: twice")
        try:
            found[name] = parse_tc(line).changed()
        except ConfigError as error:
            raise ConfigError(f"--wire {name}: {error}") from None
    return found
