"""tc lines: parsed as tc does, and written so that tc parses them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from support.virtual.wires import tc_params

from macsec.errors import ConfigError
from macsec.wire.params import LinkParams
from macsec.wire.tc import parse_tc, to_tc

LINES: list[tuple[str, dict[str, Any], str]] = [
    (
        "delay 100us 10us 25% loss 0.1%",
        {"delay": "100us", "jitter": "10us", "correlation": "25%", "loss": "0.1%"},
        "limit 1000 delay 100us 10us 25% loss random 0.1%",
    ),
    ("delay 10ms reorder 25% 50%", {"delay": "10ms", "reorder": "25% 50%"}, ""),
    (
        "delay 10ms reorder 100% gap 5",
        {"delay": "10ms", "reorder": "100%", "gap": 5},
        "limit 1000 delay 10ms reorder 100% gap 5",
    ),
    (
        "rate 5kbit 20 100 5",
        {"rate": "5kbit", "overhead": 20, "cell": 100, "cell_overhead": 5},
        "limit 1000 rate 5kbit 20 100 5",
    ),
    ("rate 100gbit -14", {"rate": "100gbit", "overhead": -14}, "limit 1000 rate 100gbit -14"),
    (
        "latency 1ms 100us distribution pareto duplicate 1 corrupt 2% 3 seed 9",
        {
            "delay": "1ms",
            "jitter": "100us",
            "distribution": "pareto",
            "duplicate": "1%",
            "corrupt": "2% 3%",
            "seed": 9,
        },
        "",
    ),
    ("loss state 1 99", {"loss": "state 1% 99%"}, ""),
    ("loss gemodel 1% 10 70% 0.1", {"loss": "gemodel 1% 10% 70% 0.1%"}, ""),
    ("loss random 3 25", {"loss": "3% 25%"}, "limit 1000 loss random 3% 25%"),
    ("slot 800us 1ms packets 3", {"slot": "800us 1ms packets 3"}, ""),
    (
        "slot distribution normal 800 20us bytes 100 delay 1",
        {"slot": "distribution normal 800us 20us bytes 100", "delay": "1us"},
        "",
    ),
    ("rate 0 20", {}, "limit 1000"),
    ("", {}, "limit 1000"),
    ("limit 4294967295", {"limit": None}, "limit 4294967295"),
    ("tc qdisc add dev eth0 root netem delay 5", {"delay": "5us"}, "limit 1000 delay 5us"),
    (
        "qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 delay 100ms  10ms 25% loss 0.1% 5%"
        " duplicate 1% reorder 25% 50% corrupt 0.1% 2% gap 5",
        {
            "delay": "100ms",
            "jitter": "10ms",
            "correlation": "25%",
            "loss": "0.1% 5%",
            "duplicate": "1%",
            "reorder": "25% 50%",
            "corrupt": "0.1% 2%",
            "gap": 5,
        },
        "",
    ),
    (
        "qdisc netem 10: parent 1:1 limit 42 rate 1Mbit packetoverhead -4 cellsize 100"
        " celloverhead 5 seed 7",
        {
            "rate": "1mbit",
            "overhead": -4,
            "cell": 100,
            "cell_overhead": 5,
            "limit": 42,
            "seed": 7,
        },
        "",
    ),
    ("qdisc netem 1: root refcnt 2 rate 5Gbit cellsize 48", {"rate": "5gbit", "cell": 48}, ""),
    (
        "qdisc netem 8005: root refcnt 2 limit 1000 loss state p13 1% p31 99% p32 0% p23 100%"
        " p14 0%",
        {"loss": "state 1% 99% 0% 100% 0%"},
        "",
    ),
    (
        "qdisc netem 8005: root refcnt 2 limit 1000 loss gemodel p 1% r 10% 1-h 70% 1-k 0.1%",
        {"loss": "gemodel 1% 10% 70% 0.1%"},
        "",
    ),
    (
        "qdisc netem 8006: dev eth0 root refcnt 2 limit 1000 slot 800us  1ms packets 3 bytes 100",
        {"slot": "800us 1ms packets 3 bytes 100"},
        "",
    ),
]


@pytest.mark.parametrize("line, same, written", LINES)
def test_lines_are_parsed_as_tc_does(line: str, same: dict[str, Any], written: str) -> None:
    """Bare numbers are µs, bit/s and percent, the default limit is 1000; and the reverse."""
    params = parse_tc(line)
    assert params == LinkParams(**{"limit": 1000} | same)
    assert to_tc(params) == written or not written
    assert parse_tc(to_tc(params)) == params


@pytest.mark.parametrize(
    "line, why",
    [
        ("ecn", "^ecn: not offered"),
        ("loss 1% ecn", "^ecn: not offered"),
        ("delay", "^delay: 1 value"),
        ("delay loss 1%", "^delay: 1 value"),
        ("wobble 5", "^'wobble' is not a word"),
        ("delay 1ms 2ms 3% 4%", "^'4%' is not a word"),
        ("delay 5 delay 6", "^delay: twice"),
        ("gap 5", "^gap"),
        ("delay 1 distribution normal", "^distribution"),
        ("delay 1 1 distribution experimental", "^distribution"),
        ("delay 5km", "^delay"),
        ("loss lossy 1%", "^loss"),
        ("limit ten", "^limit"),
        ("slot 1 packets", "^packets: 1 value"),
        ("slot distribution normal 1", "^slot: 3 value"),
        ("qdisc noqueue 0: dev lo root refcnt 2", "^qdisc noqueue is no netem"),
        ("qdisc netem 1: root slot distribution 1ms  5us", "^slot.*no name"),
        ("rate 1mbit cellsize", "^cellsize: 1 value"),
    ],
)
def test_line_that_tc_refuses_is_refused(line: str, why: str) -> None:
    """The error names the word at which parsing ended."""
    with pytest.raises(ConfigError, match=why):
        parse_tc(line)


@given(tc_params())
def test_written_line_parses_to_the_same_parameters(given: dict[str, Any]) -> None:
    """All parameters of tc survive, with every digit of every chance."""
    params = LinkParams(**given)
    assert parse_tc(to_tc(params)) == params


@pytest.mark.parametrize(
    "field, value",
    [
        ("drop", [1]),
        ("down", [(0, 1)]),
        ("match", "vlan=5"),
        ("mtu", 1500),
        ("ordered", True),
        ("fcs", "fix"),
        ("corrupt_at", "icv"),
    ],
)
def test_parameter_unknown_to_tc_is_refused(field: str, value: Any) -> None:
    """A scenario that a real machine could not reproduce is not written."""
    with pytest.raises(ConfigError, match=f"^{field}: not a parameter of tc"):
        to_tc(LinkParams(**{field: value}))
