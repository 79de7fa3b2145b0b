"""Names the cffi builder and the abi3 tag; everything else is in pyproject.toml.

Where no C compiler works, the extension is left out and the reference data plane serves.
"""

from setuptools import setup

setup(
    cffi_modules=["_native/build_native.py:ffibuilder"],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
