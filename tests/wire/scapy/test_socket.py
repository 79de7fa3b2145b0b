"""A port of the wire as a scapy socket: each rule of the contract that scapy's code expects."""

from __future__ import annotations

import re
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from scapy.automaton import ObjectPipe
from scapy.config import conf
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, ARP_am, Ether
from scapy.packet import Packet, Raw
from scapy.pipetool import PipeEngine, QueueSink
from scapy.scapypipes import InjectSink, SniffSource
from scapy.sendrecv import AsyncSniffer, bridge_and_sniff, sniff
from scapy.supersocket import SuperSocket
from scapy.utils import EDecimal

from macsec.wire.engine import Engine
from macsec.wire.link import Link
from macsec.wire.params import LinkParams
from macsec.wire.scapy.socket import PortSocket

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
FRAME = Ether(src=A, dst=B) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP() / Raw(b"hello")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(conf, "verb", 0)


class Wire:
    """A link of 5 ms, both ends open."""

    def __init__(self, name="wire", engine=None, **params):
        self.engine = engine or Engine(7)
        self.link = Link(
            self.engine, name, LinkParams(delay="5ms", **params), LinkParams(delay="5ms")
        )
        self.a = PortSocket(self.engine, self.link.a)
        self.b = PortSocket(self.engine, self.link.b)


@pytest.fixture
def wire():
    """A link."""
    return Wire()


def request(number=1):
    """A ping."""
    return Ether(src=A, dst=B) / IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(id=1, seq=number)


def answer(packet):
    """What a ping is answered with."""
    reply = packet.copy()
    reply.src, reply.dst = packet.dst, packet.src
    reply[IP].src, reply[IP].dst = packet[IP].dst, packet[IP].src
    reply[ICMP].type = "echo-reply"
    for layer in (IP, ICMP):
        del reply[layer].chksum
    return reply


def answering(sock):
    """A station that answers pings, at the time of each, without a thread."""
    port = sock.port
    port.receiver = lambda frame: port.send(bytes(answer(Ether(frame))))


# ---------------------------------------------------------------- the contract, row by row


def test_hashable_and_a_supersocket(wire):
    """Sockets are keys of dicts, and `bridge_and_sniff` asks for the class."""
    assert {wire.a: 1, wire.b: 2}[wire.b] == 2
    assert isinstance(wire.a, SuperSocket)


def test_select_is_one_static_function(wire):
    """All sockets of a call share it, so scapy does not warn."""
    assert wire.a.select is wire.b.select is PortSocket.select


def test_select_takes_a_foreign_pipe(wire):
    """scapy's control pipe among the sockets comes back when it can be read."""
    pipe = ObjectPipe("control")
    wire.b.send(FRAME)
    assert PortSocket.select([wire.a, pipe], 1) == [wire.a]
    pipe.send(None)
    assert PortSocket.select([wire.a, pipe], 1) == [pipe]
    pipe.close()


def test_select_without_a_limit(wire):
    """`remain` None runs the engine to the next frame; and to nothing, at once, without one."""
    assert PortSocket.select([wire.a, wire.b], None) == []
    wire.a.send(FRAME)
    assert PortSocket.select([wire.a, wire.b], None) == [wire.b]
    assert wire.engine.now_ns == 5_000_000


def test_select_with_a_limit(wire):
    """It is virtual time that is over."""
    wire.a.send(FRAME)
    assert PortSocket.select([wire.b], 0.004) == []
    assert wire.engine.now_ns == 4_000_000
    assert PortSocket.select([wire.b], 0.004) == [wire.b]
    assert wire.engine.now_ns == 5_000_000


def test_no_control_pipe_and_stop(wire):
    """`stop` ends a sniffer that waits in a thread of its own."""
    assert wire.b.nonblocking_socket
    sniffer = AsyncSniffer(opened_socket=wire.b)
    sniffer.start()
    wire.a.send(FRAME)
    wire.a.send(FRAME)
    got = [wire.b.selector.wait([wire.b.inbox], 0), sniffer.stop()]
    assert [bytes(packet) for packet in got[1]] + [frame for _, frame in wire.b.inbox] == [
        bytes(FRAME)
    ] * 2


def test_recv_raw(wire):
    """Class, octets, time; no more octets than asked for."""
    wire.a.send(FRAME)
    wire.a.send(FRAME)
    cls, octets, time = wire.b.recv_raw()
    assert (cls, octets, time) == (Ether, bytes(FRAME), EDecimal("0.005"))
    assert wire.b.recv_raw(20)[1] == bytes(FRAME)[:20]


def test_a_frame_at_time_zero():
    """Zero is a time too: of scapy's own `recv` such a packet would get the wall clock's."""
    engine = Engine()
    link = Link(engine, "wire")
    a, b = PortSocket(engine, link.a), PortSocket(engine, link.b)
    a.send(FRAME)
    assert b.recv().time == 0


def test_what_cannot_be_dissected(wire, monkeypatch):
    """It comes as raw octets."""

    class Broken(Packet):
        def __init__(self, *args, **kwargs):
            raise ValueError("cannot")

    monkeypatch.setattr(PortSocket, "basecls", Broken)
    monkeypatch.setattr(conf, "debug_dissector", False)
    wire.a.send(FRAME)
    assert wire.b.recv() == conf.raw_layer(bytes(FRAME))


def test_nothing_now_and_end_of_stream(wire):
    """`recv` gives None when nothing is to come; the end of a wait is an EOFError, once."""
    assert wire.a.recv() is None
    assert len(wire.a.sniff(timeout=3)) == 0
    assert not wire.a.closed
    assert wire.a.recv() is None


def test_sniffed_on(wire):
    """What `recv` returns takes the attribute."""
    wire.a.send(FRAME)
    assert sniff(opened_socket={wire.b: "right"}, count=1)[0].sniffed_on == "right"


def test_send(wire):
    """Packets and octets; the length comes back, and the time is on the packet."""
    wire.engine.run(2_000_000)
    packet = FRAME.copy()
    assert wire.a.send(packet) == wire.a.send(bytes(FRAME)) == len(FRAME)
    assert packet.sent_time == EDecimal("0.002")
    assert [time for time, _ in (wire.b.recv_all())] == [7_000_000_000] * 2


def test_close_twice(wire):
    """Closing is idempotent; a closed socket says so and takes no frames."""
    wire.b.close()
    wire.b.close()
    wire.a.send(FRAME)
    wire.engine.run()
    assert not wire.b.inbox
    with pytest.raises(OSError, match="closed"):
        wire.b.send(FRAME)


def test_threads(wire):
    """Several threads send at once, and nothing is lost or doubled."""
    frames = [bytes(FRAME) + bytes([n]) for n in range(4)]
    threads = [
        threading.Thread(target=lambda frame=frame: [wire.a.send(frame) for _ in range(200)])
        for frame in frames
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = [frame for _, frame in wire.b.recv_all()]
    assert sorted(got) == sorted(frames * 200)


def test_time_is_exact():
    """A time of picoseconds is on the packet, which a float of seconds could not hold."""
    engine = Engine()
    link = Link(engine, "wire", LinkParams(rate="100gbit", delay="1s"))
    a, b = PortSocket(engine, link.a), PortSocket(engine, link.b)
    a.send(bytes(61))
    time = b.recv().time
    assert isinstance(time, EDecimal)
    assert Decimal(time) == Decimal("1.000000004880")


# ---------------------------------------------------------------- what scapy does with it


def test_sr1(wire):
    """Question and answer; both times are the wire's."""
    answering(wire.b)
    question = request()
    reply = wire.a.sr1(question, timeout=5)
    assert (question.sent_time, reply.time) == (0, EDecimal("0.01"))
    assert reply[ICMP].type == 0


def test_sr1_of_a_lost_frame():
    """The timeout is virtual time, to the picosecond; the socket stays open."""
    wire = Wire(drop=[1])
    answering(wire.b)
    assert wire.a.sr1(request(), timeout=5) is None
    assert wire.engine.now_ps == 5 * 10**12
    assert wire.a.sr1(request(2), timeout=5).time == EDecimal("5.01")


def test_timeouts_of_one_engine(wire):
    """Each sniff has its own deadline, a shorter one after a longer one too."""
    for timeout, now in ((5, 5), (1, 6), (3, 9)):
        wire.a.sniff(timeout=timeout)
        assert wire.engine.now_ps == now * 10**12


def test_a_timeout_holds_through_many_frames(wire):
    """Frames that come meanwhile do not move it."""
    for at in range(10):
        wire.engine.at(at * 10**12, lambda: wire.link.b.send(bytes(FRAME)))
    assert len(wire.a.sniff(timeout=4.5)) == 5
    assert wire.engine.now_ps == 45 * 10**11


def test_srp_many(wire):
    """A hundred pings, a hundred answers."""
    answering(wire.b)
    answered, not_answered = wire.a.sr([request(n) for n in range(100)], timeout=5)
    assert (len(answered), len(not_answered)) == (100, 0)


def test_sr_in_threads(wire):
    """scapy's own way, with a thread that sends."""
    answering(wire.b)
    answered, _ = wire.a.sr([request(n) for n in range(5)], timeout=5, threaded=True)
    assert len(answered) == 5


def test_answering_machine_in_a_thread(wire):
    """It answers at the virtual time of the question, however long its thread takes."""
    machine = wire.b.am(ARP_am, IP_addr="10.0.0.2", ARP_addr=B)
    sniffer = machine.bg(verbose=0)
    question = Ether(src=A, dst="ff:ff:ff:ff:ff:ff") / ARP(
        pdst="10.0.0.2", psrc="10.0.0.1", hwsrc=A
    )
    times = [wire.a.sr1(question, timeout=5).time for _ in range(3)]
    sniffer.stop()
    assert times == [EDecimal("0.01"), EDecimal("0.02"), EDecimal("0.03")]


def test_async_sniffer(wire):
    """A sniffer in a thread sees what another thread sends."""
    sniffer = AsyncSniffer(opened_socket=wire.b, count=3)
    sniffer.start()
    for _ in range(3):
        wire.a.send(FRAME)
    sniffer.join(60)
    assert [packet.time for packet in sniffer.results] == [EDecimal("0.005")] * 3


def test_bridge_and_sniff():
    """Two links, a bridge between them that changes and drops: a man in the middle."""
    engine = Engine()
    left, right = Wire("left", engine), Wire("right", engine)
    for number in range(4):
        left.a.send(request(number))

    def change(packet):
        if packet[ICMP].seq == 2:
            return False
        packet[IP].ttl = 9
        del packet[IP].chksum
        return packet

    bridge_and_sniff(left.b, right.a, xfrm12=change, timeout=1)
    got = [Ether(frame) for _, frame in right.b.recv_all()]
    assert [(packet[ICMP].seq, packet[IP].ttl) for packet in got] == [(0, 9), (1, 9), (3, 9)]


def test_pipes(wire):
    """From a port through a pipe engine to another, by descriptors that are made only now."""
    out = Wire("out", wire.engine)
    assert wire.b._event is None
    source, sink, queue = SniffSource(socket=wire.b), InjectSink(), QueueSink()
    sink.s = out.a
    sink.start = lambda: None
    source.__gt__(sink)
    source.__gt__(queue)
    pipes = PipeEngine(source)
    pipes.start()
    wire.a.send(FRAME)
    assert bytes(queue.recv(timeout=60)) == bytes(FRAME)
    pipes.stop()
    assert [frame for _, frame in out.b.recv_all()] == [bytes(FRAME)]


def test_several_sockets_and_the_station_itself(wire):
    """All sockets of a port get each frame, and who received before still does."""
    station = []
    port = Link(wire.engine, "other").b
    port.receiver = station.append
    with PortSocket(wire.engine, port) as one, PortSocket(wire.engine, port) as two:
        port.receiver(b"x" * 14)
        assert [list(one.inbox), list(two.inbox)] == [[(0, b"x" * 14)]] * 2
    port.receiver(b"y" * 14)
    assert station == [b"x" * 14, b"y" * 14]


def test_a_thousand_links():
    """No descriptor for any of them, and a frame over each."""
    engine = Engine()
    wires = [Wire(f"w{n}", engine) for n in range(1000)]
    for wire in wires:
        wire.a.send(FRAME)
    got = sniff(opened_socket=[wire.b for wire in wires], timeout=1)
    assert len(got) == 1000
    assert all(wire.b._event is None for wire in wires)


def test_in_bulk(wire):
    """Octets by the many: the same frames, times and digest as one by one."""
    frames = [bytes([n]) * 60 for n in range(100)]
    assert wire.a.send_all(frames) == 100
    got = wire.b.recv_all()
    assert got == [(5_000_000_000, frame) for frame in frames]
    other = Wire()
    for frame in frames:
        other.a.send(frame)
    other.engine.run()
    assert other.engine.digest == wire.engine.digest


def test_the_example_of_the_readme(capsys):
    """It prints what its comments say."""
    text = (Path(__file__).parents[3] / "README.md").read_text()
    part = text.partition("## Scapy on the wire")[2]
    code = part.partition("```python\n")[2].partition("```")[0]
    exec(compile(code, "README.md", "exec"), {})
    wanted = re.findall(r"^print.*# ([^:\n]+)", code, re.MULTILINE)
    assert [line for line in capsys.readouterr().out.splitlines() if "ARP" not in line] == wanted
