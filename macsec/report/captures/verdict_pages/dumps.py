"""A frame as a hex dump with the names of its parts."""

from __future__ import annotations

from collections.abc import Mapping

from macsec.frames.dissect import Span, observe, spans
from macsec.frames.sectag import MEANINGS, TCI, TagRules
from macsec.report.html.model import DumpField


def fields(octets: bytes, rules: TagRules, offset: int = 0) -> list[DumpField]:
    """Return the parts of a frame; `offset`: the confidentiality offset."""
    sight = observe(octets, rules)
    meanings = {"rest": "EtherType and user data, readable"}
    if sight.tag is not None:
        tag = sight.tag
        what = MEANINGS[tag.tci & (TCI.E | TCI.C)]
        text = f"AN {tag.an}, PN {tag.pn}, SL {tag.sl}, SCI {_sci(tag.sci)}"
        meanings["SecTAG"] = f"{text}; {what}"
    return [_field(span, meanings) for span in spans(octets, sight, offset)]


def _field(span: Span, meanings: Mapping[str, str]) -> DumpField:
    kind = "clear" if span.name == "rest" else span.name
    return DumpField(kind, span.start, span.stop, meanings.get(span.name, ""))


def _sci(sci: int | None) -> str:
    return "not in the tag" if sci is None else f"{sci:016x}"
