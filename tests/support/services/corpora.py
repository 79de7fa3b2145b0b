"""Corpora made on the spot, object stores in emulators, and a Dask cluster of processes."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event

import numpy as np

from macsec import FrameBatch, captures
from support.planes import SCI_A

SAK = "c0ffee00decafbad0123456789abcdef"
RUN_KEY = "5eed" * 16
CONFIG = f"""\
secy: {{window: 8}}
tx: {{sci: "{SCI_A}", sa: {{0: {{key: {SAK}}}}}}}
rx: [{{sci: "{SCI_A}", sa: {{0: {{key: {SAK}}}}}}}]
"""


def make_corpus(folder: Path, count: int, frames: int = 20, size: int = 200) -> None:
    """Write captures with other frames each, some in folders below, every other one pcapng."""
    stream = np.random.default_rng(7)
    for at in range(count):
        made = [
            bytes.fromhex("02000000000b02000000000a0800") + stream.bytes(size)
            for _ in range(frames)
        ]
        batch = FrameBatch.from_frames(made, [10**18 + 1001 * row for row in range(frames)])
        below = folder / (f"day-{at % 7}" if at % 3 == 0 else ".")
        below.mkdir(parents=True, exist_ok=True)
        with captures.write(str(below / f"link-{at:05d}.{'pcapng' if at % 2 else 'pcap'}")) as sink:
            sink.write(batch)


OF_THE_RUN = ("_macsec", "_manifest.jsonl")
"""Names in DEST that differ from run to run: plan and manifest."""


def octets_below(folder: Path, skip: Sequence[str] = OF_THE_RUN) -> dict[str, bytes]:
    """Return all files of a folder by their names, but for plan and manifest."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not set(skip) & set(path.parts)
    }


_ports = iter(range(20_000 + os.getpid() % 600 * 20, 32_000))


def free_port() -> int:
    """Return a port that is free now, and that no other process takes without naming it.

    It is below the ports that the system gives; each process of tests begins with one of its own.
    """
    for port in _ports:
        with socket.socket() as listening, suppress(OSError):
            listening.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def answers(port: int, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    """Wait until a server listens."""
    for _ in range(int(seconds * 20)):
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, process.args
        Event().wait(0.05)
    raise AssertionError(f"nothing listens at port {port}")


class Cluster:
    """A scheduler and workers, each a process with a log of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder, self._environment = folder, environment
        self._processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self._open = ExitStack()
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"
        )
        answers(port, scheduler)

    def _start(self, kind: str, *arguments: str, name: str = "") -> subprocess.Popen[bytes]:
        log = self._open.enter_context((self._folder / f"{name or kind}.log").open("wb"))
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + kind, *arguments],
            stdout=log, stderr=log, env=self._environment, cwd=self._folder,
        )  # fmt: skip
        self._processes.append(process)
        return process

    def add_workers(self, count: int) -> None:
        """Start workers with one thread each, and wait until all are there."""
        first = len(self.workers)
        for number in range(first, first + count):
            self.workers.append(
                self._start(
                    "worker", self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard",
                    "--local-directory", str(self._folder), name=f"worker-{number}",
                )
            )  # fmt: skip
        from dask.distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=180)

    def kill_worker(self, number: int) -> None:
        """Kill a worker without a word."""
        os.kill(self.workers[number].pid, signal.SIGKILL)

    def logs(self) -> bytes:
        """Return what all processes printed."""
        return b"".join(path.read_bytes() for path in sorted(self._folder.glob("*.log")))

    def close(self) -> None:
        """End all processes."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        self._open.close()


@contextmanager
def cluster(folder: Path, environment: dict[str, str], workers: int) -> Iterator[Cluster]:
    """Run a cluster."""
    folder.mkdir(exist_ok=True)
    made = Cluster(folder, environment)
    try:
        made.add_workers(workers)
        yield made
    finally:
        made.close()


@contextmanager
def s3(folder: Path) -> Iterator[dict[str, str]]:
    """Run S3 in an emulator; yield the environment that leads there."""
    port = free_port()
    with (folder / "s3.log").open("wb") as log:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        answers(port, process)
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": secrets.token_hex(8),
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        process.kill()
        process.wait()


@contextmanager
def blobs(folder: Path, azurite: str) -> Iterator[dict[str, str]]:
    """Run Azure Blobs in Azurite; yield the environment that leads there."""
    port, key = free_port(), "bWFjc2VjIG1hY3NlYyBtYWNzZWMgbWFjc2VjIG1hY3M="
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"account:{key}"}
    with (folder / "blobs.log").open("wb") as log:
        command = [
            azurite,
            "--blobHost",
            "127.0.0.1",
            "--blobPort",
            str(port),
            "--inMemoryPersistence",
        ]
        command += ["--skipApiVersionCheck", "--silent", "--disableTelemetry"]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
    try:
        answers(port, process)
        yield {
            "AZURE_STORAGE_CONNECTION_STRING": "DefaultEndpointsProtocol=http;AccountName=account;"
            f"AccountKey={key};BlobEndpoint=http://127.0.0.1:{port}/account;"
        }
    finally:
        process.kill()
        process.wait()


def corpus_run(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `macsec corpus` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "macsec", "corpus", *arguments],
        capture_output=True, text=True, env=environment, timeout=600,
    )  # fmt: skip


def key_texts() -> list[re.Pattern[bytes]]:
    """Return patterns of all keys, in octets, hex and base64."""
    import base64

    found = []
    for key in (SAK, RUN_KEY):
        octets = bytes.fromhex(key)
        texts = (octets, key.encode(), key.upper().encode(), base64.b64encode(octets)[:-3])
        found += [re.compile(re.escape(text)) for text in texts]
    return found
