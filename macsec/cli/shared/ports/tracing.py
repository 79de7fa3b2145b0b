"""`--otlp URL`: traces of key agreement to a collector of OpenTelemetry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from macsec.cli.shared.edge import say
from macsec.cli.shared.options import F
from macsec.errors import ConfigError
from macsec.extras import lacks
from macsec.kay.kay import Kay
from macsec.monitoring.tracing import AgreementSpans, TimedSpan
from macsec.port import Agreement
from macsec.report.mka.status import reason

TRACES = "/v1/traces"

_OPTION = click.option(
    "--otlp",
    metavar="URL",
    help="Send traces of key agreement, hello to secured and rekeys, to this collector by OTLP "
    "over HTTP, such as http://127.0.0.1:4318.",
)


def option(function: F) -> F:
    """Add the option, as `otlp`."""
    return _OPTION(function)


class Tracing:
    """Follows agreements and writes their spans; `close` ends the open ones."""

    def __init__(self, write: Callable[[TimedSpan], object]) -> None:
        self._write = write
        self._ports: list[AgreementSpans] = []

    def follow(self, port: str, agreement: Agreement) -> None:
        """Trace an agreement from now on, before it starts."""
        spans = AgreementSpans(port, agreement.kay, self._write, _words)
        self._ports.append(spans)
        agreement.follow(spans.note)

    def close(self) -> None:
        """End the spans that are open."""
        for each in self._ports:
            each.close()


def _words(kay: Kay) -> str:
    return "" if kay.secured else reason(kay)


@contextmanager
def opened(url: str | None, epoch_ns: int, instance: str) -> Iterator[Tracing | None]:
    """Open the traces of `--otlp`; without a URL they are None.

    `epoch_ns`: the time of day when the clock of the agreements was 0.
    """
    if url is None:
        yield None
        return
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"--otlp {url}: a URL begins with http:// or https://")
    try:
        from macsec.monitoring.tracing.otlp import OtlpSink
    except ImportError:
        raise lacks("otel") from None
    endpoint = url if url.endswith(TRACES) else url.rstrip("/") + TRACES
    sink = OtlpSink(endpoint, epoch_ns, instance)
    tracing = Tracing(sink.write)
    try:
        yield tracing
    finally:
        tracing.close()
        sink.close()
        if sink.failed:
            say(f"warning: --otlp {url}: the collector did not take {sink.failed} spans")
