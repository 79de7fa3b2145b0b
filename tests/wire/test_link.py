"""Ports, both directions, taps and SecYs on a link of the engine."""

from __future__ import annotations

import pytest
from support.planes import frame_of, receiver, sender

from macsec.secy import Verdict
from macsec.wire.engine import Engine
from macsec.wire.link import A2B, B2A, Link
from macsec.wire.params import LinkParams
from macsec.wire.trace import Fate, Mark, Record

FRAME = bytes(range(60))
GOLDEN = "25ee043e6a398b703135741b1ad73b6045409da0b561a6684fcf8637251098a0"


class Attacker:
    """A tap that gives an answer and remembers what it saw."""

    def __init__(self, answer):
        self.answer = answer
        self.seen = []

    def on_frame(self, time_ns, direction, frame):
        """Remember the frame, give the answer."""
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
    assert (link.in_flight(A2B), link.in_flight(B2A)) == (1, 1)
    engine.run()
    assert arrived == [("a", 5, FRAME), ("b", 1000, FRAME)]
    assert (link.stats[0].received, link.stats[1].received) == (1, 1)
    assert (link.in_flight(A2B), link.in_flight(B2A)) == (0, 0)
    assert link.params == (LinkParams(delay="1us"), LinkParams(delay="5ns"))


def test_ports_say_who_they_are():
    """Name, MTU of what they send; and a port that nobody listens at loses nothing."""
    engine = Engine()
    link = Link(engine, "w", LinkParams(mtu=1500))
    assert (link.a.name, link.a.mtu) == ("w.a", 1500)
    assert (link.b.name, link.b.mtu) == ("w.b", None)
    assert (repr(link), repr(link.a)) == ("<Link w>", "<Port w.a>")
    link.a.send(FRAME)
    engine.run()
    assert link.stats[0].received == 1


def test_a_number_is_no_frame():
    """`bytes` would make so many zeros of it."""
    link = Link(Engine(), "w")
    for send in (link.a.send, lambda frame: link.inject(A2B, frame)):
        with pytest.raises(TypeError, match="number 60"):
            send(60)


def test_answers_go_back_in_the_same_run():
    """A receiver that sends: a ping of 5 ms each way takes 10 ms of virtual time."""
    engine = Engine()
    link = Link(engine, "w", LinkParams(delay="5ms"), LinkParams(delay="5ms"))
    times = []
    link.b.receiver = link.b.send
    link.a.receiver = lambda frame: times.append(engine.now_ns)
    link.a.send(FRAME)
    engine.run()
    assert times == [10_000_000]


def test_arrivals_come_before_timers_of_the_same_time():
    """A timeout that ends when the answer comes sees the answer."""
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


def test_a_port_may_send_while_it_receives():
    """Also into the direction that is just delivering."""
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
    """What a tap gives is what the port receives; the count is the wire's."""
    engine = Engine()
    records: list[Record] = []
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


def test_taps_see_what_those_before_them_let_pass():
    """In their order; a later injection has the time of the engine."""
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


def test_stats_give_the_replay_window(plane):
    """Under `replay_window` no frame is late; under one less the latest is."""
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


def test_a_scenario_has_its_digest_everywhere():
    """Two links, both directions, every impairment, a tap: one digest, on any machine."""
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
