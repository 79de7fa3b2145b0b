"""`macsec exporter`: metrics of all that runs on this machine."""

from __future__ import annotations

import signal
from secrets import token_bytes
from typing import Any

import click

from macsec.cli.servers import serving
from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD, say
from macsec.cli.shared.signals import ENDING, Signals
from macsec.extras import lacks
from macsec.monitoring import PortSource

LISTEN = "127.0.0.1:9842"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@click.command("exporter", short_help="Serve metrics of taps, labs and kernel devices.")
@serving.listen(LISTEN)
@serving.web_config
@click.option("--once", is_flag=True, help="Print the metrics of now, and end.")
@click.option("--openmetrics", is_flag=True, help="With --once: in the format of OpenMetrics.")
@click.option(
    "--write-config",
    type=options.FILE,
    metavar="DIR",
    help="Write dashboards, alert rules and a compose file of Prometheus and Grafana, and end.",
)
@options.quiet
def command(
    at: serving.ListenAddress,
    web_config: str | None,
    once: bool,
    openmetrics: bool,
    write_config: str | None,
    quiet: bool,
) -> int:
    """Serve the metrics of every tap and lab of this machine, and of the kernel's MACsec devices.

    Prometheus reads them at /metrics, as text or as OpenMetrics: counters by the standard's names,
    PN headroom, ages of SAs, live peers, rekeys, MKPDUs by result. A source that ends or refuses
    has macsec_source_up 0. Taps and labs are those of this user, devices those of this network
    namespace. No key is in any metric.

    It listens on loopback unless --listen names another address; there, without passwords, Host
    must be an address, localhost or the name of this machine. It ends at SIGINT or SIGTERM.
    """
    if write_config is not None:
        return _write(write_config)
    collector = _collector()
    if once:
        click.echo(_once(collector, openmetrics), nl=False)
        return GOOD
    return _serve(collector, at, web_config, quiet)


def _collector() -> Any:
    try:
        from macsec.monitoring.metrics import MetricsCollector
    except ImportError:
        raise lacks("exporter") from None
    return MetricsCollector(report=_Changes().note)


class _Changes:
    """Prints the reason of a source that does not answer, once."""

    def __init__(self) -> None:
        self._known: dict[PortSource, str] = {}

    def note(self, source: PortSource, reason: str) -> None:
        """Take the reason of a source, empty if it answers."""
        if reason and self._known.get(source) != reason:
            say(f"warning: {source.kind} {source.name}: {reason}".replace(" :", ":"))
        self._known[source] = reason


def _once(collector: Any, openmetrics: bool) -> str:
    from prometheus_client.exposition import choose_encoder

    encode, _ = choose_encoder(OPENMETRICS if openmetrics else "")
    return bytes(encode(collector.registry())).decode()


def _serve(collector: Any, at: serving.ListenAddress, path: str | None, quiet: bool) -> int:
    from prometheus_client import make_wsgi_app

    from macsec.monitoring.serving import MetricsServer
    from macsec.monitoring.serving.access import UserAccess

    config, tls = serving.loaded(path)
    serving.warn_of_readers(at, config, tls, "the metrics")
    access = UserAccess(config.basic_auth_users, token_bytes(32))
    application = make_wsgi_app(collector.registry())
    with (
        Signals(*ENDING, signal.SIGUSR1) as signals,
        MetricsServer(at, application, access, tls) as server,
    ):
        if not quiet:
            say(f"metrics at {server.url}")
        serving.until_ended(signals)
    return GOOD


def _write(folder: str) -> int:
    from macsec.monitoring.shipped import write_all

    for path in write_all(folder):
        say(path)
    return GOOD
