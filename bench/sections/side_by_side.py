"""Sections of one beside many: receive SCs, threads."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from races import scale, threads
from sections.tables import bold, table

from macsec.measure.workload import parse
from macsec.secy.native import usable_kernels

SCS_AT_MOST, THREADS_AT_LEAST = 1.35, 1.8
SCS = scale.MANY
SIZES = ("64", "imix", "1514")


def many_scs() -> Iterator[str]:
    """Yield the cost of ten thousand receive SCs."""
    yield (
        f"Validate, GCM-AES-128: {scale.FRAMES:,} frames of 64 to 1514 octets in batches of "
        f"{scale.BATCH}, from {SCS:,} SCs with four SAs each, SC and AN random, and the "
        f"same from one SC. In turn; the ratio, of three runs, is to be at most {SCS_AT_MOST}.\n"
    )
    rows = {}
    for kernel in usable_kernels():
        if kernel == "portable":
            continue  # a hundred times as slow: memory does not matter
        runs = [scale.measure(kernel) for _ in range(3)]
        ns = [f"{median(run[at].ns_per_frame for run in runs):.1f}" for at in (0, 1)]
        ratios = [many.ratio(one) for one, many in runs]
        rows[f"`{kernel}`"] = ns + [bold(ratio, ratio <= SCS_AT_MOST) for ratio in ratios]
    yield table("", ("1, ns a frame", f"{SCS:,}, ns a frame", "÷", "÷", "÷"), rows)


def two_threads() -> Iterator[str]:
    """Yield the gain of a second thread."""
    yield (
        "Rate of two threads over that of one, each with a SecY of its own, "
        f"{threads.FRAMES:,} frames a call through Python: to be at least {THREADS_AT_LEAST}. "
        "Rounds in which other programs had a core are run again; disturbed rounds never had "
        "both.\n"
    )
    rows = {}
    for row in threads.measure([parse(size) for size in SIZES]):
        rows[f"{row.task.stage}, {row.task.workload.name}"] = [
            bold(row.speedup, row.speedup >= THREADS_AT_LEAST),
            f"{min(row.rounds):.2f} to {max(row.rounds):.2f}",
            str(row.disturbed),
        ]
    yield table("", ("median", "of rounds from", "disturbed"), rows)
