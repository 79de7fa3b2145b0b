"""A lab in real time for tests: started, asked, changed, and ended."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.outputs.schemas import checked
from support.real import preloaded
from support.real.hosts import Capture, Program, end, enter, need, until

ROOT = Path(__file__).parents[3]
TWO_SITES = """
sites:
  left: {hosts: [l1]}
  right: {hosts: [r1]}
links:
  - {between: [left, right]}
"""
CAK, CKN = "c0ffee00c0ffee00c0ffee00c0ffee00", "0123456789abcdef"
OTHER_CAK, OTHER_CKN = "0ddba11e0ddba11e0ddba11e0ddba11e", "fedcba9876543210"


class UpLab:
    """A lab that is up, in a folder of its own."""

    def __init__(self, folder: Path, process: Program | None) -> None:
        self.folder, self.process = folder, process

    def macsec(self, *words: str, code: int | None = 0, **more: Any) -> str:
        """Run a verb of `macsec lab` on this lab; return its stdout."""
        command = ("lab", words[0], "--state", self.folder, *words[1:])
        done = preloaded.run(command, text=True, cwd=ROOT, **more)
        assert code is None or done.returncode == code, f"{words}: {done.stdout}{done.stderr}"
        if "--json" in words and code == 0:
            checked(done.stdout)
        return done.stdout if code == 0 else done.stdout + done.stderr

    def on(self, host: str, *command: str, code: int = 0) -> str:
        """Run a program on a host."""
        return self.macsec("exec", host, "--", *command, code=code)

    def start(self, host: str, *command: str, **more: Any) -> preloaded.Process:
        """Start a program on a host."""
        words = ("exec", "--state", str(self.folder), host, "--", *command)
        return preloaded.Process(("lab", *words), cwd=ROOT, **more)

    @property
    def places(self) -> dict[str, str]:
        """The paths of hosts, sites and links."""
        return json.loads((self.folder / "lab.json").read_text())["places"]

    @contextlib.contextmanager
    def listening(self, link: str, device: str) -> Iterator[Capture]:
        """Capture the frames of a Common Port of a link."""
        place = self.places[f"link:{link}"]
        with open("/proc/thread-self/ns/net") as home, open(place) as there:
            enter(there.fileno())
            try:
                capture = Capture(device)
            finally:
                enter(home.fileno())
        with contextlib.closing(capture):
            yield capture


@contextlib.contextmanager
def started(folder: Path, topology: str, *words: str) -> Iterator[UpLab]:
    """Run a lab until the block is left."""
    need(*("ping",))
    command = ("lab", "up", topology, *words, "--state", folder)
    log = folder.parent / "log"
    with log.open("w") as output:
        process = preloaded.Process(
            command, stdout=output, stderr=output, text=True, cwd=ROOT, start_new_session=True
        )
    try:
        until(lambda: "is up" in log.read_text(), "the lab", process)
        yield UpLab(folder, process)
    finally:
        end(process)


def smallest(folder: Path) -> str:
    """Write the smallest topology, with a perfect wire."""
    path = folder / "two.yaml"
    path.write_text(TWO_SITES)
    return str(path)


def keyed(tmp_path: Path, macsec: str) -> str:
    """Write a topology of two sites with this on every link."""
    path = tmp_path / "keyed.yaml"
    path.write_text(f"macsec: {macsec}\n" + TWO_SITES)
    path.chmod(0o600)
    return str(path)
