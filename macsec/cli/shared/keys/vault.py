"""The machine's services for holders of CAKs: the clock, a name, clients of Key Vaults."""

from __future__ import annotations

import functools
from os import getpid
from time import time_ns
from typing import Any

from macsec import extras
from macsec.kay.holders import Edge


def edge(who: str, start_ns: int = 0) -> Edge:
    """Return the edge of this process; `start_ns` is the time now on the KaY's clock."""
    return Edge(
        start_ns=start_ns,
        wall_ns=time_ns(),
        clock=time_ns,
        who=f"{who} [{getpid()}]",
        vaults=client,
    )


def client(url: str, **options: Any) -> Any:
    """Return the client of a Key Vault; `options` are passed to it. Raises EnvironmentLacks.

    azure-identity finds the identity: environment, workload, managed identity, `az login`.
    """
    try:
        from azure.keyvault.secrets import SecretClient

        return SecretClient(url, _credential(), **options)
    except ImportError:
        raise extras.lacks("azure") from None


@functools.cache
def _credential() -> Any:
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()
