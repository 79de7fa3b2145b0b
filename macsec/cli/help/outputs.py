"""The page of `--json` outputs: verb, members with types and units, and an example of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from macsec.cli.help.markdown import table

VERBS = {
    "macsec/advise-link/1": "advise link",
    "macsec/advise-mtu/1": "advise mtu",
    "macsec/advise-rekey/1": "advise rekey",
    "macsec/advise-window/1": "advise window",
    "macsec/attack/1": "attack run",
    "macsec/attack-list/1": "attack list",
    "macsec/bench-throughput/1": "bench throughput",
    "macsec/caks/1": "keys generate",
    "macsec/check/1": "config check",
    "macsec/conformance/1": "conformance",
    "macsec/corpus/1": "corpus protect",
    "macsec/corpus-dry-run/1": "corpus protect --dry-run",
    "macsec/doctor/1": "doctor",
    "macsec/error/1": "",
    "macsec/event/1": "tap --events FILE",
    "macsec/exchange/1": "keys export",
    "macsec/explain/1": "explain",
    "macsec/inspect/1": "inspect",
    "macsec/inspect-summary/1": "inspect --summary",
    "macsec/lab/1": "lab run",
    "macsec/lab-status/1": "lab status",
    "macsec/latency/1": "bench latency",
    "macsec/mka-doctor/1": "mka doctor",
    "macsec/mka-explain/1": "mka explain",
    "macsec/mka-set/1": "mka set",
    "macsec/mka-status/1": "mka status",
    "macsec/pics/1": "conformance --pics",
    "macsec/privacy/1": "privacy wrap",
    "macsec/privacy-observation/1": "privacy observe",
    "macsec/profiles/1": "profiles",
    "macsec/profiles-diff/1": "profiles diff",
    "macsec/protect/1": "protect",
    "macsec/replay/1": "replay",
    "macsec/replay-topology/1": "replay --topology NAME",
    "macsec/settings/1": "config show",
    "macsec/suite/1": "conformance --suite NAME",
    "macsec/tap/1": "tap",
    "macsec/validate/1": "validate",
}
"""The verb that prints an output; nothing where any verb may."""

UNITS = {
    "_bits_per_s": "bit/s",
    "bits_per_s": "bit/s",
    "_frames_per_s": "frames/s",
    "frames_per_s": "frames/s",
    "gbit_per_s": "Gbit/s",
    "mframe_per_s": "million frames/s",
    "ns_per_frame": "ns",
    "ns_per_tick": "ns",
    "_ps": "ps",
    "_ns": "ns",
    "_us": "µs",
    "_ms": "ms",
    "seconds": "s",
    "time": "s",
    "_s": "s",
    "_percent": "%",
    "octets": "octets",
    "_bits": "bits",
    "length": "octets",
    "mtu": "octets",
    "frames": "frames",
}
"""Unit of a member by the end of its name: the first that fits."""

PLAIN = {"string": "text", "integer": "integer", "number": "number", "boolean": "true, false"}
SCALARS = {*PLAIN, "null"}


def examples() -> dict[str, Any]:
    """Return a shortened output of each schema by its name."""
    found: dict[str, Any] = json.loads((files("macsec.guide") / "outputs.json").read_text("utf-8"))
    return found


def outputs() -> str:
    """Return a table of all outputs, and a section for each: members and an example."""
    from macsec.report.schemas import OUTPUTS, json_schema  # late: it loads every report

    schemas = {name: json_schema(name) for name in OUTPUTS}
    rows = [
        (f"`{name}`", _verb(name), _first(_described(schema, schema["$defs"])))
        for name, schema in schemas.items()
    ]
    parts = [table(["output", "verb", "holds"], rows)]
    shown = examples()
    for name, schema in schemas.items():
        parts += [f"## {name}", *_section(name, schema), _example(shown[name])]
    return "\n\n".join(parts)


def _command(name: str) -> str:
    verb = VERBS[name]
    if not verb:
        return "every verb"
    return f"`macsec {verb}`" if "--events" in verb else f"`macsec {verb} --json`"


def _verb(name: str) -> str:
    verb = VERBS[name]
    return f"`{verb}`" if verb else "each"


def _section(name: str, schema: dict[str, Any]) -> Iterator[str]:
    objects = schema["$defs"]
    yield f"{_command(name)}. {_described(schema, objects)}"
    for head, kinds in _kinds(schema, objects):
        if head:
            yield head
        yield table(["member", "type", "unit, or contents"], _members(kinds, objects, "", ()))


def _kinds(schema: dict[str, Any], objects: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the object of a schema, or each of several with its sentence."""
    for each in schema.get("anyOf", [schema]):
        one = _resolved(each, objects)
        yield (_sentence(one) if "anyOf" in schema else ""), one


def _resolved(schema: Mapping[str, Any], objects: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    return dict(objects[reference.rpartition("/")[2]] if reference else schema)


def _sentence(schema: Mapping[str, Any]) -> str:
    return " ".join(str(schema.get("description", "")).split())


def _described(schema: dict[str, Any], objects: dict[str, Any]) -> str:
    """Return the description of an output without its name, which it begins with."""
    found = _sentence(schema) or _sentence(_resolved(schema, objects))
    text = found.partition("`: ")[2] if found.startswith("`macsec/") else found
    return text[:1].upper() + text[1:]


def _first(text: str) -> str:
    """Return the first sentence without its full stop."""
    return text.partition(". ")[0].rstrip(".")


Row = tuple[str, str, str]


def _members(
    schema: dict[str, Any], objects: dict[str, Any], path: str, inside: tuple[str, ...]
) -> Iterator[Row]:
    """Yield a row for each member of an object, and of the objects in it."""
    for name, entry in schema.get("properties", {}).items():
        found, suffix = _inner(entry, objects)
        where = f"{path}{name}{suffix}"
        optional = "" if name in schema.get("required", ()) else ", optional"
        if not found:
            yield f"`{where}`", _type(entry, objects) + optional, _unit(name, entry)
        for one in found:
            kind = _type(entry, objects) if one is found[0] else "or object"
            yield f"`{where}`", kind + optional, _sentence(one)
            if (title := json.dumps(one)) not in inside:
                yield from _members(one, objects, f"{where}.", (*inside, title))


def _inner(entry: dict[str, Any], objects: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """Return the objects that a member has, and the marks of lists and mappings on its path."""
    suffix = ""
    one = _resolved(entry, objects)
    while True:
        if "anyOf" in one:
            found = [each for each in one["anyOf"] if each.get("type") not in SCALARS]
            if len(found) != 1:
                return [_resolved(each, objects) for each in found], suffix
            one = _resolved(found[0], objects)
        elif one.get("type") == "array" and one.get("items"):
            one, suffix = _resolved(one["items"], objects), suffix + "[]"
        elif isinstance(one.get("additionalProperties"), dict) and one["additionalProperties"]:
            one, suffix = _resolved(one["additionalProperties"], objects), suffix + ".NAME"
        else:
            return [one] if "properties" in one else [], suffix


def _type(entry: dict[str, Any], objects: dict[str, Any]) -> str:
    """Return the values that a member takes, in words."""
    one = _resolved(entry, objects)
    if "anyOf" in one:
        return " or ".join(dict.fromkeys(_type(each, objects) for each in one["anyOf"]))
    if "properties" in one:
        return "object"
    if "description" in one:
        return _sentence(one)
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    kind = str(one.get("type", ""))
    if kind == "array":
        return f"list of {_type(one.get('items', {}), objects)}"
    if kind == "object":
        return f"mapping to {_type(one.get('additionalProperties') or {}, objects)}"
    return PLAIN.get(kind, kind) or "any value"


def _unit(name: str, entry: dict[str, Any]) -> str:
    """Return the unit of a number by the name of its member."""
    text = json.dumps(entry)
    if not any(word in text for word in ('"integer"', '"number"', "an integer, as text")):
        return ""
    return next((unit for end, unit in UNITS.items() if name.endswith(end)), "")


def _example(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"
