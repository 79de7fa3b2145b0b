"""Index and emitter in C, with the results of the reference in `index` and `emit`."""

from __future__ import annotations

from typing import Any

import numpy as np

from macsec.frames import Column, Octets
from macsec.native import load

from .emit import Emitter, Job, reference_emit
from .formats import Interface, time_terms
from .index import COLUMNS, Index, Layout, ReferenceIndex, Scan, ScanFault, Stop

# The layout of macsec_capture_interface.
_INTERFACE = np.dtype(
    [
        ("link_type", np.uint32),
        ("snap_length", np.uint32),
        ("fcs", np.uint32),
        ("shift", np.uint32),
        ("multiply", np.uint64),
        ("divide", np.uint64),
        ("offset_s", np.int64),
    ]
)


def new_index(backend: str) -> Index:
    """Return an index for "auto", "native" or "reference"."""
    library = load(backend, needs="macsec_capture_index")
    return ReferenceIndex() if library is None else NativeIndex(library.ffi, library.lib)


def new_emitter(backend: str) -> Emitter:
    """Return an emitter for "auto", "native" or "reference"."""
    library = load(backend, needs="macsec_capture_emit")
    return reference_emit if library is None else NativeEmitter(library.ffi, library.lib)


class NativeIndex:
    """Index in C."""

    name = "native"

    def __init__(self, ffi: Any, lib: Any) -> None:
        self._ffi, self._lib = ffi, lib
        self._state = ffi.new("macsec_capture_state *")
        self._table = np.zeros(4, _INTERFACE)
        self._count = 0

    def configure(self, layout: Layout) -> None:
        """Begin a section, without interfaces."""
        state = self._state
        state.pcapng, state.big = layout.pcapng, layout.big
        state.record_header, state.fcs_fixed = layout.record_header, layout.fcs_fixed
        state.source_base, state.swapped = layout.source_base, layout.swapped
        state.interface_count = self._count = 0

    def add(self, interface: Interface) -> None:
        """Add the next interface of the section."""
        if self._count == len(self._table):
            self._table = np.concatenate([self._table, np.zeros(self._count, _INTERFACE)])
        multiply, divide, shift = time_terms(interface.tsresol)
        self._table[self._count] = (
            interface.link_type,
            interface.snap_length,
            interface.fcs,
            shift,
            multiply,
            divide,
            interface.tsoffset,
        )
        self._count += 1
        self._state.interface_count = self._count
        self._state.interfaces = self._ffi.cast(
            "const macsec_capture_interface *", self._table.ctypes.data
        )

    def scan(self, chunk: Octets, columns: Column, budget: int) -> Scan:
        """Fill `columns` from the front of `chunk`."""
        state, ffi = self._state, self._ffi
        state.budget = budget
        pointers = ffi.new(
            "macsec_capture_columns *",
            [
                ffi.from_buffer("int64_t[]", columns[place], require_writable=True)
                for place in range(len(COLUMNS))
            ],
        )
        rows = self._lib.macsec_capture_index(
            state, ffi.from_buffer("uint8_t[]", chunk), len(chunk), pointers, columns.shape[1]
        )
        return Scan(
            rows,
            state.consumed,
            Stop(state.stop),
            state.needed,
            ScanFault(state.fault),
            state.fault_offset,
            state.value,
            state.limit,
        )


class NativeEmitter:
    """Emitter in C."""

    def __init__(self, ffi: Any, lib: Any) -> None:
        self._ffi, self._lib = ffi, lib

    def __call__(self, job: Job) -> memoryview:
        """Return all records of the batch."""
        out = np.empty(job.size(), np.uint8)
        batch = job.batch
        columns: dict[str, Octets | Column | None] = {
            "arena": batch.arena,
            "start": batch.start,
            "length": batch.length,
            "wire_length": batch.wire_length,
            "time_ns": job.time_ns,
            "source": job.source,
            "flags": job.flags,
            "options": job.options,
            "options_start": job.options_start,
            "options_length": job.options_length,
        }
        given = self._ffi.new("macsec_capture_job *")
        alive = []
        for name, array in columns.items():
            if array is not None:
                kind = "uint8_t[]" if array.dtype == np.uint8 else "int64_t[]"
                alive.append(self._ffi.from_buffer(kind, array))
                setattr(given, name, alive[-1])
        given.arena_size, given.count, given.pcapng = len(batch.arena), len(batch), job.pcapng
        given.options_size = 0 if job.options is None else len(job.options)
        written = self._lib.macsec_capture_emit(
            given, self._ffi.from_buffer("uint8_t[]", out, require_writable=True), len(out)
        )
        if written != len(out):
            raise AssertionError(f"{written} octets written of {len(out)}")
        return out.data
