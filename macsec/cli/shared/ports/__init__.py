"""Running ports of `tap` and `lab up`: their changes and their events.

changes.py      changes that a running port takes    settings.py   single settings, and their checks
event_log.py    --events: a line of JSON for each change of a port
tracing.py      --otlp: traces of key agreement
"""
