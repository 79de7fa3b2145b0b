"""Services of EDEs: the frames that each takes, the tag outside, and what links may say."""

from __future__ import annotations

from typing import Any

import pytest

from macsec.clear_rules import vlan_of
from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.config.topology.edes import EDES
from macsec.errors import ConfigError
from macsec.lab import Blueprint
from macsec.lab.ede import EdgeService

ADDRESSES = bytes.fromhex("020000000001020000000002")
USER = b"\x08\x00" + bytes(46)


def service(kind: str, vlans: Any = (), vid: int = 7, **more: Any) -> EdgeService:
    """Return the service of a port."""
    given: dict[str, Any] = {"pvid": 1, "priority_tag": False, **more}
    return EdgeService(EDES[kind], 0 if kind == "m" else vid, tuple(vlans), **given)


def tagged(*tags: str) -> bytes:
    """Return a frame of users behind VLAN tags."""
    return ADDRESSES + b"".join(map(bytes.fromhex, tags)) + USER


@pytest.mark.parametrize(
    "kind, vlans, tags, takes",
    [
        ("m", [], ["88a80005"], True),
        ("cs", [(10, 19)], ["8100000a"], True),
        ("cs", [(10, 19)], ["8100e013"], True),
        ("cs", [(10, 19)], ["81000014"], False),
        ("cs", [(10, 19)], ["88a8000a"], False),  # no C-tag: of the PVID
        ("cs", [(1, 1)], [], True),
        ("cs", [(1, 1)], ["8100e000"], True),  # a priority tag belongs to the PVID
        ("cs", [(2, 9)], [], False),
        ("cs", [], ["81000fff"], True),
        ("cc", [(7, 7)], ["81000007"], True),
        ("cc", [(7, 7)], ["88a80007"], False),
        ("ss", [(7, 7)], ["88a80007"], True),
        ("ss", [(7, 7)], ["81000007"], False),
    ],
)
def test_a_service_takes_frames_by_the_tags_of_its_red_side(
    kind: str, vlans: list[tuple[int, int]], tags: list[str], takes: bool
) -> None:
    """C-tags for CS and CC, S-tags for SS; an EDE-M takes all."""
    assert service(kind, vlans).takes(tagged(*tags)) is takes


@pytest.mark.parametrize(
    "kind, more, outside",
    [
        ("m", {}, ""),
        ("m", {"priority_tag": True}, "8100a000"),
        ("cs", {}, "88a8a007"),
        ("cc", {}, "8100a007"),
        ("ss", {}, "88a8a007"),
    ],
)
def test_the_tag_outside_has_the_priority_of_the_frame(
    kind: str, more: dict[str, Any], outside: str
) -> None:
    """Behind the addresses; the receiver takes it off."""
    made, frame = service(kind, **more), tagged("8100a003")
    sent = made.with_tag(frame, made.priority_of(frame))
    assert sent == ADDRESSES + bytes.fromhex(outside) + frame[12:]
    assert made.without_tag(sent) == frame
    assert made.priority_of(tagged()) == 0


@pytest.mark.parametrize(
    "kind, wrong",
    [
        ("cs", ["88a80008"]),
        ("cs", ["81000007"]),
        ("cs", []),
        ("cc", ["88a80007"]),
        ("ss", ["81000007"]),
    ],
)
def test_frames_with_another_tag_are_of_no_service(kind: str, wrong: list[str]) -> None:
    """Another VLAN, another kind of tag, or none."""
    assert service(kind).without_tag(tagged(*wrong)) is None


def test_an_ede_m_takes_a_priority_tag_off_and_no_other() -> None:
    """Also one that the other EDE-M did not add."""
    assert service("m").without_tag(tagged("8100e000")) == tagged()
    assert service("m").without_tag(tagged("81000001")) == tagged("81000001")


def topology(first: Any, second: Any, **link: Any) -> dict[str, Any]:
    """Return two sites with edges, and a link."""
    return {
        "sites": {"a": {"edge": first} if first else {}, "b": {"edge": second} if second else {}},
        "links": [{"between": ["a", "b"], **link}],
    }


CS = {"ede": "cs"}
SERVICE = {"vid": 100, "vlans": ["10-19"]}


@pytest.mark.parametrize(
    "first, second, link, why",
    [
        (CS, None, {"service": SERVICE}, "EDEs of one kind are wanted at both ends"),
        (CS, {"ede": "cc"}, {"service": SERVICE}, "EDEs of one kind"),
        (None, None, {"service": SERVICE}, "neither site has"),
        (CS, CS, {}, "needs `service: {vid: 1 to 4094}`"),
        (CS, CS, {"service": {"vid": 4095}}, "needs `service"),
        ({"ede": "m"}, {"ede": "m"}, {"service": SERVICE}, "knows no VLANs"),
        ({"ede": "ss"}, {"ede": "ss"}, {"service": SERVICE}, "is that of the frame"),
        (CS, CS, {"service": SERVICE, "lag": "wan"}, "no aggregation"),
        (CS, CS, {"service": SERVICE, "macsec": "off"}, "protects every link"),
    ],
)
def test_links_that_edes_cannot_have_are_refused(
    first: Any, second: Any, link: dict[str, Any], why: str
) -> None:
    """With the line, and the entry to change."""
    with pytest.raises(ConfigError, match=why):
        Blueprint.of(load_topology(topology(first, second, **link)), seeded(1, "a test"))


@pytest.mark.parametrize("kind, group", [("m", "00"), ("cs", "00"), ("cc", "1f"), ("ss", "0b")])
@pytest.mark.parametrize("macsec", [{}, {"destination": "lldp"}])
def test_mkpdus_go_to_the_group_of_the_kind(kind: str, group: str, macsec: dict[str, Any]) -> None:
    """Another destination that the configuration has is kept."""
    service = {} if kind == "m" else {"service": {"vid": 5}}
    tree = topology({"ede": kind}, {"ede": kind}, macsec=macsec, **service)
    plan = Blueprint.of(load_topology(tree), seeded(1, "a test")).links[0]
    ends = {end.policy.destination.hex() for end in plan.keying or ()}
    assert ends == {f"0180c20000{'0e' if macsec else group}"}


def test_a_priority_tag_is_one_of_an_ede_m_alone() -> None:
    """The others have a tag with the priority."""
    for kind in EDES:
        link = {} if kind == "m" else {"service": {"vid": 5}}
        edge = {"ede": kind, "priority_tag": "on"}
        plan = Blueprint.of(load_topology(topology(edge, edge, **link)), seeded(1, "a")).links[0]
        assert plan.services is not None
        assert plan.services[0].priority_tag is (kind == "m")
        sent = plan.services[0].with_tag(tagged(), 0)
        assert vlan_of(sent) == (0 if kind == "m" else 5)
