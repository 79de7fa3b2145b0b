"""`macsec lab`.

verb.py    `macsec lab`, its verbs, and `schema`
run.py     `macsec lab run`: a topology in virtual time
up.py      `macsec lab up`: a topology in real time
reach.py   `macsec lab exec|status|list|down`: labs that are up
events.py  --events: the ports of a lab
control.py changes of the ports of a lab that is up
choice.py  the lab that a command acts on: by name, or the own one
state.py   the folder of the lab that is up
"""

from .verb import command

__all__ = ["command"]
