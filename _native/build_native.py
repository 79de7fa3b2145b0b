"""The cffi builder of `macsec._native`: API mode, abi3, no `-march` flag.

The declarations are what stands between the markers of the headers below: written once.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import cffi

HERE = Path("_native")  # setuptools wants paths relative to the project

HEADERS = [
    "secy/macsec.h",
    "gcm/gcm_api.h",
    "captures/capture.h",
    "base/frames.h",
    "wire/calendar.h",
    "measure/clock.h",
    "measure/histogram.h",
    "measure/latency.h",
    "python/types.h",
]
SOURCES = [
    "secy/secy.c",
    "secy/lmi.c",
    "secy/fork.c",
    "gcm/gcm_api.c",
    "gcm/gcm_dispatch.c",
    "gcm/gcm_portable.c",
    "gcm/gcm_aesni.c",
    "gcm/gcm_vaes_avx2.c",
    "gcm/gcm_vaes_avx512.c",
    "gcm/selftest.c",
    "base/cpu.c",
    "base/secret.c",
    "base/slab.c",
    "captures/capture.c",
    "base/frames.c",
    "wire/calendar.c",
    "wire/crc32.c",
    "measure/clock.c",
    "measure/histogram.c",
    "measure/latency.c",
    "python/frame_calls.c",
    "python/lock.c",
    "python/types.c",
]
if sys.platform == "linux":
    HEADERS += ["live/pump.h", "live/line.h", "measure/pingpong.h"]
    SOURCES += ["live/ends.c", "live/pump.c", "live/line.c", "measure/pingpong.c"]
FLAGS = ["-std=c11", "-O3", "-fvisibility=hidden", "-fno-strict-aliasing"]
FLAGS += ["-fstack-protector-strong", "-Wno-unused-parameter"]


def declarations(header: Path) -> str:
    """What a header offers to cffi."""
    marked = re.search(r"/\* cdef: begin \*/(.*)/\* cdef: end \*/", header.read_text(), re.DOTALL)
    if marked is None:
        raise ValueError(f"{header} has no cdef markers")
    return marked.group(1)


def builder() -> cffi.FFI:
    """The cffi builder that setup.py names."""
    ffi = cffi.FFI()
    for header in HEADERS:
        ffi.cdef(declarations(HERE / header))
    ffi.set_source(
        "macsec._native",
        "\n".join(f'#include "{header}"' for header in HEADERS),
        sources=[str(HERE / source) for source in SOURCES],
        include_dirs=[str(HERE)],
        depends=[str(path) for path in sorted(HERE.glob("**/*.h"))],
        extra_compile_args=FLAGS,
        extra_link_args=["-pthread"],  # before glibc 2.34 pthread_atfork() is not in libc
        py_limited_api=True,
    )
    return ffi


ffibuilder = builder()
