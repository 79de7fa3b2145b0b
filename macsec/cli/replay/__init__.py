"""`macsec replay`.

verb.py      `macsec replay`: across one link
lab.py       `macsec replay --topology`: across a topology
request.py   the arguments that both share
"""

from .verb import command

__all__ = ["command"]
