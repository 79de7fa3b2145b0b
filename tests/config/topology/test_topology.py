"""Topologies: what a file may say, how it is read, and the one line about what is wrong in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from macsec.config import hosts_of, load_topology, published_schema, shipped, topology_schema
from macsec.errors import ConfigError

FILE = """\
macsec: {cipher: gcm-aes-256, window: 8}
sites:
  left: {hosts: [l1, l2], region: 10}
  right: {hosts: {r1: {mac: 02:00:00:00:00:77, ipv4: 192.0.2.7/24}, r2: }}
  far:
links:
  - {between: [left, right], delay: 1ms, rate: 10gbit}
  - between: [right, far]
    macsec: off
  - name: 7
    between: [left, far]
    macsec: {encrypt: off}
    a2b: {loss: 0.1%}
traffic:
  - {from: l1, to: r1, pps: 010, count: 0x10, payload: 1e3}
"""


@pytest.fixture
def given(tmp_path):
    """The file above with something replaced."""

    def write(old: str = "", new: str = "") -> Path:
        assert old in FILE
        path = tmp_path / "t.yaml"
        path.write_text(FILE.replace(old, new, 1) if old else FILE)
        return path

    return write


# ---------------------------------------------------------------- what is read


def test_topology_is_read_whole(given):
    """Sites in the order of the file, hosts however they are given, links with their names."""
    topology = load_topology(given())
    assert list(topology.sites) == ["left", "right", "far"]
    assert [list(site.hosts) for site in topology.sites.values()] == [
        ["l1", "l2"],
        ["r1", "r2"],
        ["far-h1"],
    ]
    assert [link.title for link in topology.links] == ["left-right", "right-far", "7"]
    assert topology.links[0].delay == "1ms"
    assert topology.links[2].a2b.loss == "0.1%"
    assert topology.links[2].b2a.loss is None


def test_scalars_are_text(given):
    """No surprise of YAML: 010 is ten, 1e3 a text, off a switch, 02:00:.. no number of base 60."""
    topology = load_topology(given())
    (flow,) = topology.traffic
    assert (flow.pps, flow.count, flow.payload) == (10, 16, "1e3")
    assert topology.sites["left"].region == "10"
    assert topology.sites["right"].hosts["r1"].mac == 0x020000000077
    assert topology.links[2].name == "7"


@pytest.mark.parametrize("word", ["off", "no", "false", "OFF"])
def test_names_that_yaml_takes_for_switches(given, word):
    """A site called `no` is one."""
    topology = load_topology(given("  far:", f"  {word}: {{hosts: [y]}}\n  far:"))
    assert word in topology.sites


def test_a_mapping_is_the_same(given):
    """Of Python's own types; no file, no lines."""
    tree = {
        "sites": {"left": {"hosts": 2}, "right": None},
        "links": [{"between": ["left", "right"], "loss": 0.001, "ordered": False}],
    }
    topology = load_topology(tree)
    assert [host.name for host in hosts_of(topology)] == ["left-h1", "left-h2", "right-h1"]
    assert topology.links[0].ordered is False
    assert load_topology(topology) is topology
    with pytest.raises(ConfigError, match=r"^links\.0\.between"):
        load_topology({**tree, "links": [{"between": ["left"]}]})


def test_addresses_are_assigned_by_number(given):
    """Given addresses are kept; others follow from the numbers of site and host."""
    hosts = {host.name: host for host in hosts_of(load_topology(given()))}
    assert hosts["l2"].mac == 0x020000010002
    assert str(hosts["l2"].ipv4) == "10.0.1.2/8"
    assert str(hosts["l2"].ipv6) == "fd00::1:2/64"
    assert (hosts["r1"].mac, str(hosts["r1"].ipv4)) == (0x020000000077, "192.0.2.7/24")
    assert str(hosts["far-h1"].ipv6) == "fd00::3:1/64"
    assert len({host.mac for host in hosts.values()}) == len(hosts) == 5


# ---------------------------------------------------------------- protection


def test_protection_is_the_default():
    """A link is protected unless the file says off."""
    tree = {"sites": {"a": {}, "b": {}}, "links": [{"between": ["a", "b"]}]}
    topology = load_topology(tree)
    assert topology.protection(topology.links[0]) is not None
    for off in ("off", False):
        bare = load_topology(tree | {"macsec": off})
        assert bare.protection(bare.links[0]) is None


def test_what_a_link_says_adds_to_the_whole(given):
    """The nearer one counts, entry by entry; `on` under `off` is the default."""
    topology = load_topology(given())
    first, bare, third = map(topology.protection, topology.links)
    assert (first.cipher, first.window, first.encrypt) == ("gcm-aes-256", 8, True)
    assert bare is None
    assert (third.cipher, third.window, third.encrypt) == ("gcm-aes-256", 8, False)
    off = load_topology(given("macsec: {cipher: gcm-aes-256, window: 8}", "macsec: off"))
    assert off.protection(off.links[0]) is None
    assert off.protection(off.links[2]).encrypt is False


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("sites:", "sitse:", "t.yaml:1: sites: is missing"),
        ("hosts: [l1, l2]", "hosts: [l1, l1]", "t.yaml:3: sites.left.hosts: a host is named twice"),
        (
            "hosts: [l1, l2]",
            "hosts: [l1, r1]",
            "t.yaml:4: sites.right.hosts.r1: r1 of left has this",
        ),
        ("hosts: [l1, l2]", "hosts: 251", "t.yaml:3: sites.left.hosts: a site has at most 250"),
        ("region: 10", "region: a b", "t.yaml:3: sites.left.region: expected a name"),
        (
            "02:00:00:00:00:77",
            "01:00:00:00:00:77",
            "t.yaml:4: sites.right.hosts.r1.mac: expected a",
        ),
        ("02:00:00:00:00:77", "02:00:00", "t.yaml:4: sites.right.hosts.r1.mac: expected a MAC"),
        ("192.0.2.7/24", "192.0.2.777", "t.yaml:4: sites.right.hosts.r1.ipv4: expected an IPv4"),
        ("192.0.2.7/24", "10.0.1.1/8", "t.yaml:4: sites.right.hosts.r1: l1 of left has this ipv4"),
        ("[left, right]", "[left, wrong]", "t.yaml:7: links.0.between.1: no site is called wrong"),
        ("[left, right]", "[left, left]", "t.yaml:7: links.0.between: a link is between two"),
        ("[left, right]", "[left]", "t.yaml:7: links.0.between: "),
        ("between: [right, far]", "between: [left, right]", "t.yaml:8: links.1: a link called"),
        ("between: [right, far]", "loss: 1%", "t.yaml:8: links.1.between: "),
        ("macsec: off", "macsec: maybe", "t.yaml:9: links.1.macsec: expected on, off, "),
        ("encrypt: off", "encrypt: perhaps", "t.yaml:12: links.2.macsec.encrypt: "),
        ("encrypt: off", "enrcypt: off", "t.yaml:12: links.2.macsec.enrcypt: unknown"),
        ("{loss: 0.1%}", "{loss: [1]}", "t.yaml:13: links.2.a2b.loss: expected text or a number"),
        ("{loss: 0.1%}", "{lost: 1%}", "t.yaml:13: links.2.a2b.lost: unknown"),
        ("from: l1", "from: absent", "t.yaml:15: traffic.0.from: no host is called absent"),
        ("to: r1", "to: l1", "t.yaml:15: traffic.0: from and to are two hosts"),
        ("pps: 010, ", "", "t.yaml:15: traffic.0: expected rate (like 10mbit) or pps"),
        ("pps: 010", "pps: 1, rate: 1mbit", "t.yaml:15: traffic.0: expected rate (like"),
        ("count: 0x10, ", "", "t.yaml:15: traffic.0: expected count or duration"),
        ("pps: 010", "pps: -1", "t.yaml:15: traffic.0.pps: "),
        ("pps: 010", "pps: 1, model: onoff", "t.yaml:15: traffic.0: onoff needs burst and pause"),
        ("pps: 010", "pps: 1, burst: 1ms", "t.yaml:15: traffic.0: burst and pause belong to"),
        ("pps: 010", "pps: 1, model: sine", "t.yaml:15: traffic.0.model: "),
        ("pps: 010", "pcap: x.pcap", "t.yaml:15: traffic.0.payload: a capture is sent as it is"),
        ("traffic:", "until: [", "t.yaml:15"),
        ("sites:", "expect: {seed: 1}\nsites:", "t.yaml:2: expect: belongs to a question"),
        ("sites:", "expect: {seed: [1]}\nsites:", "t.yaml:2: expect: expected a value, or [lea"),
        ("sites:", "expect: {seed: [a, b]}\nsites:", "t.yaml:2: expect: expected a value, or [lea"),
        ("sites:", "expect: {seed: [.nan, 2]}\nsites:", "t.yaml:2: expect: expected a value, or ["),
        ("sites:", "expect: {seed: [[1], 2]}\nsites:", "t.yaml:2: expect: expected text or a num"),
        ("sites:", "expect: {seed: {a: 1}}\nsites:", "t.yaml:2: expect: expected text or a num"),
        ("  far:", "  left:", "t.yaml:5: 'left' is given twice"),
    ],
)
def test_fault_is_named_with_its_line(given, old, new, message):
    """One line: the file, the line, the entry, and what is expected there."""
    with pytest.raises(ConfigError) as caught:
        load_topology(given(old, new))
    text = str(caught.value)
    assert message in text
    assert "\n" not in text
    assert caught.value.exit_code == 2


def test_expected_values_are_numbers_truths_and_text(given):
    """A number with a fraction is one; an SCI of decimal digits is text."""
    places = "a: [1.5, 7], b: 0200000000010001, c: true, d: -3, e: secured, f: 0"
    topology = load_topology(given("sites:", f"question: Q\nexpect: {{{places}}}\nsites:"))
    assert topology.expect == {
        "a": [1.5, 7],
        "b": "0200000000010001",
        "c": True,
        "d": -3,
        "e": "secured",
        "f": 0,
    }


def test_topology_without_sites_is_refused():
    """A topology has some."""
    with pytest.raises(ConfigError, match="sites: expected at least one site"):
        load_topology({"sites": {}})
    with pytest.raises(ConfigError, match="sites"):
        load_topology({})


def test_no_such_file():
    """The shipped topologies are listed."""
    with pytest.raises(ConfigError, match=r"shipped topologies: .*hub, key-chain, .*ring"):
        load_topology("nowhere")


# ---------------------------------------------------------------- what comes along


@pytest.mark.parametrize("name", shipped())
def test_shipped_topology_loads(name, tmp_path, monkeypatch):
    """By name; a file of that name in this folder goes first. A question has an answer."""
    topology = load_topology(name)
    assert topology.name == name
    assert topology.question or all(topology.protection(link) for link in topology.links)
    assert bool(topology.question) == bool(topology.expect) == bool(topology.answer)
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("sites: {mine: }")
    assert list(load_topology(name).sites) == ["mine"]


def test_shipped_topologies_are_listed():
    """The three of the documentation."""
    assert {"two-regions", "ring", "hub"} <= set(shipped())


def test_the_published_schema_is_current():
    """`json.dumps(topology_schema(), indent=1)` is the file schemas/topology.json."""
    assert published_schema() == json.dumps(topology_schema(), indent=1) + "\n"


def test_the_schema_is_closed():
    """An editor marks what is misspelt, and knows each section's entries."""
    schema = topology_schema()
    sections = schema["$defs"]
    assert schema["additionalProperties"] is False
    assert all(section["additionalProperties"] is False for section in sections.values())
    assert {"from", "to", "pps", "pcap"} <= set(sections["TrafficSection"]["properties"])
    assert {"between", "delay", "a2b", "macsec"} <= set(sections["LinkSection"]["properties"])


def test_the_links_of_a_lag_join_the_same_two_sites():
    """The order of the two does not matter."""
    tree: dict[str, Any] = {
        "sites": {"a": None, "b": None, "c": None},
        "links": [
            {"between": ["a", "b"], "name": "one", "lag": "wan"},
            {"between": ["b", "a"], "name": "two", "lag": "wan"},
        ],
    }
    assert [link.lag for link in load_topology(tree).links] == ["wan", "wan"]
    tree["links"].append({"between": ["a", "c"], "lag": "wan"})
    with pytest.raises(ConfigError, match=r"links.2.lag.*the links of wan are between a and b"):
        load_topology(tree)
