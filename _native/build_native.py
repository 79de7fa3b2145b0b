"""The cffi builder of `macsec._native`: API mode, abi3, no `-march` flag.

Declarations are written once: cffi reads those between the markers of the headers below.
"""

from __future__ import annotations

import re
import sysconfig
from hashlib import sha256
from pathlib import Path

import cffi

HERE = Path("_native")  # setuptools wants paths relative to the project
PLATFORM = sysconfig.get_platform()
"""The system to build for, such as linux-aarch64; _PYTHON_HOST_PLATFORM names another one."""
LINUX = PLATFORM.startswith("linux")

HEADERS = [
    "base/status.h",
    "frames/frames.h",
    "secy/macsec.h",
    "gcm/api.h",
    "captures/capture.h",
    "wire/calendar.h",
    "kay/cmac.h",
    "kay/hellos.h",
    "lab/lab.h",
    "measure/clock.h",
    "measure/histogram.h",
    "measure/latency.h",
    "python/types.h",
]
"""In the order of their declarations: a header follows the ones with its types."""
ON_LINUX = ["live/cut.h", "live/coalesce.h", "live/pump.h", "live/line.h", "measure/pingpong.h"]


def sources() -> list[Path]:
    """Return the C sources of this system."""
    found = sorted(HERE.glob("**/*.c"))
    if LINUX:
        return found
    return [path for path in found if path.parent.name != "live" and path.stem != "pingpong"]


if LINUX:
    HEADERS += ON_LINUX
FLAGS = ["-std=c11", "-O3", "-fvisibility=hidden", "-fno-strict-aliasing"]
FLAGS += ["-fstack-protector-strong", "-Wno-unused-parameter"]
LINK = ["-pthread"]  # before glibc 2.34 pthread_atfork() is not in libc
if LINUX:
    FLAGS += ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"]  # some compilers define it already
    LINK += ["-Wl,-z,relro,-z,now"]
    if PLATFORM.endswith(("x86_64", "i686")):
        FLAGS += ["-fcf-protection"]
        LINK += ["-Wl,-z,ibt,-z,shstk"]  # the start files of some systems carry no mark


MARKED = re.compile(r"/\* cdef: begin \*/(.*)/\* cdef: end \*/", re.DOTALL)
FROM_PYTHON = """
extern "Python" int64_t macsec_lab_called(void *, const macsec_lab_call *);
"""
"""The function of Python that C calls: the hooks of a lab."""


def declarations(header: Path) -> str:
    """Return the declarations of a header that cffi reads."""
    marked = MARKED.search(header.read_text())
    if marked is None:
        raise ValueError(f"{header} has no cdef markers")
    return marked.group(1)


def interface() -> int:
    """Return a number for all declarations: macsec/native.py has its twin, and compares."""
    texts = [path.read_text() for path in sorted(HERE.glob("**/*.h"))]
    marked = "".join(part for text in texts for part in MARKED.findall(text))
    return int.from_bytes(sha256(marked.encode()).digest()[:7])


def builder() -> cffi.FFI:
    """Return the cffi builder that setup.py names."""
    ffi = cffi.FFI()
    for header in HEADERS:
        ffi.cdef(declarations(HERE / header))
    ffi.cdef("#define MACSEC_INTERFACE ...")
    ffi.cdef(FROM_PYTHON)
    ffi.set_source(
        "macsec._native",
        "\n".join(f'#include "{header}"' for header in HEADERS)
        + f"\n#define MACSEC_INTERFACE {interface()}LL\n",
        sources=[str(path) for path in sources()],
        include_dirs=[str(HERE)],
        depends=[str(path) for path in sorted(HERE.glob("**/*.h"))],
        extra_compile_args=FLAGS,
        extra_link_args=LINK,
        py_limited_api=True,
    )
    return ffi


ffibuilder = builder()
