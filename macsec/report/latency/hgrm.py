"""A percentile distribution as text in the format `.hgrm` of HdrHistogram's plotters."""

from __future__ import annotations

from macsec.measure.latency.histogram import WHOLE, Histogram, levels

BUCKETS = 32
"""Doublings of the range; the first WHOLE cells are one of them."""


def to_hgrm(histogram: Histogram) -> str:
    """Return the distribution, values in ns."""
    head = ("Value", "Percentile", "TotalCount", "1/(1-Percentile)")
    lines = ["{:>12} {:>14} {:>10} {:>14}".format(*head), ""]
    for value, share, total in levels(histogram):
        line = f"{value:12.3f} {float(share):2.12f} {total:10d}"
        lines.append(line if share == 1 else f"{line} {float(1 / (1 - share)):14.2f}")
    lines += [
        f"#[Mean    = {histogram.mean:12.3f}, StdDeviation   = {histogram.stdev:12.3f}]",
        f"#[Max     = {histogram.most:12.3f}, Total count    = {histogram.total:12d}]",
        f"#[Buckets = {BUCKETS:12d}, SubBuckets     = {WHOLE:12d}]",
    ]
    return "\n".join(lines) + "\n"
