"""The extension module: cffi's `ffi` and `lib`, with what `_native/*.h` declare to it."""

from collections.abc import Callable
from threading import Lock
from typing import Any, NoReturn

ffi: Any
lib: Any

class FrameCalls:
    """One frame a call, under a lock; there once `lib.macsec_add_frame_calls()` was called.

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
