"""The links that carry traffic, and the way of a frame."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec.lab.spanning_tree import WeightedLink, spanning_tree


def ways(*links: tuple[str, str, int]) -> list[WeightedLink]:
    """Return links named by their sites."""
    return [WeightedLink(f"{a}{b}", (a, b), cost) for a, b, cost in links]


def test_the_slowest_of_a_ring_is_left_out():
    """Costs decide, not the order in the file."""
    tree = spanning_tree("abcd", ways(("a", "b", 9), ("b", "c", 1), ("c", "d", 1), ("d", "a", 1)))
    assert tree.links == {"bc", "cd", "da"}
    assert tree.depth("b") == 3
    assert tree.depth("a") == 0


@pytest.mark.parametrize(
    "links, chosen",
    [
        # One link rather than two of the same cost together.
        ([("a", "b", 1), ("b", "c", 1), ("a", "c", 2)], {"ab", "ac"}),
        # Of two that are alike, the first in the file.
        ([("a", "b", 1), ("a", "b", 1)], {"first"}),
    ],
)
def test_equal_costs_choose_fewer_links_then_the_first(links, chosen):
    """Fewer links win, then the place in the file."""
    given = ways(*links)
    if chosen == {"first"}:
        given = [given[0]._replace(name="first"), given[1]._replace(name="second")]
    assert spanning_tree("abc", given).links == chosen


def test_a_frame_goes_up_to_the_common_site_and_down():
    """Each site gives the next link; None where there is no way."""
    tree = spanning_tree("abcde", ways(("a", "b", 1), ("b", "c", 1), ("a", "d", 1)))
    assert [tree.next_link(site, "d") for site in "cba"] == ["bc", "ab", "ad"]
    assert [tree.next_link(site, "c") for site in "dab"] == ["ad", "ab", "bc"]
    assert tree.next_link("a", "e") is None
    assert tree.next_link("e", "a") is None
    assert tree.next_link("c", "e") is None


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(0, 3)), max_size=20))
def test_any_graph_gets_a_tree_that_reaches_every_site(drawn):
    """It has no loop, and a frame reaches every site of its part of the graph."""
    sites = [str(number) for number in range(8)]
    links = [
        WeightedLink(f"w{at}", (str(a), str(b)), cost)
        for at, (a, b, cost) in enumerate(drawn)
        if a != b
    ]
    tree = spanning_tree(sites, links)
    parts = {site: {site} for site in sites}
    for way in links:
        a, b = way.sites
        if parts[a] is not parts[b]:
            parts[a] |= parts[b]
            parts |= dict.fromkeys(parts[b], parts[a])
    assert len(tree.links) == len(sites) - len({id(part) for part in parts.values()})
    by_name = {way.name: way for way in links}
    for start in sites:
        for to in sites:
            here, steps = start, 0
            while here != to and (name := tree.next_link(here, to)) is not None:
                a, b = by_name[name].sites
                here, steps = b if here == a else a, steps + 1
                assert steps < len(sites)
            assert (here == to) == (to in parts[start])


def test_a_chain_is_as_deep_as_it_is_long():
    """The root is the first site of the file."""
    sites = [str(number) for number in range(50)]
    tree = spanning_tree(sites, [WeightedLink(a, (b, a), 5) for a, b in pairwise(sites)])
    assert [tree.depth(site) for site in sites] == list(range(50))
