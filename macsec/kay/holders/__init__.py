"""The holders of a CAK: made by the service, supplied by its owner, on the owner's hardware.

All implement `CakHolder` of `cak_holder.py`; an audit log can record each use of any of them.
"""

from macsec.kay.holders.assemble import Edge, chain_of, policy_of
from macsec.kay.holders.audit import AuditedHolder, AuditLog
from macsec.kay.holders.generated import Rotation
from macsec.kay.holders.store import CakStore, StoredCak

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
