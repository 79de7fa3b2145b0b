"""Spans to a collector by OTLP over HTTP, from a thread of OpenTelemetry's own."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, SpanContext, Status, StatusCode

from macsec import __version__

from .spans import SESSION, TimedSpan

QUEUE = 1 << 16
"""Spans that wait for the collector; more are lost, and counted."""
PATIENCE_S = 5


class OtlpSink:
    """Sends spans to `endpoint`; `epoch_ns` is the time of day at which the spans' clock was 0.

    `failed` counts spans that the collector did not take. A rekey is a trace of its own, with a
    link to the beginning of its session.
    """

    def __init__(self, endpoint: str, epoch_ns: int, instance: str) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # `failed` says it once
        self._epoch_ns = epoch_ns
        self._exporter = _Counting(OTLPSpanExporter(endpoint=endpoint, timeout=PATIENCE_S))
        resource = Resource.create(
            {
                "service.name": "macsec",
                "service.version": __version__,
                "service.instance.id": instance,
            }
        )
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter, max_queue_size=QUEUE))
        self._tracer = self._provider.get_tracer("macsec.kay", __version__)
        self._sessions: dict[tuple[str, int], SpanContext] = {}

    @property
    def failed(self) -> int:
        """The number of spans that were not delivered."""
        return self._exporter.failed

    def write(self, span: TimedSpan) -> None:
        """Send a span with its children. Never waits."""
        session = (str(span.facts["macsec.port"]), span.session)
        began = self._sessions.get(session)
        links = [] if began is None or span.name == SESSION else [Link(began)]
        context = self._send(span, None, links)
        if span.name == SESSION:
            self._sessions = {
                key: at for key, at in self._sessions.items() if key[0] != session[0]
            } | {session: context}

    def _send(
        self, given: TimedSpan, parent: SpanContext | None, links: Sequence[Link] = ()
    ) -> SpanContext:
        above = None
        if parent is not None:
            above = trace.set_span_in_context(trace.NonRecordingSpan(parent))
        span = self._tracer.start_span(
            given.name,
            context=above,
            attributes=dict(given.facts),
            links=links,
            start_time=self._epoch_ns + given.start_ns,
        )
        if given.failure:
            span.set_status(Status(StatusCode.ERROR, given.failure))
        for child in given.children:
            self._send(child, span.get_span_context())
        span.end(self._epoch_ns + given.end_ns)
        return span.get_span_context()

    def close(self) -> None:
        """Send what waits, at most for a few seconds."""
        self._provider.force_flush(PATIENCE_S * 1000)
        self._provider.shutdown()


class _Counting(SpanExporter):
    """An exporter that counts the spans of failed deliveries."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter, self.failed = exporter, 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Deliver spans."""
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self.failed += len(spans)
        return result

    def shutdown(self) -> None:
        """End it."""
        self._exporter.shutdown()
