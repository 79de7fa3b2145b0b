"""Reports: what counts once, the JSON object, choosing targets, kernels left out."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from support.files.corruption import documents, with_vectors

from macsec import conformance, native
from macsec.conformance import targets
from macsec.conformance.outcome import expect
from macsec.conformance.targets import REFERENCE, NotRun, Target
from macsec.errors import ConfigError, EnvironmentLacks

TARGETS = conformance.available()[0]
NATIVE = [target for target in TARGETS if target.backend == "native"]


def spoiled_annex_c() -> conformance.VectorFile:
    """Annex C with one ICV replaced."""
    document = documents()["annex_c.json"]
    vectors = [dict(vector) for vector in document["vectors"]]
    vectors[4]["icv"] = "00" * 16
    return with_vectors(document, vectors)


def test_json_of_a_good_run() -> None:
    """The contract's fields, and the sums of by_suite."""
    report = json.loads(json.dumps(conformance.run().as_json()))
    assert report["schema"] == "macsec/conformance/1"
    assert (report["passed"], report["failed"], report["failures"]) == (1192, 0, [])
    suites = report["by_suite"]
    assert {"gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128", "gcm-aes-xpn-256"} < set(suites)
    assert sum(suite["passed"] for suite in suites.values()) == 1192
    for suite in suites.values():
        for outcome in ("passed", "failed"):
            assert suite[outcome] == sum(kind[outcome] for kind in suite["by_kind"].values())
    assert report["dpdk"] == {"passed": 24, "failed": 0, "failures": []}
    assert report["backends"][0] == {"backend": "reference", "kernel": "cryptography"}


def test_json_of_a_failure() -> None:
    """A vector that fails everywhere is one failure, with id, why and where."""
    report = conformance.run([spoiled_annex_c()], TARGETS).as_json()
    assert (report["passed"], report["failed"]) == (31, 1)
    (failure,) = report["failures"]
    assert failure["id"] == "annex-c.2.1"
    assert failure["why"].startswith("icv: expected 00000000, got ")
    assert failure["clause"] == "9.11, 14.5"
    assert failure["backends"] == [target.label for target in TARGETS]
    assert report["by_suite"]["gcm-aes-128"]["by_kind"]["integrity"] == {"passed": 3, "failed": 1}


class Half(Target):
    """A target whose cipher fails where the reference does not."""

    def cipher(self) -> SimpleNamespace:
        """No good."""
        return SimpleNamespace(seal=lambda *_: (b"", b""), open=lambda *_: b"")


def test_failed_on_one_is_failed() -> None:
    """A vector that passes on one target and fails on another is failed, once."""
    bad = Half("reference", "other")
    file = next(file for file in conformance.builtin() if file.name == "aes_gcm_96.json")
    report = conformance.run([file], [REFERENCE, bad])
    assert (report.vectors.passed, report.vectors.failed) == (0, 147)
    assert {result.target for result in report.failures()} == {bad}
    assert sum(result.passed for result in report.results) == 147


@pytest.mark.parametrize(
    "expected, got, text",
    [
        (b"\x00\x01\x02", b"\x00\x01\x03", "field: expected 02, got 03 at octet 3 of 3"),
        (b"\x00", b"", "field: expected 1 octets, got 0"),
        (1, 2, "field: expected 1, got 2"),
        ({"a": 1}, {}, "field: expected a 1, got nothing"),
        ("x" * 99, "y", f"field: expected {'x' * 59}…, got y"),
    ],
)
def test_mismatch_is_one_short_line(expected: object, got: object, text: str) -> None:
    """A mismatch is one short line."""
    with pytest.raises(Exception, match="field") as raised:
        expect("field", expected, got)
    assert str(raised.value) == text


def test_the_text_of_a_key() -> None:
    """Of a key it says only that it differs."""
    with pytest.raises(Exception, match=r"^sak: differs$"):
        expect("sak", b"\x01", b"\x02")


def test_backend_is_chosen_by_name() -> None:
    """One backend by name."""
    assert conformance.available(["reference"]) == ((REFERENCE,), ())


@pytest.mark.skipif(not NATIVE, reason="the native data plane is not built")
@pytest.mark.parametrize("target", NATIVE, ids=lambda target: target.label)
def test_kernel_is_chosen_by_name(target: Target) -> None:
    """One kernel by name: only it."""
    assert conformance.available(kernels=[target.kernel]) == ((target,), ())
    assert conformance.available(["native"], [target.kernel]) == ((target,), ())


def test_unknown_backend_is_an_error() -> None:
    """An unknown name is an error, never an empty run."""
    with pytest.raises(ConfigError, match="backend 'fpga': one of reference, native"):
        conformance.available(["fpga"])
    with pytest.raises(ConfigError, match="kernels belong to the native backend"):
        conformance.available(["reference"], ["aesni"])


@pytest.mark.skipif(not NATIVE, reason="the native data plane is not built")
def test_unknown_kernel_is_an_error() -> None:
    """So is a kernel."""
    with pytest.raises(ConfigError, match="kernel 'abacus' is unknown"):
        conformance.available(kernels=["abacus"])


def test_without_the_native_plane(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plane that is not built is left out with the reason; asking for it is an error."""
    monkeypatch.setattr(native, "EXTENSION", "macsec._not_built")
    planes, not_run = conformance.available()
    assert planes == (REFERENCE,)
    assert not_run == (NotRun("native", None, "not built: install with a C compiler"),)
    for asked in ({"backends": ["native"]}, {"kernels": ["aesni"]}):
        with pytest.raises(EnvironmentLacks, match="was not built"):
            conformance.available(**asked)


def other_machine(supported: bool) -> SimpleNamespace:
    """A native plane with a kernel that cannot be used."""
    lib = SimpleNamespace(
        macsec_kernel_supported=lambda index: index == 1 or supported,
        macsec_kernel_description=lambda index: b"VAES and AVX-512",
    )
    return SimpleNamespace(
        kernels=lambda: ["wide", "portable"],
        usable_kernels=lambda: ["portable"],
        check_kernel=lambda name: None,
        lib=lib,
        ffi=SimpleNamespace(string=lambda text: text),
    )


def test_a_kernel_that_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is listed with what it needs, and the run is good."""
    monkeypatch.setattr(targets, "import_module", lambda name: other_machine(supported=False))
    planes, not_run = conformance.available()
    assert planes == (REFERENCE, Target("native", "portable"))
    assert [(left.kernel, left.reason) for left in not_run] == [
        ("wide", "this CPU cannot run it: VAES and AVX-512")
    ]
    assert conformance.run([], planes, not_run).good


def test_a_kernel_that_should_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known answers that do not come out spoil the run."""
    monkeypatch.setattr(targets, "import_module", lambda name: other_machine(supported=True))
    planes, not_run = conformance.available()
    report = conformance.run([], planes, not_run)
    assert not report.good
    assert report.as_json()["not_run"] == [
        {"backend": "native", "kernel": "wide", "reason": "its known answers do not come out"}
    ]
