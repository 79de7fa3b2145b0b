"""What the holders of CAKs need of this machine: its clock, its name, its way to Key Vaults."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from macsec.errors import EnvironmentLacks

if TYPE_CHECKING:
    from macsec.kay.holders import Edge


def edge(who: str, start_ns: int = 0) -> Edge:
    """The edge of this process; `start_ns` is what the KaY's clock shows now."""
    from os import getpid
    from time import time_ns

    from macsec.kay.holders import Edge

    return Edge(
        start_ns=start_ns,
        wall_ns=time_ns(),
        clock=time_ns,
        who=f"{who} [{getpid()}]",
        vaults=client,
    )


def client(url: str, **options: Any) -> Any:
    """The client of a Key Vault; `options` are those of the client.

    The identity is what azure-identity finds: environment, workload, managed identity, `az login`.
    """
    try:
        from azure.keyvault.secrets import SecretClient

        return SecretClient(url, _credential(), **options)
    except ImportError:
        raise EnvironmentLacks(
            "Key Vault secrets need azure-keyvault-secrets: pip install 'macsec[azure]'"
        ) from None


@functools.cache
def _credential() -> Any:
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()
