"""The SecY in C: harnesses in C, its table of verdicts, keys in memory, threads."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.native import key_holder
from support.native.harness import PLAIN, Workshop, run, shared_folder
from support.planes import DA, SA, SAK, SCI_A, Plane, frame_of, pair, receiver, sender

from macsec.errors import ConfigError, CustodyError, EnvironmentLacks, MACsecError
from macsec.frames import FrameBatch
from macsec.secy import Controls, Verdict
from macsec.secy.backends import make_plane

pytest.importorskip("macsec._native", reason="the native data plane was not built")

from macsec._native import ffi, lib
from macsec.secy.native import REFUSALS, check_status, kernels, usable_kernels

KERNELS = usable_kernels()
SLOW_KERNELS = [pytest.param(name, marks=pytest.mark.exhaustive) for name in KERNELS[:-1]]
CHOSEN_FIRST = [KERNELS[-1], *SLOW_KERNELS]
"""The chosen kernel; for exhaustive tests, all kernels."""


# ---------------------------------------------------------------- harnesses


def frames_of(output: str) -> int:
    """Return the number of frames that a run of secy_fuzz judged without a fault."""
    last = output.strip().splitlines()[-1]
    match = re.fullmatch(r"secy: (\d+) frames, 0 faults", last)
    assert match, last
    return int(match[1])


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The folder in which the harnesses are built."""
    return Workshop(shared_folder(tmp_path_factory))


@pytest.mark.as_built
@pytest.mark.exhaustive
def test_random_frames_are_judged_by_the_standard(workshop: Workshop) -> None:
    """Random frames between guard pages: verdicts, octets, counters and PNs are the standard's."""
    output = run([workshop.program("secy_fuzz", PLAIN), "1000000", "1"])
    assert output.splitlines()[0].split()[1:] == KERNELS
    assert frames_of(output) >= 1_000_000


@pytest.mark.as_built
@pytest.mark.exhaustive
def test_random_frames_raise_no_sanitizer_fault(workshop: Workshop) -> None:
    """The same with address and undefined-behaviour sanitizers."""
    program = workshop.program("secy_fuzz", workshop.sanitizers())
    assert frames_of(run([program, "300000", "2"])) >= 300_000


@pytest.mark.as_built
@pytest.mark.exhaustive
def test_every_changed_octet_is_judged_by_the_standard(workshop: Workshop) -> None:
    """Each wrong value of each octet and each length ends as 10.6 says, counted as that."""
    program = workshop.program("secy_fuzz", PLAIN)
    assert frames_of(run([program, "--every", KERNELS[0]])) > 5_000_000


@pytest.mark.as_built
@pytest.mark.exhaustive
@pytest.mark.parametrize("sanitized", [False, True])
def test_failed_allocation_is_reported_without_leak(workshop: Workshop, sanitized: bool) -> None:
    """Each allocation fails once: the call says so, nothing leaks, the SecY goes on."""
    flags = workshop.sanitizers() if sanitized else PLAIN
    output = run([workshop.program("secy_allocations", flags)])
    assert re.search(r"^allocations: [1-9]\d* refused, 0 faults$", output, re.MULTILINE), output


@pytest.mark.as_built
@pytest.mark.exhaustive
@pytest.mark.parametrize("sanitized", [False, True])
def test_memory_side_by_side(workshop: Workshop, sanitized: bool) -> None:
    """Secrets side by side: zeros when taken, wiped when given back, nothing left or wasted."""
    flags = workshop.sanitizers() if sanitized else PLAIN
    output = run([workshop.program("slab_check", flags), "50000"])
    assert output == "slab: 50000 steps, 0 faults\n"


@pytest.mark.as_built
@pytest.mark.exhaustive
@pytest.mark.parametrize("sanitized", [False, True])
def test_memory_of_results_is_given_out_by_piece(workshop: Workshop, sanitized: bool) -> None:
    """Pieces never share octets, are reused at once, stay bounded, and outlive their pool."""
    flags = workshop.sanitizers() if sanitized else PLAIN
    output = run([workshop.program("pieces_check", flags), "50000"])
    assert output == "pieces: 50000 steps, 0 faults\n"


# ---------------------------------------------------------------- tables


def test_verdicts_in_c_and_python_agree() -> None:
    """The C enumeration and its labels are the rows of the Python table."""
    assert len(Verdict) == lib.MACSEC_VERDICTS
    for verdict in Verdict:
        assert getattr(lib, f"MACSEC_{verdict.name}") == verdict
        assert ffi.string(lib.macsec_verdict_label(verdict)).decode() == verdict.label
    assert lib.macsec_verdict_label(-1) == lib.macsec_verdict_label(len(Verdict)) == ffi.NULL


def test_unknown_kernel_is_an_error() -> None:
    """An unknown kernel is a ConfigError that lists the known ones."""
    with pytest.raises(ConfigError, match=r"'abacus' is unknown: one of .*portable"):
        make_plane(Controls(), "native", "abacus")


def secy_in_c() -> Any:
    """A SecY of the C interface, without the Python plane around it."""
    return ffi.gc(lib.macsec_secy_new(ffi.NULL, ffi.NULL), lib.macsec_secy_free)


def sa_in_c(key_length: int) -> Any:
    """Parameters of an SA whose key has `key_length` octets, with what they point to."""
    key, salt = ffi.new("uint8_t[32]"), ffi.new("uint8_t[12]")
    sa = ffi.new("macsec_sa_parameters *", {"key": key, "key_length": key_length, "salt": salt})
    KEPT[sa] = key, salt
    return sa


KEPT: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


def test_secy_on_unknown_kernel_ends_as_no_kernel() -> None:
    """A kernel that does not exist gives no SecY, and says why; the reason may be left out."""
    status = ffi.new("macsec_status *")
    assert lib.macsec_secy_new(b"abacus", status) == ffi.NULL
    assert status[0] == lib.MACSEC_STATUS_NO_KERNEL
    assert lib.macsec_secy_new(b"abacus", ffi.NULL) == ffi.NULL
    lib.macsec_secy_free(ffi.NULL)


def test_unknown_sci_ends_as_no_such_sc() -> None:
    """Each call that names a receive SC says that there is none, before it looks at the AN."""
    secy, sa = secy_in_c(), sa_in_c(16)
    state, tally = ffi.new("macsec_sa_state *"), ffi.new("macsec_tally *")
    statuses = [
        lib.macsec_secy_remove_rx_sc(secy, 2),
        lib.macsec_secy_enable_rx_sc(secy, 2, 1),
        lib.macsec_secy_rx_sc_tally(secy, 2, tally),
        lib.macsec_secy_add_rx_sa(secy, 2, 0, sa),
        lib.macsec_secy_remove_rx_sa(secy, 2, 0),
        lib.macsec_secy_enable_rx_sa(secy, 2, 0, 1),
        lib.macsec_secy_set_rx_pn(secy, 2, 0, 1, 1),
        lib.macsec_secy_rx_sa(secy, 2, 0, state),
    ]
    assert statuses == [lib.MACSEC_STATUS_NO_SUCH_SC] * len(statuses)


@pytest.mark.parametrize(("an", "name"), [(-1, "AN"), (0, "SA"), (4, "AN")])
def test_absent_sa_and_impossible_an_have_statuses_of_their_own(an: int, name: str) -> None:
    """An AN that no SA has ends as NO_SUCH_SA, one over 3 or below 0 as NO_SUCH_AN."""
    secy, state = secy_in_c(), ffi.new("macsec_sa_state *")
    assert lib.macsec_secy_add_rx_sc(secy, 1, 1) == lib.MACSEC_STATUS_DONE
    statuses = [
        lib.macsec_secy_remove_tx_sa(secy, 0, an),
        lib.macsec_secy_enable_tx_sa(secy, 0, an, 1),
        lib.macsec_secy_set_tx_pn(secy, 0, an, 1),
        lib.macsec_secy_limit_tx_pn(secy, 0, an, 1),
        lib.macsec_secy_tx_sa(secy, 0, an, state),
        lib.macsec_secy_remove_rx_sa(secy, 1, an),
        lib.macsec_secy_enable_rx_sa(secy, 1, an, 1),
        lib.macsec_secy_set_rx_pn(secy, 1, an, 1, 1),
        lib.macsec_secy_rx_sa(secy, 1, an, state),
    ]
    assert statuses == [getattr(lib, f"MACSEC_STATUS_NO_SUCH_{name}")] * len(statuses)


def test_refused_sa_leaves_the_secy_as_it_was() -> None:
    """A bad AN, a bad key length and an SCI that is taken each have a status; nothing is added."""
    secy, good, bad = secy_in_c(), sa_in_c(16), sa_in_c(24)
    assert lib.macsec_secy_add_rx_sc(secy, 1, 1) == lib.MACSEC_STATUS_DONE
    assert lib.macsec_secy_add_rx_sc(secy, 1, 1) == lib.MACSEC_STATUS_SC_EXISTS
    assert lib.macsec_secy_add_tx_sa(secy, 0, 0, bad) == lib.MACSEC_STATUS_KEY_LENGTH
    assert lib.macsec_secy_add_rx_sa(secy, 1, 0, bad) == lib.MACSEC_STATUS_KEY_LENGTH
    for an in (-1, 4):
        assert lib.macsec_secy_add_tx_sa(secy, 0, an, good) == lib.MACSEC_STATUS_NO_SUCH_AN
        assert lib.macsec_secy_add_rx_sa(secy, 1, an, good) == lib.MACSEC_STATUS_NO_SUCH_AN
    assert lib.macsec_secy_remove_tx_sa(secy, 0, 0) == lib.MACSEC_STATUS_NO_SUCH_SA
    assert lib.macsec_secy_remove_rx_sa(secy, 1, 0) == lib.MACSEC_STATUS_NO_SUCH_SA
    assert lib.macsec_secy_add_tx_sa(secy, 0, 3, good) == lib.MACSEC_STATUS_DONE
    assert lib.macsec_secy_add_rx_sa(secy, 1, 3, good) == lib.MACSEC_STATUS_DONE


def test_arena_too_small_ends_as_no_room() -> None:
    """A batch that may not fit is refused as a whole."""
    secy, result = secy_in_c(), ffi.new("macsec_outcome *")
    frame, zero, length = ffi.new("uint8_t[64]"), ffi.new("int64_t *"), ffi.new("int64_t *", 64)
    columns = {"arena": frame, "start": zero, "length": length, "wire_length": length, "count": 1}
    batch = ffi.new("macsec_frames *", columns)
    assert lib.macsec_protect(secy, batch, result) == lib.MACSEC_STATUS_NO_ROOM
    assert lib.macsec_validate(secy, batch, result) == lib.MACSEC_STATUS_NO_ROOM


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("NO_MEMORY", EnvironmentLacks, "out of memory"),
        ("NO_KERNEL", EnvironmentLacks, "no AES-GCM kernel"),
        ("KEY_LENGTH", ConfigError, "key length"),
        ("NO_SUCH_AN", MACsecError, "no such AN"),
        ("NO_SUCH_SC", MACsecError, "no such SC"),
        ("NO_SUCH_SA", MACsecError, "no such SA"),
        ("SC_EXISTS", MACsecError, "this SC exists"),
        ("SA_DEAD", CustodyError, "died in a fork"),
        ("NO_ROOM", MACsecError, "arena for the frames is too small"),
        ("NOT_AUTHENTIC", MACsecError, "the ICV is wrong"),
    ],
)
def test_each_status_has_an_error_and_a_text(
    name: str, error: type[MACsecError], text: str
) -> None:
    """Each status of C becomes an error of its own type, and its text says what was wrong."""
    with pytest.raises(error, match=text) as raised:
        check_status(getattr(lib, f"MACSEC_STATUS_{name}"))
    assert type(raised.value) is error


def test_every_status_but_done_has_an_error() -> None:
    """No macsec_status of the header lacks its error; DONE raises none."""
    statuses = {getattr(lib, name) for name in dir(lib) if name.startswith("MACSEC_STATUS_")}
    assert {lib.MACSEC_STATUS_DONE, *REFUSALS} == statuses
    assert len({text for _, text in REFUSALS.values()}) == len(statuses) - 1
    check_status(lib.MACSEC_STATUS_DONE)


def test_plane_says_which_of_sc_and_sa_is_missing() -> None:
    """The native plane by itself, without the checks of the LMI, names what is not there."""
    plane = make_plane(Controls(), "native")
    with pytest.raises(MACsecError, match="no such SC"):
        plane.remove_rx_sa(1, 0)
    plane.add_rx_sc(1, True)
    with pytest.raises(MACsecError, match="no such SA"):
        plane.remove_rx_sa(1, 0)
    with pytest.raises(MACsecError, match="this SC exists"):
        plane.add_rx_sc(1, True)
    plane.close()


def test_kernels_refuse_what_is_not_there() -> None:
    """A kernel number past the table has no name; a key of a wrong length runs nothing."""
    for index in (-1, len(kernels())):
        assert lib.macsec_kernel_name(index) == lib.macsec_kernel_description(index) == ffi.NULL
        assert not lib.macsec_kernel_supported(index)
        assert not lib.macsec_kernel_usable(index)
        assert lib.macsec_kernel_selftest(index, 0) == -1
    index, out = kernels().index("portable"), ffi.new("uint8_t[32]")
    assert b"any CPU" in ffi.string(lib.macsec_kernel_description(index))
    for length in (0, 15, 24, 33):
        given = (index, bytes(33), length, bytes(12), b"", 0, bytes(16), out, 16)
        assert lib.macsec_kernel_seal(*given, out + 16) == lib.MACSEC_STATUS_KEY_LENGTH
        assert lib.macsec_kernel_open(*given, bytes(16)) == lib.MACSEC_STATUS_KEY_LENGTH
    given = (-1, bytes(16), 16, bytes(12), b"", 0, bytes(16), out, 16)
    assert lib.macsec_kernel_seal(*given, out + 16) == lib.MACSEC_STATUS_NO_KERNEL
    assert lib.macsec_kernel_open(*given, bytes(16)) == lib.MACSEC_STATUS_NO_KERNEL
    assert bytes(out) == bytes(32)


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_known_answer_can_fail(kernel: str) -> None:
    """Spoiling a known answer makes just that one fail."""
    index, count = kernels().index(kernel), lib.macsec_kernel_selftest_count()
    assert lib.macsec_kernel_selftest(index, 0) == 0
    assert [lib.macsec_kernel_selftest(index, k) for k in range(1, count + 1)] == [
        *range(1, count + 1)
    ]


# ---------------------------------------------------------------- outputs of bad frames


@pytest.mark.parametrize("kernel", KERNELS)
def test_open_zeroes_on_a_bad_tag(kernel: str) -> None:
    """AES-GCM with a wrong tag leaves zeros, at each length, and nothing beyond."""
    index = kernels().index(kernel)
    for length in (*range(150), 1500, 9000):
        sealed, tag = ffi.new("uint8_t[]", length + 1), ffi.new("uint8_t[16]")
        clear = bytes(range(1, 101)) * (length // 100 + 1)
        given = (index, SAK[:16], 16, bytes(12), DA, len(DA))
        status = lib.macsec_kernel_seal(*given, clear, sealed, length, tag)
        assert status == lib.MACSEC_STATUS_DONE
        tag[length % 16] ^= 1
        out = ffi.new("uint8_t[]", b"\xa5" * (length + 8))
        status = lib.macsec_kernel_open(*given, sealed, out, length, tag)
        assert status == lib.MACSEC_STATUS_NOT_AUTHENTIC
        assert bytes(ffi.buffer(out))[: length + 8] == bytes(length) + b"\xa5" * 8


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("clear_tags", [0, 1])
def test_validate_zeroes_on_a_bad_icv(kernel: str, clear_tags: int) -> None:
    """No octet deciphered from a forged frame is left in the output arena."""
    plane = Plane("native", kernel)
    secure, check = pair(plane, clear_tags=clear_tags)
    frame = DA + SA + b"\x81\x00\x00\x05" * clear_tags + frame_of(400)[12:]
    wire = bytearray(secure.protect_frame(frame) or b"")
    wire[-1] ^= 1
    out = ffi.new("uint8_t[]", b"\xa5" * (len(wire) + 32))
    ended = lib.macsec_validate_frame(check._plane._secy, bytes(wire), len(wire), out)  # type: ignore[attr-defined]
    assert ended == Verdict.NOT_VALID
    left = bytes(ffi.buffer(out))[12 + 16 : -1]  # before it, at most addresses and SecTAG
    assert set(left) == {0, 0xA5}
    assert left.count(0) >= 400 - 16


# ---------------------------------------------------------------- keys in memory


class Holder:
    """A process with keys in a SecY, looked at from outside."""

    def __init__(self, key: bytes, kernel: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, key_holder.__file__, key.hex(), kernel],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._expect("ready")

    def fork(self) -> int:
        """Have it fork; the child's number."""
        assert self._process.stdout is not None
        print("fork", file=self._process.stdin, flush=True)
        child = int(self._process.stdout.readline())
        self._expect("done")
        return child

    def flags(self, octets: bytes) -> list[set[str]]:
        """Return the VmFlags of the mappings that hold these octets."""
        proc = Path(f"/proc/{self._process.pid}")
        blocks = re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", (proc / "smaps").read_text())[1:]
        of = {block.split(None, 1)[0]: block.rpartition("VmFlags:")[2].split() for block in blocks}
        found = []
        with (proc / "mem").open("rb", buffering=0) as memory:
            for span, flags in of.items():
                start, end = (int(at, 16) for at in span.split("-"))
                if "wr" in flags:
                    memory.seek(start)
                    if octets in memory.read(end - start):
                        found.append(set(flags))
        return found

    def request(self, step: str) -> None:
        """Have one step done."""
        print(step, file=self._process.stdin, flush=True)
        self._expect("done")

    def _expect(self, word: str) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == f"{word}\n"

    def memory(self, pid: int | None = None) -> list[bytes]:
        """Return the mappings that this process, or another, can read and write."""
        proc = Path(f"/proc/{pid or self._process.pid}")
        mappings = []
        with (proc / "mem").open("rb", buffering=0) as memory:
            for line in (proc / "maps").read_text().splitlines():
                span, access, *_ = line.split()
                start, end = (int(at, 16) for at in span.split("-"))
                if access.startswith("rw"):
                    memory.seek(start)
                    mappings.append(memory.read(end - start))
        return mappings

    def end(self) -> None:
        """Stop the process."""
        self._process.communicate()


POWERS = 448
"""Octets of powers before the key schedule, which the key begins: see `macsec_gcm_key`."""
AFTER_KEY = POWERS + 16
"""Start of the round keys behind the key itself, in a table of `tables_of`."""


def tables_of(memory: list[bytes], key: bytes) -> list[bytes]:
    """Powers of the hash key and key schedule, wherever the latter begins with the key."""
    return [
        octets[hit.start() - POWERS : hit.start() + 176]
        for octets in memory
        for hit in re.finditer(re.escape(key), octets)
        if hit.start() >= POWERS and len(octets) <= 1 << 16
    ]


@pytest.mark.as_built
@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="reads memory through /proc")
@pytest.mark.parametrize(
    "step",
    [
        "close",
        *(
            pytest.param(step, marks=pytest.mark.exhaustive)
            for step in ("delete", "delete-sc", "replace")
        ),
    ],
)
@pytest.mark.parametrize("kernel", CHOSEN_FIRST)
def test_keys_are_wiped(kernel: str, step: str) -> None:
    """Neither round keys nor powers of the hash key are left anywhere in the process."""
    key = bytes.fromhex("6d6163736563b75a91c3e08f42d7196c")
    holder = Holder(key, kernel)
    try:
        found = tables_of(holder.memory(), key)
        secrets = {
            table[at : at + 16]
            for table in found
            for at in (*range(0, POWERS, 16), *range(AFTER_KEY, len(table), 16))
            if len(set(table[at : at + 16])) > 8
        }
        round_keys = {table[AFTER_KEY:] for table in found}
        assert len(found) >= 2, "two SAs hold the key"
        assert len(round_keys) == 1
        assert len(secrets) >= 12
        holder.request(step)
        left = holder.memory()
        assert not [octets.hex() for octets in secrets if any(octets in m for m in left)]
    finally:
        holder.end()


@pytest.mark.as_built
@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="reads memory through /proc")
def test_where_keys_lie_in_memory() -> None:
    """Key schedules are on pages that stay in RAM and are left out of core dumps (R21)."""
    key = bytes.fromhex("6d6163736563b75a91c3e08f42d7196c")
    holder = Holder(key, KERNELS[-1])
    try:
        round_keys = {table[AFTER_KEY:] for table in tables_of(holder.memory(), key)}
        (schedule,) = round_keys
        found = holder.flags(schedule)
        assert len(found) == 2, "the pages of the transmit SAs, and those of receive SCs"
        for flags in found:
            assert "dd" in flags, "in core dumps"
            assert "lo" in flags, "not locked"
    finally:
        holder.end()


@pytest.mark.exhaustive
@pytest.mark.as_built
@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="reads memory through /proc")
@pytest.mark.parametrize("kernel", CHOSEN_FIRST)
def test_transmit_keys_are_wiped_in_the_memory_of_a_child(kernel: str) -> None:
    """A fork leaves the child neither round keys nor powers of the hash key of a transmit SA."""
    key = bytes.fromhex("6d6163736563b75a91c3e08f42d7196c")
    holder = Holder(key, kernel)
    try:
        table = tables_of(holder.memory(), key)[0]
        child = holder.fork()
        try:
            mapped = holder.memory(child)
            assert table[AFTER_KEY:] in b"".join(holder.memory())
            round_keys = [table[at : at + 16] for at in range(AFTER_KEY, len(table), 16)]
            assert not [octets for octets in round_keys if any(octets in m for m in mapped)]
        finally:
            os.kill(child, signal.SIGKILL)
    finally:
        holder.end()


# ---------------------------------------------------------------- threads


ROWS, ROUNDS = 200, 20


def together(*work: Callable[[], Any]) -> list[list[Any]]:
    """Each function `ROUNDS` times, in threads of their own."""
    results: list[list[Any]] = [[] for _ in work]
    begin = threading.Barrier(len(work))

    def repeat(function: Callable[[], Any], into: list[Any]) -> None:
        begin.wait()
        into.extend(function() for _ in range(ROUNDS))

    threads = [
        threading.Thread(target=repeat, args=each) for each in zip(work, results, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


CLEAR = FrameBatch.from_frames([frame_of(46 + row) for row in range(ROWS)])


def test_two_threads_on_one_secy() -> None:
    """Batches follow one another: each PN is used once and every frame is counted."""
    secy = sender(Plane("native"))
    first, second = together(lambda: secy.protect(CLEAR).pn, lambda: secy.protect(CLEAR).pn)
    used = sorted(int(pn) for pns in first + second for pn in pns)
    assert used == list(range(1, 2 * ROUNDS * ROWS + 1))
    assert secy.counters["OutPktsEncrypted"] == len(used)
    check = receiver(Plane("native"), replay=False, window=(1 << 32) - 1)
    wire = sender(Plane("native")).protect(CLEAR).batch
    together(*[lambda: check.validate(wire)] * 2)
    assert check.rx[SCI_A].counters["InPktsOK"] == 2 * ROUNDS * ROWS


def test_two_threads_on_two_secys() -> None:
    """Two SecYs share nothing: both see each of their frames."""
    wire = sender(Plane("native")).protect(CLEAR).batch
    checks = [receiver(Plane("native"), replay=False, window=(1 << 32) - 1) for _ in range(2)]
    results = together(lambda: checks[0].validate(wire), lambda: checks[1].validate(wire))
    for check, outcomes in zip(checks, results, strict=True):
        assert check.rx[SCI_A].counters["InPktsOK"] == ROUNDS * ROWS
        assert all(list(outcome.batch) == list(CLEAR) for outcome in outcomes)


def test_close_beside_a_running_batch() -> None:
    """Closing waits for the batch in work; the next one is refused."""
    from macsec.errors import MACsecError

    secy = sender(Plane("native"))

    def protect() -> bool:
        try:
            return len(secy.protect(CLEAR).batch) == ROWS
        except MACsecError:
            return True

    results = together(protect, secy.close)
    assert all(results[0])
    with pytest.raises(MACsecError, match="closed"):
        secy.protect(CLEAR)
