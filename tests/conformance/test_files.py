"""Reading vector files: what is not of the schema is refused, in one line that says where."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.files.corruption import documents, with_vectors

from macsec import conformance
from macsec.errors import ConfigError

ANNEX_C = documents()["annex_c.json"]
REPLAY = documents()["replay_sequences.json"]


def changed(document: dict[str, Any], **changes: Any) -> bytes:
    """A document with fields of its first vector changed; a value of ... takes one away."""
    new = copy.deepcopy(document)
    for field, value in changes.items():
        if value is ...:
            del new["vectors"][0][field]
        else:
            new["vectors"][0][field] = value
    return json.dumps(new).encode()


NO_FILES = {
    "empty": (b"", "not JSON"),
    "no JSON": (b"hello", "1: not JSON: Expecting value"),
    "cut short": (changed(ANNEX_C)[:-10], "not JSON"),
    "no UTF-8": (b'{"schema": "\xff"}', "not JSON"),
    "too deep": (b"[" * 200_000, "not JSON"),
    "a list": (b"[]", "not a file of schema macsec-vectors/1"),
    "no schema": (b"{}", "not a file of schema macsec-vectors/1"),
    "another schema": (b'{"schema": "macsec-vectors/2"}', "not a file of schema"),
    "no vector": (
        b'{"schema": "macsec-vectors/1", "type": "aes-gcm", "vectors": []}',
        "`vectors` is empty: nothing would be tested",
    ),
    "no type": (b'{"schema": "macsec-vectors/1", "vectors": []}', "type None: one of secy-frame"),
    "unknown type": (
        b'{"schema": "macsec-vectors/1", "type": "aes-ccm", "vectors": []}',
        "type 'aes-ccm': one of secy-frame",
    ),
    "type is a list": (b'{"schema": "macsec-vectors/1", "type": []}', "type []: one of"),
    "no vectors": (b'{"schema": "macsec-vectors/1", "type": "mkpdu"}', "`vectors` is not a list"),
    "a number for a vector": (
        b'{"schema": "macsec-vectors/1", "type": "mkpdu", "vectors": [7]}',
        "vector number 1: ",
    ),
    "no id": (changed(ANNEX_C, id=...), "vector number 1: id: Field required"),
    "no key": (changed(ANNEX_C, sak=...), "vector 'annex-c.1.1': sak: Field required"),
    "odd hex": (changed(ANNEX_C, frame_in="abc"), "frame_in: octets are a string with an even"),
    "no hex": (changed(ANNEX_C, icv="zz"), "icv: octets are a string"),
    "spaced hex": (changed(ANNEX_C, icv="00 11"), "icv: octets are a string"),
    "a number for octets": (changed(ANNEX_C, sci=5), "sci: octets are a string"),
    "a PN without 0x": (
        changed(ANNEX_C, pn="5"),
        "pn: a packet number is a number",
    ),
    "a PN of 68 bits": (changed(ANNEX_C, pn="0x" + "1" * 17), "pn: a packet number"),
    "a string for a number": (changed(ANNEX_C, an="2"), "an: Input should be a valid integer"),
    "a number for a switch": (changed(ANNEX_C, clear_tags_in_aad=1), "clear_tags_in_aad: Input"),
    "unknown verdict": (changed(ANNEX_C, verdict="fine"), "verdict: Input should be 'valid'"),
    "unknown field": (changed(ANNEX_C, icw="00"), "icw: Extra inputs are not permitted"),
    "half a TCI": (changed(ANNEX_C, tci={"v": 0}), "tci.es: Field required"),
    "a bad step": (changed(REPLAY, steps=[{"pn": "0x1"}]), "steps.0.counter: Field required"),
    "the same id twice": (
        changed(ANNEX_C, id="annex-c.1.2"),
        "two vectors have the id 'annex-c.1.2'",
    ),
}


@pytest.mark.parametrize("octets, reason", NO_FILES.values(), ids=NO_FILES)
def test_bad_vector_file_is_refused(tmp_path: Path, octets: bytes, reason: str) -> None:
    """A file that is not of the schema: ConfigError, the path first, one line."""
    path = tmp_path / "vectors.json"
    path.write_bytes(octets)
    with pytest.raises(ConfigError) as refused:
        conformance.load(path)
    text = str(refused.value)
    assert text.startswith((f"{path}: ", f"{path}:"))
    assert reason in text
    assert "\n" not in text
    assert len(text) < 300 + len(str(path))
    assert refused.value.exit_code == 2


def test_no_key_in_a_refusal() -> None:
    """A key that cannot be read is not repeated."""
    with pytest.raises(ConfigError) as refused:
        conformance.parse("x", changed(ANNEX_C, sak="00112233445566778899aabbccddeefg"))
    assert "00112233" not in str(refused.value)


@pytest.mark.parametrize("missing", ["no/such/file.json", "."])
def test_missing_vector_file_is_refused(missing: str) -> None:
    """A file that cannot be opened is a wrong argument: a ConfigError names it."""
    with pytest.raises(ConfigError, match=f"^{missing}: ") as refused:
        conformance.load(missing)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("name", documents())
def test_only_what_matters_is_needed(name: str, tmp_path: Path) -> None:
    """A file without sources and description, its vectors without labels, passes as well."""
    document = documents()[name]
    bare = [
        {field: value for field, value in vector.items() if field not in ("source", "note")}
        for vector in document["vectors"][:5]
    ]
    path = tmp_path / name
    path.write_text(
        json.dumps({"schema": document["schema"], "type": document["type"], "vectors": bare})
    )
    report = conformance.run([conformance.load(path)])
    assert (report.good, report.vectors.passed) == (True, len(bare))
    assert report.cases == ()


def test_intermediate_values_are_optional() -> None:
    """A frame needs no intermediate values to be checked."""
    values = ("sectag", "iv", "aad", "gcm_plaintext", "secure_data", "icv", "plain_octets")
    octets = changed(ANNEX_C, **dict.fromkeys(values, ...))
    assert conformance.run([conformance.parse("x", octets)]).good


def test_a_vector_that_no_secy_can_be_set_to_fails() -> None:
    """Controls that cannot be: the vector fails, with the reason, and the others go on."""
    report = conformance.run([conformance.parse("x", changed(ANNEX_C, conf_offset=30))])
    assert {result.id for result in report.failures()} == {"annex-c.1.1"}
    assert report.failures()[0].why.startswith("cannot be run: offset 30 with encrypt: off")
    assert report.vectors.passed == 31


HEX = st.binary(max_size=80).map(bytes.hex)
NUMBERS = st.integers(0, 2**64 - 1).map(hex)
LIKE: tuple[tuple[type, st.SearchStrategy[Any]], ...] = (
    (bool, st.booleans()),
    (int, st.integers(-(2**70), 2**70)),
    (str, HEX | NUMBERS | st.text(max_size=9)),
)
"""Another value of the same JSON type."""


@given(data=st.data())
def test_changed_vector_is_refused_or_judged(data: st.DataObject) -> None:
    """Any vector is refused by the schema, passes or fails; nothing else raises."""
    document = documents()[data.draw(st.sampled_from(sorted(documents())))]
    vector = copy.deepcopy(data.draw(st.sampled_from(document["vectors"])))
    fields = sorted(name for name, value in vector.items() if isinstance(value, bool | int | str))
    for field in data.draw(st.lists(st.sampled_from(fields), min_size=1, max_size=3)):
        kinds = (values for kind, values in LIKE if isinstance(vector[field], kind))
        vector[field] = data.draw(next(kinds))
    try:
        file = with_vectors(document, [vector])
    except ConfigError:
        return
    report = conformance.run([file])
    assert {result.id for result in report.results} == {vector["id"]}
