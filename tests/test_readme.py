"""Examples of README.md: Python blocks run, command lines and configurations are accepted."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import click
import pytest
import yaml

from macsec.cli import cli
from macsec.config import load

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
KEY = "0f0e0d0c0b0a09080706050403020100"
LINK = """
tx: {sci: 5254001301560001, sa: {0: {key: KEY}}}
rx: [{sci: 5254001301560001, sa: {0: {key: KEY}}}]
""".replace("KEY", KEY)


def blocks(language: str) -> list[tuple[str, str]]:
    """Each block of a language ("" for output), with the heading above it."""
    found, heading = [], ""
    for part in re.finditer(r"^## ([^\n]*)$|^```(\w*)\n(.*?)^```$", README, re.M | re.S):
        heading = part[1] or heading
        if part[2] == language:
            found.append((heading, part[3]))
    return found


def under(heading: str, language: str) -> str:
    """The only block of a language under a heading."""
    (text,) = (text for name, text in blocks(language) if name == heading)
    return text


def commands() -> Iterator[str]:
    """Each command line that runs macsec, in shell blocks and in the table of verbs."""
    shell = "\n".join(text for _, text in blocks("sh"))
    table = "\n".join(re.findall(r"^\| `(macsec [^`]*)` ", README, re.M))
    for line in f"{shell}\n{table}".splitlines():
        words = shlex.split(line.replace("&&", ";").rstrip("& "), comments=True)
        if "macsec" in words and "keys export`" not in line:
            yield shlex.join(words[words.index("macsec") + 1 :])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the examples name."""
    monkeypatch.chdir(tmp_path)
    for name, text in (
        ("link.yaml", LINK),
        ("peer.yaml", LINK),
        ("sak.hex", KEY),
        ("cak.hex", KEY),
        ("kek", KEY * 2),
    ):
        Path(name).touch(0o600)
        Path(name).write_text(text)
    Path("pcaps").symlink_to(ROOT / "pcaps")
    Path("in.pcapng").symlink_to(ROOT / "pcaps" / "tls13.pcap")
    Path("in.pcap").symlink_to(ROOT / "pcaps" / "tls13.pcap")
    monkeypatch.setenv("PEER_SAK", KEY)
    monkeypatch.setenv("NEXT_CAK", KEY[::-1])
    return tmp_path


def run(code: str) -> str:
    """Run Python in a process of its own; return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_first_commands_stay() -> None:
    """The two commands of the first minute are part of the contract."""
    assert "```sh\npip install . && macsec replay pcaps/tls13.pcap\n```" in README
    assert "```sh\npip install '.[test]' && pytest\n```" in README


def test_every_python_block_imports_faces_only() -> None:
    """Examples name packages, not the modules in them; scapy's own parts are the exception."""
    for _, code in blocks("python"):
        for module in re.findall(r"^(?:from|import) (macsec[\w.]*)", code, re.M):
            assert module.count(".") < 2 or module == "macsec.wire.scapy"


def test_python_secy_example_protects_validates_and_copies_a_capture(folder: Path) -> None:
    """After one frame by itself, a whole capture; every PN is counted."""
    printed = run(under("In Python", "python"))
    assert printed.split() == ["131", "132"]
    assert (folder / "out.pcap").stat().st_size > 98_548


def test_key_agreement_example_secures_both_stations() -> None:
    """The status that it prints has the lines that the README names."""
    printed = run(under("Key agreement", "python"))
    assert "Secured=Yes" in printed
    assert "Number of Keys Received=1" in printed


def test_scapy_example_prints_the_values_of_its_comments() -> None:
    """Times of the virtual wire are exact."""
    code = under("Scapy on the wire", "python")
    wanted = re.findall(r"^print.*# ([^:\n]+)", code, re.M)
    assert [line for line in run(code).splitlines() if "ARP" not in line] == wanted


def test_every_python_block_has_its_test() -> None:
    """A new example needs a test above."""
    assert [name for name, _ in blocks("python")] == [
        "In Python",
        "Key agreement",
        "Scapy on the wire",
    ]


@pytest.mark.parametrize("text", [text for name, text in blocks("yaml") if "secy:" in text])
def test_configuration_example_loads(folder: Path, text: str) -> None:
    """The configuration of a SecY is valid as it is."""
    Path("example.yaml").write_text(text)
    assert load("example.yaml").tx is not None


def test_mka_example_loads(folder: Path) -> None:
    """The section of key agreement is valid as it is."""
    Path("example.yaml").write_text(under("Keys", "yaml"))
    model = load("example.yaml")
    assert model.mka is not None
    assert len(model.mka.keychain) == 1


def test_every_yaml_block_parses() -> None:
    """Topologies too; tests/cli/lab runs them."""
    assert all(yaml.safe_load(text) for _, text in blocks("yaml"))


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_command_line_is_accepted(line: str) -> None:
    """Each verb, option and number of arguments exists."""
    args, command = shlex.split(line), cast("click.Command", cli)
    context = click.Context(cli, info_name="macsec")
    while isinstance(command, click.Group):
        name, found, args = command.resolve_command(context, args)
        assert found is not None
        command = found
        context = click.Context(found, info_name=name, parent=context)
    command.make_context("macsec", args, parent=context.parent)


@pytest.mark.parametrize("heading", ["First minute", "Attacks", "A capture with its key agreement"])
def test_shell_example_prints_its_output(folder: Path, heading: str) -> None:
    """The lines that the README shows, but for times and kernels."""
    text = "".join(text for name, text in blocks("sh") if name == heading)
    (folder / "bin").mkdir()
    script = folder / "bin" / "macsec"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m macsec "$@"\n')
    script.chmod(0o755)
    text = text.replace("pip install . && ", "").replace("pip install '.[test]' && pytest", "")
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-ec", text], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    printed = [" ".join(line.split()) for line in (done.stdout + done.stderr).splitlines()]
    for line in map(str.split, under(heading, "").splitlines()):
        wanted = re.split(r" in \d\.| across an|, native/|^\.\.\.$", " ".join(line))[0]
        assert any(each.startswith(wanted) for each in printed), wanted


NOT_ALONE = re.compile(r"pip install|pytest|^sudo |^macsec bench ")
"""Lines that need a network, root, another machine, or minutes."""


@pytest.mark.exhaustive
def test_shell_blocks_work_in_order_for_a_newcomer(tmp_path: Path) -> None:
    """From an empty folder beside pcaps/, each block finds the files that those before it made."""
    (tmp_path / "pcaps").symlink_to(ROOT / "pcaps")
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "macsec"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m macsec "$@"\n')
    script.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    table = re.findall(r"^\| `(macsec (?:inspect|explain|mka|replay) [^`]*)` ", README, re.M)
    lines = [line for _, text in blocks("sh") for line in text.splitlines()] + table
    kept = [line for line in lines if not NOT_ALONE.search(line)]
    assert len(kept) > 20
    done = subprocess.run(
        ["sh", "-ec", "\n".join(kept)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert "frames delivered (130 ok)" in done.stderr


def test_root_commands_find_macsec_in_a_virtual_environment() -> None:
    """`sudo` alone searches its own path."""
    lines = [line for line in README.splitlines() if line.startswith("sudo") and "macsec " in line]
    own = [line for line in lines if "wpa_supplicant -D" not in line]
    assert own
    assert all(line.startswith('sudo env "PATH=$PATH" macsec ') for line in own)


def test_json_schema_command_prints_a_schema() -> None:
    """The command in the text about configurations."""
    (code,) = re.findall(r'`python -c "(.*?)"`', README, re.S)
    assert json.loads(run(code.replace("\n", " ")))["$schema"]


def pytest_commands() -> Iterator[list[str]]:
    """Arguments of each printed pytest command that names files, folders or tests."""
    for line in re.findall(r"(?<!-m )\bpytest( [^\n`]*)", f"{README}\n{CONTRIBUTING}"):
        args = shlex.split(line, comments=True)
        if any(arg.startswith(("tests", "bench")) for arg in args):
            yield args


@pytest.mark.parametrize("args", list(pytest_commands()), ids=" ".join)
def test_printed_pytest_command_names_what_exists(args: list[str]) -> None:
    """A file, folder or test that a document names exists."""
    for name in [arg for arg in args if arg.startswith(("tests", "bench"))]:
        path, _, test = name.partition("::")
        assert (ROOT / path).exists()
        assert not test or f"def {test}(" in (ROOT / path).read_text("utf-8")


@pytest.mark.exhaustive
@pytest.mark.parametrize("args", list(pytest_commands()), ids=" ".join)
def test_printed_pytest_command_collects_tests(args: list[str]) -> None:
    """No printed command leaves out all that it names."""
    listing = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", *args],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert listing.returncode == 0, listing.stdout + listing.stderr
    assert "::test_" in listing.stdout


def test_names_of_tests_in_contributing_exist() -> None:
    """Each `test_...` in the text is a file or a function of the tests."""
    names = set(re.findall(r"\btest_\w+", CONTRIBUTING))
    files = {path.stem: path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    functions = set(re.findall(r"^def (test_\w+)", "\n".join(files.values()), re.M))
    assert names
    assert names <= files.keys() | functions


def test_markers_of_contributing_are_those_of_pytest() -> None:
    """The table of markers is complete."""
    table = CONTRIBUTING.partition("| marker |")[2].partition("\n\n")[0]
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    markers = settings["tool"]["pytest"]["ini_options"]["markers"]
    assert set(re.findall(r"^\| `(\w+)`", table, re.M)) == {one.split(":")[0] for one in markers}
