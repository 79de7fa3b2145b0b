"""Sources and holders of CAKs: files, generated chains, tokens and key vaults.

All holders implement `CakHolder` of `kay/keys/cak_holder.py`; an audit log can record each use.

store.py       a file of CAKs, each wrapped by a key-encryption key
generated.py   CAKs that the service makes and rotates
token.py       a CAK on a PKCS#11 token
key_vault.py   CAKs as secrets of an Azure Key Vault
audit.py       the audit log of CAK uses
assemble.py    keys and policy of a KaY from the section `mka`
"""

from .assemble import Edge, chain_of, entry_of, policy_in, policy_of
from .audit import AuditedHolder, AuditLog
from .generated import Rotation
from .store import CakStore, StoredCak

__all__ = [
    "AuditLog",
    "AuditedHolder",
    "CakStore",
    "Edge",
    "Rotation",
    "StoredCak",
    "chain_of",
    "entry_of",
    "policy_in",
    "policy_of",
]
