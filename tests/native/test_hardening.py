"""The extension as it is built: protection that compiler and linker give."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

native = pytest.importorskip("macsec._native", reason="the native data plane is not built")

pytestmark = [
    pytest.mark.as_built,
    pytest.mark.skipif(sys.platform != "linux", reason="ELF"),
    pytest.mark.skipif(not shutil.which("readelf"), reason="readelf is not installed"),
]
on_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="x86 alone")


def shown(option: str) -> str:
    """Return the output of readelf about the extension."""
    command = ["readelf", option, "-W", str(Path(native.__file__))]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def segments() -> dict[str, str]:
    """The type and the flags of each segment."""
    rows = [line.split() for line in shown("--program-headers").splitlines()]
    return {row[0]: "".join(row[6:-1]) for row in rows if len(row) > 6 and row[1].startswith("0x")}


def test_all_symbols_are_bound_at_the_start() -> None:
    """And the table of their addresses is read-only from then on."""
    assert "BIND_NOW" in shown("--dynamic")
    assert "GNU_RELRO" in segments()


def test_the_stack_holds_no_code() -> None:
    """No segment can be written and run."""
    assert segments()["GNU_STACK"] == "RW"
    assert not [kind for kind, flags in segments().items() if "W" in flags and "E" in flags]


def test_calls_check_the_sizes_of_their_objects() -> None:
    """FORTIFY puts checked functions in the place of some, the compiler canaries on stacks."""
    symbols = shown("--dyn-syms")
    assert "__stack_chk_fail" in symbols
    assert "__memset_chk" in symbols or "__memcpy_chk" in symbols


@on_x86
def test_jumps_and_returns_are_checked() -> None:
    """Indirect branches end at marks, and the shadow stack is allowed."""
    assert "x86 feature: IBT, SHSTK" in shown("--notes")
