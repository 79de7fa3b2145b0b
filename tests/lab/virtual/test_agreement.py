"""Key agreement on the links of a lab, in virtual time: traffic, rekeys, and reasons of failure."""

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
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.keys import Key
from macsec.lab import Blueprint, Lab
from macsec.lab.link_state import LinkStatus
from macsec.lab.virtual.records.captures import record
from macsec.lab.virtual.records.probe import Probe
from macsec.lab.virtual.stations.station import Station, is_eapol
from macsec.offline.decrypt import MkaReader
from macsec.report.lab.outcome import LabRun, to_json
from macsec.report.lab.page import to_html

NS, MS = 10**9, 10**6
BOTH_PLANES = [PLANES[0], PLANES[-1]]
CAK, CKN = "c0ffee00c0ffee00c0ffee00c0ffee00", "0123456789abcdef"
OTHER_CAK, OTHER_CKN = "0ddba11e0ddba11e0ddba11e0ddba11e", "fedcba9876543210"
STATIC_DIGESTS = {
    "two-regions": "e603750a6fda206a1ca7509f24f656c07fcba81599c8bdb7644a710bccbc8783",
    "ring": "4a5f3b49b65744adaff05b3e72d22b979407d291c25b2a9f7c89231f87d94a1c",
    "hub": "ea04accac93f9efd245818d2614e5096702231247fe35214af8977062a445fe3",
}
"""Digests of the shipped scenarios with static keys, seed 1."""


def topology(macsec: Any = "on", traffic: Any = None, link: Any = None, **more: Any) -> Any:
    """Return two sites, a link of 1 ms, and traffic from left to right."""
    flow = {"from": "l1", "to": "r1", "pps": 1000, "count": 20, "size": 200}
    return {
        "sites": {"left": {"hosts": ["l1"]}, "right": {"hosts": ["r1"]}},
        "links": [{"between": ["left", "right"], "delay": "1ms", "macsec": macsec, **(link or {})}],
        "traffic": [flow | (traffic or {})],
        **more,
    }


def built(tree: Any, plane: Plane = PLANES[-1], seed: int = 1) -> Lab:
    """Return a lab, not run yet."""
    blueprint = Blueprint.of(load_topology(tree), seeded(seed, "macsec lab"))
    return Lab(blueprint, seed, plane.backend, plane.kernel)


def page(lab: Lab) -> str:
    """Run a lab and return its page."""
    probes = [Probe(lab.engine, end) for link in lab.links for end in link.ends or ()]
    lab.run()
    return to_html(lab, LabRun("test", 1), probes)


def link_json(lab: Lab) -> dict[str, Any]:
    """Return the JSON of the only link of a lab."""
    (link,) = to_json(lab, LabRun("test", 1))["links"]
    return dict(link)


# ---------------------------------------------------------------- secured


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_the_default_link_agrees_on_keys(plane: Plane) -> None:
    """A link has a CAK of its own; traffic begins once it is secured, and all arrives."""
    with built(topology(), plane) as lab:
        lab.run()
        link = link_json(lab)
        assert lab.began_ps == link["mka"]["secured_ns"] * 1000
    assert (link["protected"], link["sent"], link["delivered"]) == (True, 20, 20)
    assert link["mka"]["status"] == "secured"
    assert link["mka"]["key_server"] == "left"
    assert (link["mka"]["rekeys"], link["mka"]["an"]) == (0, 0)
    assert len(link["mka"]["ckn"]) == 32
    # Heard, listed, key distributed: three ways of 1 ms.
    assert link["mka"]["secured_ns"] == 3_000_000


@pytest.mark.parametrize("eapol", ["888e", "876f"])
def test_a_link_has_the_ethertype_of_its_sectags(eapol: str) -> None:
    """All arrives, and the report takes such a SecTAG apart."""
    with built(topology({"ethertype": "9876", "eapol_ethertype": eapol})) as lab:
        text = page(lab)
        (link,) = lab.links
        sample = link_json(lab)
        assert [end.secy.controls.ethertype for end in link.ends or ()] == [0x9876, 0x9876]
    assert (sample["protected"], sample["delivered"]) == (True, 20)
    assert "AN 0, PN 1, SL 0, SCI" in text


def test_each_link_and_each_seed_has_a_cak_of_its_own() -> None:
    """No CKN is used twice."""
    names = []
    for seed in (1, 2):
        with built("ring", seed=seed) as lab:
            lab.run(NS // 50)
            links = to_json(lab, LabRun("ring", seed))["links"]
            names += [link["mka"]["ckn"] for link in links]
    assert len(set(names)) == 8


@pytest.mark.parametrize("suite", ["gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128"])
def test_the_digest_depends_on_scenario_and_seed_alone(suite: str) -> None:
    """It is the same on both data planes, with losses that hit MKPDUs; another seed changes it."""
    digests = []
    for plane, seed in [(PLANES[0], 3), (PLANES[-1], 3), (PLANES[-1], 4)]:
        tree = topology({"cipher": suite}, link={"loss": "20%"})
        with built(tree, plane, seed) as lab:
            lab.run()
            assert link_json(lab)["mka"]["status"] == "secured"
            digests.append(lab.digest)
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("name", STATIC_DIGESTS)
def test_static_keys_send_no_mkpdu(name: str) -> None:
    """`keys: static`: traffic begins at 0, and the digest is the committed one."""
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
def test_the_cak_of_the_file_decrypts_the_capture(cak: str) -> None:
    """A holder of the CAK gets the SAK from the MKPDUs on the wire."""
    with built(topology({"cak": cak, "ckn": CKN, "policy": "must-secure"})) as lab:
        recorders = {recorder.name: recorder for recorder in record(lab)}
        lab.run()
        assert link_json(lab)["mka"]["ckn"] == CKN
    wire = recorders["wire-left-right"].batch
    assert sum(map(is_eapol, wire.frames())) == len(wire) - 20
    holder = MemoryHolder(Key(bytes.fromhex(cak)), bytes.fromhex(CKN))
    with MkaReader([holder]) as reader:
        read = reader.validate(wire).batch.frames()
    assert read == recorders["host-l1"].batch.frames()
    assert len(read) == 20


def test_a_key_reference_is_read_once(tmp_path: Path) -> None:
    """Both ends and both links use one descriptor, which can be read once."""
    reading, writing = os.pipe()
    os.write(writing, CAK.encode())
    os.close(writing)
    tree = topology({"ckn": CKN, "cak": f"fd:{reading}"})
    tree["links"].append({**tree["links"][0], "name": "second"})
    with built(tree) as lab:
        lab.run()
        assert all(link.state.status is LinkStatus.SECURED for link in lab.links if link.state)
    os.close(reading)
    tree["links"][0]["macsec"] = {"ckn": CKN, "cak": f"file:{tmp_path / 'none'}"}
    with pytest.raises(ConfigError, match=r"links\.0\.macsec: key file:.*cannot read it"):
        built(tree)


def test_a_blueprint_serves_many_labs() -> None:
    """Each lab has its own keys to wipe."""
    blueprint = Blueprint.of(load_topology(topology()), seeded(1, "macsec lab"))
    digests = []
    for _ in range(2):
        with Lab(blueprint, 1) as lab:
            lab.run()
            digests.append(lab.digest)
    assert digests[0] == digests[1]


# ---------------------------------------------------------------- other keys under traffic


REKEYS = {"sak_rekey_interval": 30, "window": 0}
"""A new SAK every 30 s, and a SecY that refuses every frame out of order."""
BACK = {"from": "r1", "to": "l1"}


def rekey_times_ns() -> list[int]:
    """Return the times of the two rekeys within 65 s, from the begin of traffic."""
    with built(topology(REKEYS, {"pps": 1, "count": 65})) as lab:
        lab.run()
        saks = lab.links[0].agreed[0].saks
        return [sak.time_ns - saks[0].time_ns for sak in saks[1:]]


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_a_rekey_loses_no_frame(plane: Plane) -> None:
    """Frames in both directions, one a ms around each of two rekeys, all arrive."""
    times = rekey_times_ns()
    assert len(times) == 2
    tree = topology(REKEYS)
    tree["traffic"] = [
        {"from": "l1", "to": "r1", "pps": 1000, "count": 100, **way, "start": f"{time - 50 * MS}ns"}
        for time in times
        for way in ({}, BACK)
    ]
    with built(tree, plane) as lab:
        lab.run()
        link = link_json(lab)
        assert [tally.delivered for tally in lab.tallies] == [100] * 4
    assert link["mka"]["rekeys"] == 2
    assert [sak["an"] for sak in link["mka"]["ends"]["right"]["saks"]] == [0, 1, 2]
    assert (link["sent"], link["delivered"]) == (400, 400)


@pytest.mark.exhaustive
@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_rekeys_lose_no_frame_in_70_seconds(plane: Plane) -> None:
    """Two SAKs after the first, under steady traffic in both directions."""
    tree = topology(REKEYS, {"pps": 100, "count": 7000})
    tree["traffic"].append({**BACK, "pps": 100, "count": 7000})
    with built(tree, plane) as lab:
        lab.run()
        link = link_json(lab)
        assert [tally.delivered for tally in lab.tallies] == [7000, 7000]
    assert link["mka"]["rekeys"] == 2
    assert [sak["an"] for sak in link["mka"]["ends"]["right"]["saks"]] == [0, 1, 2]
    assert (link["sent"], link["delivered"]) == (14_000, 14_000)


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_a_key_chain_rollover_loses_no_frame(plane: Plane) -> None:
    """The second CAK starts at 10 s of the lab's time, and its SAKs protect from then on."""
    chain = [
        {"cak": CAK, "ckn": CKN, "end": 20},
        {"cak": OTHER_CAK, "ckn": OTHER_CKN, "start": "10s"},
    ]
    tree = topology({"keychain": chain}, {"pps": 10, "count": 300})
    tree["traffic"].append({**tree["traffic"][0], "pps": 1000, "count": 500, "start": "9900ms"})
    with built(tree, plane) as lab:
        lab.run()
        link = link_json(lab)
        assert [tally.delivered for tally in lab.tallies] == [300, 500]
    saks = link["mka"]["ends"]["left"]["saks"]
    assert [sak["ckn"] for sak in saks] == [CKN, OTHER_CKN]
    assert 10 * NS < saks[1]["time_ns"] < 11 * NS
    assert link["mka"]["ckn"] == OTHER_CKN
    assert link["mka"]["status"] == "secured"


def test_a_rekey_is_not_out_of_order_in_the_replay_strip() -> None:
    """Under another SAK PNs start again."""
    with built(topology({"sak_rekey_interval": 30}, {"pps": 10, "count": 400})) as lab:
        probe = Probe(lab.engine, lab.links[0].ends[1])
        lab.run()
        assert len(lab.links[0].agreed[1].saks) == 2
    assert probe.in_order
    assert [arrival.pn for arrival in probe.arrivals] == list(range(1, 17))


def test_a_key_that_starts_after_the_end_of_time_is_no_event() -> None:
    """Virtual time ends after 53 days: the run does not wait for the key."""
    chain = [{"cak": CAK, "ckn": CKN, "start": 9_000_000_000}]
    with built(topology({"keychain": chain})) as lab:
        lab.run()
        assert link_json(lab)["mka"]["why"] == "at both ends no CAK is valid now"


def test_the_end_of_the_last_cak_closes_the_port() -> None:
    """Frames are refused and counted from then on."""
    chain = [{"cak": CAK, "ckn": CKN, "end": 5}]
    with built(topology({"keychain": chain}, {"pps": 10, "count": 100})) as lab:
        lab.run()
        link = link_json(lab)
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
def test_ends_that_cannot_agree_pass_nothing(plane: Plane, macsec: Any, why: str) -> None:
    """Under must-secure no frame passes, and the report gives the reason."""
    with built(topology(macsec), plane) as lab:
        recorders = {recorder.name: recorder for recorder in record(lab)}
        lab.run()
        link = link_json(lab)
        assert lab.began_ps == 12 * NS * 1000
        assert lab.hosts["r1"].stats.received == 0
    assert all(map(is_eapol, recorders["wire-left-right"].batch.frames()))
    assert (link["sent"], link["delivered"], link["protected"]) == (0, 0, True)
    assert link["directions"]["left to right"]["refused"] == 20
    assert link["mka"]["status"] == "not secured"
    assert link["mka"]["why"].startswith(why)


def test_a_link_that_is_down_hears_no_mkpdu() -> None:
    """The report says so of both ends."""
    with built(topology(link={"down": [["0ms", "100s"]]})) as lab:
        lab.run()
        assert link_json(lab)["mka"]["why"] == "at both ends no live peer; no MKPDU received"


def test_a_link_that_goes_down_closes_its_ports() -> None:
    """Down for longer than a Life Time: frames are refused."""
    tree = topology(link={"down": [["5s", "100s"]]}, traffic={"pps": 10, "count": 200})
    with built(tree) as lab:
        lab.run()
        link = link_json(lab)
    assert link["mka"]["status"] == "not secured"
    assert link["mka"]["why"] == "at both ends no live peer; the last one fell silent"
    assert link["directions"]["left to right"]["refused"] > 80


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_should_secure_passes_frames_in_clear_and_says_so(plane: Plane) -> None:
    """With different CAKs frames pass in clear, and every report says so."""
    with built(topology({**WRONG, "policy": "should-secure"}), plane) as lab:
        assert "UNPROTECTED: left-right" in page(lab)
        run = to_json(lab, LabRun("test", 1))
        assert lab.tallies[0].delivered == 20
    (link,) = run["links"]
    assert run["unprotected"] == ["left-right"]
    assert (link["protected"], link["protection"]) == (False, "UNPROTECTED")
    assert link["mka"]["status"] == "plain"


def test_the_page_shows_all_saks_and_reasons() -> None:
    """Every SAK of a link with a rekey; the reason of a link that is not secured."""
    with built(topology({"sak_rekey_interval": 30}, {"pps": 10, "count": 400})) as lab:
        text = page(lab)
        (sak, other) = lab.links[0].agreed[0].saks
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


def test_should_secure_protects_with_equal_caks() -> None:
    """With the same CAK it is like must-secure."""
    with built(topology({"policy": "should-secure"})) as lab:
        lab.run()
        link = link_json(lab)
    assert (link["protected"], link["mka"]["status"], link["delivered"]) == (True, "secured", 20)


# ---------------------------------------------------------------- when traffic begins, and ends


def test_traffic_before_the_link_is_secured_is_refused() -> None:
    """`begin: 0`: frames before that are refused and counted, all others arrive."""
    with built(topology(begin=0)) as lab:
        lab.run()
        link = link_json(lab)
        assert lab.began_ps == 0
    # One each ms; the Key Server sends from 2 ms on, right behind the MKPDU with the SAK.
    assert link["directions"]["left to right"]["refused"] == 2
    assert (link["sent"], link["delivered"]) == (18, 18)


@pytest.mark.parametrize("start, begin", [("0", "5ms"), ("5ms", "secured"), ("2ms", "3ms")])
def test_start_counts_from_the_begin(start: str, begin: str) -> None:
    """The begin is a declared time, or the moment when all links are secured."""
    with built(topology(traffic={"start": start, "count": 1}, begin=begin)) as lab:
        lab.run()
        sent_ns = lab.engine.now_ns - lab.tallies[0].latency_sum // 1000
        assert lab.tallies[0].delivered == 1
    assert sent_ns // 1000 == 8000 if begin == "secured" else sent_ns // 1000 == 5000


def test_a_run_ends_with_its_last_frame() -> None:
    """Key agreement never ends; a run ends with its traffic, or at a given time."""
    with built(topology()) as lab:
        lab.run()
        assert 23 * 10**6 < lab.engine.now_ns < 24 * 10**6
    with built(topology()) as lab:
        lab.run(60 * NS)
        assert lab.engine.now_ns == 60 * NS
        assert 60 <= sum(lab.links[0].mkpdus(way) for way in (0, 1)) <= 70


def test_eapol_of_hosts_is_protected_like_other_frames(tmp_path: Path) -> None:
    """It crosses the link, and the run waits for it."""
    frame = bytes.fromhex("020000020001" + "020000010001" + "888e") + bytes(46)
    path = tmp_path / "eapol.pcap"
    with write(path) as sink:
        sink.write(FrameBatch.from_frames([frame], [0]))
    tree = topology()
    tree["traffic"] = [{"from": "l1", "to": "r1", "pcap": str(path)}]
    with built(tree) as lab:
        lab.run(read=read)
        assert lab.tallies[0].delivered == 1
        assert link_json(lab)["delivered"] == 1


def test_a_run_without_traffic_ends_once_secured() -> None:
    """It ends at the moment when the last link is secured."""
    with built({**topology(), "traffic": []}) as lab:
        lab.run()
        assert lab.engine.now_ns == link_json(lab)["mka"]["secured_ns"]


# ---------------------------------------------------------------- secrets


def test_a_closed_lab_has_no_keys() -> None:
    """CAKs and SAKs are wiped."""
    with built(topology()) as lab:
        lab.run()
        (end, _) = lab.links[0].agreed
        holder = end.kay.principal.key.holder if end.kay.principal else None
    assert holder is not None
    with pytest.raises(CustodyError, match="wiped"):
        holder.icv(b"")


def test_no_cak_is_shown() -> None:
    """No text of topology, blueprint, lab or report has one."""
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
    """Neither a drawn CAK nor a drawn static SAK."""
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


def test_a_store_of_generated_caks_is_refused() -> None:
    """Its CAKs have dates, and virtual time has none."""
    with pytest.raises(ConfigError, match=r"links\.0\.macsec: generated: .* use lab up"):
        built(topology({"generated": {"store": "caks.json", "kek": "file:kek"}}))


def test_each_use_of_a_cak_is_audited(tmp_path: Path) -> None:
    """The audit has the lab's time, and never the key."""
    path = tmp_path / "audit.jsonl"
    with built(topology({"cak": CAK, "ckn": CKN, "audit": str(path)})) as lab:
        lab.run()
    text = path.read_text()
    assert CKN in text
    assert "macsec lab" in text
    assert CAK not in text


def test_a_cak_of_a_wrong_length_is_refused() -> None:
    """One line names the entry, and not the key."""
    with pytest.raises(ConfigError, match=r"links\.0\.macsec: a CAK has 16 or 32 octets") as caught:
        built(topology({"cak": CAK + "00", "ckn": CKN}))
    assert CAK not in str(caught.value)


@pytest.mark.parametrize(
    "tag, secured", [("8100e000", True), ("88a80000", True), ("81000005", False)]
)
def test_priority_tagged_mkpdus_are_for_the_kay_alone(
    tag: str, secured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link agrees on keys with them, and no SecY judges one; those of a VLAN are data."""

    def send(station: Station, mkpdu: bytes) -> None:
        station.mkpdus_sent += 1
        station.uncontrolled.send(mkpdu[:12] + bytes.fromhex(tag) + mkpdu[12:])

    monkeypatch.setattr(Station, "_send_mkpdu", send)
    digests = set()
    for plane in BOTH_PLANES:
        with built(topology(), plane) as lab:
            lab.run()
            (link,) = lab.links
            assert (link_json(lab)["mka"]["status"] == "secured") is secured
            assert lab.hosts["r1"].stats.received == (20 if secured else 0)
            judged = [end.secy.counters["InPktsNoTag"] for end in link.ends or ()]
            blocked = [end.blocked[1] for end in link.ends or ()]
            assert (any(judged) or any(blocked)) is not secured
            digests.add(lab.digest)
    assert len(digests) == 1
