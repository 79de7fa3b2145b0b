"""`macsec bench`.

verb.py      `macsec bench`, and throughput
latency.py   `macsec bench latency`
"""

from .verb import command

__all__ = ["command"]
