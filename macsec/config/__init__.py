"""The YAML configurations, of a SecY and of a topology, and their typed models."""

from macsec.config.dumping import dump, json_schema, write
from macsec.config.loading import load
from macsec.config.model import (
    CakSection,
    ChainedCakSection,
    Configuration,
    GeneratedSection,
    MacSecConfigSection,
    MkaSection,
    ReceiveSASection,
    ReceiveSCSection,
    SecYSection,
    TokenSection,
    TransmitSASection,
    TransmitSCSection,
)
from macsec.config.reading import Origin
from macsec.config.scalars import Moment
from macsec.config.sources import KeyRing, KeySource
from macsec.config.topology.loading import (
    Host,
    hosts_of,
    load_topology,
    published_schema,
    shipped,
    topology_schema,
)
from macsec.config.topology.model import (
    HostSection,
    KnobsSection,
    LinkSection,
    SiteSection,
    Topology,
    TrafficSection,
)
from macsec.config.topology.protection import EndSection, ProtectionSection

__all__ = [
    "CakSection",
    "ChainedCakSection",
    "Configuration",
    "EndSection",
    "GeneratedSection",
    "Host",
    "HostSection",
    "KeyRing",
    "KeySource",
    "KnobsSection",
    "LinkSection",
    "MacSecConfigSection",
    "MkaSection",
    "Moment",
    "Origin",
    "ProtectionSection",
    "ReceiveSASection",
    "ReceiveSCSection",
    "SecYSection",
    "SiteSection",
    "TokenSection",
    "Topology",
    "TrafficSection",
    "TransmitSASection",
    "TransmitSCSection",
    "dump",
    "hosts_of",
    "json_schema",
    "load",
    "load_topology",
    "published_schema",
    "shipped",
    "topology_schema",
    "write",
]
