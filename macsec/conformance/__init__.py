"""Conformance: published and derived test vectors, run on every backend and kernel.

`run()` takes the built-in vectors, `run([load(path)])` those of a file of schema
`macsec-vectors/1`. Either gives a Report: `good`, `vectors`, `failures()`, `as_json()`.

schema.py      VectorFile builtin load parse   files of vectors and their models
making.py      text_of                         vectors of a capture
targets.py     Target NotRun available         backends with a kernel on this machine
runner.py      run                             each vector on every target of its type
outcome.py     Report Result PassCount         the results, and the first difference
agreement.py                                   vectors of key agreement
ciphers.py                                     `aes-gcm`: a cipher without a SecY
frames.py                                      `secy-frame`: a frame through a SecY
numbers.py                                     `pn-recovery` and `replay`
dpdk.py                                        the 24 cases of DPDK's inline MACsec suite
scenes/        Segment Actor                   stations with key agreement in virtual time
pics/          Pics state                      the statement of conformance, item by item
suites/        Suite run_suites                other people's test plans, case by case
"""

from macsec.conformance.outcome import PassCount, Report, Result
from macsec.conformance.runner import run
from macsec.conformance.schema import VectorFile, builtin, load, parse
from macsec.conformance.targets import NotRun, Target, available

__all__ = [
    "NotRun",
    "PassCount",
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
