"""Parameters of a link: units as in tc, and errors that name the field."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from macsec.errors import ConfigError
from macsec.wire.param_values import Chance, Loss, Match, SlotTiming
from macsec.wire.params import LinkParams

PARSED: list[tuple[str, Any, Any]] = [
    ("delay", 7, 7),
    ("delay", "100us", 100_000),
    ("delay", "1.5ms", 1_500_000),
    ("delay", "1e2 usecs", 100_000),
    ("delay", "2s", 2 * 10**9),
    ("rate", "100gbit", 10**11),
    ("rate", "1Mbps", 8 * 10**6),
    ("rate", "1kibit", 1024),
    ("rate", 5000, 5000),
    ("correlation", "25%", 0.25),
    ("loss", 0.001, Loss("random", (0.001, 0.0))),
    ("loss", "0.1% 25%", Loss("random", (0.001, 0.25))),
    ("loss", "random 0%", None),
    ("loss", "state 10%", Loss("state", (0.1, 0.9, 0.0, 1.0, 0.0))),
    ("loss", "state 1% 20% 30% 40% 5%", Loss("state", (0.01, 0.2, 0.3, 0.4, 0.05))),
    ("loss", "gemodel 10%", Loss("gemodel", (0.1, 0.9, 1.0, 0.0))),
    ("loss", "gemodel 1% 10% 70% 0.1%", Loss("gemodel", (0.01, 0.1, 0.7, 0.001))),
    ("corrupt", "0.001%", Chance(0.00001)),
    ("duplicate", (0.5, 0.25), Chance(0.5, 0.25)),
    ("corrupt", 1, Chance(1.0)),
    ("slot", "800us", SlotTiming(800_000, 800_000)),
    ("slot", "1us 2us bytes 9 packets 3", SlotTiming(1000, 2000, packets=3, octets=9)),
    (
        "slot",
        "distribution pareto 1us 2us",
        SlotTiming(distribution="pareto", delay=1000, jitter=2000),
    ),
    ("slot", "0s 0s packets 3", None),
    ("drop", [3, 1, 3], (1, 3)),
    ("down", [("2ms", "5ms"), (0, 1000)], ((0, 1000), (2_000_000, 5_000_000))),
    ("match", "ethertype=0x888e vlan=10", Match(0x888E, 10)),
    ("match", {"sci": "5254001301560001", "an": 3}, Match(sci=0x5254001301560001, an=3)),
    ("match", {}, None),
    ("limit", 5, 5),
    ("mtu", 9216, 9216),
    ("seed", 0, 0),
    ("ordered", False, False),
    ("fcs", "fix", "fix"),
    ("corrupt_at", "icv", "icv"),
    ("sectag_ethertype", 0x9876, 0x9876),
]


@pytest.mark.parametrize("field, given, kept", PARSED)
def test_fields_are_parsed_to_numbers(field: str, given: Any, kept: Any) -> None:
    """Strings as in tc and numbers are kept as numbers, which parse to themselves."""
    params = LinkParams(**{field: given})
    assert getattr(params, field) == kept
    assert dataclasses.replace(params) == params
    assert LinkParams.of({field: given}) == params


REFUSED: list[tuple[str, Any]] = [
    ("delay", "100"),
    ("delay", "-1us"),
    ("delay", "0.5ns"),
    ("delay", "fast"),
    ("delay", 1.5),
    ("delay", True),
    ("delay", "1001s"),
    ("jitter", "1gbit"),
    ("rate", 0),
    ("rate", "100us"),
    ("rate", "0.5bit"),
    ("rate", "10"),
    ("correlation", "110%"),
    ("correlation", float("nan")),
    ("loss", "0.1"),
    ("loss", "markov 1%"),
    ("loss", "gemodel"),
    ("loss", "gemodel 1% 1% 1% 1% 1%"),
    ("loss", "state 60% 1% 1% 1% 50%"),
    ("loss", ""),
    ("corrupt", -0.1),
    ("corrupt", "1% 2% 3%"),
    ("corrupt", None),
    ("duplicate", True),
    ("distribution", "gamma"),
    ("distribution", "normal"),
    ("reorder", "10%"),
    ("gap", 5),
    ("limit", 0),
    ("overhead", 24),
    ("overhead", "atm"),
    ("cell", 48),
    ("slot", "2us 1us"),
    ("slot", "1us packets"),
    ("slot", "1us packets many"),
    ("slot", "distribution normal 1us"),
    ("slot", "distribution gamma 1us 1us"),
    ("slot", SlotTiming(least=1, most=2, distribution="normal", jitter=3)),
    ("slot", SlotTiming(packets=-1, most=1)),
    ("slot", 5),
    ("seed", -1),
    ("drop", [0]),
    ("drop", "1 2"),
    ("drop", 7),
    ("down", [(5, 5)]),
    ("down", [(0, 10), (5, 20)]),
    ("down", [3]),
    ("down", "0 5"),
    ("match", "colour=7"),
    ("match", "ethertype=ip"),
    ("match", {"vlan": 4096}),
    ("match", {"an": 4}),
    ("match", {"sci": "12"}),
    ("match", 7),
    ("mtu", 0),
    ("ordered", "yes"),
    ("fcs", "ignore"),
    ("corrupt_at", "body"),
    ("sectag_ethertype", 0x5FF),
    ("cell_overhead", 5),
]


@pytest.mark.parametrize("field, given", REFUSED)
def test_invalid_value_is_refused_with_its_field(field: str, given: Any) -> None:
    """The ConfigError starts with the name of the field."""
    with pytest.raises(ConfigError, match=f"^{field}"):
        LinkParams(**{field: given})


def test_reorder_alone_has_a_gap_of_one() -> None:
    """tc has the same default."""
    assert LinkParams(delay=1, reorder="25%").gap == 1
    assert LinkParams(delay=1, reorder="25%", gap=5).gap == 5


def test_ethernet_overhead_is_24_octets() -> None:
    """Preamble 8, FCS 4, gap 12."""
    assert LinkParams(rate="1gbit", overhead="ethernet").overhead == 24


def test_cell_overhead_cannot_remove_the_whole_cell() -> None:
    """A negative overhead may not exceed the cell."""
    with pytest.raises(ConfigError, match=r"^cell_overhead"):
        LinkParams(rate="1gbit", cell=48, cell_overhead=-49)


def test_unknown_name_in_a_mapping_is_refused() -> None:
    """The error suggests the nearest name; for ecn it has the reason."""
    with pytest.raises(ConfigError, match=r"^delai: .*delay"):
        LinkParams.of({"delai": "1us"})
    with pytest.raises(ConfigError, match=r"^ecn: not offered"):
        LinkParams.of({"ecn": True})


def test_parameters_are_frozen_and_repr_is_short() -> None:
    """No field can be set, and repr shows the differences from a perfect wire."""
    params = LinkParams(delay="1us")
    assert repr(params) == "LinkParams(delay=1000)"
    assert repr(LinkParams()) == "LinkParams()"
    assert hash(params) == hash(LinkParams(delay=1000))
    with pytest.raises(dataclasses.FrozenInstanceError):
        params.delay = 5  # type: ignore[misc]
