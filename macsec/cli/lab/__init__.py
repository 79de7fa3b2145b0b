"""`macsec lab`.

verb.py    `macsec lab`, its verbs, and `schema`
run.py     `macsec lab run`: a topology in virtual time
up.py      `macsec lab up`: a topology in real time
reach.py   `macsec lab exec|status|list|down`: labs that are up
events.py  --events: the ports of a lab
control.py changes of the ports of a lab that is up
files.py   `macsec lab new|check`: files of topologies
ports.py   the ports of a lab that is up as instance data of YANG modules
monitored.py  its ports and links as data of macsec.monitoring
choice.py  the lab that a command acts on: by name, or the own one
watch/     --watch: a page that shows a lab while it runs, and injects faults
"""

from .verb import command

__all__ = ["command"]
