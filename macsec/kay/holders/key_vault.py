"""CAKs as secrets of an Azure Key Vault, named as `macSecConfig` of ExpressRoute Direct names them.

The client is that of the package azure-keyvault-secrets; the command line makes it, with the
identity of the user.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from macsec import extras
from macsec.config import MacSecConfigSection
from macsec.errors import ConfigError, MACsecError
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.keys import Key
from macsec.suites import SUITES
from macsec.terms import octets_of

Clients: TypeAlias = Callable[[str], Any]
"""Function from the URL of a vault to its `azure.keyvault.secrets.SecretClient`."""


def fetch(section: MacSecConfigSection, suite: str, clients: Clients) -> MemoryHolder:
    """Read both secrets and hold the CAK.

    Raises ConfigError for a wrong secret, and MACsecError if the vault does not give one.
    """
    # Both as keys: if the two are confused, still neither shows in a traceback.
    name = _secret(section.ckn_secret_identifier, clients)
    key = _secret(section.cak_secret_identifier, clients)
    if name is None or key is None:
        what = "ckn" if name is None else "cak"
        raise ConfigError(f"{what}SecretIdentifier: the secret is not an even number of hex digits")
    if not 1 <= len(name) <= 32:
        raise ConfigError("cknSecretIdentifier: the secret is a CKN of 2 to 64 hex digits")
    wanted = SUITES[suite].key_length
    if len(key) != wanted:
        raise ConfigError(
            f"cakSecretIdentifier: {section.cipher} has a CAK of {2 * wanted} hex digits, "
            f"the secret has {2 * len(key)}"
        )
    return MemoryHolder(key, name.expose())


def _secret(identifier: str, clients: Clients) -> Key | None:
    """Return the octets of a secret; None if it is not hex."""
    try:
        from azure.core.exceptions import AzureError, ClientAuthenticationError
        from azure.keyvault.secrets import KeyVaultSecretIdentifier
    except ImportError:
        raise extras.lacks("azure") from None
    try:
        named = KeyVaultSecretIdentifier(identifier)
    except ValueError:
        named = None
    if named is None or not identifier.startswith("https://"):
        raise ConfigError(
            f"{identifier!r} is no secret identifier: https://VAULT/secrets/NAME[/VERSION]"
        )
    try:
        return _octets(clients(named.vault_url).get_secret(named.name, named.version).value or "")
    except ClientAuthenticationError:
        reason = "the vault refused the identity of this process"
    except AzureError as error:
        reason = _reason(error)
    raise MACsecError(f"{identifier}: {reason}")


def _reason(error: Exception) -> str:
    # Without its text: that may hold a piece of the answer.
    status = getattr(error, "status_code", None)
    known = {403: "reading is not allowed", 404: "there is no such secret"}
    return known.get(status or 0) or f"cannot be read ({type(error).__name__})"


def _octets(text: str) -> Key | None:
    try:
        return Key.taking(octets_of("".join(text.split())))
    except ValueError:
        return None
