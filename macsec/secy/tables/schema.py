"""Schemas of the tables, and the import of pyarrow."""

from __future__ import annotations

from typing import Any

from macsec import extras


def arrow() -> Any:
    """Return pyarrow. Raises EnvironmentLacks where it is missing."""
    try:
        import pyarrow as pa
    except ImportError:
        raise extras.lacks("arrow") from None
    return pa


def verdict_schema(pa: Any) -> Any:
    """Return the schema of verdicts: a row for each frame.

    `frame` counts from 0. `time` and `length` are those of the frame that was given; they, `sci`,
    `an` and `pn` are null where they are unknown. `counter` is null for a verdict without one.
    """
    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            ("frame", pa.uint64()),
            ("time", pa.timestamp("ns")),
            ("length", pa.uint32()),
            ("sci", text),
            ("an", pa.uint8()),
            ("pn", pa.uint64()),
            ("verdict", text),
            ("counter", text),
            ("delivered", pa.bool_()),
        ]
    )


def counter_schema(pa: Any) -> Any:
    """Return the schema of counters: a row for each counter of a SecY, an SC or an SA."""
    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            ("entity", text),
            ("sci", text),
            ("an", pa.uint8()),
            ("counter", text),
            ("count", pa.uint64()),
        ]
    )
