"""A group CAK in a Distributed CAK parameter set (IEEE 802.1X 11.11.3): wrapped, its CKN behind it.

The set does not say how long the CAK is; the check of the key wrap does (RFC 3394).
"""

from __future__ import annotations

from collections.abc import Iterator

from macsec.errors import MACsecError
from macsec.kay.keys.cak_holder import CakHolder
from macsec.kay.keys.derivation import CKN_LENGTHS, KEY_LENGTHS
from macsec.kay.mkpdu.parameter_sets import DistributedCak
from macsec.keys import Key

WRAP_OVERHEAD = 8


def wrapped(holder: CakHolder, cak: Key, ckn: bytes) -> DistributedCak:
    """Return a CAK in the KEK of a holder's CAK, with its CKN. Raises the holder's errors."""
    return DistributedCak(holder.wrap(cak) + ckn)


def unwrapped(holder: CakHolder, given: DistributedCak) -> tuple[Key, bytes] | None:
    """Return the CAK and its CKN; None if the KEK of the holder's CAK did not wrap it."""
    for wrapped_cak, ckn in _divisions(given.content):
        try:
            cak = holder.unwrap(wrapped_cak)
        except MACsecError:
            return None
        if cak is not None:
            return cak, ckn
    return None


def _divisions(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the ways to divide a set into a wrapped CAK and a CKN."""
    for length in KEY_LENGTHS:
        end = length + WRAP_OVERHEAD
        if len(content) - end in CKN_LENGTHS:
            yield content[:end], content[end:]
