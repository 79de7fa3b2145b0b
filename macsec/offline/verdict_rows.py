"""Writer of verdicts as a table: a file of Parquet or of Arrow."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Self

from macsec.captures.output import Sink
from macsec.frames import FrameBatch
from macsec.secy import Outcome
from macsec.secy.tables.schema import arrow, verdict_schema
from macsec.secy.tables.verdicts import checked_batch, record_batch

ROWS = 1 << 17
"""Rows of a group: what is held before it is written."""
FORMS = {".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow"}
"""Forms by the endings of names."""


class TableFile:
    """A sink as the file that pyarrow writes."""

    closed = False

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, octets: Any) -> int:
        """Write all octets."""
        view = memoryview(octets)
        self._sink.write(view)
        return view.nbytes

    def flush(self) -> None:
        """Do nothing: all octets are in the sink."""

    def close(self) -> None:
        """Do nothing: the owner of the sink finishes it."""


class VerdictRows:
    """Writer of the rows of one capture, in order, in bounded memory.

    `target` takes octets by `write` and is not closed. `form`: parquet or arrow. `first`: the
    number of its first frame. Raises EnvironmentLacks without pyarrow.
    """

    def __init__(self, target: Any, form: str = "parquet", first: int = 0) -> None:
        self._arrow, self._next = arrow(), first
        self._held: list[Any] = []
        self._rows = 0
        self._schema = verdict_schema(self._arrow)
        self._grow, self._dictionaries = form == "arrow", _Dictionaries(self._arrow)
        self._writer = _writer(self._arrow, target, form, self._schema)

    def add(self, outcome: Outcome, batch: FrameBatch) -> None:
        """Add the frames of a batch."""
        self._hold(record_batch(outcome, batch, self._next))

    def add_rows(self, rows: int, **columns: Any) -> None:
        """Add frames by the columns of the schema; one that is missing or None is null."""
        self._hold(checked_batch(self._next, rows, columns))

    def _hold(self, batch: Any) -> None:
        self._next += len(batch)
        self._held.append(batch)
        self._rows += len(batch)
        if self._rows >= ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            table = self._arrow.Table.from_batches(self._held, self._schema)
            table = table.unify_dictionaries()
            self._writer.write_table(self._dictionaries.grown(table) if self._grow else table)
            self._held, self._rows = [], 0

    def close(self) -> None:
        """Write what is held, and the end of the file."""
        self._flush()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
            return
        with suppress(Exception):  # the file is given up; the first error counts
            self._writer.close()


def _writer(pa: Any, target: Any, form: str, schema: Any) -> Any:
    file = pa.PythonFile(target, mode="w")
    if form == "parquet":
        import pyarrow.parquet

        return pyarrow.parquet.ParquetWriter(file, schema, compression="zstd")
    growing = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True, compression="zstd")
    return pa.ipc.new_file(file, schema, options=growing)


class _Dictionaries:
    """Dictionaries of a file of Arrow: those of later groups begin with those of earlier ones."""

    def __init__(self, pa: Any) -> None:
        self._arrow = pa
        self._known: dict[str, dict[str, int]] = {}

    def grown(self, table: Any) -> Any:
        """Return a group with dictionaries that only grew."""
        for place, field in enumerate(table.schema):
            if self._arrow.types.is_dictionary(field.type):
                column = table.column(place).combine_chunks()
                table = table.set_column(place, field, self._column(field.name, column))
        return table

    def _column(self, name: str, column: Any) -> Any:
        pa, known = self._arrow, self._known.setdefault(name, {})
        moved = [known.setdefault(text, len(known)) for text in column.dictionary.to_pylist()]
        indices = pa.array(moved, pa.int32()).take(column.indices)
        return pa.DictionaryArray.from_arrays(indices, pa.array(list(known), pa.string()))
