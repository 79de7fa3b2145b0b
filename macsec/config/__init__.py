"""YAML configurations of a SecY and of a topology, and their typed models.

loading.py      load: a file or dict to the typed model, errors in one line with the place
model.py        the typed model: one class a section; field_types.py: types of its entries
reading.py      YAML text to a tree of mappings, lists and text, with the line of each entry
scalars.py      scalars of a file or dict to Python values
sources.py      KeySource, KeyRing: inline hex, a file, the environment, a file descriptor
dumping.py      the typed model back to YAML, and its JSON Schema
caks.py         a file of CAKs
static_keys.py  the two SecYs of a link with one SAK
fitting.py      in what the two ends of a link differ
templates.py    new configurations and topologies with comments
key_scan.py     keys in clear in configurations of many programs
schemas/        the JSON Schema of a configuration, as it is shipped
private.py      files that hold secrets
topology/       the topology of a lab
exchange/       keys and settings in the formats of other programs
"""

from macsec.config.dumping import dump, json_schema, write
from macsec.config.loading import load
from macsec.config.model import (
    CakSection,
    ChainedCakSection,
    Configuration,
    EapSection,
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
from macsec.config.reading import Origin, concealed
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
    ImpairmentsSection,
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
    "EapSection",
    "EndSection",
    "GeneratedSection",
    "Host",
    "HostSection",
    "ImpairmentsSection",
    "KeyRing",
    "KeySource",
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
    "concealed",
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
