"""An HTTP server of one WSGI application, with TLS and passwords."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import IO, Any, Self, cast
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

from macsec.errors import EnvironmentLacks

from .access import UserAccess
from .hosts import is_loopback, names_this_machine

Application = Callable[..., Iterable[bytes]]

PATIENCE_S = 10
"""Seconds between two pieces of a request, or of an answer."""
WHOLE_S = 30
"""Seconds in which a client sends its request and takes the answer."""
LOOK_S = 0.1
"""Interval at which the server looks for its end."""
AT_ONCE = 8
"""Requests that are served at the same time; more wait in the queue of the socket."""
METRICS = "/metrics"
LANDING = (
    b"<!doctype html><html lang=en><meta charset=utf-8><title>macsec exporter</title>"
    b"<h1>macsec exporter</h1><p><a href=/metrics>Metrics</a></html>\n"
)
_HTML = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", "default-src 'none'"),
    ("X-Content-Type-Options", "nosniff"),
]
_TEXT = [("Content-Type", "text/plain; charset=utf-8")]


class _QuietHandler(ServerHandler):
    server_software = "macsec"

    def log_exception(self, exc_info: Any) -> None:
        """Print nothing: a client that hangs up is no fault."""


class _RequestHandler(WSGIRequestHandler):
    timeout = PATIENCE_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base names it so
        """Print nothing."""

    def address_string(self) -> str:
        """Return the address, without asking for its name."""
        return str(self.client_address[0])

    def handle(self) -> None:
        """Serve one request; a client that hangs up, or uses no TLS, ends it."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if len(self.raw_requestline) > 65536:
                self.send_error(414)
            elif self.parse_request():
                handler = _QuietHandler(
                    cast(IO[bytes], self.rfile),
                    cast(IO[bytes], self.wfile),
                    self.get_stderr(),
                    self.get_environ(),
                    False,
                )
                handler.request_handler = self  # type: ignore[attr-defined]
                handler.run(self.server.get_app())  # type: ignore[attr-defined]
        except (OSError, ValueError):
            self.close_connection = True


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    tls: ssl.SSLContext | None = None

    def __init__(self, address: tuple[str, int], clock: Callable[[], float]) -> None:
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._clock = clock
        self._ends: dict[Any, float] = {}  # clients that are served, and their last moment
        self._ends_lock = threading.Lock()
        self.address_family = _family(address[0])
        super().__init__(address, _RequestHandler)

    def server_bind(self) -> None:
        """Bind, without asking for the name of the address."""
        socketserver.TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), int(port)
        self.setup_environ()

    def get_request(self) -> tuple[Any, Any]:
        """Accept a client, in a thread of its own, of which there is a limit.

        Without a free one it stays in the queue of the socket, and the server looks for its end.
        """
        if not self._slots.acquire(timeout=LOOK_S):
            raise TimeoutError
        try:
            client, address = super().get_request()
            client.settimeout(PATIENCE_S)
            if self.tls is not None:  # the handshake is done in the thread of the client
                client = self.tls.wrap_socket(client, True, do_handshake_on_connect=False)
        except BaseException:
            self._slots.release()
            raise
        with self._ends_lock:
            self._ends[client] = self._clock() + WHOLE_S
        return client, address

    def service_actions(self) -> None:
        """Hang up on clients that take longer than they may, however steadily they send."""
        now = self._clock()
        with self._ends_lock:
            for client, end in self._ends.items():
                if end < now:
                    with suppress(OSError):
                        socket.socket.shutdown(client, socket.SHUT_RDWR)  # of TLS too

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start the thread; where there is none, its place is free."""
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._slots.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Free the place at the end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def shutdown_request(self, request: Any) -> None:
        """Forget a client before its socket is closed."""
        with self._ends_lock:
            self._ends.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: the fault is the client's."""


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class MetricsServer:
    """Serves an application at /metrics from `start` to the end of the context.

    Raises EnvironmentLacks for an address that it cannot have.
    """

    def __init__(
        self,
        address: tuple[str, int],
        application: Application,
        access: UserAccess,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access, self._application = access, application
        # With passwords or TLS a page of a stranger gets nothing anyway.
        self._own_names_alone = is_loopback(address[0]) and access.is_open and tls is None
        try:
            self._server = _Server(address, clock)
        except (OSError, OverflowError) as error:
            raise EnvironmentLacks(f"cannot listen at {address[0]}:{address[1]}: {error}") from None
        self._server.tls = tls
        self._server.set_app(self._answer)

    @property
    def url(self) -> str:
        """The address of the metrics."""
        host, port = self._server.server_address[:2]
        scheme = "http" if self._server.tls is None else "https"
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"{scheme}://{shown}:{port}{METRICS}"

    def _answer(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        if self._own_names_alone and not names_this_machine(environ.get("HTTP_HOST", "")):
            start("421 Misdirected Request", _TEXT)
            return [b"another host\n"]
        if not self._access.allows(environ.get("HTTP_AUTHORIZATION", "")):
            asked = ("WWW-Authenticate", 'Basic realm="macsec"')
            start("401 Unauthorized", [*_TEXT, asked])
            return [b"a name and a password are needed\n"]
        if environ["PATH_INFO"] == METRICS:
            return self._application(environ, start)
        if environ["PATH_INFO"] == "/" and environ["REQUEST_METHOD"] == "GET":
            start("200 OK", _HTML)
            return [LANDING]
        start("404 Not Found", _TEXT)
        return [b"the metrics are at /metrics\n"]

    def __enter__(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(LOOK_S,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
