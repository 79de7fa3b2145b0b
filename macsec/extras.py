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
    "azure": Extra(("azure-identity", "azure-keyvault-secrets"), "Key Vault secrets"),
    "pkcs11": Extra(("python-pkcs11",), "CAKs on a token"),
    "scapy": Extra(("scapy",), "packets and sockets of scapy"),
    "zstd": Extra(() if ZSTD_IN_PYTHON else ("zstandard",), "zstd streams"),
}
"""All extras, as in pyproject.toml, by name."""


def lacks(name: str) -> EnvironmentLacks:
    """Return the error for an extra that is not installed."""
    extra = EXTRAS[name]
    return EnvironmentLacks(f"{extra.use} need {' and '.join(extra.packages)}: {extra.remedy()}")
