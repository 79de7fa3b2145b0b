"""A collector of OpenTelemetry traces: a receiver of OTLP over HTTP in this process."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as service


class Collector:
    """The spans that arrived, and the services that they came from."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.services: set[str] = set()
        self.status = 200

    def take(self, octets: bytes) -> None:
        """Take a request."""
        request = service.ExportTraceServiceRequest.FromString(octets)
        for of_resource in request.resource_spans:
            names = {one.key: one.value.string_value for one in of_resource.resource.attributes}
            self.services.add(names["service.name"])
            for scope in of_resource.scope_spans:
                self.spans += scope.spans

    def named(self, name: str) -> list[Any]:
        """Return the spans of a name, by their start."""
        found = [span for span in self.spans if span.name == name]
        return sorted(found, key=lambda span: span.start_time_unix_nano)


@contextmanager
def collecting() -> Iterator[tuple[str, Collector]]:
    """Yield the URL of a collector, and the collector."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            octets = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                octets = gzip.decompress(octets)
            if self.path == "/v1/traces" and collector.status == 200:
                collector.take(octets)
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
