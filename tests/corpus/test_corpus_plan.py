"""The plan of a corpus: PNs of each capture, before any cipher runs."""

from __future__ import annotations

import pytest

from macsec.corpus.order import CapturePart, Order
from macsec.corpus.plan import CorpusPlan, Demand, Planned, assigned, plan_in, with_new
from macsec.corpus.run import _part_pns
from macsec.corpus.store import SourceFile
from macsec.errors import ConfigError, KeyExhausted

LIMIT = 1 << 32


def file(name, stamp="1"):
    """A capture of the corpus."""
    return SourceFile(name, f"s3://bucket/{name}", 100, stamp)


def demand(name, **pns):
    """A capture that takes PNs of traffic classes, `c0=5`."""
    return Demand(file(name), {int(key[1:]): n for key, n in pns.items()}, f"digest of {name}")


def test_ranges_of_captures_follow_each_other_and_share_no_pn():
    """Each capture begins with the PN after the last one of the capture before it."""
    planned, ends = assigned(
        [demand("a", c0=5), demand("b", c0=0), demand("c", c0=7)], {0: 3}, LIMIT
    )
    assert [each.pns[0] for each in planned] == [(3, 8), (8, 8), (8, 15)]
    assert ends == {0: 15}
    assert [each.digest for each in planned] == [f"digest of {name}" for name in "abc"]


def test_traffic_classes_have_numbers_of_their_own():
    """PNs are counted for each transmit SC."""
    planned, ends = assigned(
        [demand("a", c0=5, c3=1), demand("b", c0=1, c3=2)], {0: 1, 3: 9}, LIMIT
    )
    assert [each.pns for each in planned] == [{0: (1, 6), 3: (9, 10)}, {0: (6, 7), 3: (10, 12)}]
    assert ends == {0: 7, 3: 12}


def test_last_pn_may_be_used_and_none_after_it():
    """A corpus that takes exactly the PNs that are left is planned; one frame more is refused."""
    planned, _ = assigned([demand("a", c0=4)], {0: LIMIT - 4}, LIMIT)
    assert planned[0].pns[0] == (LIMIT - 4, LIMIT)
    with pytest.raises(KeyExhausted, match=r"5 PNs, and the transmit SA has 4 left: nothing"):
        assigned([demand("a", c0=5)], {0: LIMIT - 4}, LIMIT)


def test_plan_is_read_as_it_was_written():
    """A plan comes back from its JSON."""
    planned, _ = assigned([demand("a", c0=5, c1=2)], {0: 1, 1: 1}, LIMIT)
    plan = CorpusPlan("protect", "run", {"fcs": "auto", "priority": None}, ("abc",), tuple(planned))
    assert plan_in(plan.octets(), "here") == plan
    assert plan.same_run(plan) is None
    assert plan.same_run(CorpusPlan("protect", "other", plan.settings, ("abd",))) == "keys"


@pytest.mark.parametrize("octets", [b"", b"[]", b"{}", b'{"schema": "macsec-corpus-plan/1"}'])
def test_other_files_are_no_plan(octets):
    """A file that is no plan is refused with its name."""
    with pytest.raises(ConfigError, match=r"plan\.json is no plan"):
        plan_in(octets, "plan.json")


def test_captures_that_changed_are_new_and_get_other_pns():
    """A changed capture leaves the plan; PNs that it had are not given again."""
    planned, ends = assigned([demand("a", c0=5), demand("b", c0=5)], {0: 1}, LIMIT)
    plan = CorpusPlan("protect", "run", {}, (), tuple(planned))
    kept, new = with_new(plan, [file("a"), file("b", stamp="2"), file("c")])
    assert [each.file.name for each in kept.captures] == ["a"]
    assert [each.name for each in new] == ["b", "c"]
    assert plan.next_pns({0: 1}) == ends == {0: 11}
    assert plan.next_pns({0: 30}) == {0: 30}


def test_parts_divide_the_pns_of_their_capture():
    """Each part of a capture has the PNs of its frames: together all, and none twice."""
    spans = [CapturePart(0), CapturePart(1, pns={0: 4, 2: 0}), CapturePart(2, pns={0: 4, 2: 3})]
    order = Order("protect", "r", "v", "a", "a", "1", "out", {}, "", pns={0: (10, 19), 2: (5, 9)})
    parts = [_part_pns(order, spans, at) for at in range(3)]
    assert parts == [
        {0: (10, 14), 2: (5, 5)},
        {0: (14, 14), 2: (5, 8)},
        {0: (14, 19), 2: (8, 9)},
    ]


def test_planned_capture_needs_no_pns():
    """Captures of other verbs have neither PNs nor a digest."""
    assert Planned(file("a")) == Planned(file("a"), {}, "")
