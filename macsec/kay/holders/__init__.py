"""Sources and holders of CAKs: files, generated chains, tokens and key vaults.

All holders implement `CakHolder` of `cak_holder.py`; an audit log can record each use.
"""

from .assemble import Edge, chain_of, policy_of
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
    "policy_of",
]
