"""Keys in Python lie in secret memory: locked, left out of core dumps, wiped."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.native import key_agreement

from macsec.kay.keys import derivation
from macsec.keys import Key

pytest.importorskip("macsec._native", reason="the native data plane is not built")

CAK = bytes.fromhex("6d6163736563c70491c3e08f42d7196c")


def mappings(pid: int) -> Iterator[tuple[set[str], bytes]]:
    """Yield the VmFlags and the octets of each mapping of a process that it may write."""
    proc = Path(f"/proc/{pid}")
    blocks = re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", (proc / "smaps").read_text())[1:]
    with (proc / "mem").open("rb", buffering=0) as memory:
        for block in blocks:
            flags = set(block.rpartition("VmFlags:")[2].split())
            start, end = (int(at, 16) for at in block.split(None, 1)[0].split("-"))
            if "wr" in flags:
                memory.seek(start)
                yield flags, memory.read(end - start)


@pytest.fixture(scope="module")
def memory() -> Iterator[list[tuple[set[str], bytes]]]:
    """The memory of a process with two stations that have agreed on a SAK."""
    process = subprocess.Popen(
        [sys.executable, key_agreement.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    print(CAK.hex(), file=process.stdin, flush=True)
    try:
        assert process.stdout.readline() == "2\n"
        yield [*mappings(process.pid)]
    finally:
        process.communicate()


def keys() -> dict[str, bytes]:
    """The same keys, agreed on here."""
    ends = key_agreement.agreed((Key(CAK), Key(CAK)))
    (sak, *_) = ends[0].kay.saks()
    return {
        "CAK": CAK,
        "KEK": derivation.kek_from_cak(Key(CAK), key_agreement.CKN).expose(),
        "ICK": derivation.ick_from_cak(Key(CAK), key_agreement.CKN).expose(),
        "SAK": sak.key.expose(),
    }


@pytest.mark.as_built
@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="reads memory through /proc")
@pytest.mark.parametrize("name", ["CAK", "KEK", "ICK", "SAK"])
def test_keys_of_key_agreement_lie_in_secret_memory_alone(
    memory: list[tuple[set[str], bytes]], name: str
) -> None:
    """Wherever one lies, the pages are kept out of core dumps (dd) and locked (lo)."""
    key = keys()[name]
    found = [flags for flags, octets in memory if key in octets]
    assert found
    assert all({"dd", "lo"} <= flags for flags in found)


@pytest.mark.as_built
@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="reads memory through /proc")
@pytest.mark.parametrize("name", ["KEK", "ICK", "SAK"])
def test_no_half_of_a_derived_key_is_left_outside(
    memory: list[tuple[set[str], bytes]], name: str
) -> None:
    """Key wrap works on halves of a SAK."""
    key = keys()[name]
    for half in (key[:8], key[8:]):
        assert not [flags for flags, octets in memory if half in octets and "dd" not in flags]
