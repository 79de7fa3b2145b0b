"""C files of the peers and of the ceiling: package data, compiled by `compiled.py`."""
