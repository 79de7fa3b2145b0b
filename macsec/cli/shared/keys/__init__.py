"""Keys of a process: where CAKs come from, PNs under a key, and no dump of memory.

cak_files.py   holders of the CAKs of a file
vault.py       services of this machine for holders of CAKs; clients of key vaults
pn_state.py    --state, and the locks of keys in use
dumps.py       no core dump of a process with keys
"""
