"""Outcomes as record batches of Arrow."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from macsec.frames import FrameBatch
from macsec.secy.verdict import Verdict
from macsec.terms import AN_VALUES, SCI_NONE, sci_text

from .schema import arrow, verdict_schema

LABELS = [verdict.label for verdict in Verdict]
COUNTERS = [verdict.counter for verdict in Verdict]
DELIVERED = np.array([verdict.delivered for verdict in Verdict])


class HasVerdicts(Protocol):
    """The columns of an outcome that are shown."""

    @property
    def codes(self) -> NDArray[np.uint8]:
        """Numbers of verdicts."""

    @property
    def sci(self) -> NDArray[np.uint64]:
        """SCIs."""

    @property
    def an(self) -> NDArray[np.uint8]:
        """ANs."""

    @property
    def pn(self) -> NDArray[np.uint64]:
        """PNs."""


def record_batch(outcome: HasVerdicts, given: FrameBatch | None = None, first: int = 0) -> Any:
    """Return the rows of an outcome. `given`: its input; `first`: the number of its first frame.

    Without an input, times and lengths are null. Raises EnvironmentLacks without pyarrow.
    """
    pa, codes = arrow(), outcome.codes
    return checked_batch(
        first,
        len(codes),
        {
            "time": None if given is None else given.time_ns,
            "length": None if given is None else given.length,
            "sci": _sci_column(pa, outcome.sci),
            "an": pa.array(outcome.an, mask=outcome.an > AN_VALUES[-1]),
            "pn": pa.array(outcome.pn, mask=outcome.pn == 0),
            "verdict": _labels(pa, codes, LABELS),
            "counter": _labels(pa, codes, COUNTERS),
            "delivered": DELIVERED[codes],
        },
    )


def checked_batch(first: int, rows: int, columns: dict[str, Any]) -> Any:
    """Return rows of the schema of verdicts; a column that is missing or None is null."""
    pa = arrow()
    schema = verdict_schema(pa)
    columns = {"frame": np.arange(first, first + rows, dtype=np.uint64), **columns}
    arrays = [_typed(pa, columns.get(field.name), field.type, rows) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _typed(pa: Any, given: Any, kind: Any, rows: int) -> Any:
    if given is None:
        return pa.nulls(rows, kind)
    if not isinstance(given, pa.Array):
        return pa.array(given, kind)
    return given if given.type == kind else given.cast(kind)


def _labels(pa: Any, codes: NDArray[np.uint8], texts: list[Any]) -> Any:
    """Return a column of texts by number, null where there is none."""
    chosen = [text for text in texts if text is not None]
    places = np.cumsum([text is not None for text in texts]).astype(np.int32) - 1
    absent = np.array([text is None for text in texts])
    indices = pa.array(places[codes], mask=absent[codes])
    return pa.DictionaryArray.from_arrays(indices, pa.array(chosen, pa.string()))


def _sci_column(pa: Any, sci: NDArray[np.uint64]) -> Any:
    known, places = np.unique(sci, return_inverse=True)
    texts = pa.array([sci_text(int(each)) for each in known], pa.string())
    indices = pa.array(places.astype(np.int32), mask=sci == SCI_NONE)
    return pa.DictionaryArray.from_arrays(indices, texts)
