"""A desk to run the command line on, with captures and configurations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.outputs.schemas import checked
from support.planes import PLANES, SCI_A, frame_of

from macsec import FrameBatch, captures
from macsec.cli import cli

CANARY = "c0ffee00decafbad0123456789abcdef"
"""The SAK of every configuration here, which no output may have."""
BACKENDS = sorted({plane.backend for plane in PLANES})


WITH_OUTPUT = {0, 3, 4}
"""Exit codes with which `--json` prints its object."""


def json_of(result: Result) -> str:
    """Return the line of a run that is its JSON object: on stderr if OUT is stdout."""
    if result.stdout_bytes.startswith(b"{"):
        return result.stdout
    return next(line for line in result.stderr.splitlines() if line.startswith("{"))


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each data plane that this machine has."""
    return str(request.param)


@dataclass
class Desk:
    """A folder with a capture and a configuration, and the command line."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def path(self, name: str) -> str:
        """A file here."""
        return str(self.folder / name)

    def capture(self, frames: list[bytes], name: str = "in.pcap", **more: Any) -> str:
        """A capture of these frames, 1 µs and 1 ns apart."""
        times = [10**18 + 1001 * at for at in range(len(frames))]
        batch = FrameBatch.from_frames(frames, times)
        for column, values in more.items():
            columns = {"start": batch.start, "length": batch.length, "time_ns": batch.time_ns}
            batch = FrameBatch(batch.arena, **(columns | {column: values}))
        with captures.write(self.path(name)) as sink:
            sink.write(batch)
        return self.path(name)

    def config(
        self,
        name: str = "link.yaml",
        key: str = CANARY,
        pn: int = 1,
        tx: bool = True,
        rx: bool = True,
        **secy: Any,
    ) -> str:
        """A configuration that sends and receives SCI A, readable by its owner only."""
        sa = {"0": {"key": key, "pn": str(pn)}}
        tree: dict[str, Any] = {"secy": {name: str(value) for name, value in secy.items()}}
        if tx:
            tree["tx"] = {"sci": SCI_A, "sa": sa}
        if rx:
            tree["rx"] = [{"sci": SCI_A, "sa": sa}]
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(json.dumps(tree))
        return str(path)

    def run(self, *args: str, code: int = 0, stdin: bytes | None = None) -> Result:
        """Run the command line in this process; check its exit code, and its output for the key."""
        result = CliRunner().invoke(cli, list(args), input=stdin, env=self.environment)
        assert result.exit_code == code, (result.output, result.exc_info)
        assert CANARY.encode() not in result.stdout_bytes + result.stderr_bytes
        if "--json" in args and code in WITH_OUTPUT:
            checked(json_of(result))
        return result

    def json(self, *args: str, code: int = 0) -> dict[str, Any]:
        """Its JSON object."""
        found: dict[str, Any] = json.loads(self.run(*args, "--json", code=code).stdout)
        return found

    def start(self, *args: str, **more: Any) -> subprocess.Popen[bytes]:
        """The command line in a process of its own."""
        environment = {**os.environ, **self.environment}
        given = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE) | more
        return subprocess.Popen(  # type: ignore[return-value]
            [sys.executable, "-m", "macsec", *args], env=environment, cwd=self.folder, **given
        )

    def protected(self, frames: list[bytes], name: str = "wire.pcap", **secy: Any) -> str:
        """A capture of these frames protected."""
        config = self.config("protect-first.yaml", **secy)
        self.run("protect", "-c", config, self.capture(frames, "clear-first.pcap"), self.path(name))
        return self.path(name)

    def frames(self, name: str) -> list[bytes]:
        """The frames of a capture here."""
        with captures.read(self.path(name)) as reader:
            return [frame for batch in reader for frame in batch]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A fresh folder, which is the current one too."""
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


@pytest.fixture
def some() -> list[bytes]:
    """Frames of several lengths, on both sides of SL 48 and of the minimum."""
    return [frame_of(length) for length in (2, 47, 48, 49, 1500)]
