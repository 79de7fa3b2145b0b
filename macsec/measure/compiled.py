"""Small C files of this package, compiled when needed, into a temporary folder."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from macsec import trust

COMPILERS = ("cc", "gcc", "clang")
FLAGS = ("-std=c11", "-O3", "-shared", "-fPIC", "-fvisibility=hidden")
PATIENCE = 120


class Lacking(Exception):
    """Something cannot be measured here; the text gives the reason."""


class Library(NamedTuple):
    """A compiled file and its cffi declarations."""

    ffi: Any
    lib: Any


def compiler() -> str | None:
    """Return the path of the C compiler of this machine."""
    named = os.environ.get("CC", "").split(" ")[0]
    return next(filter(None, map(trust.program, filter(None, (named, *COMPILERS)))), None)


def compiler_version() -> str | None:
    """Return the first line of its `--version`."""
    found = compiler()
    if found is None:
        return None
    done = _run([found, "--version"])
    return done.stdout.splitlines()[0] if done.returncode == 0 and done.stdout else None


@cache
def library(name: str, declared_in: str, libraries: tuple[str, ...] = ()) -> Library:
    """Compile and load a file of `peers/`. Raises Lacking."""
    import cffi

    source = files("macsec.measure") / "peers"
    program = compiler()
    if program is None:
        raise Lacking("no C compiler (apt install gcc)")
    target = Path(_folder(), f"{name}.so")
    link = [f"-l{each}" for each in libraries]
    with _on_disk(source) as folder:
        source_file = str(folder / f"{name}.c")
        done = _run([program, *FLAGS, source_file, "-o", str(target), *link], TMPDIR=_folder())
        text = (folder / declared_in).read_text()
    if done.returncode != 0:
        raise Lacking("its headers or its library are missing, or do not fit")
    ffi = cffi.FFI()
    marked = re.search(r"/\* cdef: begin \*/(.*?)/\* cdef: end \*/", text, re.DOTALL)
    ffi.cdef(marked.group(1) if marked else "")
    try:
        return Library(ffi, ffi.dlopen(str(target)))
    except OSError:
        raise Lacking("it was compiled, and cannot be loaded") from None


def _on_disk(folder: Any) -> Any:
    from importlib.resources import as_file

    return as_file(folder)


@cache
def _folder() -> str:
    folder = tempfile.mkdtemp(prefix="macsec-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if not trust.trusted(folder):
        raise Lacking(f"another user can write above {folder}: set TMPDIR")
    return folder


def _run(arguments: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    # The user's own compiler, by its full path, on files of this package.
    return subprocess.run(  # noqa: S603
        arguments,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**trust.environment(), **more},
    )
