"""`macsec conformance`: table, JSON, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.files.corruption import documents

from macsec import cli, conformance

TARGETS = conformance.available()[0]
NATIVE = [target for target in TARGETS if target.backend == "native"]


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command line."""
    with pytest.raises(SystemExit) as ended:
        cli.cli.main(["conformance", *args])
    output = capsys.readouterr()
    return int(ended.value.code or 0), output.out, output.err


@pytest.fixture
def spoiled(tmp_path: Path) -> str:
    """A file with one vector that is wrong and 31 that are right."""
    document = json.loads(json.dumps(documents()["annex_c.json"]))
    document["vectors"][0]["frame_out"] = document["vectors"][1]["frame_out"]
    path = tmp_path / "spoiled[1].json"
    path.write_text(json.dumps(document))
    return str(path)


def test_built_in_vectors_pass(capsys: pytest.CaptureFixture[str]) -> None:
    """Everything passes: exit 0, a table by suite and kind with a column for each target."""
    code, out, err = run(capsys)
    assert code == 0
    lines = out.splitlines()
    heading = next(line for line in lines if "suite" in line)
    for column in ("suite", "kind", "cryptography", "reference", "passed", "failed"):
        assert column in heading
    rows = {tuple(line.split()[:2]): line.split() for line in lines if line.strip()}
    gcm = rows["gcm-aes-xpn-256", "integrity"]
    assert gcm[2:] == ["-", *["20"] * len(TARGETS), "20", "0"]
    assert rows["mka", "mkpdu"][2:] == ["31", *["-"] * len(TARGETS), "31", "0"]
    assert rows["dpdk", "named"][3:] == ["-", *["24"] * len(TARGETS), "24", "0"]
    assert rows["all", "1216"][1:] == ["1216", "0"]
    assert err.startswith("1,192 vectors and 24 named cases on reference")
    assert err.endswith(": all passed\n")


def test_json_counts_every_suite(capsys: pytest.CaptureFixture[str]) -> None:
    """One object on stdout, nothing on stderr."""
    code, out, err = run(capsys, "--json", "--backend", "reference")
    report = json.loads(out)
    assert (code, report["passed"], report["failed"], err) == (0, 1192, 0, "")
    assert report["backends"] == [{"backend": "reference", "kernel": "cryptography"}]


def test_failure_is_exit_3(capsys: pytest.CaptureFixture[str], spoiled: str) -> None:
    """A wrong vector: exit 3, one line with id, field, targets, clause and file."""
    code, out, err = run(capsys, spoiled)
    assert code == 3
    labels = ", ".join(target.label for target in TARGETS)
    (line,) = [line for line in out.splitlines() if line.startswith("failed ")]
    assert line.startswith("failed  annex-c.1.1  frame_out: expected ")
    assert line.endswith(f"({labels}; 10.5; {spoiled})")
    assert err.endswith(": 1 failed\n")
    assert "3/4" in out
    assert "dpdk" not in out


def test_failure_as_json(capsys: pytest.CaptureFixture[str], spoiled: str) -> None:
    """The same as JSON."""
    code, out, _ = run(capsys, spoiled, "--json")
    report = json.loads(out)
    assert (code, report["passed"], report["failed"]) == (3, 31, 1)
    assert [failure["id"] for failure in report["failures"]] == ["annex-c.1.1"]


def test_given_files_replace_the_built_in_vectors(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Several files: only their vectors, all of them."""
    paths = []
    for name in ("xpn_salt.json", "replay_sequences.json"):
        path = tmp_path / name
        path.write_text(json.dumps(documents()[name]))
        paths.append(str(path))
    code, out, _ = run(capsys, *paths, "--json")
    report = json.loads(out)
    assert (code, report["passed"]) == (0, 13)
    assert report["dpdk"] == {"passed": 0, "failed": 0, "failures": []}


@pytest.mark.parametrize(
    "args, code, text",
    [
        (["no-such-file.json"], 2, "no-such-file.json: No such file"),
        (["."], 2, ".: Is a directory"),
        ([__file__], 2, "not JSON"),
        (["--backend", "fpga"], 2, "fpga"),
        (["--backend", "reference", "--kernel", "portable"], 2, "kernels belong to the native"),
    ],
)
def test_bad_arguments_end_with_one_line(
    capsys: pytest.CaptureFixture[str], args: list[str], code: int, text: str
) -> None:
    """One clear line, the exit code that fits, nothing on stdout."""
    ended, out, err = run(capsys, *args)
    assert (ended, out) == (code, "")
    assert text in err
    assert err.count("\n") == 1


@pytest.mark.exhaustive
@pytest.mark.skipif(not NATIVE, reason="the native data plane is not built")
def test_chosen_kernel_runs_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One kernel by option; by environment beside the reference; an unknown one is refused."""

    def backends(*args: str) -> list[str]:
        code, out, _ = run(capsys, "--json", *args)
        assert code == 0
        return [entry["kernel"] for entry in json.loads(out)["backends"]]

    assert backends("--kernel", "portable") == ["portable"]
    monkeypatch.setenv("MACSEC_KERNEL", "portable")
    assert backends() == ["cryptography", "portable"]
    assert backends("--backend", "reference") == ["cryptography"]
    monkeypatch.setenv("MACSEC_KERNEL", "abacus")
    code, _, err = run(capsys)
    assert code == 2
    assert "kernel 'abacus' is unknown" in err


@pytest.mark.exhaustive
def test_kernels_left_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that cannot run is reported with the reason."""
    left_out = conformance.NotRun("native", "wide", "this CPU cannot run it: [VAES]")
    found = (conformance.available(["reference"])[0], (left_out,))
    monkeypatch.setattr(conformance, "available", lambda *_: found)
    code, out, _ = run(capsys)
    assert code == 0
    assert "not run  native wide: this CPU cannot run it: [VAES]\n" in out


@pytest.mark.exhaustive
def test_as_a_program() -> None:
    """The program ends with the exit code, its table on stdout."""
    command = [sys.executable, "-m", "macsec", "conformance", "--backend", "reference"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert "gcm-aes-128" in ended.stdout
    assert "all passed" in ended.stderr


def test_page_and_junit_are_different_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """One file cannot have both; nothing runs."""
    path = str(tmp_path / "out.html")
    code, out, err = run(capsys, "--suite", "linux", "--report", path, "--junit", path)
    assert (code, out) == (2, "")
    assert f"{path} is named twice" in err


def test_names_in_capitals_stay_so(capsys: pytest.CaptureFixture[str]) -> None:
    """An error begins in lower case, but not within a name."""
    assert "macsec: FILE has" in run(capsys, "x.json", "--suite", "linux")[2]
    assert "macsec: invalid value" in run(capsys, "--suite", "nowhere")[2]
