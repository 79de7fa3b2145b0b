"""The API over HTTP: an ASGI application of starlette."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from macsec.errors import MACsecError

from .model import RequestRefused
from .service import TrafficGenerator

LOG = logging.getLogger("macsec")
BODY_MOST = 16 << 20
"""Octets of a request."""
_NOT_EMULATED = {
    "/config:PATCH": "updates of a configuration are not emulated: POST /config the whole one",
    "/config/append:PATCH": "appending is not emulated: POST /config the whole configuration",
    "/config/delete:PATCH": "deleting is not emulated: POST /config the whole configuration",
    "/control/action:POST": "actions are not emulated: see /control/state and /monitor/states",
}


def application(service: TrafficGenerator, hosts: list[str]) -> Starlette:
    """Return the application. `hosts`: names and addresses that requests may be for."""

    def takes(call: Callable[[Any], Any]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            document = await _document(request)
            return _answered(await run_in_threadpool(call, document))

        return answer

    def gives(call: Callable[[], Any]) -> Callable[[Request], Any]:
        async def answer(_: Request) -> Response:
            return _answered(await run_in_threadpool(call))

        return answer

    async def not_emulated(request: Request) -> Response:
        reason = _NOT_EMULATED[f"{request.url.path}:{request.method}"]
        return _error(501, "internal", [reason])

    routes = [
        Route("/config", takes(service.set_config), methods=["POST"]),
        Route("/config", gives(service.get_config), methods=["GET"]),
        Route("/control/state", takes(service.set_control_state), methods=["POST"]),
        Route("/monitor/metrics", takes(service.get_metrics), methods=["POST"]),
        Route("/monitor/states", takes(service.get_states), methods=["POST"]),
        Route("/monitor/capture", takes(service.get_capture), methods=["POST"]),
        Route("/capabilities/version", gives(service.get_version), methods=["GET"]),
        *(
            Route(path, not_emulated, methods=[method])
            for path, method in (each.split(":") for each in _NOT_EMULATED)
        ),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)],
        exception_handlers={MACsecError: _refused, HTTPException: _http, Exception: _failed},
    )


async def _document(request: Request) -> Any:
    """Return the JSON document of a request. Raises RequestRefused."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "expected Content-Type: application/json")
    octets = bytearray()
    async for chunk in request.stream():
        octets += chunk
        if len(octets) > BODY_MOST:
            raise HTTPException(413, f"a request has at most {BODY_MOST >> 20} MiB")
    try:
        document = json.loads(bytes(octets))
        # An escape such as \ud800 makes text that no answer can hold.
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise RequestRefused("$: expected a JSON document") from None
    return document


def _answered(answer: Any) -> Response:
    if isinstance(answer, bytes):
        return Response(answer, media_type="application/octet-stream")
    return JSONResponse(answer)


def _error(code: int, kind: str, errors: list[str]) -> Response:
    return JSONResponse({"code": code, "kind": kind, "errors": errors}, status_code=code)


async def _refused(_: Request, error: Exception) -> Response:
    return _error(400, "validation", list(getattr(error, "errors", (str(error),))))


async def _http(_: Request, error: Exception) -> Response:
    code = getattr(error, "status_code", 500)
    return _error(code, "validation", [str(getattr(error, "detail", ""))])


async def _failed(_: Request, error: Exception) -> Response:
    LOG.error("a request failed: %s", type(error).__name__)
    return _error(500, "internal", [f"internal error: {type(error).__name__}"])
