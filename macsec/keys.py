"""A key in Python's hands: short-lived, never shown, never copied.

Python cannot promise that no copy of a `bytes` object stays behind; a data plane takes the octets
into memory of its own, and what is kept here is wiped as soon as that is done.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, NoReturn

from macsec.errors import CustodyError


class Uncopyable:
    """Refuses `copy`, `deepcopy` and `pickle`: a second holder of a key would reuse its nonces."""

    __slots__ = ()

    def _refuse(self, *_: Any) -> NoReturn:
        raise CustodyError(f"{type(self).__name__} holds a key: it cannot be copied or pickled")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __getstate__ = _refuse


class Key(Uncopyable):
    """Octets of a SAK (or another secret), compared in constant time, hidden in every text."""

    __slots__ = ("_octets", "check_value")

    def __init__(self, octets: bytes) -> None:
        self._octets = bytearray(octets)
        told = hashlib.sha256(b"macsec key check value")
        told.update(self._octets)
        self.check_value: str = told.hexdigest()[:16]

    def expose(self) -> bytes:
        """The octets, for a data plane or a key agreement. Raises CustodyError once wiped."""
        if not self._octets:
            raise CustodyError("this key has been wiped")
        return bytes(self._octets)

    def in_place(self) -> bytearray:
        """The octets where they lie, to be read and not kept. Raises CustodyError once wiped."""
        if not self._octets:
            raise CustodyError("this key has been wiped")
        return self._octets

    def wipe(self) -> None:
        """Overwrite the octets; the key is of no use after this."""
        self._octets[:] = bytes(len(self._octets))
        self._octets.clear()

    def __del__(self) -> None:
        octets: bytearray = getattr(self, "_octets", bytearray())  # none where making it failed
        if octets:
            octets[:] = bytes(len(octets))

    def __len__(self) -> int:
        return len(self._octets)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Key):
            return NotImplemented
        return hmac.compare_digest(self._octets, other._octets)

    def __hash__(self) -> int:
        return hash(self.check_value)

    def __repr__(self) -> str:
        return f"<Key of {len(self._octets)} octets>"
