"""Snapshots followed: rates, events, and the last rows of what is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.virtual.monitored import snapshots

from macsec.monitoring import Snapshot
from macsec.monitoring.live_view import Presence, Tracker, counters, links, sas

TAP, LAB, _ = snapshots()[0]


def with_counts(snapshot: Snapshot, **more: int) -> Snapshot:
    """Return a snapshot whose first port has counted more."""
    port, *others = snapshot.ports
    counts = {name: port.counters.get(name, 0) + n for name, n in more.items()}
    counted = replace(port, counters={**port.counters, **counts})
    return replace(snapshot, ports=(counted, *others))


def followed(*answers: Snapshot, seconds: float = 2.0) -> Tracker:
    """Return a tracker after answers, this far apart."""
    tracker = Tracker()
    for at, answer in enumerate(answers):
        tracker.take(answer, at * seconds, f"00:00:{at:02d}")
    return tracker


def texts(tracker: Tracker) -> list[str]:
    """Return the events, without the first answer."""
    return [event.change.text for event in tracker.events][1:]


def test_rate_is_the_difference_over_the_time():
    """100 frames in two seconds are 50 a second; what did not change has the rate 0."""
    tracker = followed(TAP, with_counts(TAP, InPktsOK=100))
    rates = {each.counter: each.rate for each in counters(tracker)}
    assert rates["InPktsOK"] == 50
    assert rates["in-mkpdu"] == 0


def test_first_answer_and_a_counter_begun_anew_have_no_rate():
    """A tap that was started again counts from zero: that is no negative rate."""
    assert {each.rate for each in counters(followed(TAP))} == {None}
    tracker = followed(with_counts(TAP, InPktsOK=100), with_counts(TAP, InPktsOK=7))
    (found,) = [each.rate for each in counters(tracker) if each.counter == "InPktsOK"]
    assert found is None


def test_source_that_vanishes_keeps_its_last_rows():
    """They are marked gone, have no rate, and go when they are cleared."""
    tracker = followed(TAP, with_counts(TAP, InPktsOK=100))
    tracker.found([], "00:00:09")
    assert [each.presence for each in sas(tracker)] == [Presence.GONE, Presence.GONE]
    (link,) = links(tracker)
    assert (link.state, link.mark, link.rate(["InPktsOK"])) == ("gone", "bad", None)
    assert texts(tracker) == ["gone: no longer on this machine"]
    tracker.clear()
    assert list(links(tracker)) == []


def test_source_that_does_not_answer_keeps_its_rows_with_the_reason():
    """One event, not one for each question; an answer brings it back without a rate."""
    silent = Snapshot(TAP.source, reason="its process does not answer")
    tracker = followed(TAP, silent, silent)
    (link,) = links(tracker)
    assert (link.state, link.reason) == ("no answer", "its process does not answer")
    assert texts(tracker) == ["no answer: its process does not answer"]
    tracker.take(TAP, 99, "00:01:39")
    (link,) = links(tracker)
    assert (link.state, link.rate(["InPktsOK"])) == ("secured", None)


def test_port_that_leaves_its_source_keeps_its_row():
    """A device of the kernel that was deleted, and made again."""
    tracker = followed(TAP, replace(TAP, ports=()))
    assert [each.state for each in links(tracker)] == ["gone"]
    assert texts(tracker) == ["port gone"]
    tracker.take(TAP, 9, "00:00:09")
    assert [each.state for each in links(tracker)] == ["secured"]


def test_link_shows_both_ends_once():
    """The ports of a link of a lab have no rows of their own."""
    east, west = (replace(TAP.ports[0], name=name) for name in ("l:east", "l:west"))
    (link,) = links(followed(replace(LAB, ports=(east, west))))
    assert (link.name, link.state, len(link.ports)) == ("l", "secured", 2)


def _mka(snapshot: Snapshot, **changed: object) -> Snapshot:
    port = snapshot.ports[0]
    return replace(snapshot, ports=(replace(port, mka=replace(port.mka, **changed)),))


def _sas(snapshot: Snapshot, **changed: object) -> Snapshot:
    port = snapshot.ports[0]
    scs = tuple(
        replace(sc, sas=tuple(replace(sa, **changed) for sa in sc.sas)) if sc.transmits else sc
        for sc in port.scs
    )
    return replace(snapshot, ports=(replace(port, scs=scs),))


PEER = TAP.ports[0].mka.peers[0]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (TAP, []),
        (with_counts(TAP, InPktsNotValid=3), ["InPktsNotValid +3"]),
        (_mka(TAP, secured=False, reason="no live peer"), ["not secured: no live peer"]),
        (_mka(TAP, peers=()), [f"peer {PEER.sci} left"]),
        (_mka(TAP, peers=(replace(PEER, live=False),)), [f"peer {PEER.sci} potential"]),
        (_mka(TAP, key_server="0252000000620001"), ["Key Server 0252000000620001"]),
        (_sas(TAP, an=1, ki="aa/4"), ["transmits under AN 1, KI aa/4"]),
        (_sas(TAP, next_pn=4_000_000_000), ["AN 2: less than 10% of the PNs left"]),
    ],
)
def test_differences_between_answers_are_events(after, expected):
    """One for each change, none without one."""
    assert texts(followed(TAP, after)) == expected


def test_link_status_is_an_event():
    """From one to the other."""
    (link,) = LAB.links
    down = replace(LAB, links=(replace(link, status="not secured"),))
    assert texts(followed(LAB, down)) == ["secured -> not secured"]
