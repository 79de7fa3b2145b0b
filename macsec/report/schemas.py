"""JSON Schemas of the `--json` outputs, made from the TypedDicts of the reports."""

from __future__ import annotations

from inspect import cleandoc
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from macsec.conformance.outcome import ConformanceJson
from macsec.report.attack import AttacksJson
from macsec.report.doctor import DoctorJson
from macsec.report.events import EventJson
from macsec.report.explain import ExplainJson
from macsec.report.fields import Keywords
from macsec.report.inspect import InspectJson
from macsec.report.lab.outcome import LabJson
from macsec.report.lab.passage import LabReplayJson
from macsec.report.lab.status import LabStatusJson
from macsec.report.latency.shapes import LatencyJson
from macsec.report.mka.caks import CaksJson
from macsec.report.mka.capture import MkaExplainJson
from macsec.report.mka.status import MkaSetJson, MkaStatusJson
from macsec.report.replay import LinkReplayJson
from macsec.report.summary import ProtectJson, ValidateJson
from macsec.report.tap import TapJson
from macsec.report.throughput.outcome import ThroughputJson

DRAFT = "https://json-schema.org/draft/2020-12/schema"
OUTPUTS: dict[str, Any] = {
    "macsec/attack/1": AttacksJson,
    "macsec/bench-throughput/1": ThroughputJson,
    "macsec/caks/1": CaksJson,
    "macsec/conformance/1": ConformanceJson,
    "macsec/doctor/1": DoctorJson,
    "macsec/event/1": EventJson,
    "macsec/explain/1": ExplainJson,
    "macsec/inspect/1": InspectJson,
    "macsec/lab/1": LabJson,
    "macsec/lab-status/1": LabStatusJson,
    "macsec/latency/1": LatencyJson,
    "macsec/mka-explain/1": MkaExplainJson,
    "macsec/mka-set/1": MkaSetJson,
    "macsec/mka-status/1": MkaStatusJson,
    "macsec/protect/1": ProtectJson,
    "macsec/replay/1": Union[LinkReplayJson, LabReplayJson],  # noqa: UP007 a union as a value
    "macsec/tap/1": TapJson,
    "macsec/validate/1": ValidateJson,
}
"""The type of each output, by the value of its `schema` member."""

SCALARS = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an output. Raises KeyError for an unknown name."""
    objects: dict[str, Any] = {}
    schema = _of(OUTPUTS[name], objects)
    return {"$schema": DRAFT, "$id": f"urn:{name.replace('/', ':')}", **schema, "$defs": objects}


def _of(kind: Any, objects: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a type; the types of objects in it are added to `objects`."""
    if is_typeddict(kind):
        if kind.__name__ not in objects:
            objects[kind.__name__] = {}  # it may hold itself
            objects[kind.__name__] |= _object(kind, objects)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    first, *others = get_args(kind) or (kind,)
    match get_origin(kind):
        case None:
            return {} if kind is Any else {"type": SCALARS[kind]}
        case origin if origin is Annotated:
            keywords: Keywords = others[0]
            return _of(first, objects) | keywords.given
        case origin if origin is Literal:
            return {"enum": [first, *others]}
        case origin if origin is list:
            return {"type": "array", "items": _of(first, objects)}
        case origin if origin is dict:
            return {"type": "object", "additionalProperties": _of(others[0], objects)}
    return {"anyOf": [_of(each, objects) for each in (first, *others)]}


def _object(kind: Any, objects: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a TypedDict: its members and no others."""
    text = vars(kind)["__doc__"]
    members = get_type_hints(kind, include_extras=True)
    optional = {name for name, of in members.items() if get_origin(of) is NotRequired}
    return {
        "type": "object",
        **({"description": cleandoc(text)} if text else {}),
        "properties": {
            name: _of(get_args(of)[0] if name in optional else of, objects)
            for name, of in members.items()
        },
        "required": [name for name in members if name not in optional | kind.__optional_keys__],
        "additionalProperties": False,
    }
