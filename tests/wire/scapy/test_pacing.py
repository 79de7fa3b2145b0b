"""Pauses between frames that scapy sends: virtual time on the virtual wire, real time elsewhere."""

from __future__ import annotations

import threading
from fractions import Fraction
from time import monotonic

import pytest
import scapy.sendrecv
from scapy.config import conf
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.sendrecv import AsyncSniffer, sendp, sniff, srploop
from scapy.supersocket import SuperSocket

from macsec.wire.engine import Engine
from macsec.wire.link import Link
from macsec.wire.params import LinkParams
from macsec.wire.scapy.interfaces import interfaces
from macsec.wire.scapy.pacing import SenderTime
from macsec.wire.scapy.socket import PortSocket

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
S, MS = 10**9, 10**6


@pytest.fixture(autouse=True)
def _no_real_pause(monkeypatch):
    """Refuse each pause in real time."""

    class Refusing:
        monotonic = staticmethod(monotonic)  # of sniffers

        def sleep(self, seconds):
            assert not seconds, f"a pause of {seconds} s in real time"

        def time(self):
            raise AssertionError("a look at the real clock")

    monkeypatch.setattr(conf, "verb", 0)
    monkeypatch.setattr(scapy.sendrecv, "time", SenderTime(Refusing()))


@pytest.fixture
def engine():
    """Return an engine."""
    return Engine(1)


@pytest.fixture
def link(engine):
    """Return a link of 10 ms."""
    return Link(engine, "x", LinkParams(delay="10ms"), LinkParams(delay="10ms"))


def packets(count=5, step=None, first=1_700_000_000):
    """Return frames; their times are `step` seconds apart."""
    made = [Ether(dst=B, src=A, type=0x9999) / Raw(bytes([n]) * 46) for n in range(count)]
    for number, packet in enumerate(made if step is not None else ()):
        packet.time = first + number * step
    return made


def arrivals(link, engine):
    """Return a list to which the time of each arrival is added, in ns."""
    times = []
    link.b.receiver = lambda _: times.append(engine.now_ns)
    return times


def test_inter_is_virtual_time(engine, link):
    """Frames leave a tenth of a second apart; the pause after the last one passes too."""
    times = arrivals(link, engine)
    sendp(packets(), socket=PortSocket(engine, link.a), inter=0.1)
    assert times == [10 * MS + number * 100 * MS for number in range(5)]
    assert engine.now_ns == 500 * MS


def test_inter_with_count_spaces_every_round(engine, link):
    """`count` sends the packets again, at the same pace."""
    times = arrivals(link, engine)
    sendp(packets(2), socket=PortSocket(engine, link.a), inter=1, count=3)
    assert times == [10 * MS + number * S for number in range(6)]


@pytest.mark.parametrize("first", [0, 5, 1_700_000_000])
def test_realtime_keeps_the_gaps_of_the_packets(engine, link, first):
    """In virtual time, also where the first packet has the time of the clock."""
    times = arrivals(link, engine)
    engine.run(5 * S)
    sendp(packets(4, 0.5, first), socket=PortSocket(engine, link.a), realtime=True)
    engine.run(engine.now_ns + S)
    assert [round(Fraction(time, MS)) for time in times] == [5010, 5510, 6010, 6510]


def test_realtime_works_by_interface_name(engine, link):
    """The socket that scapy opens has the clock of its port."""
    times = arrivals(link, engine)
    with interfaces(engine, {"wire0": link.a}):
        sendp(packets(2, 3600), iface="wire0", realtime=True)
    engine.run(engine.now_ns + S)
    assert [round(time / S) for time in times] == [0, 3600]


def test_frames_that_arrive_in_a_pause_are_kept(engine, link):
    """A sniffer finds them afterwards, each with its own time."""
    a, b = PortSocket(engine, link.a), PortSocket(engine, link.b)
    sendp(packets(3), socket=a, inter=0.1)
    found = sniff(opened_socket=b, timeout=2)
    assert [str(packet.time) for packet in found] == [
        "0.010000000000", "0.110000000000", "0.210000000000",
    ]  # fmt: skip


def test_a_sniffer_in_a_thread_sees_paced_frames(engine, link):
    """Both threads share the clock."""
    a, b = PortSocket(engine, link.a), PortSocket(engine, link.b)
    ready = threading.Event()
    sniffer = AsyncSniffer(opened_socket=b, count=3, started_callback=ready.set)
    sniffer.start()
    assert ready.wait(5)
    sendp(packets(3), socket=a, inter=0.25)
    sniffer.join(5)
    assert [float(packet.time) for packet in sniffer.results] == [0.01, 0.26, 0.51]


def test_sr_pauses_between_questions(engine, link):
    """`inter` of sr and the interval of srploop are virtual."""

    def echo(frame):
        link.b.send(frame[6:12] + frame[:6] + frame[12:])

    link.b.receiver = echo
    question = [Ether(src=A, dst=B) / IP() / ICMP(id=1, seq=number) for number in range(2)]
    PortSocket(engine, link.a).sr(question, inter=1, timeout=1, multi=True)
    assert 2 * S <= engine.now_ns <= 3 * S + 20 * MS
    before = engine.now_ns
    with interfaces(engine, {"wire0": link.a}):
        srploop(question[0], iface="wire0", inter=60, count=2, timeout=1, threaded=False)
    assert 120 * S <= engine.now_ns - before <= 124 * S


def test_other_sockets_keep_the_real_clock(monkeypatch):
    """The replacement passes their pauses on."""
    pauses = []

    class Recording:
        def sleep(self, seconds):
            pauses.append(seconds)

    class Other(SuperSocket):
        def __init__(self):
            self.frames = []

        def send(self, x):
            self.frames.append(x)

        def close(self):
            pass

    monkeypatch.setattr(scapy.sendrecv, "time", SenderTime(Recording()))
    sendp(packets(2), socket=Other(), inter=0.5)
    assert pauses == [0.5, 0.5]
