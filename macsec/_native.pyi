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
