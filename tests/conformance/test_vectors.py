"""The built-in vectors: all there, all passed, on every target."""

from __future__ import annotations

import pytest
from support.files.corruption import documents

from macsec import conformance
from macsec.conformance.targets import KEY_AGREEMENT

TARGETS, NOT_RUN = conformance.available()
FILES = conformance.builtin()

COUNTS = {
    "aes_cmac.json": 210,
    "aes_gcm_96.json": 147,
    "aes_gcm_cavp.json": 350,
    "aes_keywrap.json": 117,
    "annex_c.json": 32,
    "derived_edges.json": 152,
    "derived_negative.json": 19,
    "derived_offset.json": 36,
    "dpdk_secy.json": 22,
    "macsec_lab.json": 25,
    "mka_kdf.json": 22,
    "mkpdu.json": 31,
    "replay_sequences.json": 10,
    "xpn_pn_recovery.json": 16,
    "xpn_salt.json": 3,
}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.label)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_all_vectors_pass_on_each_target(
    file: conformance.VectorFile, target: conformance.Target
) -> None:
    """Every vector of a file passes on a target."""
    report = conformance.run([file], [target])
    assert [(result.id, result.why) for result in report.failures()] == []
    assert report.vectors.passed == COUNTS[file.name]
    assert len(report.results) == COUNTS[file.name]
    assert {result.target for result in report.results} <= {target, KEY_AGREEMENT}


def test_number_of_vectors_is_as_published() -> None:
    """Fifteen files with as many vectors as were published and derived."""
    assert {file.name: len(file.vectors) for file in FILES} == COUNTS
    assert sum(COUNTS.values()) == 1192


@pytest.mark.parametrize("name", documents())
def test_sources_are_named(name: str) -> None:
    """Every vector names a source of its file, and every source has a licence or is ours."""
    document = documents()[name]
    sources = {source["id"]: source for source in document["sources"]}
    assert {vector["source"] for vector in document["vectors"]} <= set(sources)
    for source in sources.values():
        assert source.keys() & {"license", "how", "title"}, source["id"]


def test_run_without_arguments_covers_everything() -> None:
    """Without arguments everything runs everywhere: vectors count once, cases apart."""
    report = conformance.run()
    assert report.good
    assert (report.vectors.passed, report.vectors.failed) == (1192, 0)
    assert (report.named_cases.passed, report.named_cases.failed) == (24, 0)
    assert report.targets == TARGETS
    assert report.not_run == NOT_RUN


def test_every_kernel_runs_the_data_plane_vectors() -> None:
    """Each vector of the data plane has one result a target, each of key agreement one."""
    report = conformance.run(FILES, TARGETS)
    by_target = {
        target: sum(result.target == target for result in report.results)
        for target in (*TARGETS, KEY_AGREEMENT)
    }
    on_planes = 286 + 16 + 10 + 497
    assert by_target == {**dict.fromkeys(TARGETS, on_planes), KEY_AGREEMENT: 1192 - on_planes}
