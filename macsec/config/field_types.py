"""Types of the entries of a configuration: how each is read, and its JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic.config import JsonDict

from macsec.clear_rules import CLEAR_PROTOCOLS, MODES
from macsec.config import scalars
from macsec.config.sources import FORMS, KeySource
from macsec.suites import SUITES

_NUMBER: JsonDict = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": "^([0-9]{1,20}|0[xX][0-9A-Fa-f]{1,16})$"},
    ]
}


def _hex(octets: int) -> dict[str, Any]:
    # An editor that follows YAML 1.2 takes hex of digits only for a number.
    return _text(f"(0[xX])?{_octets(octets)}")


def _octets(count: int) -> str:
    return f"([:. -]*[0-9A-Fa-f]{{2}}){{{count}}}"


def _text(pattern: str) -> dict[str, Any]:
    return {"type": ["string", "number"], "pattern": f"^({pattern})$"}


_MAC = f"(0[xX])?{_octets(6)}|[0-9A-Fa-f]{{1,2}}([:-][0-9A-Fa-f]{{1,2}}){{5}}"
MAC_SCHEMA = _text(_MAC)
_PORT = "(@|/|::)(0[xX])?[0-9A-Fa-f]{1,5}"
_SCI = _text(f"(0[xX])?{_octets(8)}|0[xX][0-9A-Fa-f]{{1,15}}|({_MAC}){_PORT}")


def _table(rows: int) -> JsonDict:
    return {"type": "array", "items": _NUMBER, "minItems": rows, "maxItems": rows}


def one_of(*words: str) -> WithJsonSchema:
    """The schema of some words in lower or upper case."""
    return WithJsonSchema({"enum": [*words, *(word.upper() for word in words)]})


_ON_OFF = WithJsonSchema({"enum": ["on", "off", True, False, "yes", "no"]})
AN_MAP: JsonDict = {
    "type": "object",
    "description": "SAs by AN, 0 to 3",
    "propertyNames": {"pattern": "^[0-3]$"},
}

CLASS_MAP: JsonDict = {
    "type": "object",
    "description": "transmit SCs by traffic class, 1 to 7",
    "propertyNames": {"pattern": "^[1-7]$"},
}

Switch: TypeAlias = Annotated[bool, PlainValidator(scalars.switch), _ON_OFF]
Number: TypeAlias = Annotated[int, PlainValidator(scalars.number), WithJsonSchema(_NUMBER)]
Mtu: TypeAlias = Annotated[
    int | None,
    PlainValidator(scalars.mtu),
    WithJsonSchema({"anyOf": [{"enum": ["off", False]}, *_NUMBER["anyOf"]]}),
]
Sci: TypeAlias = Annotated[int, PlainValidator(scalars.sci), WithJsonSchema(_SCI)]
Ssci: TypeAlias = Annotated[
    int,
    PlainValidator(scalars.ssci),
    WithJsonSchema({"anyOf": [_hex(4), {"type": "string", "pattern": "^(0x[0-9A-Fa-f]+|[0-9])$"}]}),
]
Salt: TypeAlias = Annotated[bytes, PlainValidator(scalars.salt), WithJsonSchema(_hex(12))]
KeyEntry: TypeAlias = Annotated[
    KeySource,
    PlainValidator(KeySource.of),
    PlainSerializer(lambda source: source.reference or repr(source), return_type=str),
    WithJsonSchema({"type": ["string", "number"], "description": FORMS}),
]
An: TypeAlias = Annotated[int, BeforeValidator(scalars.an)]
TrafficClass: TypeAlias = Annotated[int, BeforeValidator(scalars.traffic_class)]
Ckn: TypeAlias = Annotated[
    bytes,
    PlainValidator(scalars.ckn),
    WithJsonSchema(_text("(0[xX])?([0-9A-Fa-f]{2}){1,32}")),
]
Moment: TypeAlias = Annotated[
    scalars.Moment,
    PlainValidator(scalars.moment),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": ["string", "number"], "description": scalars.MOMENTS}),
]
Destination: TypeAlias = Annotated[
    bytes,
    PlainValidator(scalars.destination),
    WithJsonSchema({"anyOf": [{"enum": [*scalars.DESTINATIONS]}, MAC_SCHEMA]}),
]
ETHERTYPE_SCHEMA: dict[str, Any] = {
    "type": ["string", "number"],
    "pattern": "^(0[xX])?[0-9A-Fa-f]{4}$",
}
EtherType: TypeAlias = Annotated[
    int,
    PlainValidator(scalars.ethertype),
    PlainSerializer(lambda value: f"{value:04x}", return_type=str),
    WithJsonSchema(ETHERTYPE_SCHEMA),
]
VLANS_SCHEMA: dict[str, Any] = {
    "type": ["string", "number"],
    "pattern": "^[0-9]{1,4}(-[0-9]{1,4})?$",
}
_MODE = f"(=({'|'.join(MODES)}))?$"
CLEAR_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"enum": [*CLEAR_PROTOCOLS]},
        ETHERTYPE_SCHEMA,
        MAC_SCHEMA,
        {"type": "string", "pattern": f"^({'|'.join(CLEAR_PROTOCOLS)}){_MODE}"},
        {"type": "string", "pattern": "^[0-9A-Fa-fx:.-]{4,17}" + _MODE},
        {"type": "string", "pattern": "^vlan:[0-9]{1,4}(-[0-9]{1,4})?" + _MODE},
    ]
}
_CLEAR_MODES_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {"enum": [*MODES]},
}
ClearProtocols: TypeAlias = Annotated[
    list[str],
    PlainValidator(scalars.clear_rules),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"anyOf": [CLEAR_SCHEMA, _CLEAR_MODES_SCHEMA]}},
                CLEAR_SCHEMA,
                _CLEAR_MODES_SCHEMA,
            ]
        }
    ),
]
Classes: TypeAlias = Annotated[
    list[int], PlainValidator(scalars.table(8)), WithJsonSchema(_table(8))
]
Priorities: TypeAlias = Annotated[
    list[int], PlainValidator(scalars.table(16)), WithJsonSchema(_table(16))
]
VlanRanges: TypeAlias = Annotated[
    list[str],
    PlainValidator(scalars.vlan_ranges),
    WithJsonSchema({"anyOf": [{"type": "array", "items": VLANS_SCHEMA}, VLANS_SCHEMA]}),
]
Suites: TypeAlias = Annotated[
    list[str],
    PlainValidator(scalars.words(*SUITES)),
    WithJsonSchema({"type": "array", "items": {"enum": [*SUITES]}, "minItems": 1}),
]
Ciphers: TypeAlias = Annotated[
    list[str],
    PlainValidator(lambda value: [] if value == [] else scalars.words(*SUITES)(value)),
    WithJsonSchema({"type": "array", "items": {"enum": [*SUITES]}}),
]
Intervals: TypeAlias = Annotated[
    list[int],
    PlainValidator(scalars.numbers),
    WithJsonSchema({"type": "array", "items": {"type": "integer", "minimum": 1}}),
]
Name: TypeAlias = Annotated[
    str,
    PlainValidator(scalars.name),
    WithJsonSchema({"type": "string"}),
]
ConfidentialSuites: TypeAlias = Annotated[
    list[str],
    PlainValidator(scalars.all_or_words(*SUITES)),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["on", "off", True, False]},
                {"type": "array", "items": {"enum": [*SUITES]}},
            ]
        }
    ),
]
_POINT_TO_POINT = ("auto", "force-true", "force-false")
PointToPointWord: TypeAlias = Annotated[
    Literal["auto", "force-true", "force-false"],
    BeforeValidator(scalars.word(*_POINT_TO_POINT)),
    one_of(*_POINT_TO_POINT),
]
Secret: TypeAlias = Annotated[
    KeySource,
    PlainValidator(KeySource.reference_of),
    PlainSerializer(lambda source: source.reference, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^(file|env|fd):"}),
]

Server: TypeAlias = Annotated[
    scalars.RadiusServer,
    PlainValidator(scalars.server),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[^ ]+$"}),
]
