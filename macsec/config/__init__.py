"""The YAML configuration of a SecY and its typed model, both directions."""

from macsec.config.dumping import dump, json_schema, write
from macsec.config.loading import load
from macsec.config.model import (
    Configuration,
    ReceiveSASection,
    ReceiveSCSection,
    SecYSection,
    TransmitSASection,
    TransmitSCSection,
)
from macsec.config.reading import Origin
from macsec.config.sources import KeyRing, KeySource

__all__ = [
    "Configuration",
    "KeyRing",
    "KeySource",
    "Origin",
    "ReceiveSASection",
    "ReceiveSCSection",
    "SecYSection",
    "TransmitSASection",
    "TransmitSCSection",
    "dump",
    "json_schema",
    "load",
    "write",
]
