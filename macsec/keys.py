"""A key in Python: never shown, never copied, and in memory of the C library.

That memory is locked in RAM, left out of core dumps and wiped when it is freed; where the library
was not built, a `bytearray` that is wiped takes its place. A data plane copies the octets into
memory of its own. D-28 has the check value.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from typing import Any, NoReturn, Self

from macsec import native
from macsec.errors import CustodyError

Octets = bytes | bytearray | memoryview


class Uncopyable:
    """Base that refuses `copy`, `deepcopy` and `pickle`: a second holder would reuse nonces."""

    __slots__ = ()

    def _refuse(self, *_: Any) -> NoReturn:
        raise CustodyError(f"{type(self).__name__} holds a key: it cannot be copied or pickled")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __getstate__ = _refuse


class Key(Uncopyable):
    """Octets of a SAK (or another secret), compared in constant time, hidden in every text.

    >>> import macsec
    >>> macsec.Key(bytes(16)) == macsec.Key(bytes(16))
    True

    It cannot be copied or pickled. See also: `SecY.create_tx_sa`, which takes one.
    """

    __slots__ = ("_octets", "check_value")

    def __init__(self, octets: Octets, *, overwrite: bool = False) -> None:
        if not isinstance(octets, bytes | bytearray | memoryview):
            kind = type(octets).__name__
            del octets  # a debugger shows the locals of this frame
            raise CustodyError(f"a key is octets, not {kind}: give bytes")
        self._octets = _secret(octets, overwrite)
        digest = hashlib.sha256(b"macsec key check value")
        digest.update(self._octets)
        self.check_value: str = digest.hexdigest()[:16]

    @classmethod
    def taking(cls, octets: bytes) -> Self:
        """Return a key of octets that a function made for it: they are overwritten.

        No other reference to the `bytes` object may be in use.
        """
        return cls(octets, overwrite=True)

    def expose(self) -> bytes:
        """Return a copy of the octets, which stays in memory. Raises CustodyError once wiped."""
        return bytes(self.in_place())

    def in_place(self) -> memoryview:
        """Return the octets in place, to read and not keep. Raises CustodyError once wiped."""
        if not self._octets:
            raise CustodyError("this key has been wiped")
        return self._octets

    def wipe(self) -> None:
        """Overwrite the octets; every later use raises."""
        self._octets[:] = bytes(len(self._octets))
        self._octets = memoryview(bytearray())

    def __del__(self) -> None:
        octets: memoryview = getattr(self, "_octets", memoryview(bytearray()))  # if __init__ failed
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


class Entries(dict[Any, Any]):
    """A mapping of a configuration: may hold keys, so its repr hides them."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<mapping of {len(self)} entries>"


class WrongKind(str):
    """The name of a type that was given in place of a Key, whose value is not shown."""

    __slots__ = ()


def only_key(given: Any) -> Any:
    """Return a Key; for all else the name of its type, a WrongKind, for an error.

    A call that takes a Key replaces its argument by it first: raw octets of a caller's mistake are
    then no local of the frame that raises.
    """
    return given if isinstance(given, Key) else WrongKind(type(given).__name__)


def _secret(octets: Octets, overwrite: bool) -> memoryview:
    """Return a copy of octets in secret memory; `overwrite` wipes the source where C does it."""
    made = _memory()
    return memoryview(bytearray(octets) if made is None else made(octets, overwrite))


@cache
def _memory() -> Any:
    """Return the type of secret memory of the C library; None where it was not built."""
    return getattr(native.load("auto"), "SecretMemory", None)
