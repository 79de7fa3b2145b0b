"""Parts that verbs share: options, terminal and signals, captures in and out.

edge.py         exit codes, signals, warnings, one line for each error
options.py      options and arguments of several verbs     lists.py   comma-separated options
capture_io.py   a capture in, a capture out                pipeline.py   stages over batches
data_plane.py   data planes and kernels of this machine    progress.py   the progress bar
cak_files.py    holders of the CAKs of a file              vault.py   clients of key vaults
event_log.py    --events: a line of JSON for each change of a port
pn_state.py     --state: packet numbers from run to run    signals.py   wait for a signal or an end
dumps.py        no core dumps of keys             local_socket.py   a socket for one user
port_changes.py   the changes that a running port takes
"""
