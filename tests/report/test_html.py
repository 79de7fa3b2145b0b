"""Pages of HTML: well formed, without external content, and the drawing of each component."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from support.outputs.gallery import (
    BARS,
    COUNTERS,
    CURVES,
    HOSTILE,
    LEAF_SPINE,
    LONG,
    PAGE,
    SIZES,
    TAP,
    WINDOW,
)
from support.outputs.html_pages import Reader

from macsec.report.drawing.axes import decades, even_marks, nanoseconds, short
from macsec.report.html import charts, strip, tables, topology, wiretap
from macsec.report.html.markup import Html, join, tag
from macsec.report.html.model import (
    Bars,
    Cell,
    Curves,
    DrawnLink,
    DrawnNode,
    DrawnTopology,
    FrameDump,
    Series,
    Sizes,
    Strip,
    WindowMoment,
)
from macsec.report.html.page import render
from macsec.report.table import Table


@pytest.fixture(scope="module")
def gallery() -> Reader:
    """A page with every component."""
    return Reader(render(PAGE))


def test_a_page_loads_nothing_from_outside(gallery: Reader) -> None:
    """No script, only addresses within the page, and a policy that forbids all others."""
    names = {name for name, _ in gallery.elements}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    for name, attributes in gallery.elements:
        assert not [key for key in attributes if key.startswith("on")], name
        for key in ("src", "href", "xlink:href", "action", "data"):
            assert (attributes.get(key) or "#").startswith("#"), (name, attributes)
    style = re.search(r"<style>(.*?)</style>", render(PAGE), re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    policies = [each for each in gallery.named("meta") if "http-equiv" in each]
    assert policies[0]["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_hostile_text_is_escaped(gallery: Reader) -> None:
    """Hostile text is text in the page, at every place where it enters."""
    assert gallery.text.count(HOSTILE) >= 4
    assert "<script" not in render(PAGE)


def test_a_page_is_accessible(gallery: Reader) -> None:
    """Language, title, one first heading, labels of pictures and tables, unique names."""
    assert gallery.named("html") == [{"lang": "en"}]
    assert len(gallery.named("h1")) == len(gallery.named("main")) == 1
    identities = [each["id"] for _, each in gallery.elements if "id" in each]
    assert len(identities) == len(set(identities))
    for each in gallery.named("section"):
        assert each["aria-labelledby"] in identities
    for link in gallery.named("a"):
        assert (link["href"] or "").removeprefix("#") in identities
    for svg in gallery.named("svg"):
        assert svg.get("aria-hidden") == "true" or (svg["role"] == "img" and svg["aria-label"])
    assert len(gallery.named("caption")) == len(gallery.named("table"))
    assert {each["scope"] for each in gallery.named("th")} == {"col", "row"}


def test_light_and_dark_name_the_same_colours() -> None:
    """Every colour of the light style has one in the dark style too."""
    style = re.search(r"<style>(.*?)</style>", render(PAGE), re.DOTALL)
    assert style is not None
    # What a picture needs, and the width to which it grows, are set beside it.
    text = re.sub(r"var\(--(least|widest)[^)]*\)", "", style[1])
    light, dark = text.split("prefers-color-scheme: dark")
    names = set(re.findall(r"(--[\w-]+):", light))
    assert names == set(re.findall(r"(--[\w-]+):", dark))
    assert set(re.findall(r"var\((--[\w-]+)\)", text)) == names


# ---------------------------------------------------------------- markup


def test_tags_escape_attributes_and_text() -> None:
    """Attributes are escaped, some left out; text is escaped unless it is Html."""
    assert tag("a", "<&>", class_="x", title='"', hidden=True, id=None) == (
        '<a class="x" title="&quot;" hidden>&lt;&amp;&gt;</a>'
    )
    assert tag("line", x1=1.5, x2=2.0, y1=0.123456) == '<line x1="1.5" x2="2" y1="0.12"/>'
    assert join(["<", Html("<b>")]) == "&lt;<b>"


# ---------------------------------------------------------------- charts


def test_curves_have_a_line_for_each_series_and_a_legend() -> None:
    """A line for each series, each nine a mark, and a legend."""
    found = Reader(charts.draw_curves(CURVES))
    assert found.of_class("line") == 2 * len(CURVES.series)
    for mark in ("0 %", "90 %", "99 %", "99.9 %", "99.99 %", "10 ns", "1 µs", "100 µs"):
        assert mark in found.text
    points = found.named("polyline")[1]["points"] or ""
    assert len(points.split()) == len(CURVES.series[0].points)


def test_each_nine_takes_the_same_room() -> None:
    """The axis is that of 1/(1-p): 90, 99 and 99.9 % are equally far apart."""
    curves = Curves("", "ns", [Series("", [(0, 1), (0.9, 10), (0.99, 100), (0.999, 1000)])])
    points = (Reader(charts.draw_curves(curves)).named("polyline")[1]["points"] or "").split()
    across = [float(point.split(",")[0]) for point in points]
    up = [float(point.split(",")[1]) for point in points]
    assert [b - a for a, b in pairwise(across)] == pytest.approx(
        [(across[3] - across[0]) / 3] * 3, abs=0.2
    )
    assert up == sorted(up, reverse=True)


def test_bars_are_in_proportion_to_their_counts() -> None:
    """A bar for each count above zero, its height in proportion, and the number beyond."""
    found = Reader(charts.draw_bars(BARS))
    heights = [float(each["height"] or 0) for each in found.named("rect")]
    counts = [bar.count for bar in BARS.bars if bar.count]
    assert [height / heights[0] for height in heights] == pytest.approx(
        [count / counts[0] for count in counts], rel=0.02
    )
    assert "1,234 more above 499" in found.text


def test_measured_points_have_dots_and_arithmetic_is_dashed() -> None:
    """Measured points have dots, arithmetic is dashed."""
    found = Reader(charts.draw_sizes(SIZES))
    assert found.of_class("dot") == 8 + 2  # and two samples
    assert found.of_class("dashed") == 2  # the line and its sample
    assert "octets a frame, with FCS" in found.text


def test_a_chart_without_points_has_a_note() -> None:
    """A chart without points has a note."""
    drawn = [
        charts.draw_curves(Curves("a", "ns", [])),
        charts.draw_bars(Bars("a", "ns", [])),
        charts.draw_sizes(Sizes("a", "x", [])),
    ]
    assert all("Nothing was measured." in each for each in drawn)


def test_marks_are_round_numbers_and_times_with_units() -> None:
    """Round numbers, and times with their units."""
    assert even_marks(91) == [
        (0, "0"),
        (20, "20"),
        (40, "40"),
        (60, "60"),
        (80, "80"),
        (100, "100"),
    ]
    assert decades([3, 4000]) == (1, 10_000)
    assert decades([10, 10]) == (10, 100)
    assert [nanoseconds(10.0**n) for n in (0, 2, 3, 7, 9)] == [
        "1 ns",
        "100 ns",
        "1 µs",
        "10 ms",
        "1 s",
    ]
    assert [short(value) for value in (0.5, 20, 5000, 2e6, 1e9)] == ["0.5", "20", "5k", "2M", "1G"]


# ---------------------------------------------------------------- topology


def test_links_have_a_lock_or_an_alarm() -> None:
    """A protected link has a lock; another one is red with a word, in picture and table."""
    found = Reader(topology.draw(LEAF_SPINE))
    assert found.of_class("lock") == found.of_class("safe") == 4
    assert found.of_class("alarm") == found.of_class("open") == 2
    assert found.text.count("UNPROTECTED") == 4
    assert found.of_class("node") == 6
    assert "6 nodes, 6 links, 2 of them unprotected" in (found.named("svg")[0]["aria-label"] or "")


def crowded() -> DrawnTopology:
    """Return four leaves on four spines."""
    nodes = [DrawnNode(f"{kind}{at}") for kind in ("s", "l") for at in range(4)]
    links = [
        DrawnLink(f"l{a}", f"s{b}", (a + b) % 3 > 0, "100G", "XPN")
        for a in range(4)
        for b in range(4)
    ]
    return DrawnTopology("crowded", nodes, links)


def test_every_link_of_a_crowded_topology_has_a_symbol() -> None:
    """Sixteen links all have a symbol."""
    found = Reader(topology.draw(crowded()))
    assert found.of_class("lock") + found.of_class("alarm") == 16


def test_long_names_are_cut_and_idle_links_dotted() -> None:
    """Names are cut in their middle, and whole in the table; an idle link is dotted."""
    nodes = [DrawnNode("a" * 20 + "b" * 12), DrawnNode("c" * 16)]
    link = DrawnLink(nodes[0].name, nodes[1].name, True, idle=True)
    found = Reader(topology.draw(DrawnTopology("", nodes, [link])))
    assert "aaaaaaaa\N{HORIZONTAL ELLIPSIS}bbb" in found.text
    assert f"{nodes[0].name} - {nodes[1].name}" in found.text
    assert found.of_class("idle") == found.of_class("safe") == 1


def test_a_link_to_an_unknown_node_is_refused() -> None:
    """A link to a node that does not exist is a ValueError."""
    with pytest.raises(ValueError, match="'b', which is no node"):
        topology.draw(DrawnTopology("", [DrawnNode("a")], [DrawnLink("a", "b", True)]))


# ---------------------------------------------------------------- frames


def dumped(frame: FrameDump) -> str:
    """Return all hex digits of the dump."""
    lines = re.findall(r'class="hex".*?>(.*?)</div>', wiretap.draw_frame(frame), re.DOTALL)
    text = Reader(lines[0]).text
    rows = [line[6 : 6 + 48] for line in text.splitlines() if line.strip() != "..."]
    return "".join(rows).replace(" ", "")


def test_a_dump_has_every_octet_in_its_place() -> None:
    """Every octet is in its place, for any fields."""
    for frame in (TAP.clear, TAP.wire):
        assert dumped(frame) == frame.octets.hex()
        assert dumped(FrameDump("", frame.octets, frame.fields[1:2])) == frame.octets.hex()


def test_each_field_has_its_colour_and_its_line() -> None:
    """Each field has its colour in both columns and its line below."""
    found = Reader(wiretap.draw(TAP))
    assert found.of_class("sectag") == 2 * 2 + 1  # two rows, hex and text, and the list
    assert "octets 12 to 27: V=0 ES=0 SC=1" in found.text
    assert "octets 128 to 143: integrity check value" in found.text
    assert ">abc" not in found.text.replace(".", "")


def test_a_long_frame_is_cut_in_the_middle() -> None:
    """A long frame is cut in the middle, with a mark."""
    text = Reader(wiretap.draw_frame(LONG)).text
    assert "A jumbo frame, 9,014 octets" in text
    assert "..." in text
    assert "2330" in text
    assert len(text.splitlines()) < 30


# ---------------------------------------------------------------- replay window


def test_the_replay_window_has_a_shape_for_each_state() -> None:
    """A shape for each state, a window in each row that has one, a name for each cell."""
    found = Reader(strip.draw(WINDOW))
    held = [cell for moment in WINDOW.moments for cell in moment.cells.values()]
    shapes = {Cell.RECEIVED: "received", Cell.MISSING: "missing", Cell.LATE: "late"}
    for cell, name in (shapes | {Cell.DUPLICATE: "duplicate"}).items():
        assert found.of_class(name) == held.count(cell) + 1  # and one in the legend
    assert found.of_class("window") == 5 + 1
    assert "PN 2: late: discarded" in found.text


def test_a_window_is_open_where_the_picture_is_cut() -> None:
    """A window that goes on beyond the last PN, or begins before the first, has no edge there."""
    moments = [
        WindowMoment("a", 1, 9, {}),
        WindowMoment("b", 4, 5, {}),
        WindowMoment("c", 4, 9, {}),
    ]
    drawn = strip.draw(Strip("", 3, 6, moments, "2 frames with other PNs are left out."))
    found = Reader(drawn)
    paths = [each["d"] or "" for each in found.named("path") if each.get("class") == "window cut"]
    assert [path.count("V") for path in paths] == [0, 1]
    assert "2 frames with other PNs are left out." in found.text


# ---------------------------------------------------------------- tables


def test_counters_that_moved_are_shown() -> None:
    """Counters that moved are shown, and the number of the others."""
    text = Reader(tables.draw_counters(COUNTERS)).text
    assert "InPktsOK120,000119,997" in text
    assert "InPktsLate30" in text
    assert "all others (2)00" in text
    assert "InPktsNoTag" not in text


def test_the_mark_of_a_row_is_its_class() -> None:
    """A row's mark is its class; rows without one have none."""
    found = Reader(tables.draw(Table("c", ("a", "b"), [("1", "2"), ("3", "4")], marks=("bad",))))
    assert found.of_class("bad") == 1
