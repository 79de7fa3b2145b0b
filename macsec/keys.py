"""A key in Python: short-lived, never shown, never copied.

Python cannot promise that no copy of a `bytes` object remains. A data plane copies the octets into
its own memory, and the copy here is wiped as soon as that is done. D-28 has the check value.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, NoReturn

from macsec.errors import CustodyError


class Uncopyable:
    """Base that refuses `copy`, `deepcopy` and `pickle`: a second holder would reuse nonces."""

    __slots__ = ()

    def _refuse(self, *_: Any) -> NoReturn:
        raise CustodyError(f"{type(self).__name__} holds a key: it cannot be copied or pickled")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __getstate__ = _refuse


class Key(Uncopyable):
    """Octets of a SAK (or another secret), compared in constant time, hidden in every text."""

    __slots__ = ("_octets", "check_value")

    def __init__(self, octets: bytes) -> None:
        if not isinstance(octets, bytes | bytearray | memoryview):
            raise CustodyError(f"a key is octets, not {type(octets).__name__}: give bytes")
        self._octets = bytearray(octets)
        digest = hashlib.sha256(b"macsec key check value")
        digest.update(self._octets)
        self.check_value: str = digest.hexdigest()[:16]

    def expose(self) -> bytes:
        """Return the octets, for a data plane or key agreement. Raises CustodyError once wiped."""
        if not self._octets:
            raise CustodyError("this key has been wiped")
        return bytes(self._octets)

    def in_place(self) -> bytearray:
        """Return the octets in place, to read and not keep. Raises CustodyError once wiped."""
        if not self._octets:
            raise CustodyError("this key has been wiped")
        return self._octets

    def wipe(self) -> None:
        """Overwrite the octets; every later use raises."""
        self._octets[:] = bytes(len(self._octets))
        self._octets.clear()

    def __del__(self) -> None:
        octets: bytearray = getattr(self, "_octets", bytearray())  # missing if __init__ failed
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
