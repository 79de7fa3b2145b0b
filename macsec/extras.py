"""Extras: packages that some uses alone need, and the remedy where one is missing."""

from __future__ import annotations

import sys
from typing import NamedTuple

from macsec.errors import EnvironmentLacks


class Extra(NamedTuple):
    """Packages for one use, installed with `macsec[NAME]`."""

    packages: tuple[str, ...]
    use: str

    def remedy(self) -> str:
        """Return the command that installs them."""
        name = next(name for name, extra in EXTRAS.items() if extra is self)
        return f"pip install 'macsec[{name}]'"


ZSTD_IN_PYTHON = sys.version_info >= (3, 14)

EXTRAS = {
    "arrow": Extra(("pyarrow",), "tables of verdicts and counters"),
    "azure": Extra(("azure-identity", "azure-keyvault-secrets"), "Key Vault secrets"),
    "corpus": Extra(
        ("adlfs", "aiohttp", "bokeh", "dask", "fsspec", "gcsfs", "pyarrow", "s3fs"),
        "runs over a corpus of captures",
    ),
    "docs": Extra(("sphinx", "myst-parser", "furo"), "pages of the site"),
    "eap": Extra(("pyrad",), "EAP by RADIUS"),
    "exporter": Extra(
        ("bcrypt", "prometheus-client", "pyroute2"), "metrics and the kernel's devices"
    ),
    "gnmi": Extra(("bcrypt", "grpcio", "protobuf"), "gNMI services"),
    "otel": Extra(
        ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"), "traces by OTLP"
    ),
    "otg": Extra(("starlette", "uvicorn"), "HTTP services"),
    "picture": Extra(("resvg-py",), "pictures as PNG"),
    "pkcs11": Extra(("python-pkcs11",), "CAKs on a token"),
    "scapy": Extra(("scapy",), "packets and sockets of scapy"),
    "testing": Extra(("hypothesis", "pytest"), "strategies and fixtures"),
    "top": Extra(("pyroute2", "textual"), "the screens of `macsec top`"),
    "watch": Extra(("starlette", "uvicorn"), "pages of --watch"),
    "zstd": Extra(() if ZSTD_IN_PYTHON else ("zstandard",), "zstd streams"),
}
"""All extras, as in pyproject.toml, by name."""


def lacks(name: str) -> EnvironmentLacks:
    """Return the error for an extra that is not installed."""
    extra = EXTRAS[name]
    return EnvironmentLacks(f"{extra.use} need {' and '.join(extra.packages)}: {extra.remedy()}")
