"""`macsec bench`.

verb.py      `macsec bench`, and throughput
latency.py   `macsec bench latency`
busy.py      a warning about other programs
"""

from .verb import command

__all__ = ["command"]
