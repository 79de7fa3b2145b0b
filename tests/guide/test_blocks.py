"""Blocks of README.md and of the guide: commands are accepted, run, and print what they show."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import cast

import click
import pytest
import yaml
from support.outputs.pages import (
    ROOT,
    Block,
    all_blocks,
    blocks,
    command_lines,
    documents,
    outputs_missing,
)

from macsec.cli import cli
from macsec.config import load, load_topology

KEY = "0f0e0d0c0b0a09080706050403020100"
NOT_RUN = re.compile(r"pip install '?\.|^pip install|^pytest$")
COMMANDS = sorted({shlex.join(args) for block in all_blocks("sh") for args in command_lines(block)})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder beside pcaps/, with keys that files of the guide name."""
    monkeypatch.chdir(tmp_path)
    Path("pcaps").symlink_to(ROOT / "pcaps")
    Path("examples").symlink_to(ROOT / "examples")
    for name, text in (("sak.hex", KEY), ("cak.hex", KEY), ("radius.secret", KEY)):
        Path(name).touch(0o600)
        Path(name).write_text(text)
    for name in ("PEER_SAK", "NEXT_CAK"):
        monkeypatch.setenv(name, KEY[::-1])
    return tmp_path


@pytest.mark.parametrize("line", COMMANDS)
def test_command_line_is_accepted(line: str, folder: Path) -> None:
    """Each verb, option and number of arguments exists."""
    args, command = shlex.split(line), cast("click.Command", cli)
    for word in args:
        if re.fullmatch(r"[\w-]+\.(yaml|json|pcap|pcapng|py|html)", word):
            Path(word).touch()
    context = click.Context(cli, info_name="macsec")
    while isinstance(command, click.Group) and args and not args[0].startswith("-"):
        name, found, args = command.resolve_command(context, args)
        assert found is not None
        command = found
        context = click.Context(found, info_name=name, parent=context)
    if {"-h", "--help", "--version"} & set(args):
        return
    command.make_context("macsec", list(args), parent=context.parent)


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment with `macsec` of this interpreter in the search path."""
    (folder / "bin").mkdir()
    script = folder / "bin" / "macsec"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m macsec "$@"\n')
    script.chmod(0o755)
    return {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}


def _script(lines: list[str]) -> str:
    """Return commands, except any that install the package or run its tests."""
    kept = (line.replace("pip install . && ", "") for line in lines)
    return "\n".join(line for line in kept if not NOT_RUN.search(line))


PAGES = [
    name for name in documents() if any(one.language == "sh" and one.runs for one in blocks(name))
]


@pytest.mark.exhaustive
@pytest.mark.parametrize("page", PAGES)
def test_commands_of_a_page_run_in_order_and_print_their_output(page: str, folder: Path) -> None:
    """From an empty folder beside pcaps/, each block finds the files of earlier blocks."""
    for block in blocks(page):
        if block.name:
            Path(block.name).write_text(block.text)
    shown = [block for block in blocks(page) if block.language == "sh" and block.runs]
    parts = [
        f"{_script(block.text.splitlines())}\necho; echo === {at}" for at, block in enumerate(shown)
    ]
    done = subprocess.run(
        ["sh", "-ec", "\n".join(parts)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=_environment(folder),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    printed = re.split(r"^=== \d+\n", done.stdout, flags=re.M)
    for block, text in zip(shown, printed, strict=False):
        assert outputs_missing(block, text) == [], text


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "page",
    [
        name
        for name in documents()
        if any(one.language == "python" and not one.name and one.runs for one in blocks(name))
    ],
)
def test_python_of_a_page_runs_and_prints_its_output(page: str, folder: Path) -> None:
    """Each block is a program of its own."""
    environment = _environment(folder)
    subprocess.run(
        ["macsec", "config", "new", "link.yaml", "--pair", "peer.yaml"],
        env=environment,
        capture_output=True,
        check=True,
    )
    for block in blocks(page):
        if block.language == "python" and not block.name and block.runs:
            done = subprocess.run(
                [sys.executable, "-c", block.text], capture_output=True, text=True, env=environment
            )
            assert done.returncode == 0, done.stderr
            assert outputs_missing(block, done.stdout) == [], done.stdout


def test_python_imports_faces_only() -> None:
    """Examples name packages, not the modules in them; scapy's own parts are the exception."""
    faces = {"macsec.wire.scapy", "macsec.kay.eap", "macsec.lab.virtual.stations.vlan_trunk"}
    for block in all_blocks("python"):
        for module in re.findall(r"^(?:from|import) (macsec[\w.]*)", block.text, re.M):
            assert module.count(".") < 2 or module in faces, (block.page, module)


@pytest.mark.parametrize(
    "block", all_blocks("yaml"), ids=lambda block: f"{block.page}-{block.heading}"
)
def test_yaml_block_is_a_configuration_or_a_topology(block: Block, folder: Path) -> None:
    """A complete file loads; a part of one is YAML."""
    found = yaml.safe_load(block.text)
    assert found
    if "part" in block.words:
        return
    Path("example.yaml").write_text(block.text)
    if "sites" in found:
        load_topology("example.yaml")
    else:
        load("example.yaml")


def test_root_commands_find_macsec_in_a_virtual_environment() -> None:
    """`sudo` alone searches its own path."""
    text = "\n".join(documents().values())
    lines = re.findall(r"sudo [^`\n]* macsec (?!.*macsec_linux)[^`\n]*", text)
    assert lines
    assert all(line.startswith('sudo env "PATH=$PATH" ') for line in lines)
