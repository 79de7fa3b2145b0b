"""The holders of a CAK: made by the service, supplied by its owner, on the owner's hardware.

All implement `CakHolder` of `cak_holder.py`; an audit log can record each use of any of them.
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
