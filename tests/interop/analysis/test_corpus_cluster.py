"""`macsec corpus` on a cluster of processes, against object stores: equal to one process alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest
from support.services.corpora import (
    CONFIG,
    OF_THE_RUN,
    RUN_KEY,
    SAK,
    blobs,
    cluster,
    corpus_run,
    key_texts,
    make_corpus,
    octets_below,
    s3,
)

for needed in ("dask.distributed", "fsspec", "pyarrow", "s3fs", "adlfs", "bokeh"):
    pytest.importorskip(needed, reason=f"{needed} is missing: pip install 'macsec[corpus]'")

pytestmark = [pytest.mark.programs, pytest.mark.xdist_group("corpus")]

COUNT = 200


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A corpus, its configuration, and the results of one process alone."""
    folder = tmp_path_factory.mktemp("corpus")
    make_corpus(folder / "clear", COUNT)
    config = folder / "a.yaml"
    config.touch(0o600)
    config.write_text(CONFIG)
    run(folder, "protect", folder / "clear", "--out", folder / "wire")
    run(folder, "validate", folder / "wire", "--out", folder / "back")
    return folder


def environment(**more):
    """The environment of all processes."""
    return {**os.environ, "MACSEC_CORPUS_KEY": RUN_KEY, **more}


def run(folder, verb, source, *more, env=None):
    """Run a verb in one process, or as `more` says; return its JSON."""
    workers = () if {"--workers", "--scheduler"} & set(more) else ("--workers", "0")
    arguments = (
        verb,
        str(source),
        "-c",
        str(folder / "a.yaml"),
        *map(str, more),
        *workers,
        "--json",
    )
    ended = corpus_run(*arguments, environment=env or environment())
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def sums(result):
    """The parts of a result that do not depend on who worked."""
    return {
        name: result[name]
        for name in result
        if name not in ("out", "verdict_set", "workers", "seconds")
    }


def object_store(protocol):
    """The file system of a store, as this process sees it."""
    import fsspec

    fsspec.spec.AbstractFileSystem.clear_instance_cache()
    return fsspec.filesystem(protocol, skip_instance_cache=True)


def test_run_in_a_bucket_whose_worker_was_killed_equals_that_of_one_process(
    desk, tmp_path, monkeypatch
):
    """Three workers, one killed in the middle: the same octets, verdicts and sums; no key leaks."""
    with s3(tmp_path) as found:
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        store = object_store("s3")
        store.mkdir("bucket")
        store.put(f"{desk / 'wire'}/", "bucket/wire/", recursive=True)
        with cluster(tmp_path / "cluster", environment(), 3) as workers:
            result = _run_and_kill(desk, store, workers)
            logs = workers.logs()
        store.invalidate_cache()
        store.get("bucket/back/", str(tmp_path / "back"), recursive=True)
        text = b"".join(store.cat_file(name) for name in store.find("bucket/back"))
    assert octets_below(tmp_path / "back") == octets_below(desk / "back")
    assert sums(result) == sums(_earlier(desk))
    assert not [each.pattern for each in key_texts() if each.search(logs + text)]


def _earlier(desk):
    return run(desk, "validate", desk / "wire", "--out", desk / "back") | {"again": 0}


def _run_and_kill(desk, store, workers):
    command = [
        *(sys.executable, "-m", "macsec", "corpus", "validate", "s3://bucket/wire"),
        *("--out", "s3://bucket/back", "-c", str(desk / "a.yaml")),
        *("--scheduler", workers.address, "--json"),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as running:
        while running.poll() is None and _objects(store) < COUNT // 20:
            Event().wait(0.1)
        assert running.poll() is None
        workers.kill_worker(1)
        output, errors = running.communicate(timeout=300)
    assert running.returncode == 0, errors
    return json.loads(output)


def _objects(store):
    store.invalidate_cache()
    return len(store.glob("bucket/back/*.pcap*"))


def test_run_in_azure_blobs_equals_that_in_folders(desk, tmp_path, monkeypatch):
    """Azure Blobs, by Azurite: read, written and resumed as folders are."""
    azurite = shutil.which("azurite-blob") or shutil.which(
        "azurite-blob", path=str(Path(os.environ.get("NODE_PATH", "."), ".bin"))
    )
    if azurite is None:
        pytest.skip("azurite-blob is missing: npm install azurite")
    small = desk / "wire" / "day-0"
    run(desk, "validate", small, "--out", tmp_path / "back")
    with blobs(tmp_path, azurite) as found:
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        store = object_store("abfs")
        store.mkdir("bucket")
        store.put(f"{small}/", "bucket/wire/", recursive=True)
        result = run(desk, "validate", "abfs://bucket/wire", "--out", "abfs://bucket/back")
        again = run(desk, "validate", "abfs://bucket/wire", "--out", "abfs://bucket/back")
        store = object_store("abfs")
        made = {
            name.removeprefix("bucket/back/"): store.cat_file(name)
            for name in store.find("bucket/back")
            if not any(each in name for each in OF_THE_RUN)
        }
    assert made == octets_below(tmp_path / "back")
    assert result["done"] == again["again"] == again["captures"] > 5
    assert sums(again) == sums(result) | {"again": again["again"]}


def test_protected_captures_of_a_cluster_are_those_of_one_process(desk, tmp_path):
    """PNs are planned: which worker protects, and in which order, changes no octet."""
    result = run(desk, "protect", desk / "clear", "--out", tmp_path / "wire", "--workers", "2")
    assert octets_below(tmp_path / "wire") == octets_below(desk / "wire")
    assert (result["workers"], result["done"]) == (2, COUNT)
    assert SAK not in json.dumps(result)
