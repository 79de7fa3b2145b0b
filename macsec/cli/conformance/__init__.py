"""`macsec conformance`.

verb.py      the options, and which of the others runs
vectors.py   test vectors, on every backend and kernel
pics.py      `--pics`: the statement of conformance
suites.py    `--suite`: the cases of test plans
"""

from .verb import command

__all__ = ["command"]
