"""The runner can fail: for any spoiled bit of any vector it names that vector."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.files import corruption
from support.files.corruption import DECIDING, LABELS, NOT_DECIDING, deciding, documents, spoil

from macsec import conformance
from macsec.conformance import frames

SAMPLES = 4
NEIGHBOURS = 3

TARGETS = conformance.available()[0]
FIELDS = sorted((kind, field) for kind, fields in DECIDING.items() for field in fields)


def candidates(kind: str, field: str) -> list[tuple[str, int, corruption.Path]]:
    """File, row and path of every value of a field that decides."""
    return [
        (name, row, path)
        for name, document in documents().items()
        if document["type"] == kind
        for row, vector in enumerate(document["vectors"])
        for path in deciding(kind, vector)
        if path[0] == field
    ]


def run_spoiled(name: str, row: int, path: corruption.Path, random: Random, neighbours: int):
    """Spoil one value and run its vector with some around it; the report and the spoiled JSON."""
    document = documents()[name]
    vectors = document["vectors"]
    spoiled = spoil(document["type"], vectors[row], path, random)
    around = [vectors[(row + step) % len(vectors)] for step in range(1, neighbours + 1)]
    around = [vector for vector in around if vector["id"] != spoiled["id"]]
    file = corruption.with_vectors(document, [spoiled, *around])
    return conformance.run([file], TARGETS), spoiled


@pytest.mark.parametrize("kind, field", FIELDS)
def test_a_spoiled_field_is_found(kind: str, field: str) -> None:
    """Every field that decides, in a sample of vectors: exactly the spoiled vector fails."""
    random = Random(f"{kind} {field}")
    possible = candidates(kind, field)
    assert possible
    for name, row, path in random.sample(possible, min(SAMPLES, len(possible))):
        report, spoiled = run_spoiled(name, row, path, random, NEIGHBOURS)
        assert [f["id"] for f in report.as_json()["failures"]] == [spoiled["id"]], path
        assert report.vectors.failed == 1


@pytest.mark.parametrize("name", documents())
def test_every_vector_can_fail(name: str) -> None:
    """Every vector of every file, one value of each spoiled: it fails wherever it runs."""
    document = documents()[name]
    random = Random(name)
    vectors = []
    for vector in document["vectors"]:
        path = random.choice(deciding(document["type"], vector))
        vectors.append(spoil(document["type"], vector, path, random))
    report = conformance.run([corruption.with_vectors(document, vectors)], TARGETS)
    assert [result.id for result in report.results if result.passed] == []
    assert report.vectors.failed == len(vectors)


def test_one_in_every_file() -> None:
    """All built-in vectors with one spoiled in each file: those fail and no other."""
    random = Random("one in every file")
    files, spoiled_ids = [], []
    for document in documents().values():
        vectors = list(document["vectors"])
        row = random.randrange(len(vectors))
        path = random.choice(deciding(document["type"], vectors[row]))
        vectors[row] = spoil(document["type"], vectors[row], path, random)
        files.append(corruption.with_vectors(document, vectors))
        spoiled_ids.append(vectors[row]["id"])
    files = [
        conformance.VectorFile(f"{number}", file.type, file.vectors)
        for number, file in enumerate(files)
    ]
    report = conformance.run(files, TARGETS)
    assert [failure["id"] for failure in report.as_json()["failures"]] == spoiled_ids
    assert (report.vectors.passed, report.vectors.failed) == (1192 - 15, 15)


@given(data=st.data())
def test_any_bit_of_any_vector(data: st.DataObject) -> None:
    """Any vector, any value that decides, any bit of it: found on every target."""
    name = data.draw(st.sampled_from(sorted(documents())))
    vectors = documents()[name]["vectors"]
    row = data.draw(st.integers(0, len(vectors) - 1))
    path = data.draw(st.sampled_from(deciding(documents()[name]["type"], vectors[row])))
    random = Random(data.draw(st.integers(0, 1 << 32)))
    report, spoiled = run_spoiled(name, row, path, random, neighbours=0)
    assert not any(result.passed for result in report.results), (spoiled["id"], path)


@pytest.mark.parametrize("kind", DECIDING)
def test_no_field_is_forgotten(kind: str) -> None:
    """Each field of the built-in vectors decides, or is listed with the reason why not."""
    used = {
        field
        for document in documents().values()
        if document["type"] == kind
        for vector in document["vectors"]
        for field in vector
    }
    listed = set(DECIDING[kind]) | set(NOT_DECIDING.get(kind, {}))
    assert used - LABELS == listed


@pytest.mark.parametrize("kind, field", FIELDS)
def test_a_failure_shows_no_key(kind: str, field: str) -> None:
    """Of a key that is wrong, or leads to something wrong, the text has no octet."""
    random = Random(f"secret {kind} {field}")
    for name, row, path in random.sample(candidates(kind, field), 1):
        report, spoiled = run_spoiled(name, row, path, random, neighbours=0)
        secrets = [
            spoiled[secret]
            for secret in ("sak", "key", "cak", "kek", "ick", "msk", "output")
            if len(spoiled.get(secret, "")) >= 16
        ]
        for result in report.failures():
            shown = re.findall(r"[0-9a-f]{8,}", result.why)
            assert not [hexes for hexes in shown for secret in secrets if hexes in secret]
            assert "\n" not in result.why
            assert result.why.split(":")[0]


def test_a_refused_frame_made_whole_is_found() -> None:
    """A vector that wants a frame refused fails when the frame is a good one."""
    for name in ("derived_negative.json", "dpdk_secy.json"):
        document = documents()[name]
        refused = [vector for vector in document["vectors"] if vector["verdict"] != "valid"]
        for vector, model in zip(
            refused, corruption.with_vectors(document, refused).vectors, strict=True
        ):
            # Under the vector's own key, SCI and AN, and at the PN that the receiver expects.
            whole = {**vector, "pn": f"{max(int(vector['pn'], 16), 1):#010x}"}
            (fresh,) = corruption.with_vectors(document, [whole]).vectors
            with frames.sender(TARGETS[0], fresh) as secy:
                sent = secy.protect_frame(model.frame_in)  # type: ignore[attr-defined]
            whole["frame_out"] = sent.hex()
            whole.pop("reason", None)
            report = conformance.run([corruption.with_vectors(document, [whole])], TARGETS)
            assert [result.why.split(":")[0] for result in report.results] == (
                ["verdict"] * len(TARGETS)
            )


def test_pad_to_below_the_frame_is_found() -> None:
    """Padding cannot make a frame shorter."""
    document = documents()["derived_edges.json"]
    padded = next(vector for vector in document["vectors"] if "pad_to" in vector)
    file = corruption.with_vectors(document, [{**padded, "pad_to": 20}])
    assert conformance.run([file], TARGETS).failures()[0].why.startswith("pad_to: ")
