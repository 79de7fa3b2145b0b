"""Conformance: published and derived test vectors, run on every backend and kernel.

`run()` takes the built-in vectors, `run([load(path)])` those of a file of schema
`macsec-vectors/1`. Either gives a Report: `good`, `vectors`, `failures()`, `as_json()`.
"""

from macsec.conformance.outcome import Count, Report, Result
from macsec.conformance.runner import run
from macsec.conformance.schema import VectorFile, builtin, load, parse
from macsec.conformance.targets import NotRun, Target, available

__all__ = [
    "Count",
    "NotRun",
    "Report",
    "Result",
    "Target",
    "VectorFile",
    "available",
    "builtin",
    "load",
    "parse",
    "run",
]
