"""`macsec keys`.

verb.py   formats of other programs, SAKs and CAKs that are made, stores of CAKs
scan.py   keys in files
"""

from .verb import command

__all__ = ["command"]
