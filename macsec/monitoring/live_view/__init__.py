"""Snapshots followed over time: the facts of a live view, without any text layout.

tracker.py  Tracker, Followed  the last answer of each source, its rates, and events
changes.py  LiveChange, changes    the events between two snapshots
facts.py    LinkFacts, ...     the subjects of rows
"""

from .changes import BAD, LOW, LiveChange, changes
from .facts import (
    SENT,
    CounterFacts,
    LinkFacts,
    PeerFacts,
    SaFacts,
    counters,
    links,
    peers,
    sas,
    source_names,
)
from .tracker import Followed, LiveEvent, Presence, Tracker

__all__ = [
    "BAD",
    "LOW",
    "SENT",
    "CounterFacts",
    "Followed",
    "LinkFacts",
    "LiveChange",
    "LiveEvent",
    "PeerFacts",
    "Presence",
    "SaFacts",
    "Tracker",
    "changes",
    "counters",
    "links",
    "peers",
    "sas",
    "source_names",
]
