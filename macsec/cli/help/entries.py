"""Tables of the entries of a configuration and of a topology, from their models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from macsec.cli.help.markdown import table

SWITCH = {"on", "off"}


@cache
def meanings() -> dict[str, str]:
    """Return the meaning of each entry by its name, or by `Section.name`."""
    import yaml  # late: most topics do not need it

    found: dict[str, str] = yaml.safe_load((files("macsec.guide") / "entries.yaml").read_text())
    return {str(name): text for name, text in found.items()}


def meaning(section: str, name: str) -> str | None:
    """Return the meaning of an entry of a section, or None."""
    return meanings().get(f"{section}.{name}", meanings().get(name))


def entries(schema: dict[str, Any], whole: str) -> str:
    """Return a heading, a sentence and a table for each section of a JSON Schema."""
    sections = {whole: schema, **schema.get("$defs", {})}
    heads = {name: _path(one, whole if one is schema else name) for name, one in sections.items()}
    parts = []
    for name, one in sections.items():
        if one.get("properties"):
            text = _sentence(one)
            rows = list(_rows(name, one, heads))
            parts += [f"### {heads[name]}", text, table(_HEADS, rows)]
    return "\n\n".join(part for part in parts if part)


def _sentence(schema: dict[str, Any]) -> str:
    """Return the description of a section without the path that it begins with."""
    text = re.sub(r"^`[^`]*`[.:,]? ", "", " ".join(schema.get("description", "").split()))
    return text[:1].upper() + text[1:]


_HEADS = ["entry", "meaning", "value", "default"]


def _path(schema: dict[str, Any], name: str) -> str:
    """Return the dotted path of a section, which its description begins with."""
    text = str(schema.get("description", ""))
    if not text.startswith("`"):
        return name.removesuffix("Section")
    return text.split("`")[1].rstrip(":")


def _rows(
    section: str, schema: dict[str, Any], heads: dict[str, str]
) -> Iterator[tuple[str, str, str, str]]:
    required = schema.get("required", ())
    for name, entry in schema["properties"].items():
        text = meaning(section, name) or ""
        shown = "required" if name in required else _default(entry.get("default"))
        yield f"`{name}`", text, _kind(entry, heads), shown


def _default(value: object) -> str:
    if value is None or isinstance(value, dict | list | tuple):
        return ""
    return f"`{({True: 'on', False: 'off'}[value]) if isinstance(value, bool) else value}`"


def _kind(entry: dict[str, Any], heads: dict[str, str]) -> str:
    """Return the values that an entry takes, in words."""
    if "$ref" in entry:
        return f"section `{heads[str(entry['$ref']).rpartition('/')[2]]}`"
    if "enum" in entry:
        words = [value for value in entry["enum"] if isinstance(value, str)]
        if set(words) >= SWITCH:
            return "`on`, `off`"
        lower = [word for word in words if not (word.isupper() and word.lower() != word)]
        return ", ".join(f"`{word}`" for word in lower or words)
    for word in ("anyOf", "oneOf"):
        if word in entry:
            kinds = dict.fromkeys(_kind(each, heads) for each in entry[word])
            return " or ".join(filter(None, kinds))
    if "description" in entry:
        return " ".join(str(entry["description"]).split())
    return _type(entry, heads)


def _type(entry: dict[str, Any], heads: dict[str, str]) -> str:
    kind = entry.get("type", "")
    if kind == "array":
        return f"list of {_kind(entry.get('items', {}), heads) or 'values'}"
    if kind == "object":
        inner = [*entry.get("patternProperties", {}).values(), entry.get("additionalProperties")]
        found = [_kind(each, heads) for each in inner if isinstance(each, dict)]
        return f"mapping to {found[0]}" if found and found[0] else "mapping"
    names = {"null": "", "integer": "number", "string": "text", "boolean": "`on`, `off`"}
    kinds = [kind] if isinstance(kind, str) else kind
    return " or ".join(dict.fromkeys(filter(None, (names.get(each, each) for each in kinds))))
