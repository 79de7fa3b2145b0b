"""The typed model back to YAML, and its JSON Schema for editors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel

from macsec.config.loading import load
from macsec.config.model import (
    ClassSASection,
    Configuration,
    ReceiveSASection,
    ReceiveSCSection,
    SecYSection,
    TransmitSASection,
    TransmitSCSection,
)
from macsec.config.private import write_private
from macsec.config.reading import Origin, PathInTree
from macsec.config.sources import KeySource
from macsec.errors import ConfigError
from macsec.terms import sci_text

SA: TypeAlias = TransmitSASection | ReceiveSASection | ClassSASection

_FORMATS = {"ssci": "08x", "ethertype": "04x", "eapol_ethertype": "04x"}
_TABLES = {"traffic_classes", "access_priorities"}
"""Controls that are left out where they are not given."""
_BARE = re.compile(
    r"(?!null$|Null$|NULL$)[A-Za-z0-9_/.][A-Za-z0-9_/.~-]*(?:[:+@=][A-Za-z0-9_/.~-]+)*"
)


def dump(
    config: Configuration | Mapping[str, Any] | str | Path, *, reveal_keys: bool = False
) -> str:
    """A configuration as YAML that loads equal.

    Key references are written as they are. An inline key is written only with `reveal_keys`;
    without it, ConfigError.
    """
    model = load(config)
    return "\n".join(_lines(model, reveal_keys)) + "\n"


def write(path: str | Path, config: Configuration | Mapping[str, Any]) -> None:
    """Write a configuration, its keys included, to a new file that only the owner can read."""
    write_private(Path(path), dump(config, reveal_keys=True).encode())


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a configuration file, for editors."""
    schema = Configuration.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _lines(model: Configuration, reveal: bool) -> Iterator[str]:
    yield "secy:"
    for name, entry in SecYSection.model_fields.items():
        if name in _TABLES and getattr(model.secy, name) is None:
            continue
        yield f"  {entry.alias or name}: {_scalar(name, getattr(model.secy, name))}"
    if model.mka is not None:
        yield "mka:"
        yield from _agreement(model.mka, ("mka",), model.origin, reveal, "  ", "  ")
    if model.tx is not None:
        yield "tx:"
        yield from _channel(model.tx, ("tx",), model.origin, reveal, "  ", "  ")
    if model.rx:
        yield "rx:"
    for at, channel in enumerate(model.rx):
        yield from _channel(channel, ("rx", at), model.origin, reveal, "  - ", "    ")


def _agreement(
    section: BaseModel, path: PathInTree, origin: Origin, reveal: bool, first: str, indent: str
) -> Iterator[str]:
    """`mka`, or one section in it."""
    lead = first
    for name, entry in type(section).model_fields.items():
        value, key = getattr(section, name), entry.alias or name
        inner: Iterator[str] = iter(())
        if value is None or value == []:
            continue
        if isinstance(value, list) and isinstance(value[0], str):
            text = f" [{', '.join(value)}]"
        elif isinstance(value, list):
            text = ""
            inner = (
                line
                for at, item in enumerate(value)
                for line in _agreement(
                    item, (*path, key, at), origin, reveal, f"{indent}  - ", f"{indent}    "
                )
            )
        elif isinstance(value, BaseModel):
            text = ""
            inner = _agreement(value, (*path, key), origin, reveal, f"{indent}  ", f"{indent}  ")
        elif isinstance(value, KeySource):
            text = " " + _key(value, origin.where((*path, key)), reveal)
        else:
            text = " " + (_text(value) if isinstance(value, str) else _scalar(name, value))
        yield f"{lead}{key}:{text}"
        yield from inner
        lead = indent


def _channel(
    channel: TransmitSCSection | ReceiveSCSection,
    path: PathInTree,
    origin: Origin,
    reveal: bool,
    first: str,
    indent: str,
) -> Iterator[str]:
    yield f"{first}sci: {sci_text(channel.sci)}"
    yield f"{indent}enabled: {_scalar('enabled', channel.enabled)}"
    yield from _associations(channel.sa, path, origin, reveal, indent)
    if isinstance(channel, TransmitSCSection) and channel.classes:
        yield f"{indent}classes:"
        for traffic_class, section in sorted(channel.classes.items()):
            inner, place = f"{indent}    ", (*path, "classes", str(traffic_class))
            yield f"{indent}  {traffic_class}:"
            yield f"{inner}enabled: {_scalar('enabled', section.enabled)}"
            if section.sa is not None:
                yield from _associations(section.sa, place, origin, reveal, inner)


def _associations(
    sas: Mapping[int, SA], path: PathInTree, origin: Origin, reveal: bool, indent: str
) -> Iterator[str]:
    yield f"{indent}sa:" if sas else f"{indent}sa: {{}}"
    for an, sa in sorted(sas.items()):
        place = origin.where((*path, "sa", str(an), "key"))
        yield f"{indent}  {an}: {{{', '.join(_association(sa, place, reveal))}}}"


def _association(sa: SA, place: str, reveal: bool) -> Iterator[str]:
    if sa.key is not None:
        yield f"key: {_key(sa.key, place, reveal)}"
    for name in type(sa).model_fields:
        value = getattr(sa, name)
        if name != "key" and value is not None:
            yield f"{name}: {_scalar(name, value)}"


def _key(source: KeySource, place: str, reveal: bool) -> str:
    if source.inline is None:
        try:
            return _text(source.reference or "")
        except UnicodeEncodeError:
            raise ConfigError(f"{place}: a path that is not UTF-8 cannot be written") from None
    if not reveal:
        raise ConfigError(f"{place}: an inline key is not written unless keys are to be revealed")
    return source.inline.expose().hex()


def _scalar(name: str, value: object) -> str:
    if name == "mtu" and value is None:
        return "off"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, bytes):
        return value.hex()
    return format(value, _FORMATS.get(name, ""))


def _text(text: str) -> str:
    text.encode()
    if _BARE.fullmatch(text):
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if " " <= character <= "~":
        return "\\" + character if character in '"\\' else character
    code = ord(character)
    return f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"
