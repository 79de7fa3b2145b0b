"""The extension module: cffi's `ffi` and `lib`, with what `_native/*.h` declare to it.

The types are there once `lib.macsec_add_types()` was called.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn

from typing_extensions import Buffer

ffi: Any
lib: Any

class Lock:
    """A mutex that code in C can take too; `address()` is that of its pthread_mutex_t."""

    def acquire(self) -> None: ...
    def release(self) -> None: ...
    def renew(self) -> None: ...
    def address(self) -> int: ...
    def __enter__(self) -> None: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

class SecretMemory:
    """A copy of octets, as a buffer: locked, left out of core dumps, wiped when it is freed.

    `overwrite` wipes the source, even a `bytes` object.
    """

    def __new__(cls, octets: Buffer, overwrite: bool = False) -> SecretMemory: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...

class Frames:
    """A FrameBatch as C reads it, or a result.

    `part` returns an array of a result by its name, or the buffer in which it lies, its type as
    numpy spells it, its offset and its rows.
    """

    def part(self, name: str, /) -> Any | tuple[Buffer, str, int, int]: ...

class PieceMemory:
    """A piece of the memory of results, read-only; given back with the last use."""

    def __buffer__(self, flags: int, /) -> memoryview: ...

class BatchCalls:
    """A batch a call, under a lock; without the GIL unless the batch is small.

    `address` is that of a `macsec_secy`, which `owner` frees. The calls take a FrameBatch
    (`batch_type`) and an arena or None, and return an `outcome_type`. Of an arena that cannot take
    the frames, `refuse(batch, arena)` says why. After `close()` the calls end in `closed()`, which
    raises.
    """

    def __new__(
        cls,
        owner: object,
        address: int,
        lock: Lock,
        batch_type: type,
        outcome_type: type,
        refuse: Callable[[Any, Any], object],
        closed: Callable[[], NoReturn],
    ) -> BatchCalls: ...
    def protect(self, batch: Any, arena: Any, /) -> Any: ...
    def validate(self, batch: Any, arena: Any, /) -> Any: ...
    def close(self) -> None: ...

class FrameCalls:
    """One frame a call, under a lock.

    `address` is that of a `macsec_secy`, which `owner` frees. After `close()` the calls end in
    `closed()`, which raises.
    """

    def __new__(
        cls,
        owner: object,
        address: int,
        lock: Lock,
        verdicts: tuple[Any, ...],
        closed: Callable[[], NoReturn],
    ) -> FrameCalls: ...
    def protect(self, frame: bytes, /) -> tuple[Any, bytes | None]: ...
    def validate(self, frame: bytes, /) -> tuple[Any, bytes | None]: ...
    def close(self) -> None: ...
