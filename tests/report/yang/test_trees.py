"""Ports as instance data of YANG modules: names and types of all nodes, and their values.

libyang checks every tree against the published modules where the folder of these is given:

    MACSEC_YANG_MODULES=DIR pytest tests/report/yang     # needs yanglint, of libyang2-tools
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.mka.kays import CAK, CKN, Segment, pair
from support.planes import PLANES, SAK, Plane, add_rx, add_tx

from macsec.report.yang import TREES, ManagedPort
from macsec.report.yang.values import Tree, ckn

SINCE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MODULES = {
    "ieee": ("ieee802-dot1ae-secy", "ieee802-dot1x", "ieee802-dot1x-eapol", "iana-if-type"),
    "openconfig": ("openconfig-macsec", "iana-if-type"),
}
FOLDER = os.environ.get("MACSEC_YANG_MODULES", "")


def whole(most: int) -> Callable[[Any], bool]:
    """Return a check of a number in JSON."""
    return lambda value: type(value) is int and 0 <= value <= most


def text(pattern: str) -> Callable[[Any], bool]:
    """Return a check of text."""
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def truth(value: Any) -> bool:
    """Check a boolean."""
    return isinstance(value, bool)


UINT8, UINT32, UINT64 = whole(255), whole((1 << 32) - 1), text("0|[1-9][0-9]{0,19}")
SCI = text("[0-9a-f]{2}(-[0-9a-f]{2}){5}-[0-9a-f]{4}")
NAME = text(".{1,253}")
MOMENT = text(r"[0-9]{4}(-[0-9]{2}){2}T[0-9:]{8}\.[0-9]{3}\+00:00")


def named(names: str, kind: Callable[[Any], bool]) -> dict[str, Callable[[Any], bool]]:
    """Return the type of some leaves."""
    return dict.fromkeys(names.split(), kind)


TYPES: dict[str, Callable[[Any], bool]] = {
    **named(
        "mac-enabled mac-operational controlled-port-enabled replay-protect receiving in-use "
        "protect-frames always-include-sci use-es use-scb including-sci transmitting "
        "transmits confidentiality receives oper-point-to-point-mac enable-use "
        "require-confidentiality join form integrity-protection confidentiality-protection "
        "principal auth changes-data-length supp mka macsec announcements listener "
        "virtual-ports capable desired in-service-upgrades enable protect validate "
        "suspend-on-request active authenticated secured failed cached retain "
        "delay-protection include-icv-indicator include-sci sak-rekey-on-live-peer-loss "
        "use-updated-eth-header",
        truth,
    ),
    **named(
        "max-receive-channels max-receive-keys max-transmit-channels max-transmit-keys "
        "priority access-class-de0 access-class-de1 eapol-protocol-version mka-version "
        "key-server-priority",
        UINT8,
    ),
    **named(
        "replay-window key-index tx rx participant in-discards in-errors out-errors "
        "icv-length invalid-eapol-frame-rx eapol-mk-no-cfn eapol-mk-invalid-frames-rx "
        "eapol-mka-frames-tx if-index sak-rekey-interval replay-protection",
        UINT32,
    ),
    **named(
        "sci sci-base",
        SCI,
    ),
    **named(
        "rxa txa encoding-sa",
        whole(3),
    ),
    **named("user-priority traffic-class", whole(7)),
    **named("created-time started-time stopped-time discontinuity-time", MOMENT),
    "admin-point-to-point-mac": text("auto|force-true|force-false"),
    "kmd": NAME,
    "nid": NAME,
    **named(
        "next-pn lowest-pn cipher-suite-identifier implemented-cipher-suite cipher-suite",
        UINT64,
    ),
    **named(
        "name pae-system controlled-port-name common-port-name mka-policy key-chain",
        NAME,
    ),
    **named(
        "sci-tx sci-rx",
        text("[0-9a-f]{16}"),
    ),
    "key-identifier": text("[0-9a-f]{32}"),
    "validate-frames": text("null|disabled|check|strict"),
    "port-type": text("real-port"),
    "connect": text("pending|unauthenticated|authenticated|secure"),
    "activate": text("always|on-oper-up"),
    "system-access-control": text("enabled"),
    "system-announcements": text("disabled"),
    "ckn": text(".{1,32}"),
    "dist-ckn": text(".{1,32}"),
    "ieee802-dot1x-eapol:eapol-group-address": text("[0-9a-f]{2}(-[0-9a-f]{2}){5}"),
    "type": text("iana-if-type:(ethernetCsmacd|macSecControlledIF)"),
    "admin-status": text("up|UP"),
    "oper-status": text("up|down|UP|DOWN"),
    "macsec-cipher-suite": text("GCM_AES(_XPN)?_(128|256)"),
    "confidentiality-offset": text("(0|30|50)_BYTES"),
    "security-policy": text("(MUST|SHOULD)_SECURE"),
    "status": text("ACTIVE|INACTIVE|PENDING"),
}
"""The type of each leaf; a container of the same name is no leaf. Counters are COUNTER."""
COUNTER = re.compile(
    "(in|out)-(pkts|octets|unicast|multicast|broadcast|mkpdu|sak|cak).*|(tx|rx)-.*-pkts|s[ac]-.*|sak-.*-errors|"
    "(tx|rx)-pkts-(ctrl|err-in|dropped)|rx-unrecognized-ckn"
)


def leaves(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every leaf with its name."""
    if isinstance(tree, dict):
        for each, value in tree.items():
            yield from leaves(value, each)
    elif isinstance(tree, list):
        for entry in tree:
            yield from leaves(entry, name)
    else:
        yield name, tree


def check(tree: Tree, other: dict[str, Callable[[Any], bool]]) -> None:
    """Check the type of every leaf; `other`: types of a model that names a leaf otherwise."""
    for name, value in leaves(json.loads(json.dumps(tree))):
        kind = other.get(name) or TYPES.get(name) or (UINT64 if COUNTER.fullmatch(name) else None)
        assert kind is not None, f"no published leaf is called {name}"
        assert kind(value), f"{name}: {value!r}"


def libyang_accepts(model: str, tree: Tree, folder: Path) -> None:
    """Check a tree with yanglint against the published modules."""
    data = folder / f"{model}.json"
    data.write_text(json.dumps(tree))
    modules = [
        str(next(path for path in Path(FOLDER).glob("*.yang") if path.stem.split("@")[0] == name))
        for name in MODULES[model]
    ]
    command = ["yanglint", "-p", FOLDER, "-t", "data", "-f", "json", *modules, str(data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def port_of(secy: Any, kay: Any = None, opened: bool = True) -> ManagedPort:
    """Return a port under management."""
    return ManagedPort("macsec0", "eth0", secy, kay, opened, SINCE, SINCE)


def static(plane: Plane, cipher: str) -> ManagedPort:
    """Return a port with static SAs that has protected and validated a frame."""
    secy = plane.secy(cipher=cipher, window=5)
    add_tx(secy, an=1)
    secy.set_controls(encodingsa=1)
    add_rx(secy, sci="5254001301570001", an=2, key=bytes(32))
    secy.protect_frame(bytes(60))
    return port_of(secy)


def members(plane: Plane) -> list[ManagedPort]:
    """Return both ports of a secured pair, after a frame from a to b."""
    segment, a, b = pair(plane)
    a.send()
    segment.run(3)
    return [port_of(each.secy, each.kay) for each in (a, b)]


def alone(plane: Plane) -> ManagedPort:
    """Return the port of a KaY that hears no peer."""
    segment = Segment(plane)
    a = segment.add("a")
    segment.run(3)
    return port_of(a.secy, a.kay, opened=False)


CASES: dict[str, Callable[[Plane], list[ManagedPort]]] = {
    "static": lambda plane: [static(plane, "gcm-aes-128")],
    "static, XPN": lambda plane: [static(plane, "gcm-aes-xpn-256")],
    "no SA": lambda plane: [port_of(plane.secy(send_sci=False, protect=False))],
    "secured": members,
    "without a peer": lambda plane: [alone(plane)],
}


@pytest.mark.parametrize("model", TREES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("plane", PLANES[:2], ids=str)
def test_every_leaf_is_a_published_one_of_its_type(
    plane: Plane, case: str, model: str, tmp_path: Path
) -> None:
    """Also by libyang, where the modules are at hand."""
    tree = TREES[model](CASES[case](plane)[:1])
    check(tree, {"ckn": text("([0-9a-f]{2}){1,32}")} if model == "gnmi" else {})
    if FOLDER and model in MODULES and shutil.which("yanglint"):
        libyang_accepts(model, tree, tmp_path)


def secy_of(ports: list[ManagedPort]) -> Tree:
    """Return the container `secy` of the first port."""
    first = TREES["ieee"](ports)["ietf-interfaces:interfaces"]["interface"][0]
    secy: Tree = first["ieee802-dot1x:pae"]["ieee802-dot1ae-secy:secy"]
    return secy


@pytest.mark.parametrize("plane", PLANES[:2], ids=str)
def test_the_secy_shows_its_channels_pns_and_counters(plane: Plane) -> None:
    """Values are those of the LMI."""
    secy = secy_of([static(plane, "gcm-aes-xpn-256")])
    (sent,) = secy["generation"]["transmit-sc"]
    assert (sent["encoding-sa"], sent["out-pkts-encrypted"]) == (1, "1")
    assert [(sa["txa"], sa["next-pn"]) for sa in sent["transmit-sa"]] == [(1, "2")]
    (received,) = secy["verification"]["receive-sc"]
    assert received["sci"] == "52-54-00-13-01-57-0001"
    assert received["receive-sa"][0]["rxa"] == 2
    assert secy["verification"]["replay-window"] == 5
    assert secy["current-cipher-suite"]["cipher-suite-identifier"] == str(0x0080C20001000004)


@pytest.mark.parametrize("plane", PLANES[:2], ids=str)
def test_the_kay_shows_who_serves_and_the_key_in_use(plane: Plane) -> None:
    """The Key Identifier is MI and KN in hex."""
    ports = members(plane)
    interfaces = TREES["ieee"](ports)["ietf-interfaces:interfaces"]["interface"]
    server, member = (interfaces[at]["ieee802-dot1x:pae"] for at in (0, 2))
    assert server["kay"]["actor"]["priority"] == 10
    assert member["kay"]["key-server"]["priority"] == 10
    assert server["kay"]["secured"] is member["kay"]["secured"] is True
    assert server["logon-process"]["connect"] == "secure"
    assert server["kay"]["key-number"] == {"tx": 1, "rx": 1}
    keys = [
        each["ieee802-dot1ae-secy:secy"]["current-cipher-suite"]["data-key"]
        for each in (server, member)
    ]
    assert keys[0] == keys[1]
    assert keys[0][0]["key-identifier"].endswith("00000001")
    assert member["ieee802-dot1ae-secy:secy"]["verification"]["receive-sc"][0]["in-pkts-ok"] == "1"


@pytest.mark.parametrize("plane", PLANES[:2], ids=str)
def test_times_count_from_the_epoch_of_the_clock(plane: Plane) -> None:
    """SCs and SAs of a pair are there within a second; without an epoch no time is shown."""
    port = members(plane)[1]
    (sc,) = secy_of([port])["verification"]["receive-sc"]
    assert "2026-01-02T03:04:05.000" <= sc["created-time"] < "2026-01-02T03:04:06"
    assert sc["receive-sa"][0]["started-time"] >= sc["created-time"]
    assert "stopped-time" not in sc
    (bare,) = secy_of([replace(port, epoch=None)])["verification"]["receive-sc"]
    assert "created-time" not in bare


def test_openconfig_counts_mkpdus_and_protected_frames() -> None:
    """By the names of openconfig-macsec."""
    tree = TREES["openconfig"](members(PLANES[-1]))["openconfig-macsec:macsec"]
    first = tree["interfaces"]["interface"][0]
    assert int(first["mka"]["state"]["counters"]["out-mkpdu"]) >= 2
    assert first["mka"]["state"]["counters"]["out-sak-mkpdu"] != "0"
    assert first["scsa-tx"]["scsa-tx"][0]["state"]["counters"]["sc-encrypted"] == "1"
    assert [policy["name"] for policy in tree["mka"]["policies"]["policy"]] == ["macsec0"] * 2


def test_a_closed_port_is_down() -> None:
    """MAC_Operational is False, connect is pending."""
    port = alone(PLANES[-1])
    first = TREES["ieee"]([port])["ietf-interfaces:interfaces"]["interface"][0]
    assert first["oper-status"] == "down"
    assert first["ieee802-dot1x:pae"]["logon-process"]["connect"] == "pending"
    assert secy_of([port])["controlled-port"]["mac-operational"] is False


@pytest.mark.parametrize(
    "octets, shown",
    [
        (b"a name", "a name"),
        (bytes(3), "000000"),
        (bytes(range(16)), bytes(range(16)).hex()),
        (bytes(range(17)), None),
    ],
)
def test_a_ckn_is_text_or_hex_if_the_type_has_room(octets: bytes, shown: str | None) -> None:
    """The published type has 32 characters."""
    assert ckn(octets) == shown


@pytest.mark.parametrize("model", TREES)
def test_no_key_is_in_a_tree(model: str) -> None:
    """Neither CAK nor SAK, in hex or as text."""
    tree = TREES[model]([*members(PLANES[-1]), static(PLANES[-1], "gcm-aes-256")])
    named = model == "gnmi"  # a CKN is a name; that of this test begins with the octets of the CAK
    shown = json.dumps(tree).replace(CKN.hex(), "") if named else json.dumps(tree)
    assert CAK.hex() not in shown
    assert SAK.hex() not in shown
    assert CKN.hex() not in shown  # 32 octets: the type has no room
