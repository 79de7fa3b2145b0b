"""JSON Schemas of the `--json` outputs, made from the TypedDicts of the reports."""

from __future__ import annotations

from inspect import cleandoc
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from macsec.conformance.outcome import ConformanceJson
from macsec.report.advice import (
    AdviseLinkJson,
    AdviseMtuJson,
    AdviseRekeyJson,
    AdviseWindowJson,
)
from macsec.report.attacks.outcome import AttackListJson, AttacksJson
from macsec.report.captures.corpus import CorpusJson, CorpusPlanJson
from macsec.report.captures.explain import ExplainJson
from macsec.report.captures.inspect import InspectJson
from macsec.report.captures.overview import OverviewJson
from macsec.report.captures.privacy import PrivacyJson, PrivacyObservationJson
from macsec.report.captures.profiles import ProfilesDiffJson, ProfilesJson
from macsec.report.captures.replay import LinkReplayJson
from macsec.report.captures.summary import ProtectJson, ValidateJson
from macsec.report.check import CheckJson
from macsec.report.conformance import SuitesJson
from macsec.report.conformance.pics import PicsJson
from macsec.report.doctor import DoctorJson
from macsec.report.error import ErrorJson
from macsec.report.exchange import ExchangeJson
from macsec.report.fields import Keywords
from macsec.report.lab.outcome import LabJson
from macsec.report.lab.passage import LabReplayJson
from macsec.report.lab.status import LabStatusJson
from macsec.report.latency.shapes import LatencyJson
from macsec.report.mka.caks import CaksJson
from macsec.report.mka.capture import MkaExplainJson
from macsec.report.mka.doctor import MkaDoctorJson
from macsec.report.mka.status import MkaSetJson, MkaStatusJson
from macsec.report.ports.events import EventJson
from macsec.report.ports.tap import TapJson
from macsec.report.settings import OptionSettingsJson
from macsec.report.throughput.outcome import ThroughputJson

DRAFT = "https://json-schema.org/draft/2020-12/schema"
OUTPUTS: dict[str, Any] = {
    "macsec/advise-link/1": AdviseLinkJson,
    "macsec/advise-mtu/1": AdviseMtuJson,
    "macsec/advise-rekey/1": AdviseRekeyJson,
    "macsec/advise-window/1": AdviseWindowJson,
    "macsec/attack/1": AttacksJson,
    "macsec/attack-list/1": AttackListJson,
    "macsec/bench-throughput/1": ThroughputJson,
    "macsec/caks/1": CaksJson,
    "macsec/check/1": CheckJson,
    "macsec/conformance/1": ConformanceJson,
    "macsec/corpus/1": CorpusJson,
    "macsec/corpus-dry-run/1": CorpusPlanJson,
    "macsec/doctor/1": DoctorJson,
    "macsec/error/1": ErrorJson,
    "macsec/event/1": EventJson,
    "macsec/exchange/1": ExchangeJson,
    "macsec/explain/1": ExplainJson,
    "macsec/inspect/1": InspectJson,
    "macsec/inspect-summary/1": OverviewJson,
    "macsec/lab/1": LabJson,
    "macsec/lab-status/1": LabStatusJson,
    "macsec/latency/1": LatencyJson,
    "macsec/mka-doctor/1": MkaDoctorJson,
    "macsec/mka-explain/1": MkaExplainJson,
    "macsec/pics/1": PicsJson,
    "macsec/mka-set/1": MkaSetJson,
    "macsec/mka-status/1": MkaStatusJson,
    "macsec/privacy/1": PrivacyJson,
    "macsec/privacy-observation/1": PrivacyObservationJson,
    "macsec/profiles/1": ProfilesJson,
    "macsec/profiles-diff/1": ProfilesDiffJson,
    "macsec/protect/1": ProtectJson,
    "macsec/replay/1": LinkReplayJson,
    "macsec/replay-topology/1": LabReplayJson,
    "macsec/settings/1": OptionSettingsJson,
    "macsec/suite/1": SuitesJson,
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
