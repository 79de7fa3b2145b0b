"""Samples of a station: a frame, and the replay window around frames out of order."""

from __future__ import annotations

import pytest
from support.planes import PLANES, frame_of

from macsec.config.static_keys import Pair, seeded
from macsec.lab.virtual.records.probe import AFTER, BEFORE, PnFate, Probe, WindowState
from macsec.lab.virtual.stations.station import Station
from macsec.report.lab.page import _shown
from macsec.secy import SecY, Verdict
from macsec.wire import Engine, Link

SYSTEMS = (0x02ED00000000, 0x02ED00000001)


class Rig:
    """A sender, and a receiver with a probe."""

    def __init__(self, backend: str, **secy: object) -> None:
        pair = Pair({"cipher": "gcm-aes-128", **secy}, SYSTEMS, seeded(1))
        self.engine = Engine()
        link = Link(self.engine, "a-b")
        self.sender, self.receiver = (
            Station(self.engine, port, SecY.from_config(pair.station(at), backend))
            for at, port in enumerate((link.a, link.b))
        )
        self.probe = Probe(self.engine, self.receiver)
        self.sent = [b""]

    def send(self, count: int) -> None:
        """Protect `count` frames more: `sent[pn]`."""
        self.sent += [self.sender.secy.protect_frame(frame_of(60)) for _ in range(count)]

    def arrive(self, *pns: int) -> None:
        """Validate frames in this order, a microsecond apart."""
        for pn in pns:
            self.engine.run(self.engine.now_ns + 1000)
            verdict, frame = self.receiver.secy.validate_frame(self.sent[pn])
            self.probe.validated(self.sent[pn], verdict, frame)


@pytest.fixture(params=sorted({plane.backend for plane in PLANES}))
def rig(request):
    """Return a rig with a replay window of 4."""
    made = Rig(request.param, window=4)
    yield made
    made.sender.close()
    made.receiver.close()


def test_frames_in_order_show_the_first_arrivals(rig):
    """Without a frame out of order the first ones are kept, with the window of each."""
    rig.send(40)
    rig.arrive(*range(1, 41))
    assert rig.probe.in_order
    assert [arrival.pn for arrival in rig.probe.arrivals] == list(range(1, BEFORE + AFTER + 1))
    assert rig.probe.arrivals[2].time_ns == 3000
    last = rig.probe.arrivals[-1]
    assert last.next_pn == BEFORE + AFTER + 1
    assert last.lowest_pn == last.next_pn - 4
    assert set(last.fates.values()) == {PnFate.RECEIVED}


def test_arrivals_around_the_first_frame_out_of_order_are_kept(rig):
    """Some before, itself, some after; missing PNs have no fate, late ones and copies have."""
    rig.send(60)
    rig.arrive(*range(1, 21), 23, 22, 30, 21, 22, *range(31, 61))
    assert not rig.probe.in_order
    arrivals = rig.probe.arrivals
    assert [arrival.pn for arrival in arrivals[: BEFORE + 4]] == [
        16,
        17,
        18,
        19,
        20,
        23,
        22,
        30,
        21,
        22,
    ]
    assert len(arrivals) == BEFORE + AFTER + 1
    by_pn = {arrival.pn: arrival for arrival in arrivals[: BEFORE + 3]}
    assert 22 not in by_pn[23].fates
    assert by_pn[22].fates[22] is PnFate.RECEIVED
    assert by_pn[21].verdict is Verdict.LATE
    assert by_pn[21].fates[21] is PnFate.LATE
    again = arrivals[BEFORE + 3]
    assert (again.pn, again.verdict) == (22, Verdict.LATE)
    assert again.fates[22] is PnFate.RECEIVED


def test_a_copy_inside_the_window_is_marked_as_duplicate(rig):
    """The standard delivers it; the probe marks it."""
    rig.send(3)
    rig.arrive(1, 2, 2, 3)
    assert rig.probe.arrivals[2].verdict is Verdict.OK
    assert rig.probe.arrivals[2].fates[2] is PnFate.DUPLICATE


def test_an_old_pn_is_remembered_behind_a_far_newer_one(rig):
    """A PN far ahead does not push older ones out."""
    rig.send(200)
    rig.arrive(200, 1)
    assert rig.probe.arrivals[1].fates == {200: PnFate.RECEIVED, 1: PnFate.LATE}


def test_the_sample_is_the_first_protected_frame(rig):
    """A frame that the SecY refused is not taken."""
    rig.probe.protected(b"refused", None)
    assert rig.probe.sample is None
    rig.probe.protected(b"clear", b"wire")
    rig.probe.protected(b"later", b"more")
    assert rig.probe.sample == (b"clear", b"wire")


@pytest.mark.parametrize(
    "pns, span",
    [
        ([1, 2, 3], (1, 3)),
        ([39, 64, *range(1, 16)], (1, 36)),
        ([5, *range(100, 110)], (100, 109)),
        ([1, 100], (100, 100)),
        (list(range(1, 80)), (44, 79)),
    ],
)
def test_the_strip_shows_the_span_with_most_pns(pns, span):
    """The span of PNs that is drawn is the densest one."""
    assert _shown([state(pn) for pn in pns]) == span


def test_the_strip_shows_late_frames_first() -> None:
    """A span with a late frame is drawn, though another has more arrivals."""
    arrivals = [state(pn) for pn in range(100, 130)] + [state(40, Verdict.LATE)]
    assert _shown(arrivals) == (40, 75)


def test_arrivals_around_the_first_late_frame_are_kept(rig):
    """A late frame long after the first one out of order is shown, with those before it."""
    rig.send(90)
    rig.arrive(2, 1, *range(3, 80), 5)
    assert rig.probe.any_late
    last = rig.probe.arrivals[-1]
    assert (last.pn, last.verdict) == (5, Verdict.LATE)
    assert [each.pn for each in rig.probe.arrivals[-3:]] == [78, 79, 5]


def state(pn: int, verdict: Verdict = Verdict.OK) -> WindowState:
    """Return an arrival."""
    return WindowState(0, pn, verdict, 1, pn + 1, {})
