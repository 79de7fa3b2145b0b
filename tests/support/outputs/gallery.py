"""A page with every component, from data made here, and texts that would break it unescaped."""

from __future__ import annotations

from macsec.report.html import charts, page, strip, tables, topology, wiretap
from macsec.report.html.model import (
    Bar,
    Bars,
    Cell,
    CounterColumns,
    Curves,
    DrawnLink,
    DrawnNode,
    DrawnTopology,
    DumpField,
    FrameDump,
    HtmlPage,
    PageSection,
    Series,
    Sizes,
    Strip,
    WindowMoment,
    Wiretap,
)
from macsec.report.table import Table

HOSTILE = "<script src=\"http://x.test/\">alert('&')</script>"
R, M, L, D = Cell.RECEIVED, Cell.MISSING, Cell.LATE, Cell.DUPLICATE

CURVES = Curves(
    "1518 octets",
    "ns",
    [
        Series("clear", [(0, 20), (0.5, 20), (0.9, 30), (0.99, 40), (0.999, 60), (0.9999, 410)]),
        Series("both", [(0, 350), (0.5, 370), (0.9, 380), (0.99, 440), (0.9999, 40_000)]),
        Series(HOSTILE, [(0, 0), (0.9, 500)], dashed=True),
    ],
)
BARS = Bars(
    "protect and validate",
    "ns",
    [Bar(100 + 10 * n, 109 + 10 * n, (n * 37) % 91) for n in range(40)],
    beyond=1234,
)
SIZES = Sizes(
    "Throughput against frame size",
    "Gbit/s",
    [
        Series("NDR", [(64, 4.8), (512, 22.2), (1518, 32.4), (9018, 49.3)]),
        Series("PDR", [(64, 4.9), (512, 22.6), (1518, 32.9), (9018, 49.9)]),
        Series("link of 10 Gbit/s", [(64, 5.5), (512, 9.1), (9018, 9.96)], dashed=True),
    ],
)
LEAF_SPINE = DrawnTopology(
    "Leaf and spine",
    [
        DrawnNode("spine1"),
        DrawnNode("spine2"),
        DrawnNode("leaf1", "rack 1", "ToR"),
        DrawnNode("leaf2", "rack 2", "ToR"),
        DrawnNode("host1", "rack 1", "10.0.1.10"),
        DrawnNode("host2", "rack 2", "10.0.2.10"),
    ],
    [
        DrawnLink("leaf1", "spine1", True, "100 Gbit/s, 500 ns", "GCM-AES-XPN-256, AN 0"),
        DrawnLink("leaf1", "spine2", True, "100 Gbit/s, 500 ns", "GCM-AES-XPN-256, AN 1"),
        DrawnLink("leaf2", "spine1", True, "100 Gbit/s, 500 ns", "GCM-AES-XPN-256, AN 0"),
        DrawnLink("leaf2", "spine2", False, "100 Gbit/s, 500 ns"),
        DrawnLink("host1", "leaf1", False, "25 Gbit/s"),
        DrawnLink("host2", "leaf2", True, "25 Gbit/s", "GCM-AES-128, AN 3"),
    ],
)
REGIONS = DrawnTopology(
    "Between regions",
    [DrawnNode("west", note="gateway"), DrawnNode("middle"), DrawnNode("east", note=HOSTILE[:12])],
    [
        DrawnLink("west", "middle", True, "400 Gbit/s, 12 ms", "GCM-AES-XPN-256, AN 2"),
        DrawnLink("west", "middle", False, "400 Gbit/s, 14 ms"),
        DrawnLink("middle", "east", True, "100 Gbit/s, 2.5 µs", "GCM-AES-256, AN 0"),
        DrawnLink("west", "east", True, "10 Gbit/s, 30 ms", "GCM-AES-128, AN 0"),
    ],
)
CLEAR = bytes.fromhex("525400130157525400130156") + b"\x08\x00" + b"GET / HTTP/1.1\r\n<b>&" * 3
WIRE = CLEAR[:12] + bytes.fromhex("88e52c00000000115254001301560001") + bytes(range(96, 212))
TAP = Wiretap(
    FrameDump(
        "At the host",
        CLEAR,
        [
            DumpField("DA", 0, 6),
            DumpField("SA", 6, 12),
            DumpField("clear", 12, len(CLEAR), "IPv4, readable"),
        ],
    ),
    FrameDump(
        "On the wire",
        WIRE,
        [
            DumpField("DA", 0, 6),
            DumpField("SA", 6, 12),
            DumpField("SecTAG", 12, 28, "V=0 ES=0 SC=1 SCB=0 E=1 C=1, AN 0, SL 0, PN 17"),
            DumpField("secure", 28, len(WIRE) - 16),
            DumpField("ICV", len(WIRE) - 16, len(WIRE)),
        ],
    ),
)
LONG = FrameDump("A jumbo frame", bytes(9014), [DumpField("rest", 0, 9014)])
WINDOW = Strip(
    "Window of 8, PN 1 to 18",
    1,
    18,
    [
        WindowMoment("start", 1, 1, {}),
        WindowMoment("PN 3 arrives", 1, 4, {1: M, 2: M, 3: R}),
        WindowMoment("PN 1 arrives", 1, 4, {1: R, 2: M, 3: R}),
        WindowMoment(
            "PN 12 arrives", 5, 13, {1: R, 2: M, 3: R, **dict.fromkeys(range(4, 12), M), 12: R}
        ),
        WindowMoment(
            "PN 2 replayed", 5, 13, {1: R, 2: L, 3: R, **dict.fromkeys(range(4, 12), M), 12: R}
        ),
        WindowMoment(
            "PN 12 again", 5, 13, {1: R, 2: L, 3: R, **dict.fromkeys(range(4, 12), M), 12: D}
        ),
    ],
)
COUNTERS = CounterColumns(
    "Counters of each SecY",
    {
        "leaf1": {"InPktsOK": 120_000, "InPktsLate": 3, "InPktsNotValid": 0, "InPktsNoTag": 0},
        "leaf2": {"InPktsOK": 119_997, "InPktsLate": 0, "InPktsNotValid": 0, "InPktsNoTag": 0},
    },
)
RESULTS = Table(
    "Targets",
    ("target", "value", "limit", "result"),
    [("p50", "0.37 us", "0.50 us", "met"), (HOSTILE, "2", "1", "missed"), ("none", "", "", "")],
    marks=("good", "bad", "quiet"),
)

PAGE = HtmlPage(
    f"Gallery {HOSTILE}",
    "Every component once.",
    {"CPU": "Example 9000", "seed": "7", "hostile": HOSTILE},
    [
        PageSection(
            "charts",
            "Charts",
            [
                page.cards(
                    *map(charts.draw_curves, (CURVES,)),
                    charts.draw_bars(BARS),
                    charts.draw_sizes(SIZES),
                )
            ],
        ),
        PageSection("topology", "Topology", [topology.draw(LEAF_SPINE), topology.draw(REGIONS)]),
        PageSection(
            "wiretap", "What a wiretap sees", [wiretap.draw(TAP), wiretap.draw_frame(LONG)]
        ),
        PageSection("window", "Replay window", [strip.draw(WINDOW)], "Clauses 10.6.2 and 10.6.5."),
        PageSection("counters", "Counters", [tables.draw_counters(COUNTERS), tables.draw(RESULTS)]),
    ],
)
