"""An engine in C: hosts, bridges, links and stations run without Python.

Python sees an event of its own when it is due, and each frame at a place that is watched: C calls a
hook there, in the order of the engine in Python, so both give one history.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from macsec.errors import ConfigError
from macsec.native import load
from macsec.wire.engine import HORIZON_PS, Action, Engine
from macsec.wire.lane import HORIZON
from macsec.wire.trace import LAYOUT, Fate, Mark, Trace, TraceRecord

_LIBRARY = load("native", needs="macsec_lab_new")
ffi, lib = _LIBRARY.ffi, _LIBRARY.lib

SLICE = 1 << 16
"""Events of one call of C: a signal is handled after them."""

FAILED = -2
"""Returned to C by a hook that raised."""

Hook = Callable[[Any], int | None]
"""Handles a `macsec_lab_call`; returns a port, or None."""


def _interrupted(_: Any, error: BaseException, trace: Any) -> None:
    """Keep what a signal handler raised before the first line of a hook, or after its last."""
    engine: NativeEngine = ffi.from_handle(trace.tb_frame.f_locals["context"])
    engine.raised = error


@ffi.def_extern(error=FAILED, onerror=_interrupted)  # type: ignore[untyped-decorator]
def macsec_lab_called(context: Any, call: Any) -> int:
    """Run a hook; an error ends the run in C, which raises it."""
    engine: NativeEngine = ffi.from_handle(context)
    try:
        engine.take_touched()
        answer = engine.hooks[call.what](call)
    except BaseException as error:
        engine.raised = error
        return FAILED
    return 0 if answer is None else answer


class NativeEngine(Engine):
    """An engine whose calendar is in C.

    `lab`: the C object. `hooks`: by macsec_lab_hook. `flow_ended`: called with the number of a flow
    and how it ended, FEED or LATE. `touched`: called with the number of a station that did
    something without Python, before anything in Python can look at it. `woken`: called with that of
    a station whose KaY is to be woken.
    """

    def __init__(self, seed: int = 0) -> None:
        self._handle = ffi.new_handle(self)
        made = lib.macsec_lab_new(lib.macsec_lab_called, self._handle)
        if not made:
            raise MemoryError
        self.lab = ffi.gc(made, lib.macsec_lab_free)
        self.hooks: dict[int, Hook] = {lib.MACSEC_LAB_TRACE_FULL: self._take_records}
        self.raised: BaseException | None = None
        self.flow_ended: Callable[[int, int], None] | None = None
        self.touched: Callable[[int], None] | None = None
        self.woken: Callable[[int], None] | None = None
        self._actions: dict[int, Action] = {}
        count = ffi.new("const uint32_t **")
        lib.macsec_lab_touched(self.lab, count)
        self._touched = count[0]
        self._number = ffi.new("int64_t *")
        super().__init__(seed)
        self.trace: NativeTrace = NativeTrace(self.lab)

    @property
    def now_ps(self) -> int:
        """The current time."""
        now: int = lib.macsec_lab_now(self.lab)
        return now

    @now_ps.setter
    def now_ps(self, time_ps: int) -> None:
        lib.macsec_lab_set_now(self.lab, time_ps)

    @property
    def next_ps(self) -> int | None:
        """The time of the next event; None if there is none."""
        due: int = lib.macsec_lab_next(self.lab)
        return None if due < 0 else due

    def _push(self, time_ps: int, priority: int, action: Action) -> None:
        self._sequence += 1
        self._actions[self._sequence] = action
        self.check(lib.macsec_lab_at(self.lab, time_ps, priority, self._sequence))

    def step(self) -> bool:
        """Run the next event; False when there is none."""
        return self.some(lib.MACSEC_LAB_NO_REST, events=1)

    def _run_until(self, until_ps: int) -> None:
        self.run_to_rest(lib.MACSEC_LAB_NO_REST, until_ps)

    def run_to_rest(self, rest: int, until_ps: int = HORIZON_PS) -> None:
        """Run all events up to a time, or up to a macsec_lab_rest."""
        try:
            while self._some(rest, until_ps, SLICE):
                pass
        finally:
            self.take_touched()

    def some(self, rest: int, until_ps: int = HORIZON_PS, events: int = SLICE) -> bool:
        """Run events up to the first of Python; False if nothing is left to run."""
        try:
            return self._some(rest, until_ps, events)
        finally:
            self.take_touched()

    def _some(self, rest: int, until_ps: int, events: int) -> bool:
        end = lib.macsec_lab_run(self.lab, until_ps, events, rest, self._number)
        if end == lib.MACSEC_LAB_ACTION:
            self.take_touched()
            self._actions.pop(self._number[0])()
        elif end == lib.MACSEC_LAB_WAKE and self.woken is not None:
            self.take_touched()
            self.woken(self._number[0])
        else:
            self.check(end, self._number[0])
        return bool(end != lib.MACSEC_LAB_DONE)

    def take_touched(self) -> None:
        """Show Python what stations did without it."""
        if not self._touched[0]:
            return
        numbers = lib.macsec_lab_touched(self.lab, ffi.new("const uint32_t **"))[
            0 : self._touched[0]
        ]
        lib.macsec_lab_take_touched(self.lab)
        if self.touched is not None:
            for number in numbers:
                self.touched(number)

    def check(self, end: int, flow: int = 0) -> None:
        """Raise the error of a macsec_lab_end, or do what a flow needs."""
        self.take_touched()
        if end in (lib.MACSEC_LAB_FEED, lib.MACSEC_LAB_LATE) and self.flow_ended is not None:
            self.flow_ended(flow, end)
        elif end == lib.MACSEC_LAB_HORIZON:
            raise ConfigError(f"rate: {HORIZON}")
        elif end == lib.MACSEC_LAB_NO_MEMORY:
            raise MemoryError
        elif end == lib.MACSEC_LAB_RAISED and self.raised is not None:
            error, self.raised = self.raised, None
            raise error

    def number_of(self, part: int) -> int:
        """Return the number of a new part in C. Raises MemoryError for none."""
        if part < 0:
            raise MemoryError
        return part

    def _take_records(self, _: Any) -> None:
        self.trace.drain()


class NativeTrace(Trace):
    """A trace of which C collects the records."""

    def __init__(self, lab: Any) -> None:
        self._lab = lab
        self._rows = ffi.new("int64_t *")
        self._watch: Callable[[TraceRecord], None] | None = None
        self._ended = 0
        super().__init__()

    @property
    def watch(self) -> Callable[[TraceRecord], None] | None:
        """Called with each record."""
        return self._watch

    @watch.setter
    def watch(self, watch: Callable[[TraceRecord], None] | None) -> None:
        self.drain()
        self._watch = watch
        lib.macsec_lab_trace_each(self._lab, watch is not None)

    @property
    def count(self) -> int:
        """Number of ends so far."""
        self.drain()
        return self._ended

    @count.setter
    def count(self, count: int) -> None:
        self._ended = count

    def drain(self) -> None:
        """Take the records of C."""
        records = lib.macsec_lab_records(self._lab, self._rows)
        if not self._rows[0]:
            return
        octets = ffi.buffer(records, self._rows[0] * LAYOUT.size)
        self._ended += self._rows[0]
        self._flush_own()
        self._hash.update(octets)
        lib.macsec_lab_take_records(self._lab)
        if self._watch is not None:
            for time_ps, length, crc, link, way, fate, mark in LAYOUT.iter_unpack(bytes(octets)):
                self._watch(TraceRecord(time_ps, link, way, Fate(fate), Mark(mark), length, crc))

    def _add(self, octets: bytes) -> None:
        self.drain()
        super()._add(octets)

    def _flush(self) -> None:
        self.drain()
        self._flush_own()

    def _flush_own(self) -> None:
        super()._flush()
