"""The extension module: cffi's `ffi` and `lib`, with what `_native/*.h` declare to it."""

from typing import Any

ffi: Any
lib: Any
