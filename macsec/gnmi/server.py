"""A gRPC server of the service, with TLS and passwords from the file of the exporter."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import grpc

from macsec.errors import ConfigError, EnvironmentLacks
from macsec.monitoring.serving import WebConfig
from macsec.monitoring.serving.access import UserAccess
from macsec.monitoring.serving.web_config import ClientAuth

from .service import STREAMS, GnmiService

MESSAGE_LIMIT = 1 << 20
"""Octets of a request."""
GRACE_S = 1
"""Seconds in which answers end after the server was stopped."""
_SPARE = 8
"""Threads beside those of streams, for requests that end at once."""


class _UserCheck(grpc.ServerInterceptor):  # type: ignore[misc]
    """Refuses calls without the name and the password of a user, in the metadata of gNMI."""

    def __init__(self, access: UserAccess) -> None:
        self._access = access

    def intercept_service(self, continuation: Callable[[Any], Any], call: Any) -> Any:
        """Return the handler of a call, or one that refuses it."""
        found = continuation(call)
        given = dict(call.invocation_metadata or ())
        name, password = given.get("username", ""), given.get("password", "")
        basic = base64.b64encode(f"{name}:{password}".encode()).decode()
        if found is None or (":" not in name and self._access.allows(f"Basic {basic}")):
            return found
        if found.response_streaming:
            return grpc.stream_stream_rpc_method_handler(_refuse)
        return grpc.unary_unary_rpc_method_handler(_refuse)


def _refuse(_: Any, context: Any) -> None:
    context.abort(
        grpc.StatusCode.UNAUTHENTICATED, "metadata username and password of a user are needed"
    )


class GnmiServer:
    """Serves from its start to the end of the context. Raises EnvironmentLacks, ConfigError.

    `address`: HOST:PORT; `folder`: where paths of the configuration begin.
    """

    def __init__(
        self,
        address: str,
        service: GnmiService,
        config: WebConfig,
        folder: Path,
        access: UserAccess,
    ) -> None:
        self._service = service
        self._server = grpc.server(
            ThreadPoolExecutor(STREAMS + _SPARE),
            interceptors=[_UserCheck(access)],
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", MESSAGE_LIMIT),
            ],
        )
        self._server.add_generic_rpc_handlers((service.handler(),))
        credentials = _credentials(config, folder)
        try:
            if credentials is None:
                self.port: int = self._server.add_insecure_port(address)
            else:
                self.port = self._server.add_secure_port(address, credentials)
        except RuntimeError:
            raise EnvironmentLacks(f"cannot listen at {address}: it is taken or not here") from None

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._service.end()
        self._server.stop(GRACE_S).wait()


def _credentials(config: WebConfig, folder: Path) -> Any:
    """Return the TLS of the server, None for plain text."""
    tls = config.tls_server_config
    if tls is None:
        return None
    if tls.client_auth_type is ClientAuth.IF_GIVEN:
        raise ConfigError(
            "tls_server_config.client_auth_type: gRPC asks all clients for certificates, or none"
        )
    if (tls.min_version, tls.max_version) != ("TLS12", "TLS13"):
        raise ConfigError("tls_server_config: gRPC has TLS12 to TLS13, no other range")
    authorities = None
    if tls.client_ca_file is not None:
        authorities = (folder / tls.client_ca_file).read_bytes()
    pair = ((folder / tls.key_file).read_bytes(), (folder / tls.cert_file).read_bytes())
    return grpc.ssl_server_credentials(
        [pair],
        root_certificates=authorities,
        require_client_auth=tls.client_auth_type is ClientAuth.REQUIRED,
    )
