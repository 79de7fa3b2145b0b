"""Ports in real time: a tap, and the changes of a port.

tap.py      the state and counters of `tap`
events.py   records of `--events`
"""
