"""Ports, both directions, taps and SecYs on a link of the engine."""

from __future__ import annotations

import pytest
from support.planes import frame_of, receiver, sender
from support.virtual.wires import in_flight

from macsec.secy import Verdict
from macsec.wire.engine import Engine
from macsec.wire.link import A2B, B2A, Link
from macsec.wire.params import LinkParams
from macsec.wire.trace import Fate, Mark, TraceRecord

FRAME = bytes(range(60))
GOLDEN = "25ee043e6a398b703135741b1ad73b6045409da0b561a6684fcf8637251098a0"


class Attacker:
    """A tap that returns one answer and records the frames it saw."""

    def __init__(self, answer):
        self.answer = answer
        self.seen = []

    def on_frame(self, time_ns, direction, frame):
        """Record the frame, return the answer."""
        self.seen.append((time_ns, direction, frame))
        return self.answer


def test_both_directions_have_their_own_parameters():
    """A link is full duplex: neither direction waits for the other."""
    engine = Engine()
    link = Link(engine, "w", LinkParams(delay="1us"), LinkParams(delay="5ns"))
    arrived = []
    link.a.receiver = lambda frame: arrived.append(("a", engine.now_ns, frame))
    link.b.receiver = lambda frame: arrived.append(("b", engine.now_ns, frame))
    link.a.send(FRAME)
    link.b.send(bytearray(FRAME))
    assert (in_flight(link, A2B), in_flight(link, B2A)) == (1, 1)
    engine.run()
    assert arrived == [("a", 5, FRAME), ("b", 1000, FRAME)]
    assert (link.stats[0].received, link.stats[1].received) == (1, 1)
    assert (in_flight(link, A2B), in_flight(link, B2A)) == (0, 0)
    assert link.params == (LinkParams(delay="1us"), LinkParams(delay="5ns"))


def test_ports_have_name_and_mtu():
    """The MTU is that of frames sent; a frame to a port without a receiver counts as received."""
    engine = Engine()
    link = Link(engine, "w", LinkParams(mtu=1500))
    assert (link.a.name, link.a.mtu) == ("w.a", 1500)
    assert (link.b.name, link.b.mtu) == ("w.b", None)
    assert (repr(link), repr(link.a)) == ("<Link w>", "<Port w.a>")
    link.a.send(FRAME)
    engine.run()
    assert link.stats[0].received == 1


def test_number_is_refused_as_frame():
    """`bytes(60)` would be a frame of 60 zero octets."""
    link = Link(Engine(), "w")
    for send in (link.a.send, lambda frame: link.inject(A2B, frame)):
        with pytest.raises(TypeError, match="a frame is octets, not int"):
            send(60)


def test_answers_go_back_in_the_same_run():
    """A receiver may send: a ping of 5 ms each way takes 10 ms of virtual time."""
    engine = Engine()
    link = Link(engine, "w", LinkParams(delay="5ms"), LinkParams(delay="5ms"))
    times = []
    link.b.receiver = link.b.send
    link.a.receiver = lambda frame: times.append(engine.now_ns)
    link.a.send(FRAME)
    engine.run()
    assert times == [10_000_000]


def test_arrivals_come_before_timers_of_the_same_time():
    """A timeout at the time of the answer sees the answer."""
    engine = Engine()
    link = Link(engine, "w", LinkParams(delay="1us"))
    seen = []
    engine.at(10**6, lambda: seen.append("timer"))
    link.b.receiver = lambda frame: seen.append("frame")
    link.a.send(FRAME)
    engine.run()
    assert seen == ["frame", "timer"]


def test_an_overtaking_frame_is_not_held_by_the_event_of_another():
    """Frames sent later may arrive first: each at its own time."""
    engine = Engine()
    link = Link(engine, "w", LinkParams(delay="1us", reorder="100%", gap=2))
    times = []
    link.b.receiver = lambda frame: times.append((engine.now_ns, frame[0]))
    for number in range(4):
        engine.at(number * 1000, lambda number=number: link.a.send(bytes([number])))
    engine.run()
    assert times == [(1, 1), (3, 3), (1000, 0), (1002, 2)]


def test_receiver_may_send_in_the_delivering_direction():
    """The frame is delivered too, in the same run."""
    engine = Engine()
    link = Link(engine, "w", LinkParams())
    left = [3]

    def again(frame):
        left[0] -= 1
        if left[0]:
            link.a.send(frame)

    link.b.receiver = again
    link.a.send(FRAME)
    engine.run()
    assert (left, link.stats[0].received) == ([0], 3)


@pytest.mark.parametrize("params", [LinkParams(), LinkParams(jitter=1, ordered=True)])
def test_frames_behind_a_failing_receiver_still_arrive(params):
    """An exception of a receiver ends the run, not the link."""
    engine = Engine()
    link = Link(engine, "w", params)
    arrived = []

    def fail_once(frame):
        arrived.append(frame)
        if len(arrived) == 1:
            raise ValueError("the first frame")

    link.b.receiver = fail_once
    for _ in range(3):
        link.a.send(FRAME)
    with pytest.raises(ValueError, match="the first frame"):
        engine.run()
    engine.run()
    assert arrived == [FRAME] * 3


@pytest.mark.parametrize(
    "answer, handed",
    [
        (None, [FRAME]),
        (b"other", [b"other"]),
        (bytearray(b"other"), [b"other"]),
        ([], []),
        ([FRAME, b"more"], [FRAME, b"more"]),
        ([FRAME], [FRAME]),
    ],
)
def test_taps_observe_replace_drop_and_inject(answer, handed):
    """The port receives the answer of the tap; the counts are those of the wire."""
    engine = Engine()
    records: list[TraceRecord] = []
    engine.trace.watch = records.append
    link = Link(engine, "w", LinkParams(delay=7))
    tap, arrived = Attacker(answer), []
    link.taps.append(tap)
    link.b.receiver = arrived.append
    link.a.send(FRAME)
    engine.run()
    assert arrived == handed
    assert tap.seen == [(7, A2B, FRAME)]
    assert link.stats[0].received == 1
    if handed == [FRAME]:
        assert [record.fate for record in records] == [Fate.ARRIVED]
    else:
        assert records[0].fate is Fate.TAKEN
        assert all(record.mark == Mark.TAPPED for record in records[1:])
        assert len(records) == 1 + len(handed)


def test_tap_sees_the_frames_that_earlier_taps_pass():
    """Taps run in their order; an injected frame has the time of the engine."""
    engine = Engine()
    link = Link(engine, "w", LinkParams(delay=7))
    first, second, arrived = Attacker([b"x", b"y"]), Attacker(None), []
    link.taps += [first, second]
    link.b.receiver = lambda frame: arrived.append((engine.now_ns, frame))
    link.a.send(FRAME)
    engine.at(50_000, lambda: link.inject(A2B, FRAME))
    engine.run()
    assert [frame for _, _, frame in second.seen] == [b"x", b"y"]
    assert arrived == [(7, b"x"), (7, b"y"), (50, FRAME)]


def test_replay_window_of_the_stats_is_the_smallest_without_late_frames(plane):
    """With `replay_window` no frame is late; with one less the latest is."""
    engine = Engine(3)
    link = Link(engine, "w", LinkParams(delay="10us", jitter="9us", reorder="5%"))
    with sender(plane) as out:
        frames = [out.protect_frame(frame_of(60)) for _ in range(300)]
    arrived: list[bytes] = []
    link.b.receiver = arrived.append
    for number, frame in enumerate(frames):
        engine.at(number * 67_200, lambda frame=frame: link.a.send(frame))
    engine.run()
    window = link.stats[0].replay_window
    assert window > 5
    for replay_window, late in ((window, 0), (window - 1, 1)):
        with receiver(plane, window=replay_window) as into:
            verdicts = [into.validate_frame(frame)[0] for frame in arrived]
        assert (verdicts.count(Verdict.LATE) > 0) == late


def test_scenario_has_the_same_digest_on_every_machine():
    """Two links, both directions, every impairment, a tap."""
    engine = Engine(2024)
    rough = LinkParams(
        rate="10gbit",
        overhead="ethernet",
        delay="5us",
        jitter="2us",
        correlation="20%",
        distribution="paretonormal",
        loss="gemodel 2% 20%",
        corrupt="1%",
        duplicate="2% 10%",
        reorder="3%",
        gap=4,
        limit=60,
        ordered=False,
        down=[("200us", "210us")],
    )
    links = [Link(engine, "near", rough, rough), Link(engine, "far", LinkParams(slot="3us 9us"))]
    links[0].b.receiver = links[1].a.send
    links[1].b.receiver = links[0].b.send
    links[0].taps.append(Attacker(None))
    for number in range(1000):
        frame = number.to_bytes(4) + bytes(60 + number % 64)
        engine.at(number * 500_000, lambda frame=frame: links[0].a.send(frame))
    engine.run()
    assert engine.digest == GOLDEN
