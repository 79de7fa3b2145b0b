"""Key agreement on the links of a lab, in virtual time: what passes, what it costs, and why not."""

from __future__ import annotations

import importlib.resources
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.planes import PLANES, Plane

from macsec.captures import read, write
from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.errors import ConfigError, CustodyError
from macsec.frames import FrameBatch
from macsec.kay.cak_holder import MemoryHolder
from macsec.keys import Key
from macsec.lab import Blueprint, Lab
from macsec.lab.link_state import State
from macsec.lab.virtual.agreed import is_eapol
from macsec.lab.virtual.probe import Observer
from macsec.lab.virtual.recorder import record
from macsec.offline.decrypt import MkaReader
from macsec.report.lab.outcome import LabRun, to_json
from macsec.report.lab.page import to_html

NS = 10**9
BOTH_PLANES = [PLANES[0], PLANES[-1]]
CAK, CKN = "c0ffee00c0ffee00c0ffee00c0ffee00", "0123456789abcdef"
OTHER_CAK, OTHER_CKN = "0ddba11e0ddba11e0ddba11e0ddba11e", "fedcba9876543210"
STATIC_DIGESTS = {
    "two-regions": "e603750a6fda206a1ca7509f24f656c07fcba81599c8bdb7644a710bccbc8783",
    "ring": "4a5f3b49b65744adaff05b3e72d22b979407d291c25b2a9f7c89231f87d94a1c",
    "hub": "ea04accac93f9efd245818d2614e5096702231247fe35214af8977062a445fe3",
}
"""Of the shipped scenarios with static keys, seed 1."""


def topology(macsec: Any = "on", traffic: Any = None, link: Any = None, **more: Any) -> Any:
    """Two sites, a link of 1 ms, and traffic from left to right."""
    flow = {"from": "l1", "to": "r1", "pps": 1000, "count": 20, "size": 200}
    return {
        "sites": {"left": {"hosts": ["l1"]}, "right": {"hosts": ["r1"]}},
        "links": [{"between": ["left", "right"], "delay": "1ms", "macsec": macsec, **(link or {})}],
        "traffic": [flow | (traffic or {})],
        **more,
    }


def built(tree: Any, plane: Plane = PLANES[-1], seed: int = 1) -> Lab:
    """A lab, not run yet."""
    blueprint = Blueprint.of(load_topology(tree), seeded(seed, "macsec lab"))
    return Lab(blueprint, seed, plane.backend, plane.kernel)


def page(lab: Lab) -> str:
    """Its page, of a lab that has not run yet."""
    observers = [Observer(lab.engine, end) for link in lab.links for end in link.ends or ()]
    lab.run()
    return to_html(lab, LabRun("test", 1), observers)


def told(lab: Lab) -> dict[str, Any]:
    """What its JSON says of its only link."""
    (link,) = to_json(lab, LabRun("test", 1))["links"]
    return link


# ---------------------------------------------------------------- secured


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_the_default_link_agrees_on_keys(plane: Plane) -> None:
    """Nothing said: a CAK of its own, secured before traffic begins, and all of it arrives."""
    with built(topology(), plane) as lab:
        lab.run()
        link = told(lab)
        assert lab.began_ps == link["mka"]["secured_ns"] * 1000
    assert (link["protected"], link["sent"], link["delivered"]) == (True, 20, 20)
    assert link["mka"]["status"] == "secured"
    assert link["mka"]["key_server"] == "left"
    assert (link["mka"]["rekeys"], link["mka"]["an"]) == (0, 0)
    assert len(link["mka"]["ckn"]) == 32
    # Heard, listed, key distributed: three ways of 1 ms.
    assert link["mka"]["secured_ns"] == 3_000_000


def test_each_link_and_each_seed_has_a_cak_of_its_own() -> None:
    """By their names."""
    names = []
    for seed in (1, 2):
        with built("ring", seed=seed) as lab:
            lab.run(NS // 50)
            links = to_json(lab, LabRun("ring", seed))["links"]
            names += [link["mka"]["ckn"] for link in links]
    assert len(set(names)) == 8


@pytest.mark.parametrize("suite", ["gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128"])
def test_the_digest_is_that_of_scenario_and_seed(suite: str) -> None:
    """The same on both data planes, with losses that hit MKPDUs; another with another seed."""
    digests = []
    for plane, seed in [(PLANES[0], 3), (PLANES[-1], 3), (PLANES[-1], 4)]:
        tree = topology({"cipher": suite}, link={"loss": "20%"})
        with built(tree, plane, seed) as lab:
            lab.run()
            assert told(lab)["mka"]["status"] == "secured"
            digests.append(lab.digest)
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("name", STATIC_DIGESTS)
def test_static_keys(name: str) -> None:
    """`keys: static`: no MKPDU, and traffic from 0 on."""
    files = importlib.resources.files("macsec.config.topology.scenarios")
    tree = yaml.load((files / f"{name}.yaml").read_text(), yaml.BaseLoader)
    with built({**tree, "macsec": {**tree["macsec"], "keys": "static"}}) as lab:
        lab.run()
        assert lab.began_ps == 0
        assert lab.digest == STATIC_DIGESTS[name]
        assert all(link.mkpdus(0) == 0 for link in lab.links)
        links = to_json(lab, LabRun(name, 1))["links"]
        assert all(link["mka"] is None and link["protected"] for link in links)


@pytest.mark.parametrize("cak", [CAK, CAK * 2])
def test_the_cak_of_the_file_opens_the_capture(cak: str) -> None:
    """Who has the CAK gets the SAK from the wire; the frames of key agreement are on it."""
    with built(topology({"cak": cak, "ckn": CKN, "policy": "must-secure"})) as lab:
        recorders = {recorder.name: recorder for recorder in record(lab)}
        lab.run()
        assert told(lab)["mka"]["ckn"] == CKN
    wire = recorders["wire-left-right"].batch
    assert sum(map(is_eapol, wire.frames())) == len(wire) - 20
    holder = MemoryHolder(Key(bytes.fromhex(cak)), bytes.fromhex(CKN))
    with MkaReader([holder]) as reader:
        read = reader.validate(wire).batch.frames()
    assert read == recorders["host-l1"].batch.frames()
    assert len(read) == 20


def test_a_reference_is_followed_once(tmp_path: Path) -> None:
    """Both ends and both links from one descriptor, which can be read once."""
    reading, writing = os.pipe()
    os.write(writing, CAK.encode())
    os.close(writing)
    tree = topology({"ckn": CKN, "cak": f"fd:{reading}"})
    tree["links"].append({**tree["links"][0], "name": "second"})
    with built(tree) as lab:
        lab.run()
        assert all(link.standing.state is State.SECURED for link in lab.links if link.standing)
    os.close(reading)
    tree["links"][0]["macsec"] = {"ckn": CKN, "cak": f"file:{tmp_path / 'none'}"}
    with pytest.raises(ConfigError, match=r"links\.0\.macsec: key file:.*cannot read it"):
        built(tree)


def test_a_blueprint_serves_many_labs() -> None:
    """Each has keys of its own to wipe."""
    blueprint = Blueprint.of(load_topology(topology()), seeded(1, "macsec lab"))
    digests = []
    for _ in range(2):
        with Lab(blueprint, 1) as lab:
            lab.run()
            digests.append(lab.digest)
    assert digests[0] == digests[1]


# ---------------------------------------------------------------- other keys under traffic


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_a_rekey_loses_nothing(plane: Plane) -> None:
    """Two SAKs after the first, within 70 s of traffic in both directions."""
    tree = topology({"sak_rekey_interval": 30, "window": 0}, {"pps": 100, "count": 7000})
    tree["traffic"].append({"from": "r1", "to": "l1", "pps": 100, "count": 7000})
    with built(tree, plane) as lab:
        lab.run()
        link = told(lab)
        assert [tally.delivered for tally in lab.tallies] == [7000, 7000]
    assert link["mka"]["rekeys"] == 2
    assert [sak["an"] for sak in link["mka"]["ends"]["right"]["saks"]] == [0, 1, 2]
    assert (link["sent"], link["delivered"]) == (14_000, 14_000)


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_a_key_chain_rolls_over_and_loses_nothing(plane: Plane) -> None:
    """The second CAK starts at 10 s of the lab's time and carries the traffic from then on."""
    chain = [
        {"cak": CAK, "ckn": CKN, "end": 20},
        {"cak": OTHER_CAK, "ckn": OTHER_CKN, "start": "10s"},
    ]
    tree = topology({"keychain": chain}, {"pps": 100, "count": 3000})
    with built(tree, plane) as lab:
        lab.run()
        link = told(lab)
        assert lab.tallies[0].delivered == 3000
    saks = link["mka"]["ends"]["left"]["saks"]
    assert [sak["ckn"] for sak in saks] == [CKN, OTHER_CKN]
    assert 10 * NS < saks[1]["time_ns"] < 11 * NS
    assert link["mka"]["ckn"] == OTHER_CKN
    assert link["mka"]["status"] == "secured"


def test_the_replay_strip_follows_the_keys() -> None:
    """Under another SAK PNs start again, which is not out of order."""
    with built(topology({"sak_rekey_interval": 30}, {"pps": 10, "count": 400})) as lab:
        observer = Observer(lab.engine, lab.links[0].agreed[1])
        lab.run()
        assert len(lab.links[0].agreed[1].progress.saks) == 2
    assert observer.in_order
    assert [arrival.pn for arrival in observer.arrivals] == list(range(1, 17))


def test_a_key_after_the_end_of_time() -> None:
    """53 days: nothing waits for it."""
    chain = [{"cak": CAK, "ckn": CKN, "start": 9_000_000_000}]
    with built(topology({"keychain": chain})) as lab:
        lab.run()
        assert told(lab)["mka"]["why"] == "at both ends no CAK is valid now"


def test_a_window_that_ends() -> None:
    """No CAK any more: the port closes, frames are refused and counted."""
    chain = [{"cak": CAK, "ckn": CKN, "end": 5}]
    with built(topology({"keychain": chain}, {"pps": 10, "count": 100})) as lab:
        lab.run()
        link = told(lab)
        assert 49 <= lab.tallies[0].delivered <= 50
    assert link["directions"]["left to right"]["refused"] == 100 - link["delivered"]
    assert link["mka"]["why"] == "at both ends no CAK is valid now"


# ---------------------------------------------------------------- not secured


WRONG = {"cak": CAK, "ckn": CKN, "ends": {"right": {"cak": OTHER_CAK}}}
ANOTHER_NAME = {"cak": CAK, "ckn": CKN, "ends": {"right": {"cak": CAK, "ckn": OTHER_CKN}}}
NOT_YET = {"keychain": [{"cak": CAK, "ckn": CKN, "start": 1000}]}
NO_SERVER = {"key_server": "off"}


@pytest.mark.parametrize(
    "macsec, why",
    [
        (WRONG, "at both ends no live peer; 7 MKPDUs failed their ICV: the peer has another CAK"),
        (ANOTHER_NAME, "at both ends no live peer; 7 MKPDUs name another CKN"),
        (NOT_YET, "at both ends no CAK is valid now"),
        (NO_SERVER, "at both ends no participant offers to be Key Server"),
    ],
)
@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_what_does_not_agree(plane: Plane, macsec: Any, why: str) -> None:
    """Under must-secure nothing passes, and the report says why."""
    with built(topology(macsec), plane) as lab:
        recorders = {recorder.name: recorder for recorder in record(lab)}
        lab.run()
        link = told(lab)
        assert lab.began_ps == 12 * NS * 1000
        assert lab.hosts["r1"].stats.received == 0
    assert all(map(is_eapol, recorders["wire-left-right"].batch.frames()))
    assert (link["sent"], link["delivered"], link["protected"]) == (0, 0, True)
    assert link["directions"]["left to right"]["refused"] == 20
    assert link["mka"]["status"] == "not secured"
    assert link["mka"]["why"].startswith(why)


def test_a_cable_that_is_down() -> None:
    """Nothing arrives at either end."""
    with built(topology(link={"down": [["0ms", "100s"]]})) as lab:
        lab.run()
        assert told(lab)["mka"]["why"] == "at both ends no live peer; no MKPDU heard"


def test_a_cable_that_is_cut() -> None:
    """Secured, then down for longer than a Life Time: the port closes; frames are refused."""
    tree = topology(link={"down": [["5s", "100s"]]}, traffic={"pps": 10, "count": 200})
    with built(tree) as lab:
        lab.run()
        link = told(lab)
    assert link["mka"]["status"] == "not secured"
    assert link["mka"]["why"] == "at both ends no live peer; the last one fell silent"
    assert link["directions"]["left to right"]["refused"] > 80


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_should_secure(plane: Plane) -> None:
    """The CAKs differ: frames pass in clear, and every report says so."""
    with built(topology({**WRONG, "policy": "should-secure"}), plane) as lab:
        assert "UNPROTECTED: left-right" in page(lab)
        run = to_json(lab, LabRun("test", 1))
        assert lab.tallies[0].delivered == 20
    (link,) = run["links"]
    assert run["unprotected"] == ["left-right"]
    assert (link["protected"], link["protection"]) == (False, "UNPROTECTED")
    assert link["mka"]["status"] == "plain"


def test_the_page() -> None:
    """How each link got its keys, and which; after a rekey all of them."""
    with built(topology({"sak_rekey_interval": 30}, {"pps": 10, "count": 400})) as lab:
        text = page(lab)
        (sak, other) = lab.links[0].agreed[0].progress.saks
    assert "Key agreement" in text
    assert "once all links were secured" in text
    assert str(sak.ki) in text
    assert str(other.ki) in text
    assert "UNPROTECTED" not in text
    with built(topology(WRONG)) as lab:
        assert (
            "left-right is not secured: at both ends no live peer; 7 MKPDUs failed their ICV"
            in page(lab)
        )


def test_should_secure_secures() -> None:
    """With the same CAK it is as under must-secure."""
    with built(topology({"policy": "should-secure"})) as lab:
        lab.run()
        link = told(lab)
    assert (link["protected"], link["mka"]["status"], link["delivered"]) == (True, "secured", 20)


# ---------------------------------------------------------------- when traffic begins, and ends


def test_a_declared_begin() -> None:
    """`begin: 0`: frames before the link is secured are refused and counted, the rest arrives."""
    with built(topology(begin=0)) as lab:
        lab.run()
        link = told(lab)
        assert lab.began_ps == 0
    # One each ms; the Key Server sends from 2 ms on, right behind the MKPDU with the SAK.
    assert link["directions"]["left to right"]["refused"] == 2
    assert (link["sent"], link["delivered"]) == (18, 18)


@pytest.mark.parametrize("start, begin", [("0", "5ms"), ("5ms", "secured"), ("2ms", "3ms")])
def test_start_counts_from_the_begin(start: str, begin: str) -> None:
    """Of the traffic that a declared time lets begin, or the links."""
    with built(topology(traffic={"start": start, "count": 1}, begin=begin)) as lab:
        lab.run()
        sent_ns = lab.engine.now_ns - lab.tallies[0].latency_sum // 1000
        assert lab.tallies[0].delivered == 1
    assert sent_ns // 1000 == 8000 if begin == "secured" else sent_ns // 1000 == 5000


def test_a_run_ends_with_its_last_frame() -> None:
    """Key agreement goes on for ever; a run does not, unless it is told until when."""
    with built(topology()) as lab:
        lab.run()
        assert 23 * 10**6 < lab.engine.now_ns < 24 * 10**6
    with built(topology()) as lab:
        lab.run(60 * NS)
        assert lab.engine.now_ns == 60 * NS
        assert 60 <= sum(lab.links[0].mkpdus(way) for way in (0, 1)) <= 70


def test_eapol_of_hosts_is_traffic(tmp_path: Path) -> None:
    """It is protected like all else, and the run waits for it."""
    frame = bytes.fromhex("020000020001" + "020000010001" + "888e") + bytes(46)
    path = tmp_path / "eapol.pcap"
    with write(path) as sink:
        sink.write(FrameBatch.from_frames([frame], [0]))
    tree = topology()
    tree["traffic"] = [{"from": "l1", "to": "r1", "pcap": str(path)}]
    with built(tree) as lab:
        lab.run(read=read)
        assert lab.tallies[0].delivered == 1
        assert told(lab)["delivered"] == 1


def test_without_traffic() -> None:
    """It ends when the links are secured."""
    with built({**topology(), "traffic": []}) as lab:
        lab.run()
        assert lab.engine.now_ns == told(lab)["mka"]["secured_ns"]


# ---------------------------------------------------------------- secrets


def test_a_closed_lab_has_no_keys() -> None:
    """CAKs and SAKs are wiped; what has drawn them can build another."""
    with built(topology()) as lab:
        lab.run()
        (end, _) = lab.links[0].agreed
        holder = end.kay.principal.key.holder if end.kay.principal else None
    assert holder is not None
    with pytest.raises(CustodyError, match="wiped"):
        holder.icv(b"")


def test_no_cak_is_shown() -> None:
    """Not in any text of topology, blueprint or lab, nor in a report."""
    model = load_topology(topology({**WRONG, "keychain": [{"cak": CAK[::-1], "ckn": "aa"}]}))
    blueprint = Blueprint.of(model, seeded(1, "macsec lab"))
    texts = [repr(model), repr(blueprint), repr(blueprint.links)]
    with Lab(blueprint, 1) as lab:
        texts += [page(lab), repr(lab.links), json.dumps(to_json(lab, LabRun("test", 1)))]
    for text in texts:
        for cak in (CAK, OTHER_CAK, CAK[::-1]):
            assert cak not in text.lower()
            assert str(bytes.fromhex(cak))[2:-1] not in text
    assert CKN in texts[-1]


def test_generated_keys_are_not_shown() -> None:
    """Neither a drawn CAK nor, with static keys, a drawn SAK."""
    drawn: list[bytes] = []

    def draw(purpose: str, octets: int) -> bytes:
        made = seeded(1)(purpose, octets)
        if purpose.endswith(("cak", "sak")):
            drawn.append(made)
        return made

    for keys in ("mka", "static"):
        blueprint = Blueprint.of(load_topology(topology(keys)), draw)
        text = repr(blueprint)
        assert drawn
        assert not any(str(key)[2:-1] in text or key.hex() in text for key in drawn)


def test_a_store_has_dates() -> None:
    """Virtual time has none, so its CAKs never would have theirs."""
    with pytest.raises(ConfigError, match=r"links\.0\.macsec: generated: .* lab up takes them"):
        built(topology({"generated": {"store": "caks.json", "kek": "file:kek"}}))


def test_each_use_is_audited(tmp_path: Path) -> None:
    """With the lab's time, and without the key."""
    path = tmp_path / "audit.jsonl"
    with built(topology({"cak": CAK, "ckn": CKN, "audit": str(path)})) as lab:
        lab.run()
    text = path.read_text()
    assert CKN in text
    assert "macsec lab" in text
    assert CAK not in text


def test_a_cak_that_cannot_be_used() -> None:
    """One line that names the entry and not the key."""
    with pytest.raises(ConfigError, match=r"links\.0\.macsec: a CAK has 16 or 32 octets") as caught:
        built(topology({"cak": CAK + "00", "ckn": CKN}))
    assert CAK not in str(caught.value)
