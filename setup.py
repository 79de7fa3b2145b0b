"""Names the cffi builder, the abi3 tag, the man pages and the URLs; all else is in pyproject.toml.

Where no C compiler works, the extension is left out and the reference data plane serves.
"""

import os
from glob import glob
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


def urls() -> dict[str, str]:
    """Return the addresses of the repository that a hosted workflow builds from; none elsewhere."""
    server, name = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    if not (server and name):
        return {}
    home = f"{server}/{name}"
    return {
        "Homepage": home,
        "Source": home,
        "Issues": f"{home}/issues",
        "Changelog": f"{home}/blob/main/CHANGELOG.md",
        "Documentation": f"{home}#readme",
    }


setup(
    project_urls=urls(),
    data_files=[("share/man/man1", sorted(glob("macsec/guide/man/*.1")))],
    cffi_modules=["_native/build_native.py:ffibuilder"],
    cmdclass={"build_ext": BuildNative},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
