"""The extension module: cffi's `ffi` and `lib`; `_native/*.h` between the markers is what it offers."""

from typing import Any

ffi: Any
lib: Any
