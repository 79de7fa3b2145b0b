"""The topology for containerlab: its entries, and its nodes in place of containers."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.outputs.pages import ROOT, blocks
from support.real.hosts import need, until
from support.real.image import Image, built

EXAMPLE = ROOT / "macsec/guide/examples/containerlab"
KINDS = {
    "image": str,
    "user": str,
    "privileged": bool,
    "cap-add": list,
    "devices": list,
    "entrypoint": str,
    "kind": str,
    "cmd": str,
    "binds": list,
}
"""Entries of a node that we use, and their types, as clab.schema.json of containerlab has them."""


def _nodes() -> dict[str, dict[str, Any]]:
    """Return the nodes of the example, each with the entries of its kind."""
    topology = yaml.safe_load((EXAMPLE / "macsec.clab.yml").read_text())["topology"]
    assert set(topology) == {"kinds", "nodes", "links"}
    return {
        name: {**topology["kinds"][node["kind"]], **node}
        for name, node in topology["nodes"].items()
    }


def test_entries_of_nodes_are_those_of_containerlab() -> None:
    """Names and types; files that are bound exist, or are made by the commands at its head."""
    text = (EXAMPLE / "macsec.clab.yml").read_text()
    for node in _nodes().values():
        assert {name: type(value) for name, value in node.items()} == KINDS
        for bind in node["binds"]:
            file = bind.split(":")[0]
            assert (EXAMPLE / file).exists() or re.search(rf"config new .*\b{file}", text)
    (link,) = yaml.safe_load(text)["topology"]["links"]
    assert link == {"endpoints": ["a:eth1", "b:eth1"]}


def test_commands_of_the_example_and_of_the_page_name_what_exists() -> None:
    """The folder with the Containerfile, the image, and the names of containers."""
    text = (EXAMPLE / "macsec.clab.yml").read_text()
    name = yaml.safe_load(text)["name"]
    (tag, file, folder) = re.findall(r"docker build -t (\S+) -f (\S+) (\S+)$", text, re.M)[0]
    assert (EXAMPLE / file).resolve() == ROOT / "Containerfile"
    assert (EXAMPLE / folder).resolve() == ROOT
    assert {node["image"] for node in _nodes().values()} == {tag}
    (block,) = [each for each in blocks("containers") if "containerlab deploy" in each.text]
    for each in (text, block.text):
        assert f"docker exec clab-{name}-a ping -c 3 10.60.0.2" in each
        assert f"-t {tag} -f {file} {folder}" in each


@contextlib.contextmanager
def _cable(names: tuple[str, str]) -> Iterator[None]:
    """Make two network namespaces with a cable, whose ends are eth1."""
    one, two = names
    made = [
        *(f"ip netns add {name}" for name in names),
        f"ip -n {one} link add eth1 type veth peer name eth1 netns {two}",
    ]
    try:
        for command in made:
            subprocess.run(command.split(), check=True)
        yield
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL)


def _started(image: Image, node: dict[str, Any], namespace: str, folder: Path) -> Any:
    """Start a node as containerlab would."""
    binds = [f"{folder}/{bind}" for bind in node["binds"]]
    command = image.command(
        *node["entrypoint"].split(),
        *node["cmd"].split(),
        user=int(node["user"]),
        capabilities=node["cap-add"],
        devices=node["devices"],
        binds=binds,
        unshare=(),
    )
    return subprocess.Popen(
        ["ip", "netns", "exec", namespace, *command],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.network
@pytest.mark.programs
def test_the_nodes_ping_each_other_over_a_secured_link(tmp_path: Path) -> None:
    """With the image, user, rights and files of the example; the cable has no frame in clear."""
    need("ping")
    image, nodes = built(), _nodes()
    new = [sys.executable, "-m", "macsec", "config", "new", "a.yaml", "--mka", "--pair", "b.yaml"]
    subprocess.run(new, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "start.sh").write_text((EXAMPLE / "start.sh").read_text())
    names = (f"clab-{os.getpid()}-a", f"clab-{os.getpid()}-b")
    with _cable(names), contextlib.ExitStack() as stack:
        running = {}
        for name, namespace in zip("ab", names, strict=True):
            running[name] = _started(image, nodes[name], namespace, tmp_path)
            stack.callback(running[name].wait)
            stack.callback(running[name].kill)

        def on(namespace: str, *command: str) -> str:
            enter = image.command(*command, user=0, capabilities=("NET_RAW",), unshare=())
            done = subprocess.run(
                ["ip", "netns", "exec", namespace, *enter], capture_output=True, text=True
            )
            return done.stdout

        until(
            lambda: " 0% packet loss" in on(names[0], "ping", "-c", "1", "-W", "1", "10.60.0.2"),
            "a ping from node to node",
            running["a"],
        )
        before = _frames(names[0], "ms0")
        printed = on(names[0], "ping", "-c", "3", "-i", "0.2", "10.60.0.2")
        assert "3 received" in printed
        assert _frames(names[0], "ms0") >= before + 3
        shown = on(names[0], "ip", "-brief", "address")
        assert re.search(r"^ms0 .*10\.60\.0\.1/24", shown, re.M)
        assert not re.search(r"^eth1.* 10\.", shown, re.M)  # so the way is through MACsec
        for name in "ab":
            assert running[name].poll() is None


def _frames(namespace: str, device: str) -> int:
    """Return the frames that a device has sent."""
    command = ["ip", "-n", namespace, "-s", "link", "show", device]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    (at,) = [number for number, line in enumerate(shown) if line.strip().startswith("TX:")]
    return int(shown[at + 1].split()[1])
