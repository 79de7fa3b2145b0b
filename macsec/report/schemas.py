"""JSON Schemas of the `--json` outputs, made from the TypedDicts of the reports."""

from __future__ import annotations

from typing import Any, Union

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from macsec.conformance.outcome import ConformanceJson
from macsec.report.attack import AttacksJson
from macsec.report.doctor import DoctorJson
from macsec.report.events import EventJson
from macsec.report.explain import ExplainJson
from macsec.report.inspect import InspectJson
from macsec.report.lab.outcome import LabJson
from macsec.report.lab.passage import LabReplayJson
from macsec.report.lab.status import LabStatusJson
from macsec.report.latency.outcome import LatencyJson
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


class _Generator(GenerateJsonSchema):
    """Generator that does not repeat the name of a member as its title."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an output. Raises KeyError for an unknown name."""
    schema = TypeAdapter(OUTPUTS[name]).json_schema(schema_generator=_Generator)
    _close(schema)
    return {"$schema": DRAFT, "$id": f"urn:{name.replace('/', ':')}", **schema}


def _close(node: Any) -> None:
    """Forbid additional members of every object whose members are listed."""
    if isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node:
            node.setdefault("additionalProperties", False)
        for value in node.values():
            _close(value)
    elif isinstance(node, list):
        for value in node:
            _close(value)
