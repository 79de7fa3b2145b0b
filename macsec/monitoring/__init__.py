"""A snapshot of every SecY and KaY that runs on this machine, for exporters and live views.

model.py     Snapshot, MonitoredPort, SC, SA, Mka, LabLink   frozen data, without a key
sources.py   discover, snapshot                  find what runs, and ask it
observed.py  port_of                             a SecY and a KaY of this process as a MonitoredPort
history.py   History                             rekeys and sessions of an agreement
kernel/                                          the MACsec devices of the Linux kernel
tracing/                                         traces of key agreement, by OTLP
metrics/                                         the snapshots as metrics of Prometheus
serving/                                         metrics over HTTP, with TLS and users
shipped/                                         dashboards, alert rules, a compose file
live_view/                                       snapshots followed over time
transfer.py  to_text, from_text                  the model between processes
"""

from .history import History
from .model import (
    SA,
    SC,
    LabLink,
    Mka,
    MkaPeer,
    Monitored,
    MonitoredPort,
    PortSource,
    Snapshot,
    SourceKind,
)
from .observed import port_of
from .sources import discover, snapshot

__all__ = [
    "SA",
    "SC",
    "History",
    "LabLink",
    "Mka",
    "MkaPeer",
    "Monitored",
    "MonitoredPort",
    "PortSource",
    "Snapshot",
    "SourceKind",
    "discover",
    "port_of",
    "snapshot",
]
