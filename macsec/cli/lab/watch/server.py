"""The page of `--watch` by HTTP on loopback, in a thread of its own.

Each request needs the token of this run, and the name of this machine in `Host`, so that no other
page and no other user of a browser reaches the lab. Nothing is sent or loaded elsewhere.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import secrets
import socket
import threading
from collections.abc import AsyncIterator, Callable
from importlib import resources
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from macsec.errors import ConfigError, EnvironmentLacks

from .commands import PageCommand
from .feed import Feed

LOOPBACK = "127.0.0.1"
TOKEN = "x-macsec-token"  # noqa: S105 the name of a header
REQUEST_MOST = 4096
"""Octets of a request's body."""
LOOK_S = 0.2
"""Time between looks for news, for each page."""
STREAMS_MOST = 8
PARTS = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)

Parse = Callable[[Any], PageCommand]


def page() -> str:
    """Return the text of the page."""
    return (resources.files("macsec.cli.lab.watch") / "page.html").read_text("utf-8")


def policy(text: str) -> str:
    """Return the Content-Security-Policy of a page: its own script and style, by their hashes."""
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for kind, body in PARTS.findall(text):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        hashes[kind].append(f"'sha256-{digest}'")
    return (
        f"default-src 'none'; script-src {' '.join(hashes['script'])}; "
        f"style-src {' '.join(hashes['style'])}; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class Guard:
    """Refuses requests of other hosts and origins, and those without the token; adds headers."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], token: str, csp: str) -> None:
        self._app, self._hosts, self._token = app, hosts, token
        self._headers = {
            "content-security-policy": csp,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "no-store",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = [(n.encode(), v.encode()) for n, v in self._headers.items()]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        refusal = self._refusal(Request(scope)) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, with_headers)

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.getlist("host") not in [[host] for host in self._hosts]:
            return PlainTextResponse("another host\n", 421)
        origin = request.headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self._hosts:
            return PlainTextResponse("another origin\n", 403)
        # A request that changes something needs a header, which no form and no link can send.
        given = request.headers.get(TOKEN, "")
        if request.method in ("GET", "HEAD"):
            given = given or request.query_params.get("token", "")
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            return PlainTextResponse("open the address that macsec printed: it has a token\n", 403)
        return None


def application(feed: Feed, parse: Parse, hosts: frozenset[str], token: str) -> Starlette:
    """Return the application. `parse` makes commands of requests, and raises ConfigError."""
    text = page()
    streams: set[object] = set()

    async def index(_: Request) -> Response:
        return HTMLResponse(text)

    async def events(request: Request) -> Response:
        if len(streams) >= STREAMS_MOST:
            return PlainTextResponse("too many pages are open\n", 503)
        last = request.headers.get("last-event-id", "0")
        known = int(last) if last.isdecimal() and len(last) < 12 else 0
        return StreamingResponse(_news(feed, known, streams), media_type="text/event-stream")

    async def act(request: Request) -> Response:
        try:
            command = parse(json.loads(await _body(request)))
        except (ValueError, RecursionError, ConfigError) as error:
            reason = str(error) if isinstance(error, ConfigError) else "expected JSON"
            return JSONResponse({"error": reason}, 400)
        if not feed.ask(command):
            return JSONResponse({"error": "too many requests wait"}, 503)
        return JSONResponse({"taken": command.act}, 202)

    async def recording(_: Request) -> Response:
        if feed.recording is None:
            return PlainTextResponse("only a lab in virtual time can be run again\n", 404)
        name = {"content-disposition": 'attachment; filename="run.yaml"'}
        return Response(feed.recording(), media_type="application/yaml", headers=name)

    routes = [
        Route("/", index),
        Route("/events", events),
        Route("/run.yaml", recording),
        Route("/act", act, methods=["POST"]),
    ]
    guard = Middleware(Guard, hosts=hosts, token=token, csp=policy(text))
    return Starlette(routes=routes, middleware=[guard])


async def _body(request: Request) -> bytes:
    octets = b""
    async for part in request.stream():
        octets += part
        if len(octets) > REQUEST_MOST:
            raise ConfigError("the request is too long")
    return octets


async def _news(feed: Feed, last: int, streams: set[object]) -> AsyncIterator[str]:
    """Yield what is new for one page. A slow page gets the newest state, and no older one."""
    version, mine = 0, object()
    streams.add(mine)
    try:
        while True:
            version, state, events = feed.since(version, last)
            if events:
                last = events[-1]["id"]
                yield f"id: {last}\nevent: log\ndata: {json.dumps(events)}\n\n"
            if state is not None:
                yield f"event: state\ndata: {json.dumps(state)}\n\n"
            await asyncio.sleep(LOOK_S)
    finally:
        streams.discard(mine)


class PageServer:
    """Serves the page from `start()` to `stop()`; `url` has the token."""

    def __init__(self, feed: Feed, parse: Parse) -> None:
        self._token = secrets.token_urlsafe(24)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.bind((LOOPBACK, 0))
            self._socket.listen()  # a page may connect before the thread runs
        except OSError as error:
            self._socket.close()
            raise EnvironmentLacks(f"--watch: no port on {LOOPBACK}: {error.strerror}") from None
        port = self._socket.getsockname()[1]
        hosts = frozenset({f"{LOOPBACK}:{port}", f"localhost:{port}"})
        self.url = f"http://{LOOPBACK}:{port}/?token={self._token}"
        config = uvicorn.Config(
            application(feed, parse, hosts, self._token),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            http="h11",
            loop="asyncio",
            server_header=False,
            timeout_graceful_shutdown=1,
            limit_concurrency=64,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="macsec watch", daemon=True)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def start(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End it; pages that are open see that."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(timeout=5)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
