"""What reports show of a station: the sample, and the replay window around what is out of order."""

from __future__ import annotations

import pytest
from support.planes import PLANES, frame_of

from macsec.config.static_keys import Pair, seeded
from macsec.lab.virtual.endpoint import Endpoint
from macsec.lab.virtual.probe import AFTER, BEFORE, Fate, Observer
from macsec.report.lab.page import _shown
from macsec.secy import Verdict
from macsec.wire.engine import Engine

SYSTEMS = (0x02ED00000000, 0x02ED00000001)


class Rig:
    """A sender, and a receiver that is watched."""

    def __init__(self, backend: str, **secy: object) -> None:
        pair = Pair({"cipher": "gcm-aes-128", **secy}, SYSTEMS, seeded(1))
        self.engine = Engine()
        self.sender = Endpoint.from_config("a", pair.station(0), backend)
        self.receiver = Endpoint.from_config("b", pair.station(1), backend)
        self.observer = Observer(self.engine, self.receiver)
        self.sent = [b""]

    def send(self, count: int) -> None:
        """So many frames more; `sent[pn]`."""
        self.sent += [self.sender.secy.protect_frame(frame_of(60)) for _ in range(count)]

    def arrive(self, *pns: int) -> None:
        """In this order, a microsecond apart."""
        for pn in pns:
            self.engine.run(self.engine.now_ns + 1000)
            verdict, frame = self.receiver.secy.validate_frame(self.sent[pn])
            self.observer.validated(self.sent[pn], verdict, frame)


@pytest.fixture(params=sorted({plane.backend for plane in PLANES}))
def rig(request):
    """With a window of 4."""
    made = Rig(request.param, window=4)
    yield made
    made.sender.close()
    made.receiver.close()


def test_in_order(rig):
    """The first frames, when nothing else happens."""
    rig.send(40)
    rig.arrive(*range(1, 41))
    assert rig.observer.in_order
    assert [arrival.pn for arrival in rig.observer.arrivals] == list(range(1, BEFORE + AFTER + 1))
    assert rig.observer.arrivals[2].time_ns == 3000
    last = rig.observer.arrivals[-1]
    assert last.next_pn == BEFORE + AFTER + 1
    assert last.lowest_pn == last.next_pn - 4
    assert set(last.fates.values()) == {Fate.RECEIVED}


def test_around_what_is_out_of_order(rig):
    """Some before, it itself, some after; missing ones have no fate, late ones and copies have."""
    rig.send(60)
    rig.arrive(*range(1, 21), 23, 22, 30, 21, 22, *range(31, 61))
    assert not rig.observer.in_order
    arrivals = rig.observer.arrivals
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
    assert by_pn[22].fates[22] is Fate.RECEIVED
    assert by_pn[21].verdict is Verdict.LATE
    assert by_pn[21].fates[21] is Fate.LATE
    again = arrivals[BEFORE + 3]
    assert (again.pn, again.verdict) == (22, Verdict.LATE)
    assert again.fates[22] is Fate.RECEIVED


def test_a_copy_inside_the_window(rig):
    """The standard delivers it, and it is shown as what it is."""
    rig.send(3)
    rig.arrive(1, 2, 2, 3)
    assert rig.observer.arrivals[2].verdict is Verdict.OK
    assert rig.observer.arrivals[2].fates[2] is Fate.DUPLICATE


def test_far_ahead(rig):
    """Frames of long ago are remembered, though another came far ahead of them."""
    rig.send(200)
    rig.arrive(200, 1)
    assert rig.observer.arrivals[1].fates == {200: Fate.RECEIVED, 1: Fate.LATE}


def test_the_sample(rig):
    """The first frame that was protected, and none that was refused."""
    rig.observer.protected(b"refused", None)
    assert rig.observer.sample is None
    rig.observer.protected(b"clear", b"wire")
    rig.observer.protected(b"later", b"more")
    assert rig.observer.sample == (b"clear", b"wire")


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
def test_the_part_that_is_drawn(pns, span):
    """Where the most of them are."""
    assert _shown(pns) == span
