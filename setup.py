"""Names the cffi builder and the abi3 tag; everything else is in pyproject.toml.

Where no C compiler works, the extension is left out and the reference data plane serves.
"""

from typing import Any

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CCompilerError


class BuildNative(build_ext):
    """Builds the extension if it can."""

    def pre_run(self, ext: Extension, ffi: Any) -> None:
        """Before cffi writes the C source: a failure from here on is a warning."""
        ext.optional = True

    def build_extension(self, ext: Extension) -> None:
        """Build, and say in one line what a failure means."""
        try:
            super().build_extension(ext)
        except (BaseError, CCompilerError):
            self.warn(f"{ext.name} is not built: the reference data plane serves, slowly")
            raise


setup(
    cffi_modules=["_native/build_native.py:ffibuilder"],
    cmdclass={"build_ext": BuildNative},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
