"""`macsec corpus`.

verb.py      the verbs and their options
progress.py  bars on a terminal
running.py   a run: keys, numbers, engine, progress
cluster.py   a cluster of this machine, or one that runs
worker.py    the tasks on a worker: where its key of the run is
"""

from .verb import command

__all__ = ["command"]
