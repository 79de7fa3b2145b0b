"""Parts that verbs share: the command line itself here, its subjects in folders.

edge.py         exit codes, signals, warnings, one line for each error; typed_keys.py: without keys
options.py      options and arguments of several verbs   lists.py   comma-separated options
defaults.py     defaults of a user                       completing.py   names to complete
signals.py      wait for a signal or an end              progress.py   the progress bar
data_plane.py   data planes and kernels of this machine  jobs.py   the number of threads
systems.py      verbs that need Linux
files/          captures in and out, pages, files that are only checked
keys/           where CAKs come from, PNs under a key, no dump of memory
ports/          running ports: their changes and their events
"""
